/*
 * S4 of synthetic faces: the camera, the same for live faces and attacks. Gaussian blur and the mean over a pixel in
 * one separable sum; white balance, gain, and what goes with the label; noise of variance shot I + read^2; gamma;
 * and a coding as JPEG's: 8 x 8 cosine transforms of each channel, quantized by the standard table for brightness.
 * Source of the table and of its scaling by a quality: ITU-T T.81, K.1; libjpeg, jpeg_quality_scaling.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface_parts.h"

#include <math.h>

#define BLOCK    8
#define TAPS_MAX 64 /* blur up to 4 pixels */

static const uint8_t luminance[BLOCK * BLOCK] = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                                 14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                                 18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                                 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

static double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Weights of the points first .. first+n-1 of a pixel, counted from its first point: blur, then the mean of
 * SYN_LIGHT points. */
typedef struct {
    int first, n;
    double weight[TAPS_MAX];
} lens;

static lens lens_of(double deviation)
{
    const int radius = (int)ceil(3 * deviation);
    lens l = {.first = -radius, .n = 2 * radius + SYN_LIGHT};
    double sum = 0;

    for (int k = -radius; k <= radius; k++)
        sum += exp(-.5 * (k / deviation) * (k / deviation));
    for (int k = -radius; k <= radius; k++) {
        for (int p = 0; p < SYN_LIGHT; p++)
            l.weight[k + radius + p] += exp(-.5 * (k / deviation) * (k / deviation)) / sum / SYN_LIGHT;
    }
    return l;
}

/* A point of a line, which goes on beyond its ends. */
SYN_INLINE int on_line(int at, int n)
{
    return at < 0 ? 0 : at >= n ? n - 1 : at;
}

/* The sums for the pixels of a row of n points. */
SYN_CLONES
static void look_along(const lens *l, const syn_colour *row, int n, syn_colour *out)
{
    for (int j = 0; j < n / SYN_LIGHT; j++) {
        const int first = SYN_LIGHT * j + l->first;
        syn_colour sum = {0};
        if (first >= 0 && first + l->n <= n)
            for (int k = 0; k < l->n; k++)
                sum += l->weight[k] * row[first + k];
        else
            for (int k = 0; k < l->n; k++)
                sum += l->weight[k] * row[on_line(first + k, n)];
        out[j] = sum;
    }
}

/* The sums for row i of the pixels over rows [n, width]. */
SYN_CLONES
static void look_across(const lens *l, const syn_colour *rows, int width, int n, int i, syn_colour *out)
{
    for (int j = 0; j < width; j++)
        out[j] = syn_grey(0);
    for (int k = 0; k < l->n; k++) {
        const syn_colour *row = rows + (int64_t)on_line(SYN_LIGHT * i + l->first + k, n) * width;
        for (int j = 0; j < width; j++)
            out[j] += l->weight[k] * row[j];
    }
}

static void expose(const syn_camera *c, const syn_colour *light)
{
    const lens l = lens_of(c->domain->blur * SYN_LIGHT);
    const int side = SYN_LIGHT * c->size;

    for (int i = 0; i < side; i++)
        look_along(&l, light + (int64_t)i * side, side, c->rows + (int64_t)i * c->size);
    for (int i = 0; i < c->size; i++)
        look_across(&l, c->rows, c->size, side, i, c->pixels + (int64_t)i * c->size);
}

/* From light to values in 0..255. */
static void develop(const syn_camera *c)
{
    static const double cast[3] = {.06, 0, -.06};
    const syn_domain *d = c->domain;
    const double sign = c->live ? 1 : -1, exposure = d->gain * (1 + c->kappa * d->exposure * sign * .08);
    double gain[3];
    syn_draw noise = c->noise;

    for (int k = 0; k < 3; k++)
        gain[k] = d->white[k] * (1 + c->kappa * d->cast * sign * cast[k]) * exposure;
    for (int64_t i = 0; i < (int64_t)c->size * c->size; i++) {
        for (int k = 0; k < 3; k++) {
            double x = c->pixels[i][k] * gain[k];
            x += syn_normal(&noise, 1) * sqrt(d->shot * fmax(0, x) + d->read * d->read);
            c->pixels[i][k] = pow(clamp(x, 0, 1), 1 / d->gamma) * 255;
        }
    }
}

/* Of the cosine transform of 8 numbers: C [u][x], and the quantizer's steps. */
typedef struct {
    double cosine[BLOCK][BLOCK], inverse[BLOCK][BLOCK];
    double step[BLOCK][BLOCK];
} coding;

static coding coding_of(int quality)
{
    const double scale = quality < 50 ? 5000.0 / quality : 200 - 2 * quality;
    coding c;
    for (int u = 0; u < BLOCK; u++) {
        for (int x = 0; x < BLOCK; x++) {
            c.cosine[u][x] = sqrt((u == 0 ? 1 : 2) / 8.0) * cos((2 * x + 1) * u * M_PI / 16);
            c.inverse[x][u] = c.cosine[u][x];
            c.step[u][x] = clamp(floor((luminance[u * BLOCK + x] * scale + 50) / 100), 1, 255);
        }
    }
    return c;
}

/* out = a b */
SYN_INLINE void multiply_left(const double a[BLOCK][BLOCK], syn_colour b[BLOCK][BLOCK], syn_colour out[BLOCK][BLOCK])
{
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++) {
            syn_colour sum = {0};
            for (int k = 0; k < BLOCK; k++)
                sum += a[i][k] * b[k][j];
            out[i][j] = sum;
        }
    }
}

/* out = a b^T */
SYN_INLINE void multiply_right(syn_colour a[BLOCK][BLOCK], const double b[BLOCK][BLOCK], syn_colour out[BLOCK][BLOCK])
{
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++) {
            syn_colour sum = {0};
            for (int k = 0; k < BLOCK; k++)
                sum += a[i][k] * b[j][k];
            out[i][j] = sum;
        }
    }
}

/* One block of all channels through the coding: D = C X C^T, D <- Q round(D / Q), X = C^T D C. */
SYN_CLONES
static void code_block(const coding *c, syn_colour *x, int64_t row)
{
    syn_colour block[BLOCK][BLOCK], half[BLOCK][BLOCK];
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++)
            block[i][j] = x[i * row + j] - 128;
    }
    multiply_left(c->cosine, block, half);
    multiply_right(half, c->cosine, block);
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++)
            block[i][j] = syn_rounded(block[i][j] / c->step[i][j]) * c->step[i][j];
    }
    multiply_left(c->inverse, block, half);
    multiply_right(half, c->inverse, block);
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++)
            x[i * row + j] = block[i][j] + 128;
    }
}

static void code(const syn_camera *c)
{
    const coding by = coding_of(c->domain->quality);
    for (int i = 0; i < c->size; i += BLOCK) {
        for (int j = 0; j < c->size; j += BLOCK)
            code_block(&by, c->pixels + (int64_t)i * c->size + j, c->size);
    }
}

void syn_camera_render(const syn_camera *c, const syn_colour *light, uint8_t *rgb)
{
    expose(c, light);
    develop(c);
    code(c);
    for (int64_t i = 0; i < (int64_t)c->size * c->size; i++) {
        for (int k = 0; k < 3; k++)
            rgb[3 * i + k] = (uint8_t)clamp(c->pixels[i][k] + .5, 0, 255);
    }
}
