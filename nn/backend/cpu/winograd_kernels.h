/*
 * winograd_kernels.h - the loops of winograd.h, compiled once for each instruction set: a file defines LANES, TILES
 * (registers hold the sums of TILES tiles and two vectors of channels) and CHANNELS (the same in gradients, a divisor
 * of LANES), includes this and makes WINOGRAD_KERNELS. Gradients by filters are in winograd_gradient.h.
 *
 * Points f = 0 .. 35 of transformed tiles, in batches of tiles t:
 *     V [f][t][C]   B^T d B
 *     U [f][panels of two vectors of output channels; the last may be one][C][panel]   G g G^T
 *     M [f][t][K]   V U
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/winograd.h"

#include <string.h>

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef float vec_at __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t vec_mask __attribute__((vector_size(LANES * 4)));
typedef double vec_double __attribute__((vector_size(LANES * 8)));

#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define POINTS CPU_WINOGRAD_POINTS
#define SIDE   6 /* of a tile of the input */
#define OUT    4 /* of a tile of the output */

INLINE vec load(const float *from)
{
    return *(const vec_at *)from;
}

INLINE void store(float *to, vec v)
{
    *(vec_at *)to = v;
}

/* ---- filters ------------------------------------------------------------------------------------ */

/* t = G (x, y, z) */
INLINE void transform_filter(const vec_double *x, const vec_double *y, const vec_double *z, vec_double *t)
{
    vec_double p = (*x + *z) * (-1.0 / 6), q = *y * (1.0 / 6), r = *x * (1.0 / 24) + *z * (1.0 / 6),
               s = *y * (1.0 / 12);
    t[0] = *x * 0.25;
    t[1] = p - q;
    t[2] = p + q;
    t[3] = r + s;
    t[4] = r - s;
    t[5] = *z;
}

/* One input channel of the filters of a group: where element c of point 0 goes, others `point` floats on. */
INLINE void set_filter(const vec_double g[9], float *to, int64_t point)
{
    vec_double half[3][SIDE], full[SIDE];
    for (int j = 0; j < 3; j++)
        transform_filter(&g[j], &g[3 + j], &g[6 + j], half[j]);
    for (int i = 0; i < SIDE; i++) {
        transform_filter(&half[0][i], &half[1][i], &half[2][i], full);
        for (int j = 0; j < SIDE; j++)
            for (int l = 0; l < LANES; l++)
                to[(i * SIDE + j) * point + l] = (float)full[j][l];
    }
}

/* Filters to output channel `o` from channel c. */
INLINE double tap_of(const cpu_winograd *w, const cpu_winograd_filters *f, int64_t o, int64_t c, int tap)
{
    if (f->back)
        return f->scale[c] * (double)f->filters[(c * w->k + o) * 9 + 8 - tap];
    return f->scale[o] * (double)f->filters[(o * w->c + c) * 9 + tap];
}

static void set_filters(const cpu_winograd *w, int64_t group, const cpu_winograd_filters *from, float *to)
{
    int64_t first = group * LANES, n = w->k - first < LANES ? w->k - first : LANES;
    int64_t panel = group / 2 * 2 * LANES, width = w->kp - panel < 2 * LANES ? LANES : 2 * LANES;
    float *at = to + panel * w->cp + (first - panel);
    for (int64_t c = 0; c < w->c; c++) {
        vec_double g[9] = {{0}};
        for (int64_t l = 0; l < n; l++)
            for (int i = 0; i < 9; i++)
                g[i][l] = tap_of(w, from, first + l, c, i);
        set_filter(g, at + c * width, w->cp * w->kp);
    }
}

/* ---- input ---------------------------------------------------------------------------------------- */

/* t = B^T d */
INLINE void transform_input(const vec d[SIDE], vec t[SIDE])
{
    vec a = d[4] - 4.0F * d[2], b = d[3] - 4.0F * d[1], c = d[4] - d[2], e = 2.0F * (d[3] - d[1]);
    t[0] = 4.0F * d[0] - 5.0F * d[2] + d[4];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = 4.0F * d[1] - 5.0F * d[3] + d[5];
}

