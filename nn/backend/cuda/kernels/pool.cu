/*
 * Poolings, a thread for each output: the largest of a window (NaN if there is one), or the mean over all its places,
 * those in the padding counted as zeros.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

/* Where output i looks: rows y0 .. y1-1, columns x0 .. x1-1 of channel c of an image. */
typedef struct {
    int64_t image; /* element where it begins */
    int c, y0, y1, x0, x1;
} window;

static __device__ __forceinline__ window window_of(const cuda_pool &a, int64_t i)
{
    window v;
    v.c = (int)(i % a.c);
    int64_t place = i / a.c;
    int x = (int)(place % a.ow) * a.stride - a.pad, y = (int)(place / a.ow % a.oh) * a.stride - a.pad;
    v.image = place / a.ow / a.oh * a.h * a.w * a.c;
    v.y0 = y < 0 ? 0 : y;
    v.y1 = y + a.kernel < a.h ? y + a.kernel : a.h;
    v.x0 = x < 0 ? 0 : x;
    v.x1 = x + a.kernel < a.w ? x + a.kernel : a.w;
    return v;
}

static __device__ __forceinline__ float at(const cuda_pool &a, const window &v, int y, int x)
{
    return real_load(a.real, a.x, v.image + ((int64_t)y * a.w + x) * a.c + v.c);
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_maxpool(cuda_maxpool a)
{
    KERNEL_EACH(i, a.n * a.oh * a.ow * a.c)
    {
        window v = window_of(a, i);
        float best = at(a, v, v.y0, v.x0);
        for (int y = v.y0; y < v.y1; y++)
            for (int x = v.x0; x < v.x1; x++) {
                float value = at(a, v, y, x);
                best = value > best || isnan(value) ? value : best;
            }
        real_store(a.real, a.y, i, best);
    }
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_avgpool(cuda_avgpool a)
{
    KERNEL_EACH(i, a.n * a.oh * a.ow * a.c)
    {
        window v = window_of(a, i);
        float sum = 0;
        for (int y = v.y0; y < v.y1; y++)
            for (int x = v.x0; x < v.x1; x++)
                sum += at(a, v, y, x);
        real_store(a.real, a.y, i, sum / (float)(a.kernel * a.kernel));
    }
}

KERNEL_LAUNCHER(maxpool, kernel_blocks(a->n * a->oh * a->ow * a->c), KERNEL_THREADS)
KERNEL_LAUNCHER(avgpool, kernel_blocks(a->n * a->oh * a->ow * a->c), KERNEL_THREADS)
