#!/bin/sh
# How difficult synthetic faces are, for settings of delta (d) and kappa (k): areas under the ROC curve of a logistic
# regression on 36 features, 640 faces of 64 x 64; within domains, across them, and for the last domain alone. Without
# a cue nothing is found (0.5); with one, it is; and kappa opens a gap to the last domain, which docs/data.md cites.
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
cmake --preset release -G Ninja >/dev/null
cmake --build --preset release --target synface_difficulty >/dev/null
areas=$(build/release/tests/synface_difficulty)
# shellcheck disable=SC2086 # one word for each number
report faces "tests/long/faces.sh" $areas
for pair in $areas; do
    value=${pair#*=}
    case $pair in
    d0_k0_within=* | d0_k0_across=*) awk "BEGIN { exit !($value > 0.42 && $value < 0.58) }" ;;
    d1_k0_within=* | d1_k0_across=*) awk "BEGIN { exit !($value > 0.8) }" ;;
    d0_k1_domain3=*) awk "BEGIN { exit !($value < 0.3) }" ;;
    esac
done