/* Tile at `from`, rows of the image `row` floats apart. */
INLINE void input_tile(const float *from, int64_t row, float *to, int64_t plane)
{
    vec half[SIDE][SIDE], d[SIDE], t[SIDE];
    UNROLL
    for (int j = 0; j < SIDE; j++) {
        UNROLL
        for (int i = 0; i < SIDE; i++)
            d[i] = load(from + i * row + j * LANES);
        transform_input(d, t);
        UNROLL
        for (int i = 0; i < SIDE; i++)
            half[i][j] = t[i];
    }
    UNROLL
    for (int i = 0; i < SIDE; i++) {
        transform_input(half[i], t);
        UNROLL
        for (int j = 0; j < SIDE; j++)
            store(to + (i * SIDE + j) * plane, t[j]);
    }
}

/* A tile that reaches over the border, zeros there. */
static void copy_tile(const cpu_winograd *w, const float *image, int64_t y, int64_t x, float *to)
{
    for (int64_t i = y; i < y + SIDE; i++)
        for (int64_t j = x; j < x + SIDE; j++, to += LANES) {
            bool inside = i >= 0 && i < w->h && j >= 0 && j < w->w;
            store(to, inside ? load(image + (i * w->w + j) * LANES) : (vec){0});
        }
}

/* One tile of all channels; its upper left output pixel is (y, x). */
INLINE void input_channels(const cpu_winograd *w, const float *image, int64_t y, int64_t x, float *to)
{
    float copy[SIDE * SIDE * LANES];
    bool inside = y > 0 && x > 0 && y + OUT < w->h && x + OUT < w->w;
    for (int64_t c = 0; c < w->cp; c += LANES, image += w->h * w->w * LANES) {
        const float *from = copy;
        if (inside)
            from = image + ((y - 1) * w->w + x - 1) * LANES;
        else
            copy_tile(w, image, y - 1, x - 1, copy);
        input_tile(from, (inside ? w->w : SIDE) * LANES, to + c, w->in_plane);
    }
}

/* ---- products --------------------------------------------------------------------------------------- */

/* M = V U of TILES tiles and a panel of so many vectors. */
INLINE void multiply(const float *v, const float *u, float *m, int64_t cp, int64_t kp, int vectors)
{
    vec sum[TILES][2] = {{{0}}};
    for (int64_t c = 0; c < cp; c++, u += vectors * LANES) {
        vec u0 = load(u), u1 = vectors > 1 ? load(u + LANES) : u0;
        UNROLL
        for (int t = 0; t < TILES; t++) {
            float x = v[t * cp + c];
            sum[t][0] += x * u0;
            if (vectors > 1)
                sum[t][1] += x * u1;
        }
    }
    UNROLL
    for (int t = 0; t < TILES; t++) {
        store(m + t * kp, sum[t][0]);
        if (vectors > 1)
            store(m + t * kp + LANES, sum[t][1]);
    }
}

/* Strides that the compiler knows save it address arithmetic. */
INLINE void multiply_panel(const float *v, const float *u, float *m, int64_t cp, int64_t kp, int vectors)
{
    if (cp == 16)
        multiply(v, u, m, 16, kp, vectors);
    else if (cp == 32)
        multiply(v, u, m, 32, kp, vectors);
    else if (cp == 64)
        multiply(v, u, m, 64, kp, vectors);
    else
        multiply(v, u, m, cp, kp, vectors);
}

/* The last few tiles may be less than TILES; what is computed for the others is not read. */
static void multiply_points(const cpu_winograd *w, const float *u, const float *v, float *m, int64_t tiles)
{
    for (int f = 0; f < POINTS; f++, v += w->in_plane, m += w->m_plane, u += w->cp * w->kp)
        for (int64_t k = 0; k < w->kp; k += 2 * LANES)
            for (int64_t t = 0; t < tiles; t += TILES) {
                if (k + LANES < w->kp)
                    multiply_panel(v + t * w->cp, u + k * w->cp, m + t * w->kp + k, w->cp, w->kp, 2);
                else
                    multiply_panel(v + t * w->cp, u + k * w->cp, m + t * w->kp + k, w->cp, w->kp, 1);
            }
}

