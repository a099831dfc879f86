#!/bin/sh
# The GPU code on a GPU: versions, values against double, surfaces against the CPU, determinism, compute-sanitizer, times against
# what the card allows and against PyTorch; one JSON report, to be committed.
#     tests/gpu/run.sh [OUTDIR]     OUTDIR keeps surfaces and logs (build/gpu-run); needs the packages of scripts/deps.sh
# PyTorch is asked where python3, or the python that LSC_TEST_PYTHON names, has torch. With REHEARSE=1 everything runs in small
# on the emulated device, and the report stays in OUTDIR: to try this script.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/gpu-run}
mkdir -p "$out"
out=$(cd "$out" && pwd)
build=${BUILD:-build/release}
per_domain=${PER_DOMAIN:-1000} samples=2000 models="resnet20 resnet56" points=5 timed_points=9 timed_per_domain=15000 few="" peer_batch=1000 chunk_sizes="256 512 1024 2048" sweep_points=5
[ -z "${REHEARSE-}" ] || samples=6 models=resnet20 timed_points=2 timed_per_domain=$per_domain few="--samples=6" peer_batch=6 chunk_sizes="3 6" sweep_points=2
python=${LSC_TEST_PYTHON:-python3}

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
values=1
for test in evaluator norms exponents; do
    check $test "$build/tests/test_cuda_$test" device
    [ "$passed" = 1 ] || values=0
done

[ -z "${REHEARSE-}" ] || export LOSSCOPE_EMULATED="plans=2 saves=1" # there are plans to be kept

# ---- surfaces -----------------------------------------------------------------------------------------------------------------
surface() { # MODEL DEVICE PRECISION: $out/MODEL-DEVICE-PRECISION.csv
    base="$out/$1-$2-$3"
    "$build/landscape/landscape" -q --ckpt "$out/$1/run.bin" --points $points --samples $samples --device "$2" --precision "$3" \
        --out "$base.h5" --overwrite --no-vtp >"$base.log"
    "$build/viz/viz" -q convert "$base.h5" -o "$base.csv" >/dev/null
}
difference() { # A B: the largest relative difference of losses
    paste -d, "$1" "$2" | awk -F, 'NR == 1 { n = NF / 2; for (i = 1; i <= n; i++) if ($i == "loss") c = i; next }
        { d = ($c - $(c + n)) / $c; d = d < 0 ? -d : d; if (d > most) most = d } END { printf "%.3g", most + 0 }'
}
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 <= b + 0) }'; }
differences="" surfaces=1
for model in $models; do
    [ -s "$out/$model/run.bin" ] || "$build/train/train" -q --config configs/demo_erm.yaml --set model.name="$model" \
        --set train.epochs=1 --set data.per_domain=$per_domain --set train.select=last --device cpu --out "$out/$model" \
        >/dev/null
    surface "$model" cpu single
    for row in fp32:1e-5 tf32:3e-3 fp16:5e-3 bf16:5e-2; do
        precision=${row%%:*}
        surface "$model" cuda "$precision"
        d=$(difference "$out/$model-cpu-single.csv" "$out/$model-cuda-$precision.csv")
        below "$d" "${row#*:}" || surfaces=0
        say "$model, $precision: losses differ from the CPU's by at most $d (allowed ${row#*:})"
        differences="$differences${differences:+, }\"${model}_$precision\": $d"
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
        for test in evaluator norms exponents; do
            check "$tool-$test" env LOSSCOPE_AUTOTUNE=off compute-sanitizer --tool $tool --error-exitcode 9 \
                "$build/tests/test_cuda_$test" device
            [ "$passed" = 1 ] || sanitizer=0
        done
    done
fi

