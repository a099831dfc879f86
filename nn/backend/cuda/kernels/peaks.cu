/*
 * How large activations get, and the exponents with which a half holds them: 2^6 leaves the same room above for images
 * that come to more, and as much as there is below.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/kernels/kernel.cuh"

#define PEAK_THREADS  256
#define PEAK_VALUES   16 /* of a thread, if there are enough */
#define PEAK_EXPONENT 6
#define MOST_EXPONENT 100 /* of either sign: powers of two that a float holds, with their products */

extern "C" __global__ void __launch_bounds__(PEAK_THREADS) k_peak(cuda_peak a)
{
    KERNEL_SHARED(float, most, PEAK_THREADS);
    const int t = (int)threadIdx.x;
    most[t] = 0;
    KERNEL_EACH(i, a.n)
    {
        const float x = fabsf(real_load(a.real, a.x, i));
        most[t] = x > most[t] ? x : most[t];
    }
    KERNEL_BARRIER();
    for (int half = PEAK_THREADS / 2; half > 0; half /= 2) {
        if (t < half)
            most[t] = most[t + half] > most[t] ? most[t + half] : most[t];
        KERNEL_BARRIER();
    }
    if (t == 0)
        a.peaks[blockIdx.x] = most[0];
    for (int i = (int)gridDim.x + t; i < CUDA_PEAK_BLOCKS; i += PEAK_THREADS)
        a.peaks[i] = 0; /* every block writes the same: there are no more */
}

/* Zero and infinity have no exponent: whatever they are kept with, they stay. */
static __device__ __forceinline__ int exponent_of(float peak)
{
    const int e = peak > 0 && !isinf(peak) ? PEAK_EXPONENT - ilogbf(peak) : 0;
    return e > MOST_EXPONENT ? MOST_EXPONENT : e < -MOST_EXPONENT ? -MOST_EXPONENT : e;
}

extern "C" __global__ void __launch_bounds__(KERNEL_THREADS) k_exponents(cuda_exponents a)
{
    KERNEL_EACH(i, a.n)
    {
        float most = 0;
        NN_ROLLED
        for (int block = 0; block < CUDA_PEAK_BLOCKS; block++) {
            const float peak = a.peaks[i * CUDA_PEAK_BLOCKS + block];
            most = i > 0 && peak > most ? peak : most;
        }
        if (i > 0)
            a.exponents[i] = exponent_of(most);
    }
}

static inline unsigned peak_blocks(int64_t n)
{
    const unsigned blocks = kernel_blocks(n / PEAK_VALUES);
    return blocks < CUDA_PEAK_BLOCKS ? blocks : CUDA_PEAK_BLOCKS;
}

KERNEL_LAUNCHER(peak, peak_blocks(a->n), PEAK_THREADS)
KERNEL_LAUNCHER(exponents, kernel_blocks(a->n), KERNEL_THREADS)