/* ---- output ------------------------------------------------------------------------------------------ */

/* o = A^T m */
INLINE void transform_output(const vec m[SIDE], vec o[OUT])
{
    vec s = m[1] + m[2], d = m[1] - m[2], p = m[3] + m[4], q = m[3] - m[4];
    o[0] = m[0] + s + p;
    o[1] = d + 2.0F * q;
    o[2] = s + 4.0F * p;
    o[3] = d + 8.0F * q + m[5];
}

/* The positive part; NaN stays. */
INLINE vec rectified(vec v)
{
    return (vec)((vec_mask)v & ~(v < 0.0F));
}

INLINE void finish(float *to, vec v, bool sum, bool relu)
{
    v = sum ? v + load(to) : v;
    store(to, relu ? rectified(v) : v);
}

/* The upper left `rows` x `columns` pixels of a tile. */
INLINE void output_tile(const float *m, int64_t plane, vec bias, float *to, int64_t row, int64_t rows, int64_t columns,
                        bool sum, bool relu)
{
    vec half[OUT][SIDE], point[SIDE], o[OUT];
    UNROLL
    for (int j = 0; j < SIDE; j++) {
        UNROLL
        for (int i = 0; i < SIDE; i++)
            point[i] = load(m + (i * SIDE + j) * plane);
        transform_output(point, o);
        UNROLL
        for (int i = 0; i < OUT; i++)
            half[i][j] = o[i];
    }
    UNROLL
    for (int i = 0; i < OUT; i++) {
        transform_output(half[i], o);
        UNROLL
        for (int j = 0; j < OUT; j++)
            if (i < rows && j < columns)
                finish(to + i * row + j * LANES, o[j] + bias, sum, relu);
    }
}

/* One tile of all channels. */
INLINE void output_channels(const cpu_winograd *w, const cpu_winograd_call *a, const float *m, float *to, int64_t rows,
                            int64_t columns, bool sum)
{
    for (int64_t k = 0; k < w->kp; k += LANES, to += w->h * w->w * LANES)
        output_tile(m + k, w->m_plane, load(a->bias + k), to, w->w * LANES, rows, columns, sum, a->relu);
}

static void output_any(const cpu_winograd *w, const cpu_winograd_call *a, const float *m, float *to, int64_t rows,
                       int64_t columns)
{
    output_channels(w, a, m, to, rows, columns, a->sum);
}

static void output(const cpu_winograd *w, const cpu_winograd_call *a, const float *m, float *image, int64_t y,
                   int64_t x)
{
    float *to = image + (y * w->w + x) * LANES;
    if (w->h - y < OUT || w->w - x < OUT)
        output_any(w, a, m, to, w->h - y, w->w - x);
    else if (a->sum)
        output_channels(w, a, m, to, OUT, OUT, true);
    else
        output_channels(w, a, m, to, OUT, OUT, false);
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static void run(const cpu_winograd *w, const cpu_winograd_call *a)
{
    int64_t of_image = w->down * w->across, tiles = a->images * of_image;
    int64_t in = w->cp * w->h * w->w, out = w->kp * w->h * w->w;
    float *v = a->scratch, *m = v + POINTS * w->in_plane;
    for (int64_t first = 0; first < tiles; first += w->batch) {
        int64_t n = tiles - first < w->batch ? tiles - first : w->batch;
        for (int64_t t = 0; t < n; t++) {
            int64_t image = (first + t) / of_image, tile = (first + t) % of_image;
            input_channels(w, a->in + image * in, tile / w->across * OUT, tile % w->across * OUT, v + t * w->cp);
        }
        multiply_points(w, a->weights, v, m, n);
        for (int64_t t = 0; t < n; t++) {
            int64_t image = (first + t) / of_image, tile = (first + t) % of_image;
            output(w, a, m + t * w->kp, a->out + image * out, tile / w->across * OUT, tile % w->across * OUT);
        }
    }
}

#include "nn/backend/cpu/winograd_gradient.h"

#define WINOGRAD_KERNELS                                                                                               \
    {                                                                                                                  \
        .lanes = LANES, .tiles = TILES, .filters = set_filters, .run = run, .gradient = gradient                       \
    }
