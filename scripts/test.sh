#!/bin/sh
# All tests, from nothing: install packages, build, run ctest. --long adds the long tier.
set -eu
cd "$(dirname "$0")/.."
scripts/deps.sh
cmake --preset release -G Ninja -DLSC_WERROR=ON >/dev/null
cmake --build --preset release
ctest --preset release -j 2
