#!/bin/sh
# The GPU code on a GPU: versions, values against double, surfaces against the CPU, determinism, compute-sanitizer, times;
# one JSON report, to be committed.
#     tests/gpu/run.sh [OUTDIR]     OUTDIR keeps surfaces and logs (build/gpu-run); needs the packages of scripts/deps.sh
# With REHEARSE=1 everything runs in small on the emulated device, and no report is kept: to try this script.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/gpu-run}
mkdir -p "$out"
out=$(cd "$out" && pwd)
build=${BUILD:-build/release}
samples=2000 timed=50000 models="resnet20 resnet56"
[ -z "${REHEARSE-}" ] || samples=6 timed=6 models=resnet20

say() { echo "gpu/run.sh: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

# ---- build and versions -------------------------------------------------------------------------------------------------
if [ -z "${REHEARSE-}" ]; then
    cmake --preset release -G Ninja -DLSC_WITH_CUDA=ON >/dev/null
    cmake --build --preset release >/dev/null
else
    export LOSSCOPE_CUDA_MODULE="$PWD/$build/tests/losscope_cuda_emulated.so"
fi
"$build/landscape/landscape" --list devices >"$out/devices"
name=$(sed -n 's/^  cuda:0 *\([^,]*\),.*/\1/p' "$out/devices")
[ -n "$name" ] || fail "there is no GPU: $(grep '^  cuda ' "$out/devices")"
driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1 || true)
sources=$(tests/gpu/sources.sh)
say "$name, driver ${driver:-unknown}, sources $sources"

# ---- values against double ------------------------------------------------------------------------------------------------
export LOSSCOPE_PLAN_CACHE="$out/plans" # not the user's
check() { # NAME COMMAND...: 1 if it passed, kept in $out/NAME
    test_name=$1
    shift
    if "$@" >"$out/$test_name.log" 2>&1; then passed=1; else passed=0; fi
    say "$test_name: $([ $passed = 1 ] && echo passed || echo "FAILED, see $out/$test_name.log")"
}
check backends "$build/tests/test_nn_backends"
backends=$passed
check values "$build/tests/test_cuda_evaluator" device
values=$passed

# ---- surfaces -----------------------------------------------------------------------------------------------------------------
surface() { # MODEL DEVICE PRECISION: $out/MODEL-DEVICE-PRECISION.csv
    base="$out/$1-$2-$3"
    "$build/landscape/landscape" -q --ckpt "$out/$1/run.bin" --points 5 --samples $samples --device "$2" --precision "$3" \
        --out "$base.h5" --overwrite --no-vtp >"$base.log"
    "$build/viz/viz" -q convert "$base.h5" -o "$base.csv" >/dev/null
}
difference() { # A B: the largest relative difference of losses
    paste -d, "$1" "$2" | awk -F, 'NR == 1 { n = NF / 2; for (i = 1; i <= n; i++) if ($i == "loss") c = i; next }
        { d = ($c - $(c + n)) / $c; d = d < 0 ? -d : d; if (d > most) most = d } END { printf "%.3g", most }'
}
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }'; }
differences="" surfaces=1
for model in $models; do
    [ -s "$out/$model/run.bin" ] || "$build/train/train" -q --config configs/demo_erm.yaml --set model.name="$model" \
        --set train.epochs=1 --set data.per_domain=${PER_DOMAIN:-1000} --set train.select=last --device cpu --out "$out/$model" \
        >/dev/null
    surface "$model" cpu single
    for row in fp32:1e-5 tf32:3e-3 fp16:5e-3 bf16:5e-2; do
        precision=${row%%:*}
        surface "$model" cuda "$precision"
        d=$(difference "$out/$model-cpu-single.csv" "$out/$model-cuda-$precision.csv")
        below "$d" "${row#*:}" || surfaces=0
        say "$model, $precision: losses differ from the CPU's by at most $d (allowed ${row#*:})"
        differences="$differences, \"${model}_$precision\": $d"
    done
done

# ---- the same bits twice --------------------------------------------------------------------------------------------------------
cp "$out/resnet20-cuda-tf32.csv" "$out/first.csv"
surface resnet20 cuda tf32
same=0
cmp -s "$out/first.csv" "$out/resnet20-cuda-tf32.csv" && same=1

# ---- compute-sanitizer ------------------------------------------------------------------------------------------------------------
sanitizer=null
if [ -z "${REHEARSE-}" ] && command -v compute-sanitizer >/dev/null; then
    sanitizer=1
    for tool in memcheck racecheck initcheck; do # measured is in memory that nothing was written to
        check "$tool" env LOSSCOPE_AUTOTUNE=off compute-sanitizer --tool $tool --error-exitcode 9 "$build/tests/test_cuda_evaluator" device
        [ "$passed" = 1 ] || sanitizer=0
    done
fi

# ---- times --------------------------------------------------------------------------------------------------------------------------
times=""
for model in $models; do
    for precision in tf32 fp16; do
        s=$("$build/landscape/landscape" -q --ckpt "$out/$model/run.bin" --points 9 --samples $samples --device cuda --json \
            --precision $precision --out "$out/time.h5" --overwrite --no-vtp |
            sed -n 's/.*"seconds": \([0-9.e+-]*\).*/\1/p')
        rate=$(awk -v s="$s" -v n="$samples" 'BEGIN { printf "%.0f", 81 * n / s }')
        say "$model, $precision: $rate images a second"
        times="$times, \"${model}_${precision}_images_per_second\": $rate"
    done
done

# ---- the report -----------------------------------------------------------------------------------------------------------------------
slug=$(echo "$name" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9-')
report="$out/$slug-$(date +%Y%m%d).json"
printf '{\n  "name": "gpu", "command": "tests/gpu/run.sh", "commit": "%s", "sources": "%s",\n' \
    "$(git describe --always --dirty --exclude '*')" "$sources" >"$report"
printf '  "gpu": "%s", "driver": "%s", "backends": %s, "values": %s, "surfaces": %s, "same_bits_twice": %s,\n' "$name" \
    "$driver" "$backends" "$values" "$surfaces" "$same" >>"$report"
printf '  "compute_sanitizer": %s%s%s\n}\n' "$sanitizer" "$differences" "$times" >>"$report"
[ "$backends$values$surfaces$same" = 1111 ] && [ "$sanitizer" != 0 ] || fail "something failed: $report"
[ -n "${REHEARSE-}" ] || cp "$report" tests/gpu/reports/
say "all passed: $report"
