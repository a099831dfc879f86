/*
 * Tensors between our blocked layout [N, C/lanes, H, W, lanes] and row-major [N, C, H, W]; sums of gradients.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/join_kernels.h"

#include <string.h>

void cpu_unpack(const cpu_plan *p, const cpu_value *v, int64_t n, const float *from, float *to)
{
    if (v->plain) {
        memcpy(to, from, (size_t)(n * cpu_image(v)) * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < v->channels; c++) {
            const float *source = from + i * cpu_image(v) + c / p->lanes * p->lanes * v->pixels + c % p->lanes;
            float *row = to + (i * v->channels + c) * v->pixels;
            for (int64_t x = 0; x < v->pixels; x++)
                row[x] = source[x * p->lanes];
        }
}

void cpu_pack(const cpu_plan *p, const cpu_value *v, int64_t n, const float *from, float *to)
{
    if (v->plain) {
        memcpy(to, from, (size_t)(n * cpu_image(v)) * sizeof *to);
        return;
    }
    if (v->padded > v->channels)
        memset(to, 0, (size_t)(n * cpu_image(v)) * sizeof *to);
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < v->channels; c++) {
            float *target = to + i * cpu_image(v) + c / p->lanes * p->lanes * v->pixels + c % p->lanes;
            const float *row = from + (i * v->channels + c) * v->pixels;
            for (int64_t x = 0; x < v->pixels; x++)
                target[x * p->lanes] = row[x];
        }
}

float *cpu_sum_parts(const cpu_plan *p, const cpu_block *b, int value)
{
    const cpu_value *v = &p->values[value];
    float *sum = cpu_part(p, b, value, 0);
    for (int i = 1; i < v->n_parts; i++)
        cpu_accumulate(sum, cpu_part(p, b, value, i), b->n * cpu_image(v));
    return sum;
}
