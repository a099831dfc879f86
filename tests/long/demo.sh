#!/bin/sh
# The full demonstration from nothing: at most 20 minutes, every training accuracy at least 75 %, every file there.
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
began=$(date +%s)
scripts/demo.sh --out "$out"
seconds=$(($(date +%s) - began))
files=0
for run in erm sam gacfas; do
    for file in run.bin run.state history.csv surface.h5 surface.vtp surface.png; do
        test -s "$out/$run/$file"
        files=$((files + 1))
    done
    eval "$run=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "train_accuracy") c = i }
                          NR > 1 { last = $c } END { print last }' "$out/$run/history.csv")"
done
test -s "$out/compare.png"
report demo "tests/long/demo.sh" "seconds=$seconds" "files=$((files + 1))" "train_accuracy_erm=$erm" \
    "train_accuracy_sam=$sam" "train_accuracy_gacfas=$gacfas"
test "$seconds" -le 1200
