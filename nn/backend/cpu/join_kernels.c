/*
 * The loops of joins; see join_kernels.h. A function of one strip is inlined twice: with the constant CPU_STRIP, which
 * the compiler turns into straight vector code, and for what is left of a row.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/join_kernels.h"
#include "base/clones.h"

#define INLINE static inline __attribute__((always_inline)) void
/* Arrays are the same or do not overlap. */
#if defined(__clang__)
#define EACH(i, n) _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < (n); i++)
#else
#define EACH(i, n) _Pragma("GCC ivdep") for (int64_t i = 0; i < (n); i++)
#endif

/* ---- forward ------------------------------------------------------------------------------------ */

INLINE affine_strip(const cpu_affine *a, int64_t at, int64_t coefficients, int64_t n)
{
    const float *x0 = a->x[0] + at, *scale0 = a->scale[0] + coefficients, *shift0 = a->shift[0] + coefficients;
    float *y = a->y + at, v[CPU_STRIP];
    EACH(i, n)
    v[i] = scale0[i] * x0[i] + shift0[i];
    if (a->x[1]) {
        const float *x1 = a->x[1] + at, *scale1 = a->scale[1] + coefficients, *shift1 = a->shift[1] + coefficients;
        EACH(i, n)
        v[i] += scale1[i] * x1[i] + shift1[i];
    }
    if (a->relu)
        EACH(i, n)
    y[i] = v[i] < 0 ? 0 : v[i]; /* NaN stays */
    else EACH(i, n) y[i] = v[i];
}

LSC_CLONES
void cpu_affine_run(const cpu_rows *r, const cpu_affine *a)
{
    for (int64_t k = 0; k < r->rows; k++) {
        int64_t at = k * r->row, end = at + r->row, coefficients = k % r->groups * CPU_STRIP;
        for (; at + CPU_STRIP <= end; at += CPU_STRIP)
            affine_strip(a, at, coefficients, CPU_STRIP);
        affine_strip(a, at, coefficients, end - at);
    }
}

/* ---- backward ------------------------------------------------------------------------------------ */

INLINE add_products(const float *g, const float *x, const float *center, double *sum, int64_t n)
{
    EACH(i, n)
    sum[i] += (double)(g[i] * (x[i] - center[i]));
}

INLINE add_kept(const float *kept, const float *rx, double *sum, int64_t n)
{
    EACH(i, n)
    sum[i] += (double)(kept[i] * rx[i]);
}

INLINE gather_strip(const cpu_gather *a, int64_t at, int64_t coefficients, int64_t n)
{
    const float *part0 = a->part[0] + at;
    float v[CPU_STRIP];
    EACH(i, n)
    v[i] = part0[i];
    if (a->part[1]) {
        const float *part1 = a->part[1] + at;
        EACH(i, n)
        v[i] += part1[i];
    }
    if (a->y) {
        const float *y = a->y + at;
        EACH(i, n)
        v[i] = y[i] <= 0 ? 0 : v[i]; /* as in the reference: NaN lets the gradient pass */
    }
    if (a->g) {
        float *g = a->g + at;
        EACH(i, n)
        g[i] = v[i];
    }
    if (a->center[0] || a->center[1]) {
        double *sum = a->sum + coefficients;
        EACH(i, n)
        sum[i] += (double)v[i];
    }
    for (int k = 0; k < 2; k++)
        if (a->center[k])
            add_products(v, a->x[k] + at, a->center[k] + coefficients, a->sum_x[k] + coefficients, n);
    for (int k = 0; k < 2; k++)
        if (a->rx[k])
            add_kept(a->kept + at, a->rx[k] + at, a->sum_x[k] + coefficients, n);
}

LSC_CLONES
void cpu_gather_run(const cpu_rows *r, const cpu_gather *a)
{
    for (int64_t k = 0; k < r->rows; k++) {
        int64_t at = k * r->row, end = at + r->row, coefficients = k % r->groups * CPU_STRIP;
        for (; at + CPU_STRIP <= end; at += CPU_STRIP)
            gather_strip(a, at, coefficients, CPU_STRIP);
        gather_strip(a, at, coefficients, end - at);
    }
}

/* v += c x */
INLINE add_scaled(float *v, const float *c, const float *x, int64_t n)
{
    EACH(i, n)
    v[i] += c[i] * x[i];
}

