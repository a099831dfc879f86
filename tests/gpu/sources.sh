#!/bin/sh
# The hash of all that runs on a GPU or asks it to, and how it is compiled. A report of tests/gpu/run.sh names the hash of what it ran.
set -eu
cd "$(dirname "$0")/../.."
{
    find nn/backend/cuda -type f -name '*.*'
    echo nn/device_math.h nn/loss_softmax.h nn/loss_values.h nn/losses.def nn/evaluator.c landscape/objective_nn_device.c \
        cmake/LscCuda.cmake | tr ' ' '\n'
} | LC_ALL=C sort | xargs cat | sha256sum | cut -c 1-12
