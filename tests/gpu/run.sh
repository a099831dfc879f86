#!/bin/sh
# The GPU code on a GPU: versions, values against double, surfaces against the CPU, determinism, compute-sanitizer, times against
# what the card allows and against PyTorch; one JSON report, to be committed.
#     tests/gpu/run.sh [OUTDIR]     OUTDIR keeps surfaces and logs (build/gpu-run); needs the packages of scripts/deps.sh
# A step that fails is said in the report, and the next begins; the report so far is written after each, and when the script is
# interrupted. It is copied to tests/gpu/reports if nothing failed.
# PyTorch is asked where python3, or the python that LSC_TEST_PYTHON names, has torch. BUILD names another build folder. With
# REHEARSE=1 everything runs in small on the emulated device of a build that is there, and the report stays in OUTDIR: to try this
# script; compute-sanitizer, which needs a GPU, is then the program that SANITIZER names, or none.
set -eu
cd "$(dirname "$0")/../.."
. tests/gpu/judge.sh
out=${1:-build/gpu-run}
mkdir -p "$out"
out=$(cd "$out" && pwd)
build=${BUILD:-build/release}
python=${LSC_TEST_PYTHON:-python3}
device=cuda:0 limit=1800 # seconds for a step: one that hangs must not take the others with it
per_domain=${PER_DOMAIN:-1000} samples=2000 models="resnet20 resnet56" points=5 timed_points=9 timed_per_domain=15000 few=""
peer_batch=1000 chunk_sizes="256 512 1024 2048" sweep_points=5
if [ -n "${REHEARSE-}" ]; then
    samples=6 models=resnet20 timed_points=2 timed_per_domain=$per_domain few="--samples=6" peer_batch=6 chunk_sizes="3 6" sweep_points=2
    sanitizer=${SANITIZER-}
else
    sanitizer=$(PATH=$PATH:/usr/local/cuda/bin command -v compute-sanitizer || true)
fi

