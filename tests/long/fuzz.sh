#!/bin/sh
# An hour of fuzzing, each target of tests/fuzz for an equal part of it: libFuzzer looks for new paths from the corpus, the
# address and undefined-behaviour sanitizers judge. What it finds is left in build/fuzz/found.
#     tests/long/fuzz.sh [SECONDS]      in all, instead of 3600
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
seconds=${1:-3600}
command -v clang >/dev/null || { apt-get update -qq && apt-get install -y -qq clang >/dev/null; }
cmake -B build/fuzz -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DLSC_WITH_VTK=OFF \
    -DLSC_SANITIZE=address,undefined,fuzzer-no-link >/dev/null
targets=build/fuzz/tests/fuzz/targets
n=$(grep -c . "$targets")
crashes=0 executions=
while read -r name corpus; do
    cmake --build build/fuzz --target "fuzz_$name" >/dev/null
    found=build/fuzz/found/$name
    rm -rf "$found"
    mkdir -p "$found/new"
    set --
    for folder in $corpus; do
        set -- "$@" "tests/fuzz/corpus/$folder"
    done
    "build/fuzz/tests/fuzz/fuzz_$name" "-max_total_time=$((seconds / n))" -timeout=60 -rss_limit_mb=4096 \
        "-artifact_prefix=$found/" -print_final_stats=1 "$found/new" "$@" 2>"$found/log" </dev/null || {
        crashes=$((crashes + 1))
        tail -n 40 "$found/log" >&2
    }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/log")
    echo "$name: $runs executions" >&2
    executions="$executions executions_$name=$runs"
done <"$targets"
# shellcheck disable=SC2086 # one word for each target
report fuzz "tests/long/fuzz.sh $seconds" "seconds=$seconds" "targets=$n" $executions "crashes=$crashes"
test "$crashes" -eq 0
