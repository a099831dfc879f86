#!/bin/sh
# All tests, from nothing: install packages, build, run ctest. With --long, the long tests of tests/long too.
set -eu
cd "$(dirname "$0")/.."

long=""
case ${1-} in
'') ;;
--long) long=yes ;;
*) echo "Usage: scripts/test.sh [--long]" >&2 && exit 64 ;;
esac
scripts/deps.sh
cmake --preset release -G Ninja -DLSC_WERROR=ON >/dev/null
cmake --build --preset release
build=$PWD/build/release
ctest --preset release -j 2 --output-log "$build/tests.log"
tests/gpu/reported.sh || true
ctest --preset release -N -L cuda | tests/gpu/counted.sh "$build/tests.log" "$build/gpu-skipped"
[ -n "$long" ] || exit 0
for test in fresh sanitizers networks fuzz gpu faces demo; do
    "tests/long/$test.sh"
done
