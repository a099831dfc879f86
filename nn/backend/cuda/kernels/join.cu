/*
 * Whatever is done element by element and was not fused into a convolution: batch norm by channel, sums, a factor, the
 * rectifier. NaN stays NaN.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

static __device__ __forceinline__ float affine(const float *scale, const float *shift, int64_t c, float x)
{
    return scale != NULL ? fmaf(scale[c], x, shift[c]) : x;
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_join(cuda_join a)
{
    KERNEL_EACH(i, a.n)
    {
        int64_t c = i % a.c;
        float y = affine(a.scale[0], a.shift[0], c, real_load(a.real, a.x, i));
        if (a.z != NULL)
            y += affine(a.scale[1], a.shift[1], c, real_load(a.real, a.z, i));
        y *= a.factor;
        real_store(a.real, a.y, i, a.relu && y < 0 ? 0 : y);
    }
}

KERNEL_LAUNCHER(join, kernel_blocks(a->n), KERNEL_THREADS)
