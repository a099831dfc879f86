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

/* The cell of a coordinate, moved so that its right neighbour exists. */
static int cell(double *x, int n)
{
    const double most = n - 1.001;
    *x = *x < 0 ? 0 : *x > most ? most : *x;
    const int i = (int)*x;
    *x -= i;
    return i;
}

syn_taps syn_taps_at(double y, double x, int rows, int columns)
{
    const int64_t row = cell(&y, rows), column = cell(&x, columns), at = row * columns + column;
    return (syn_taps){{at, at + 1, at + columns, at + columns + 1},
                      {(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x}};
}

static int side_of(const syn_noise *s, int octave)
{
    return (s->cells << octave) + 2;
}

int64_t syn_noise_scratch(const syn_noise *s)
{
    const int64_t side = side_of(s, s->octaves - 1);
    return side * side;
}

/* out += height * one octave of m x m numbers, spread over n x n points. */
static void add_octave(syn_draw *d, int m, double height, int n, double *cells, double *out)
{
    const double step = (m - 2.0) / (n - 1);

    for (int64_t k = 0; k < (int64_t)m * m; k++)
        cells[k] = syn_normal(d, 1);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            const syn_taps t = syn_taps_at(i * step, j * step, m, m);
            double sum = 0;
            for (int k = 0; k < 4; k++)
                sum += t.weight[k] * cells[t.at[k]];
            out[(int64_t)i * n + j] += height * sum;
        }
    }
}

void syn_noise_fill(const syn_noise *s, syn_draw *d, int n, double *scratch, double *out)
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
