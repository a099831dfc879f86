#!/bin/sh
# Install what losscope builds with, on Debian 12 or later. Needs root; without it, says what to run.
set -eu
packages="build-essential cmake ninja-build pkg-config git
    libdnnl-dev libhdf5-dev libvtk9-dev libyaml-dev libcjson-dev nettle-dev zlib1g-dev libminizip-dev
    libjpeg62-turbo-dev libpng-dev librandom123-dev liblapacke-dev libcmocka-dev libegl-dev libegl1 libgl1-mesa-dri
    dataset-fashion-mnist help2man libopenmpi-dev openmpi-bin"
missing=""
for p in $packages; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ]; then
    echo "deps.sh: these packages are missing; as root, run:" >&2
    echo "    apt-get update && $line" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "deps.sh: installing$missing" >&2
apt-get update -qq
$line -qq >/dev/null
