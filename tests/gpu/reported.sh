#!/bin/sh
# Says which accepted report shows that the GPU code, as it is, ran on hardware; exit 77 (skipped) if none does.
set -eu
cd "$(dirname "$0")/../.."
hash=$(tests/gpu/sources.sh)
for report in tests/gpu/reports/*.json; do
    if grep -qs "\"sources\": \"$hash\"" "$report" && grep -q '"accepted": 1' "$report"; then
        echo "GPU code $hash ran on hardware: $report"
        exit 0
    fi
done
echo "GPU code not yet run on hardware since $hash: tests/gpu/run.sh, where there is a GPU, writes the report"
exit 77
