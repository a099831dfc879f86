#!/bin/sh
# Says which report shows that the GPU code, as it is, ran on hardware; exit 77 (skipped) if none does.
set -eu
cd "$(dirname "$0")/../.."
hash=$(tests/gpu/sources.sh)
report=$(grep -ls "\"sources\": \"$hash\"" tests/gpu/reports/*.json | head -n 1)
if [ -z "$report" ]; then
    echo "GPU code not yet run on hardware since $hash: tests/gpu/run.sh, where there is a GPU, writes the report"
    exit 77
fi
echo "GPU code $hash ran on hardware: $report"
