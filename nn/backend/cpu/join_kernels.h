/*
 * join_kernels.h - the loops of joins over one block of images.
 *
 * A row is one group of channels of one image, [pixels, lanes]. It is worked on in strips of CPU_STRIP floats, a
 * multiple of the lanes, so that all loops run over contiguous memory whatever the lanes and the vector registers.
 * For that, coefficients of channels are repeated to a whole strip, [groups, CPU_STRIP], and sums over a channel are
 * kept as the sums of each place of a strip.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_JOIN_KERNELS_H
#define CPU_JOIN_KERNELS_H

#include "nn/backend/cpu/cpu.h"

#define CPU_STRIP 64

/* Rows r = 0 .. rows-1, each of `row` floats; row r is of group r % groups. */
typedef struct {
    int64_t rows, groups, row;
} cpu_rows;

/* y = scale0 x0 + shift0 [+ scale1 x1 + shift1, unless x1 is NULL], and its positive part if relu. */
typedef struct {
    const float *x[2], *scale[2], *shift[2];
    bool relu;
    float *y;
} cpu_affine;
void cpu_affine_run(const cpu_rows *r, const cpu_affine *a);

/* g = part0 [+ part1, unless NULL], and where y is given, zero where y <= 0. g may be part0, or NULL.
 * sum += g, and for operands whose center is given, sum_x += g (x - center) [+ kept rx, unless rx is NULL]. */
typedef struct {
    const float *part[2], *y;
    float *g;
    const float *x[2], *center[2], *kept, *rx[2];
    double *sum, *sum_x[2];
} cpu_gather;
void cpu_gather_run(const cpu_rows *r, const cpu_gather *a);

/* out = c0 g + c1 (x - center) + c2 [+ c3 kept, unless NULL] [+ c4 rx, unless NULL]; out may be g. */
typedef struct {
    const float *g, *x, *c0, *c1, *c2, *center, *kept, *c3, *rx, *c4;
    float *out;
} cpu_spread;
void cpu_spread_run(const cpu_rows *r, const cpu_spread *a);

/* out = sum over operands of [c0 rx, unless NULL] [+ c1 (x - center) + c2, unless x is NULL], zero where y <= 0 unless
 * that is NULL. */
typedef struct {
    const float *rx[2], *c0[2], *x[2], *c1[2], *c2[2], *center[2], *y;
    float *out;
} cpu_affine_r;
void cpu_affine_r_run(const cpu_rows *r, const cpu_affine_r *a);

/* sum += x, squares += x^2 */
void cpu_moments_run(const cpu_rows *r, const float *x, double *sum, double *squares);

/* to += from, [n] */
void cpu_accumulate(float *to, const float *from, int64_t n);
/* to [n] = the sum of sums [count, n], in order, in double */
void cpu_add_up(const float *sums, int count, int64_t n, float *to);

#endif
