#!/bin/sh
# All tests under the address and undefined-behaviour sanitizers.
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
began=$(date +%s)
log=build/asan-tests.log
cmake --preset asan -G Ninja >/dev/null
cmake --build --preset asan >/dev/null
status=0
ctest --preset asan -j 2 >"$log" 2>&1 || status=$?
tail -n 12 "$log" >&2
report sanitizers "tests/long/sanitizers.sh" "tests=$(ctest_total $log)" "failed=$(ctest_failed $log)" \
    "seconds=$(($(date +%s) - began))"
exit $status
