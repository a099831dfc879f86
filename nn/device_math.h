/*
 * device_math.h - arithmetic that processors and devices share, element by element: one definition for C, for CUDA and
 * for the emulated device, so that they cannot drift apart. Compiled everywhere without contraction into fused
 * multiply-adds.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_DEVICE_MATH_H
#define NN_DEVICE_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define NN_HD static __host__ __device__ __forceinline__
#else
#define NN_HD static inline
#endif

/* In front of a loop that would take too many registers of a device. */
#ifdef __CUDA_ARCH__
#define NN_ROLLED _Pragma("unroll 1")
#else
#define NN_ROLLED
#endif

/* theta_j = center_j + sum_i c_i d_ij at a point, in double and in this order, rounded to float once. */
NN_HD float nn_point(const float *center, const float *const *dirs, const double *coords, int n_dirs, int64_t j)
{
    double t = (double)center[j];
    for (int i = 0; i < n_dirs; i++)
        t += coords[i] * (double)dirs[i][j];
    return (float)t;
}

/* A float with 10 bits of mantissa, the nearest; of two the one farther from 0, as cvt.rna.tf32.f32 of PTX does, so
 * that what tensor cores or libraries do to it then, rounding or cutting, changes nothing. */
NN_HD float nn_tf32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7f800000) != 0x7f800000) /* neither infinite nor NaN */
        bits = (bits + 0x1000) & ~0x1fffu;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Batch norm of a channel on running statistics is  scale x + shift;  folded into what is before it, with the bias
 * `own`: weights times scale, and this shift. */
NN_HD double nn_fold_scale(double weight, double var, double eps)
{
    return weight / sqrt(var + eps);
}

NN_HD double nn_fold_shift(double bias, double mean, double scale, double own)
{
    return bias + scale * (own - mean);
}

/* Variance of n values from the sum of their distances to one of them, and of the squares of these. Rounding may make
 * it less than 0, which it is not; NaN stays. */
NN_HD double nn_variance(double sum, double squares, double n)
{
    double mean = sum / n, var = squares / n - mean * mean;
    return var < 0 ? 0 : var;
}

/* What running statistics take of it. */
NN_HD double nn_unbiased(double var, double n)
{
    return n > 1 ? n / (n - 1) * var : var;
}

#endif
