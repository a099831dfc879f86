/*
 * Random numbers and noise of synthetic faces.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface_parts.h"

#include <math.h>

syn_draw syn_draw_of(uint64_t seed, const char *stage, int domain, int subject, int video, int frame)
{
    const uint64_t whose = (uint64_t)domain << 32 | (uint32_t)subject, when = (uint64_t)video << 32 | (uint32_t)frame;
    return (syn_draw){{seed, lsc_rng_stream(stage, whose, when)}, 0};
}

double syn_uniform(syn_draw *d, double lo, double hi)
{
    return lo + (hi - lo) * lsc_rng_uniform(d->rng, d->next++);
}

double syn_normal(syn_draw *d, double deviation)
{
    return deviation * lsc_rng_normal(d->rng, d->next++);
}

void syn_axis_fill(const syn_axis *a, int count, int first, double step, int n)
{
    for (int k = 0; k < count; k++)
        a->part[k] = syn_cell((first + k) * step, n, &a->cell[k]);
}

static int side_of(const syn_noise *s, int octave)
{
    return (s->cells << octave) + 2;
}

int64_t syn_noise_cells(const syn_noise *s)
{
    const int64_t side = side_of(s, s->octaves - 1);
    return side * side;
}

/* out [n] += height * what lies between two rows of cells at y. */
SYN_CLONES
static void add_row(const double *above, const double *below, double y, const syn_axis *columns, int n, double height,
                    double *out)
{
    for (int j = 0; j < n; j++) {
        const double x = columns->part[j];
        const int at = columns->cell[j];
        out[j] += height * ((1 - y) * (1 - x) * above[at] + (1 - y) * x * above[at + 1] + y * (1 - x) * below[at] +
                            y * x * below[at + 1]);
    }
}

/* out += height * one octave of m x m numbers, spread over n x n points. */
static void add_octave(syn_draw *d, int m, double height, int n, const syn_scratch *scratch, double *out)
{
    const syn_axis *axis = &scratch->columns;

    for (int64_t k = 0; k < (int64_t)m * m; k++)
        scratch->cells[k] = syn_normal(d, 1);
    syn_axis_fill(axis, n, 0, (m - 2.0) / (n - 1), m);
    for (int i = 0; i < n; i++) {
        const double *above = scratch->cells + (int64_t)axis->cell[i] * m;
        add_row(above, above + m, axis->part[i], axis, n, height, out + (int64_t)i * n);
    }
}

void syn_noise_fill(const syn_noise *s, syn_draw *d, int n, const syn_scratch *scratch, double *out)
{
    const int64_t points = (int64_t)n * n;
    double height = 1, squares = 0;

    for (int64_t i = 0; i < points; i++)
        out[i] = 0;
    for (int octave = 0; octave < s->octaves; octave++, height *= s->falloff) {
        add_octave(d, side_of(s, octave), height, n, scratch, out);
        squares += height * height;
    }
    for (int64_t i = 0; i < points; i++)
        out[i] /= sqrt(squares);
}
