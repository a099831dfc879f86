/*
 * Flat vectors. Sums are formed in double over fixed blocks of 4096 elements, and the block sums are added
 * in order: a caller that shares the blocks out among threads and adds them in order gets the same bits.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096

static int64_t block_end(int64_t start, int64_t n)
{
    return n - start < BLOCK ? n : start + BLOCK;
}

double lsc_dot(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t start = 0; start < n; start += BLOCK) {
        double part = 0;
        for (int64_t i = start, end = block_end(start, n); i < end; i++)
            part += (double)a[i] * (double)b[i];
        sum += part;
    }
    return sum;
}

double lsc_norm2(const float *a, int64_t n)
{
    return sqrt(lsc_dot(a, a, n));
}

double lsc_sum(const double *a, int64_t n)
{
    double sum = 0;
    for (int64_t start = 0; start < n; start += BLOCK) {
        double part = 0;
        for (int64_t i = start, end = block_end(start, n); i < end; i++)
            part += a[i];
        sum += part;
    }
    return sum;
}

double lsc_dot64(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t start = 0; start < n; start += BLOCK) {
        double part = 0;
        for (int64_t i = start, end = block_end(start, n); i < end; i++)
            part += a[i] * b[i];
        sum += part;
    }
    return sum;
}

void lsc_axpy(float *y, double a, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)((double)y[i] + a * (double)x[i]);
}

void lsc_scale(float *y, double a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)(a * (double)y[i]);
}

/* Infinities and NaNs have an exponent of ones only, to which one more carries into the sign: blocks without a branch
 * become vector instructions. */
static bool block_finite(const float *a, int64_t n)
{
    uint32_t carry = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &a[i], sizeof bits);
        carry |= (bits & 0x7fffffff) + 0x00800000;
    }
    return carry >> 31 == 0;
}

bool lsc_all_finite(const float *a, int64_t n)
{
    for (int64_t start = 0; start < n; start += BLOCK)
        if (!block_finite(a + start, block_end(start, n) - start))
            return false;
    return true;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void lsc_sort(double *a, int64_t n)
{
    qsort(a, (size_t)n, sizeof *a, ascending);
}
