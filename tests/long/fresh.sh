#!/bin/sh
# scripts/test.sh in a fresh clone: green, and within 20 minutes.
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone -q . "$clone/losscope"
began=$(date +%s)
status=0
"$clone/losscope/scripts/test.sh" >"$clone/log" 2>&1 || status=$?
seconds=$(($(date +%s) - began))
tail -n 12 "$clone/log" >&2
report fresh "tests/long/fresh.sh" "tests=$(ctest_total "$clone/log")" "failed=$(ctest_failed "$clone/log")" \
    "seconds=$seconds"
test "$status" -eq 0 && test "$seconds" -le 1200
