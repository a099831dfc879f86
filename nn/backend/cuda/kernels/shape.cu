/*
 * What only moves values: channels side by side, activations as vectors, vectors as logits.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_concat(cuda_concat a)
{
    KERNEL_EACH(i, a.n * a.from)
    real_store(a.real, a.y, i / a.from * a.to + a.at + i % a.from, real_load(a.real, a.x, i));
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_flatten(cuda_flatten a)
{
    const int64_t image = (int64_t)a.c * a.plane;
    const float factor = ldexpf(1, -*a.exponent);
    KERNEL_EACH(i, a.n * image)
    {
        int64_t c = i % image / a.plane, place = i % a.plane;
        a.y[i] = factor * real_load(a.real, a.x, i / image * image + place * a.c + c);
    }
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_logits(cuda_logits a)
{
    KERNEL_EACH(i, a.n)
    a.y[i] = (double)a.x[i];
}

KERNEL_LAUNCHER(concat, kernel_blocks(a->n * a->from), KERNEL_THREADS)
KERNEL_LAUNCHER(flatten, kernel_blocks(a->n * a->c * a->plane), KERNEL_THREADS)
KERNEL_LAUNCHER(logits, kernel_blocks(a->n), KERNEL_THREADS)