INLINE spread_strip(const cpu_spread *a, int64_t at, int64_t coefficients, int64_t n)
{
    const float *c0 = a->c0 + coefficients, *c1 = a->c1 + coefficients, *c2 = a->c2 + coefficients;
    const float *center = a->center + coefficients, *g = a->g + at, *x = a->x + at;
    float *out = a->out + at, v[CPU_STRIP];
    EACH(i, n)
    v[i] = c0[i] * g[i] + (c1[i] * (x[i] - center[i]) + c2[i]);
    if (a->kept)
        add_scaled(v, a->c3 + coefficients, a->kept + at, n);
    if (a->rx)
        add_scaled(v, a->c4 + coefficients, a->rx + at, n);
    EACH(i, n)
    out[i] = v[i];
}

LSC_CLONES
void cpu_spread_run(const cpu_rows *r, const cpu_spread *a)
{
    for (int64_t k = 0; k < r->rows; k++) {
        int64_t at = k * r->row, end = at + r->row, coefficients = k % r->groups * CPU_STRIP;
        for (; at + CPU_STRIP <= end; at += CPU_STRIP)
            spread_strip(a, at, coefficients, CPU_STRIP);
        spread_strip(a, at, coefficients, end - at);
    }
}

/* ---- the R-operator forward --------------------------------------------------------------------------- */

INLINE affine_r_strip(const cpu_affine_r *a, int64_t at, int64_t coefficients, int64_t n)
{
    float *out = a->out + at, v[CPU_STRIP] = {0};
    for (int k = 0; k < 2; k++)
        if (a->rx[k])
            add_scaled(v, a->c0[k] + coefficients, a->rx[k] + at, n);
    for (int k = 0; k < 2; k++)
        if (a->x[k]) {
            const float *x = a->x[k] + at, *center = a->center[k] + coefficients;
            const float *c1 = a->c1[k] + coefficients, *c2 = a->c2[k] + coefficients;
            EACH(i, n)
            v[i] += c1[i] * (x[i] - center[i]) + c2[i];
        }
    if (a->y) {
        const float *y = a->y + at;
        EACH(i, n)
        v[i] = y[i] <= 0 ? 0 : v[i];
    }
    EACH(i, n)
    out[i] = v[i];
}

LSC_CLONES
void cpu_affine_r_run(const cpu_rows *r, const cpu_affine_r *a)
{
    for (int64_t k = 0; k < r->rows; k++) {
        int64_t at = k * r->row, end = at + r->row, coefficients = k % r->groups * CPU_STRIP;
        for (; at + CPU_STRIP <= end; at += CPU_STRIP)
            affine_r_strip(a, at, coefficients, CPU_STRIP);
        affine_r_strip(a, at, coefficients, end - at);
    }
}

/* ---- batch statistics ------------------------------------------------------------------------------ */

INLINE moments_strip(const float *x, double *sum, double *squares, int64_t n)
{
    EACH(i, n)
    {
        double v = (double)x[i];
        sum[i] += v;
        squares[i] += v * v;
    }
}

LSC_CLONES
void cpu_moments_run(const cpu_rows *r, const float *x, double *sum, double *squares)
{
    for (int64_t k = 0; k < r->rows; k++) {
        int64_t at = k * r->row, end = at + r->row, coefficients = k % r->groups * CPU_STRIP;
        for (; at + CPU_STRIP <= end; at += CPU_STRIP)
            moments_strip(x + at, sum + coefficients, squares + coefficients, CPU_STRIP);
        moments_strip(x + at, sum + coefficients, squares + coefficients, end - at);
    }
}

LSC_CLONES
void cpu_accumulate(float *to, const float *from, int64_t n)
{
    EACH(i, n)
    to[i] += from[i];
}

#define ADDED_AT_ONCE 256

LSC_CLONES
void cpu_add_up(const float *sums, int count, int64_t n, float *to)
{
    for (int64_t first = 0; first < n; first += ADDED_AT_ONCE) {
        const int64_t m = n - first < ADDED_AT_ONCE ? n - first : ADDED_AT_ONCE;
        double sum[ADDED_AT_ONCE] = {0};
        for (int unit = 0; unit < count; unit++) {
            const float *from = sums + unit * n + first;
            EACH(i, m)
            sum[i] += (double)from[i];
        }
        EACH(i, m)
        to[first + i] = (float)sum[i];
    }
}
