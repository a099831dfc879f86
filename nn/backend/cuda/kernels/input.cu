/*
 * Images as they are kept, bytes or floats [kept, H, W], become activations [H, W, C]; one grey channel is repeated.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

static __device__ __forceinline__ float pixel(const cuda_input &a, int64_t image, int c, int place)
{
    int64_t at = (image * a.kept + (a.kept == 1 ? 0 : c)) * a.h * a.w + place;
    if (a.value == NULL)
        return ((const float *)a.pixels)[at];
    return a.value[c * 256 + ((const uint8_t *)a.pixels)[at]];
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_input(cuda_input a)
{
    const int plane = a.h * a.w;
    KERNEL_EACH(i, (int64_t)a.n * plane * a.c)
    {
        int c = (int)(i % a.c), place = (int)(i / a.c % plane);
        int64_t in_chunk = i / a.c / plane, sample = a.state->first + in_chunk;
        float x = 0;
        if (sample < a.total)
            x = pixel(a, a.window ? in_chunk : a.index != NULL ? a.index[sample] : sample, c, place);
        real_store(a.real, a.out, i, a.factor * x);
    }
}

KERNEL_LAUNCHER(input, kernel_blocks((int64_t)a->n * a->h * a->w * a->c), KERNEL_THREADS)