# ---- times --------------------------------------------------------------------------------------------------------------------------
# What a card allows if each convolution reads its input and writes its output once: images a second by memory (activations moved,
# 10^6 an image) and by arithmetic (10^6 operations an image). H100: 3.0 TB/s and 400 and 800 Tflop/s in tf32 and 16 bits.
bound() { # MODEL PRECISION
    case $1 in resnet20) moved=0.50 work=81.6 ;; resnet56) moved=1.36 work=251.5 ;; esac
    case "$name $2" in
    *H100*tf32) bytes=4 peak=400 ;;
    *H100*fp16 | *H100*bf16) bytes=2 peak=800 ;;
    *) echo null && return ;;
    esac
    awk -v m=$moved -v w=$work -v b=$bytes -v p=$peak 'BEGIN { x = m * b / 3.0; y = w / p; printf "%.0f", 1e6 / (x > y ? x : y) }'
}
ratio() { # A B: null without them
    awk -v a="${1:-null}" -v b="${2:-null}" 'BEGIN { if (a + 0 > 0 && b + 0 > 0) printf "%.3g", a / b; else printf "null" }'
}
run_timed() { # MODEL PRECISION POINTS OPTION...: JSON of the program, over all images; $few is an option or nothing
    timed_model=$1 timed_precision=$2 timed_side=$3
    shift 3
    "$build/landscape/landscape" -q --ckpt "$out/$timed_model/run.bin" --set data.per_domain=$timed_per_domain --device cuda --json \
        --points "$timed_side" --precision "$timed_precision" --out "$out/time.h5" --overwrite --no-vtp $few "$@"
}
images_a_second() { # MODEL PRECISION POINTS OPTION...: of all images at POINTS x POINTS points
    timed_side=$3
    s=$(run_timed "$@" | number seconds)
    awk -v s="$s" -v n="$images" -v p="$timed_side" 'BEGIN { printf "%.0f", p * p * n / s }'
}
number() { sed -n "s/.*\"$1\": \([0-9.e+-]*\).*/\1/p"; } # KEY: its value in a line of JSON
torch=$("$python" -c 'import torch; print(torch.__version__)' 2>/dev/null || echo absent)
times=""
for model in $models; do
    images=$(run_timed "$model" tf32 $timed_points --dry-run | number samples)
    : >"$out/$model-peer"
    [ "$torch" = absent ] || "$python" tests/gpu/peer.py "$out/$model/run.bin" "$images" $peer_batch >"$out/$model-peer"
    for precision in tf32 fp16 bf16; do
        rate=$(images_a_second "$model" $precision $timed_points)
        peer=$(sed -n "s/^$precision //p" "$out/$model-peer") most=$(bound "$model" $precision)
        say "$model, $precision: $rate images a second; the card allows $most, PyTorch $torch does ${peer:-nothing}"
        times="$times${times:+,}
    \"${model}_$precision\": {\"images_per_second\": $rate, \"bound\": $most, \"share_of_bound\": $(ratio "$rate" "$most"),"
        times="$times \"pytorch\": ${peer:-null}, \"times_pytorch\": $(ratio "$rate" "$peer")}"
    done
done

# How many images at once, and how many points: what was used above is 512 and 1.
chunks=""
for precision in tf32 fp16; do
    for chunk in $chunk_sizes; do
        run_timed "$model" $precision 1 --chunk "$chunk" >/dev/null # plans are chosen, and kept
        for streams in 1 2; do
            rate=$(images_a_second "$model" $precision $sweep_points --chunk "$chunk" --streams $streams)
            say "$model, $precision, $chunk images and $streams points at once: $rate images a second"
            chunks="$chunks${chunks:+, }\"${precision}_${chunk}_$streams\": $rate"
        done
    done
done

# ---- what was chosen, and on what ---------------------------------------------------------------------------------------------------
# Kept plans say both: a line with the key, then the plan, with cuDNN's number of the engine and the properties of the device.
engines() { # "SHAPE": ENGINE, ... of all convolutions
    for plan in "$LOSSCOPE_PLAN_CACHE"/*; do
        shape=$(sed -n '2s/.*; \([^;]*\); graph .*/\1/p' "$plan")
        engine=$(grep -a -o '"engineId":[0-9]*' "$plan" | head -n 1)
        printf '"%s": %s\n' "$shape" "${engine##*:}"
    done | sed 's/: $/: null/' | sort | paste -s -d , | sed 's/,"/,\n    "/g'
}
properties=$(cat "$LOSSCOPE_PLAN_CACHE"/* | grep -a -o '"GPUProfile":{[^}]*}' | head -n 1)
properties=${properties#*:}
[ -z "$properties" ] || echo "$properties" >"$out/properties.json" # as in tests/golden/cuda-devices

# ---- the report -----------------------------------------------------------------------------------------------------------------------
slug=$(echo "$name" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9-')
report="$out/$slug-$(date +%Y%m%d).json"
{
    printf '{\n  "name": "gpu", "command": "tests/gpu/run.sh", "commit": "%s", "sources": "%s",\n' \
        "$(git describe --always --dirty --exclude '*')" "$sources"
    printf '  "gpu": "%s", "driver": "%s", "pytorch": "%s",\n' "$name" "$driver" "$torch"
    printf '  "backends": %s, "values": %s, "surfaces": %s, "same_bits_twice": %s, "compute_sanitizer": %s,\n' \
        "$backends" "$values" "$surfaces" "$same" "$sanitizer"
    printf '  "differences": {%s},\n  "times": {%s\n  },\n  "chunks": {%s},\n' "$differences" "$times" "$chunks"
    printf '  "engines": {\n    %s\n  },\n  "properties": %s\n}\n' "$(engines)" "${properties:-null}"
} >"$report"
[ "$backends$values$surfaces$same" = 1111 ] && [ "$sanitizer" != 0 ] || fail "something failed: $report"
[ -n "${REHEARSE-}" ] || cp "$report" tests/gpu/reports/
say "all passed: $report"
