/*
 * Set a point: the parameters theta = center + sum_i c_i d_i, batch norm folded in, converted, each output channel by
 * one block of threads. Convolutions get their filters as [R, R, C], which is the layout of activations.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

#define WEIGHT_THREADS 128

static __device__ __forceinline__ double parameter(const cuda_weights &a, const double *coords, int64_t j)
{
    return (double)nn_point(a.center, a.dirs, coords, a.n_dirs, j);
}

/* A running statistic. */
static __device__ __forceinline__ double statistic(const cuda_weights &a, const double *coords, int64_t j)
{
    return a.statistics != NULL ? (double)(float)(a.share * a.statistics[j - a.n_learned]) : parameter(a, coords, j);
}

/* Element i of [R, R, C] is element `from` of [C, R, R]. */
static __device__ __forceinline__ int64_t source(const cuda_row &row, int i)
{
    int channels = row.elements / row.taps;
    return row.weight + (int64_t)(i % channels) * row.taps + i / channels;
}

static __device__ __forceinline__ double power(const cuda_weights &a, int32_t exponent)
{
    return exponent >= 0 ? ldexp(1.0, a.exponents[exponent]) : 1;
}

/* Sum of squares of the filter, the same in every thread. */
static __device__ double squares(const cuda_weights &a, const cuda_row &row, const double *coords)
{
    KERNEL_SHARED(double, part, WEIGHT_THREADS);
    double sum = 0;
    for (int i = (int)threadIdx.x; i < row.elements; i += WEIGHT_THREADS) {
        double w = parameter(a, coords, row.weight + i);
        sum += w * w;
    }
    part[threadIdx.x] = sum;
    KERNEL_BARRIER();
    for (int half = WEIGHT_THREADS / 2; half > 0; half /= 2) {
        if ((int)threadIdx.x < half)
            part[threadIdx.x] += part[threadIdx.x + half];
        KERNEL_BARRIER();
    }
    return part[0];
}

extern "C" __global__ void __launch_bounds__(WEIGHT_THREADS) k_weights(cuda_weights a)
{
    const cuda_row &row = a.rows[blockIdx.x];
    const double *coords = a.coords + a.state->point * a.n_dirs;
    double scale = 1, shift = row.bias >= 0 ? parameter(a, coords, row.bias) : 0;

    if (row.norm[3] >= 0) {
        double var = statistic(a, coords, row.norm[3]);
        scale = nn_fold_scale(parameter(a, coords, row.norm[0]), var, row.eps);
        shift = nn_fold_shift(parameter(a, coords, row.norm[1]), statistic(a, coords, row.norm[2]), scale, shift);
        if (var < 0 && threadIdx.x == 0)
            a.state->negative = 1;
    } else if (row.norm[0] >= 0) {
        scale = parameter(a, coords, row.norm[0]);
        shift = parameter(a, coords, row.norm[1]);
    }
    if (row.unit) {
        double norm = sqrt(squares(a, row, coords));
        scale = 1 / (norm > row.eps ? norm : row.eps);
    }
    const double to = power(a, row.exponent_out), factor = scale * (to / power(a, row.exponent_in));
    for (int i = (int)threadIdx.x; i < row.elements; i += WEIGHT_THREADS) {
        float w = (float)(factor * parameter(a, coords, source(row, i)));
        real_store(row.real, a.weights + row.out, i, row.tf32 ? nn_tf32(w) : w);
    }
    if (threadIdx.x == 0) {
        a.scale[blockIdx.x] = (float)scale;
        a.shift[blockIdx.x] = (float)(to * shift);
    }
}

KERNEL_LAUNCHER(weights, (unsigned)a->n_rows, WEIGHT_THREADS)