say() { echo "gpu/run.sh: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

# ---- what is known so far ---------------------------------------------------------------------------------------------------
name="" driver="" report="" complete=0
torch=null torch_device=null backends=null values=null surfaces=null same=null memcheck=null racecheck=null initcheck=null
differences="" times="" chunks="" engines="" properties=null
failures="" notes="" # a failure refuses the report; a note says why something is null

fault() {
    say "FAILED: $*"
    failures="$failures${failures:+,}
    \"$(plain "$*")\""
}
note() {
    say "$*"
    notes="$notes${notes:+,}
    \"$(plain "$*")\""
}
verdict() { [ "$failures" = "$1" ] && echo 1 || echo 0; } # FAILURES-BEFORE: 1 if there are no others

report_json() {
    accepted=0
    [ -n "$failures${REHEARSE-}" ] || accepted=$complete
    printf '{\n  "name": "gpu", "command": "tests/gpu/run.sh", "commit": "%s", "sources": "%s",\n' "$commit" "$sources"
    printf '  "accepted": %s, "complete": %s, "failures": [%s], "notes": [%s],\n' $accepted $complete "$failures" "$notes"
    printf '  "gpu": "%s", "driver": "%s", "pytorch": %s, "pytorch_device": %s,\n' "$name" "$driver" "$torch" "$torch_device"
    printf '  "backends": %s, "values": %s, "surfaces": %s, "same_bits_twice": %s,\n' "$backends" "$values" "$surfaces" "$same"
    printf '  "compute_sanitizer": {"memcheck": %s, "racecheck": %s, "initcheck": %s},\n' "$memcheck" "$racecheck" "$initcheck"
    printf '  "differences": {%s},\n  "times": {%s\n  },\n  "chunks": {%s},\n' "$differences" "$times" "$chunks"
    printf '  "engines": {\n    %s\n  },\n  "properties": %s\n}\n' "$engines" "$properties"
}
save() {
    report_json >"$report.part"
    mv "$report.part" "$report"
}

# ---- steps --------------------------------------------------------------------------------------------------------------------
step=""
# What it says goes to $out/NAME.log, which is $log; why it failed is $why. In the background, so that a signal is heard at once.
attempt() { # NAME COMMAND...
    what=$1 log="$out/$1.log"
    shift
    timeout "$limit" "$@" >"$log" 2>&1 &
    step=$!
    status=0
    wait "$step" || status=$?
    step=""
    why="$what: exit status $status, see $log: $(tail -n 1 "$log")"
    return $status
}
check() { # NAME COMMAND...
    if attempt "$@"; then say "$1: passed"; else fault "$why"; fi
}
interrupted() {
    [ -z "$step" ] || kill "$step" || true
    fault "interrupted"
    exit 130
}
ended() {
    [ -n "$engines" ] || engines=$(engines "$out/plans-timed")
    [ $complete = 1 ] || save
    say "the report: $report"
}
use_plans() { export LOSSCOPE_PLAN_CACHE="$out/plans-$1"; } # NAME: where those are kept that are chosen from here on

# ---- build and versions ---------------------------------------------------------------------------------------------------------
if [ -z "${REHEARSE-}" ]; then
    unset LOSSCOPE_CUDA_MODULE LOSSCOPE_AUTOTUNE
    { cmake --preset release -B "$build" -G Ninja -DLSC_WITH_CUDA=ON && cmake --build "$build"; } >"$out/build.log" 2>&1 ||
        fail "it does not build: $out/build.log"
else
    LOSSCOPE_CUDA_MODULE=$(cd "$build" && pwd)/tests/losscope_cuda_emulated.so
    export LOSSCOPE_CUDA_MODULE
fi
"$build/landscape/landscape" --list devices >"$out/devices"
name=$(plain "$(sed -n 's/^  cuda:0 *\([^,]*\),.*/\1/p' "$out/devices")")
[ -n "$name" ] || fail "there is no GPU: $(grep '^  cuda ' "$out/devices")"
driver=$(plain "$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1 || true)")
sources=$(tests/gpu/sources.sh)
commit=$(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
report="$out/$(echo "$name" | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9-')-$(date +%Y%m%d-%H%M%S).json"
say "$name, driver ${driver:-unknown}, sources $sources"
rm -rf "$out"/plans-* # of an earlier run
trap interrupted INT TERM HUP
trap ended EXIT

# ---- values against double --------------------------------------------------------------------------------------------------------
check_values() {
    use_plans tests
    before=$failures
    check backends "$build/tests/test_nn_backends"
    backends=$(verdict "$before")
    before=$failures
    for test in evaluator norms exponents; do
        check $test "$build/tests/test_cuda_$test" device
    done
    values=$(verdict "$before")
    save
}

# ---- surfaces -----------------------------------------------------------------------------------------------------------------------
surface() { # MODEL DEVICE PRECISION: $out/MODEL-DEVICE-PRECISION.csv, the device without its number
    surface="$1-${2%:*}-$3"
    rm -f "$out/$surface.csv"
    attempt "$surface" "$build/landscape/landscape" -q --ckpt "$out/$1/run.bin" --points $points --samples $samples --device "$2" \
        --precision "$3" --out "$out/$surface.h5" --overwrite --no-vtp &&
        attempt "$surface-csv" "$build/viz/viz" -q convert "$out/$surface.h5" -o "$out/$surface.csv"
}
trained() { # MODEL
    [ -s "$out/$1/run.bin" ] || attempt "$1-train" "$build/train/train" -q --config configs/demo_erm.yaml \
        --set model.name="$1" --set train.epochs=1 --set data.per_domain="$per_domain" --set train.select=last --device cpu \
        --out "$out/$1"
}
compare_surface() { # MODEL PRECISION ALLOWED
    d=null
    if ! surface "$1" $device "$2"; then
        fault "$why"
    elif ! d=$(difference "$out/$1-cpu-single.csv" "$out/$1-cuda-$2.csv" 2>"$out/why"); then
        d=null
        fault "$1, $2: $(cat "$out/why")"
    elif ! at_most "$d" "$3"; then
        fault "$1, $2: losses differ from the CPU's by $d, allowed are $3"
    else
        say "$1, $2: losses differ from the CPU's by at most $d (allowed $3)"
    fi
    differences="$differences${differences:+, }\"$1_$2\": $d"
    save
}
compare_surfaces() {
    before=$failures
    for model in $models; do
        if trained "$model" && surface "$model" cpu single; then
            # tf32: where activations are cut (docs/gpu.md), the 55 convolutions of ResNet-56, were they one behind the other, are
            # off by 55 x 0.72 x 2^-11 = 1.9e-2; emulated 1.2e-2. A loss may be off by more than its logits.
            for row in fp32:1e-5 tf32:2.5e-2 fp16:5e-3 bf16:5e-2; do
                compare_surface "$model" "${row%%:*}" "${row#*:}"
            done
        else
            fault "$why"
        fi
    done
    surfaces=$(verdict "$before")
    save
}
compare_runs() { # the same bits twice
    before=$failures
    if ! mv "$out/resnet20-cuda-tf32.csv" "$out/first.csv" 2>"$out/why"; then
        fault "two runs: $(cat "$out/why")"
    elif ! surface resnet20 $device tf32; then
        fault "$why"
    elif ! same_bits "$out/first.csv" "$out/resnet20-cuda-tf32.csv" 2>"$out/why"; then
        fault "two runs: $(cat "$out/why")"
    fi
    same=$(verdict "$before")
    save
}

# ---- compute-sanitizer ----------------------------------------------------------------------------------------------------------------
# cuDNN's kernels are NVIDIA's to check but for the memory that we give them, and may well read what they do not use. So races and what
# was never written are looked for in our own, k_*. What cuDNN writes must be followed all the same, or our reads of it would count as
# such; since 2026.4 it is. Older ones look at all kernels: what they find in ours is a failure, and the rest is for a reader of the log.
knows() { "$sanitizer" --help 2>&1 | grep -q -e "$1"; } # OPTION
sanitize() { # TOOL OPTION...: 1, 0 or null in $found
    tool=$1 found=1
    shift
    for test in evaluator norms exponents; do
        if attempt "$tool-$test" env LOSSCOPE_AUTOTUNE=off "$sanitizer" --tool "$tool" --error-exitcode 9 --print-limit 0 "$@" \
            "$build/tests/test_cuda_$test" device; then
            say "$tool-$test: passed"
        elif [ "$tool $# $status" = "initcheck 0 9" ] && ! grep -qw 'k_[a-z0-9]*' "$log"; then
            [ $found = 0 ] || found=null
            note "$why: nothing of it is in our kernels"
        else
            found=0
            fault "$why"
        fi
    done
}
check_memory() {
    [ -n "$sanitizer" ] || { note "compute-sanitizer was not found" && return; }
    use_plans sanitizer # measured is in memory that nothing was written to, so that nothing is measured here
    sanitize memcheck
    memcheck=$found
    save
    if knows --kernel-name; then
        sanitize racecheck --kernel-name 'regex=^k_'
        racecheck=$found
        save
    else
        note "racecheck: this compute-sanitizer cannot leave out cuDNN's kernels"
    fi
    if knows --initcheck-track-filtered-global-memory; then
        sanitize initcheck --kernel-name 'regex=^k_'
    else
        sanitize initcheck
    fi
    initcheck=$found
    save
}

# ---- times ------------------------------------------------------------------------------------------------------------------------------
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
run_timed() { # NAME MODEL PRECISION POINTS OPTION...: what the program says of itself, over all images
    timed_name=$1 timed_model=$2 timed_precision=$3 timed_side=$4
    shift 4
    # shellcheck disable=SC2086 # $few is an option or nothing
    attempt "$timed_name" "$build/landscape/landscape" -q --ckpt "$out/$timed_model/run.bin" \
        --set data.per_domain=$timed_per_domain --device $device --json --points "$timed_side" --precision "$timed_precision" \
        --out "$out/time.h5" --overwrite --no-vtp $few "$@"
}
count_images() { # MODEL: $images that a point is evaluated on, or null
    images=null
    if ! run_timed "$1-images" "$1" tf32 1 --dry-run; then
        fault "$why"
    elif ! images=$(number samples "$log" 2>"$out/why"); then
        images=null
        fault "$1: $(cat "$out/why")"
    fi
}
measure() { # NAME MODEL PRECISION POINTS OPTION...: images a second in $rate, or null
    rate=null
    passes=$(($4 * $4))
    if ! run_timed "$@"; then
        fault "$why"
    elif ! rate=$(rate "$passes" "$images" "$(number seconds "$log" 2>"$out/why")" 2>>"$out/why"); then
        rate=null
        fault "$1: $(cat "$out/why")"
    fi
}
ask_peer() { # MODEL: what PyTorch does is in $out/MODEL-peer.log
    attempt "$1-peer" "$python" tests/gpu/peer.py "$out/$1/run.bin" "$images" $peer_batch || note "PyTorch: $why"
    torch=$(sed -n 's/^torch \(.*\)/"\1"/p' "$log")
    torch_device=$(sed -n 's/^device \(.*\)/"\1"/p' "$log")
    torch=${torch:-null} torch_device=${torch_device:-null}
}
time_model() { # MODEL
    count_images "$1"
    ask_peer "$1"
    for precision in tf32 fp16 bf16; do
        measure "time-$1-$precision" "$1" $precision $timed_points
        peer=$(sed -n "s/^$precision \([0-9][0-9]*\)\$/\1/p" "$out/$1-peer.log") most=$(bound "$1" $precision)
        say "$1, $precision: $rate images a second; the card allows $most, PyTorch does ${peer:-nothing}"
        times="$times${times:+,}
    \"$1_$precision\": {\"images_per_second\": $rate, \"bound\": $most, \"share_of_bound\": $(ratio "$rate" "$most"),"
        times="$times \"pytorch\": ${peer:-null}, \"times_pytorch\": $(ratio "$rate" "$peer")}"
        save
    done
}
# How many images at once, and how many points: what is used otherwise is 512 and 1.
time_chunks() { # MODEL
    count_images "$1"
    for precision in tf32 fp16; do
        for chunk in $chunk_sizes; do
            # Plans are chosen, and kept.
            run_timed "plans-$precision-$chunk" "$1" $precision 1 --chunk "$chunk" || fault "$why"
            for streams in 1 2; do
                measure "time-$1-$precision-$chunk-$streams" "$1" $precision $sweep_points --chunk "$chunk" --streams $streams
                say "$1, $precision, $chunk images and $streams points at once: $rate images a second"
                chunks="$chunks${chunks:+, }\"${precision}_${chunk}_$streams\": $rate"
                save
            done
        done
    done
}

# ---- what was chosen, and on what ---------------------------------------------------------------------------------------------------------
read_plans() {
    engines=$(engines "$out/plans-timed")
    properties "$out/plans-timed" >"$out/properties.json" # as in tests/golden/cuda-devices
    if ! attempt properties "$build/tests/check_json" "$out/properties.json"; then
        note "$why"
    else
        properties=$(cat "$out/properties.json")
        [ "$properties" != null ] || note "no kept plan names the properties of the card"
    fi
    save
}
accept() {
    complete=1
    save
    if ! attempt json "$build/tests/check_json" "$report"; then
        fault "$why"
        save
    fi
    [ -z "$failures" ] || fail "not accepted:$failures"
    [ -n "${REHEARSE-}" ] || cp "$report" tests/gpu/reports/
    say "all passed"
}

check_values
[ -z "${REHEARSE-}" ] || export LOSSCOPE_EMULATED="plans=2 saves=1" # there are plans to be kept
use_plans timed
compare_surfaces
compare_runs
for model in $models; do
    time_model "$model"
done
time_chunks "${models##* }"
read_plans
check_memory
accept
