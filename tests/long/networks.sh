#!/bin/sh
# Networks that are slow in double: the reference backend against PyTorch as in the short test nn_golden, logits,
# loss, gradient and Hessian-vector product on running and on batch statistics. And exact products with the Hessian of a
# trained network over 500 images.
set -eu
cd "$(dirname "$0")/../.."
. tests/long/report.sh
cmake --preset release -G Ninja >/dev/null
cmake --build --preset release --target test_nn_golden test_nn_hessian >/dev/null
failed=0 seconds=
for network in resnet18 densenet121 torchvision_resnet18; do
    began=$(date +%s)
    build/release/tests/test_nn_golden "$network" >&2 || failed=$((failed + 1))
    seconds="$seconds seconds_$network=$(($(date +%s) - began))"
done
began=$(date +%s)
build/release/tests/test_nn_hessian ref double >&2 || failed=$((failed + 1))
seconds="$seconds seconds_hessian=$(($(date +%s) - began))"
# shellcheck disable=SC2086 # one word for each network
report networks "tests/long/networks.sh" "networks=3" "failed=$failed" $seconds
test "$failed" -eq 0
