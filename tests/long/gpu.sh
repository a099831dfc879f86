#!/bin/sh
# Every convolution of every network has a plan of cuDNN for every device of tests/golden/cuda-devices but the last, in
# every precision; the last, T4, is too old, which must show. And tests/gpu/run.sh is rehearsed on the emulated device.
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
cmake --preset release -G Ninja >/dev/null
cmake --build --preset release --target test_cuda_plans fake_driver train landscape viz test_nn_backends \
    test_cuda_evaluator test_cuda_norms test_cuda_exponents losscope_cuda_emulated check_json >/dev/null
export LD_LIBRARY_PATH="$PWD/build/release/tests/fake_driver:${LD_LIBRARY_PATH-}"
began=$(date +%s) made=0 failed=0
logs=build/release/cuda-plans
rm -rf "$logs"
mkdir "$logs"
for device in h100 a100 rtx3090; do
    for precision in tf32 fp32 fp16 bf16; do
        echo "$device $precision"
    done
done | xargs -n 2 -P "$(nproc)" sh -c 'build/release/tests/test_cuda_plans "$1" "$2" 0 1 >"$0/$1-$2.log" 2>&1 ||
    : >"$0/$1-$2.failed"' "$logs"
for log in "$logs"/*.log; do
    grep ": plans for " "$log" >&2
    made=$((made + $(sed -n 's/^.*: plans for \([0-9]*\) of .*/\1/p' "$log")))
    [ ! -e "${log%.log}.failed" ] || failed=$((failed + 1))
done
log=$logs/t4
old=0
build/release/tests/test_cuda_plans t4 bf16 0 20 >"$log" 2>&1 || old=1
rehearsed=0
REHEARSE=1 PER_DOMAIN=60 tests/gpu/run.sh build/release/gpu-rehearsal >build/release/gpu-rehearsal.log 2>&1 && rehearsed=1
report gpu "tests/long/gpu.sh" "devices=3" "precisions=4" "plans=$made" "failed=$failed" "too_old_is_seen=$old" \
    "rehearsed=$rehearsed" "seconds=$(($(date +%s) - began))"
test "$failed" -eq 0 && test "$old" -eq 1 && test "$rehearsed" -eq 1
