/*
 * All kernels in one, for kernel_limits.cmake.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/input.cu"
#include "nn/backend/cuda/kernels/join.cu"
#include "nn/backend/cuda/kernels/linear.cu"
#include "nn/backend/cuda/kernels/loss.cu"
#include "nn/backend/cuda/kernels/moments.cu"
#include "nn/backend/cuda/kernels/peaks.cu"
#include "nn/backend/cuda/kernels/pool.cu"
#include "nn/backend/cuda/kernels/shape.cu"
#include "nn/backend/cuda/kernels/weights.cu"
