/*
 * Which Winograd kernels there are for this machine, where they win, and their memory. See winograd.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/winograd.h"

#include <stddef.h>

#if defined(__x86_64__)
#define HAS_AVX2   (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define HAS_AVX512 (__builtin_cpu_supports("avx512f") != 0)
#else
#define HAS_AVX2   false
#define HAS_AVX512 false
#endif

/* Points lie a cache line more than their floats apart: at multiples of 4096 bytes they would compete for few sets. */
#define SKEW 16
/* Transformed tiles fill about half of the second level cache. */
#define BATCH_FLOATS 65536

const cpu_winograd_kernels *cpu_winograd_find(int lanes)
{
    if (lanes == 8 && HAS_AVX2)
        return &cpu_winograd_avx2;
    return lanes == 16 && HAS_AVX512 ? &cpu_winograd_avx512 : NULL;
}

static int64_t parts(int64_t n, int64_t of)
{
    return (n + of - 1) / of;
}

/* With few channels the transforms cost more than they save; on small images much of the tiles lies outside. */
bool cpu_winograd_wins(int64_t c, int64_t k, int64_t h, int64_t w)
{
    return c >= 16 && k >= 16 && 2 * CPU_WINOGRAD_POINTS * parts(h, 4) * parts(w, 4) <= 9 * h * w;
}

cpu_winograd cpu_winograd_make(const cpu_winograd_kernels *kernels, int64_t c, int64_t k, int64_t h, int64_t w)
{
    int64_t lanes = kernels->lanes, tiles = kernels->tiles;
    int64_t cp = parts(c, lanes) * lanes, kp = parts(k, lanes) * lanes;
    int64_t steps = BATCH_FLOATS / (CPU_WINOGRAD_POINTS * (cp + kp)) / tiles;
    int64_t batch = tiles * (steps < 4 ? 4 : steps);
    return (cpu_winograd){
        .kernels = kernels,
        .c = c,
        .k = k,
        .cp = cp,
        .kp = kp,
        .h = h,
        .w = w,
        .down = parts(h, 4),
        .across = parts(w, 4),
        .batch = batch,
        .in_plane = batch * cp + SKEW,
        .m_plane = batch * kp + SKEW,
        .u_plane = cp * kp + SKEW,
    };
}

int64_t cpu_winograd_weights(const cpu_winograd *w)
{
    return CPU_WINOGRAD_POINTS * w->cp * w->kp;
}

int64_t cpu_winograd_scratch(const cpu_winograd *w)
{
    return CPU_WINOGRAD_POINTS * (w->in_plane + w->m_plane);
}

void cpu_winograd_set(const cpu_winograd *w, const cpu_winograd_filters *from, float *weights)
{
    for (int64_t group = 0; group < w->kp / w->kernels->lanes; group++)
        w->kernels->filters(w, group, from, weights);
}

int64_t cpu_winograd_sum(const cpu_winograd *w)
{
    return 9 * w->cp * w->kp;
}

int64_t cpu_winograd_sum_scratch(const cpu_winograd *w)
{
    return cpu_winograd_scratch(w) + CPU_WINOGRAD_POINTS * w->u_plane;
}

void cpu_winograd_unpack(const cpu_winograd *w, const float *sum, float *filters)
{
    int64_t lanes = w->kernels->lanes;
    for (int64_t k = 0; k < w->k; k++)
        for (int64_t c = 0; c < w->c; c++)
            for (int64_t tap = 0; tap < 9; tap++)
                filters[(k * w->c + c) * 9 + tap] =
                    sum[((c * (w->kp / lanes) + k / lanes) * 9 + tap) * lanes + k % lanes];
}
