/*
 * Linear layers in float, 16 images by 16 outputs a block through tiles of 16 features, and rows at unit length.
 * Every sum has a fixed order.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

#define TILE         16
#define PITCH        (TILE + 1) /* so that a column's elements lie in different banks */
#define NORM_THREADS 128

extern "C" __global__ void __launch_bounds__(TILE *TILE) k_linear(cuda_linear a)
{
    KERNEL_SHARED(float, x, TILE *PITCH);
    KERNEL_SHARED(float, w, TILE *PITCH);
    const int row = (int)threadIdx.x / TILE, column = (int)threadIdx.x % TILE;
    const int image = (int)blockIdx.x * TILE + row, k = (int)blockIdx.y * TILE + column;
    const int loaded_k = (int)blockIdx.y * TILE + row;
    float sum = 0;

    for (int from = 0; from < a.f; from += TILE) {
        int f = from + column;
        x[row * PITCH + column] = image < a.n && f < a.f ? a.x[(int64_t)image * a.f + f] : 0;
        w[row * PITCH + column] = loaded_k < a.k && f < a.f ? a.w[(int64_t)loaded_k * a.f + f] : 0;
        KERNEL_BARRIER();
        for (int i = 0; i < TILE; i++)
            sum = fmaf(x[row * PITCH + i], w[column * PITCH + i], sum);
        KERNEL_BARRIER();
    }
    if (image >= a.n || k >= a.k)
        return;
    sum += a.shift[k];
    a.y[(int64_t)image * a.k + k] = a.relu && sum < 0 ? 0 : sum;
}

extern "C" __global__ void __launch_bounds__(NORM_THREADS) k_l2norm(cuda_l2norm a)
{
    KERNEL_SHARED(double, part, NORM_THREADS);
    const float *x = a.x + (int64_t)blockIdx.x * a.f;
    double sum = 0;

    for (int f = (int)threadIdx.x; f < a.f; f += NORM_THREADS)
        sum += (double)x[f] * (double)x[f];
    part[threadIdx.x] = sum;
    KERNEL_BARRIER();
    for (int half = NORM_THREADS / 2; half > 0; half /= 2) {
        if ((int)threadIdx.x < half)
            part[threadIdx.x] += part[threadIdx.x + half];
        KERNEL_BARRIER();
    }
    double norm = sqrt(part[0]);
    double scale = 1 / (norm > a.eps ? norm : a.eps);
    for (int f = (int)threadIdx.x; f < a.f; f += NORM_THREADS)
        a.y[(int64_t)blockIdx.x * a.f + f] = (float)(scale * (double)x[f]);
}

KERNEL_LAUNCHER(linear, dim3((unsigned)(a->n + TILE - 1) / TILE, (unsigned)(a->k + TILE - 1) / TILE), TILE *TILE)
KERNEL_LAUNCHER(l2norm, (unsigned)a->n, NORM_THREADS)
