#!/bin/sh
# All tests, from nothing: install packages, build, run ctest. With --long, the long tests of tests/long too.
set -eu
cd "$(dirname "$0")/.."

# Tests of the GPU code that ran, those that could not, and whether it was ever run on a GPU as it is.
gpu() {
    run=$(ctest --preset release -N -L cuda | sed -n 's/^Total Tests: //p')
    tests/gpu/reported.sh || true
    echo "gpu: $run run, $(cat build/release/gpu-skipped)"
}

long=""
case ${1-} in
'') ;;
--long) long=yes ;;
*) echo "Usage: scripts/test.sh [--long]" >&2 && exit 64 ;;
esac
scripts/deps.sh
cmake --preset release -G Ninja -DLSC_WERROR=ON >/dev/null
cmake --build --preset release
ctest --preset release -j 2
gpu
[ -n "$long" ] || exit 0
for test in fresh sanitizers networks fuzz gpu faces demo; do
    "tests/long/$test.sh"
done
