/*
 * Mean and variance of each channel of a batch, and the batch norm that they make. Sums are double, about the channel's
 * first value, in a fixed order: over the places of a block of threads in a tree, over blocks one after the other.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

#define MOMENT_THREADS 256
#define CHANNEL_THREADS   64

/* A block: `width` channels side by side, the threads behind each other take places in turn. */
extern "C" __global__ void __launch_bounds__(MOMENT_THREADS) k_moments(cuda_moments a)
{
    KERNEL_SHARED(double, sum, MOMENT_THREADS);
    KERNEL_SHARED(double, squares, MOMENT_THREADS);
    const int t = (int)threadIdx.x, row = t / a.width, rows = MOMENT_THREADS / a.width;
    const int c = (int)blockIdx.y * a.width + t % a.width;
    const int64_t first = (int64_t)blockIdx.x * a.places;
    const int64_t end = first + a.places < a.n ? first + a.places : a.n;

    sum[t] = squares[t] = 0;
    if (c < a.c) {
        const double pivot = (double)real_load(a.real, a.x, c);
        for (int64_t i = first + row; i < end; i += rows) {
            const double d = (double)real_load(a.real, a.x, i * a.c + c) - pivot;
            sum[t] += d;
            squares[t] += d * d;
        }
    }
    KERNEL_BARRIER();
    for (int half = rows / 2; half > 0; half /= 2) {
        if (row < half) {
            sum[t] += sum[t + half * a.width];
            squares[t] += squares[t + half * a.width];
        }
        KERNEL_BARRIER();
    }
    if (row == 0 && c < a.c) {
        cuda_moment *out = &a.partial[(int64_t)blockIdx.x * a.c + c];
        out->sum = sum[t];
        out->squares = squares[t];
    }
}

static __device__ __forceinline__ void keep(double *sum, double x, bool first)
{
    *sum = first ? x : *sum + x;
}

/* A thread for each channel. */
extern "C" __global__ void __launch_bounds__(CHANNEL_THREADS) k_norm(cuda_norm a)
{
    const int c = (int)(blockIdx.x * CHANNEL_THREADS + threadIdx.x);
    double sum = 0, squares = 0;
    if (c >= a.c)
        return;
    NN_ROLLED
    for (int block = 0; block < a.n_blocks; block++) {
        sum += a.partial[(int64_t)block * a.c + c].sum;
        squares += a.partial[(int64_t)block * a.c + c].squares;
    }
    const double n = (double)a.n, pivot = (double)real_load(a.real, a.x, c);
    const double mean = pivot + sum / n, var = nn_variance(sum, squares, n) / (a.factor * a.factor);
    const double scale = nn_fold_scale((double)a.weight[c], var, a.eps);
    a.scale[c] = (float)scale;
    a.shift[c] = (float)nn_fold_shift((double)a.bias[c], mean, scale, 0);
    keep(&a.mean[c], mean / a.factor, a.state->first == 0);
    keep(&a.var[c], nn_unbiased(var, n), a.state->first == 0);
}

KERNEL_LAUNCHER(moments, dim3((unsigned)a->n_blocks, (unsigned)((a->c + a->width - 1) / a->width)), MOMENT_THREADS)
KERNEL_LAUNCHER(norm, (unsigned)((a->c + CHANNEL_THREADS - 1) / CHANNEL_THREADS), CHANNEL_THREADS)
