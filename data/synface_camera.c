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

/* The sum for pixel i over a line of n groups of 3 values `step` apart; the line's ends go on. */
static void through_lens(const lens *l, const double *line, int64_t step, int n, int i, double *rgb)
{
    double sum[3] = {0};
    for (int k = 0; k < l->n; k++) {
        int at = SYN_LIGHT * i + l->first + k;
        at = at < 0 ? 0 : at >= n ? n - 1 : at;
        for (int c = 0; c < 3; c++)
            sum[c] += l->weight[k] * line[at * step + c];
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = sum[c];
}

static void expose(const syn_camera *c, const double *light)
{
    const lens l = lens_of(c->domain->blur * SYN_LIGHT);
    const int side = SYN_LIGHT * c->size;

    for (int i = 0; i < side; i++) {
        for (int j = 0; j < c->size; j++)
            through_lens(&l, light + 3 * (int64_t)i * side, 3, side, j, c->rows + 3 * ((int64_t)i * c->size + j));
    }
    for (int i = 0; i < c->size; i++) {
        for (int j = 0; j < c->size; j++)
            through_lens(&l, c->rows + 3 * j, 3 * (int64_t)c->size, side, i,
                         c->pixels + 3 * ((int64_t)i * c->size + j));
    }
}

/* From light to values in 0..255. */
static void develop(const syn_camera *c)
{
    static const double cast[3] = {.06, 0, -.06};
    const syn_domain *d = c->domain;
    const double sign = c->live ? 1 : -1, exposure = d->gain * (1 + c->kappa * d->exposure * sign * .08);
    syn_draw noise = c->noise;

    for (int64_t i = 0; i < (int64_t)c->size * c->size; i++) {
        for (int k = 0; k < 3; k++) {
            double *x = &c->pixels[3 * i + k];
            *x *= d->white[k] * (1 + c->kappa * d->cast * sign * cast[k]) * exposure;
            *x += syn_normal(&noise, 1) * sqrt(d->shot * fmax(0, *x) + d->read * d->read);
            *x = pow(clamp(*x, 0, 1), 1 / d->gamma) * 255;
        }
    }
}

static void fill_cosines(double cosine[BLOCK][BLOCK])
{
    for (int u = 0; u < BLOCK; u++) {
        for (int x = 0; x < BLOCK; x++)
            cosine[u][x] = sqrt((u == 0 ? 1 : 2) / 8.0) * cos((2 * x + 1) * u * M_PI / 16);
    }
}

/* out = a b, or a b^T. */
static void multiply(double a[BLOCK][BLOCK], double b[BLOCK][BLOCK], bool transposed, double out[BLOCK][BLOCK])
{
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++) {
            double sum = 0;
            for (int k = 0; k < BLOCK; k++)
                sum += a[i][k] * (transposed ? b[j][k] : b[k][j]);
            out[i][j] = sum;
        }
    }
}

/* One block through the coding: D = C X C^T, D <- Q round(D / Q), X = C^T D C. */
static void code_block(double cosine[BLOCK][BLOCK], double inverse[BLOCK][BLOCK], const double *step, double *x,
                       int64_t row)
{
    double block[BLOCK][BLOCK], half[BLOCK][BLOCK];
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++)
            block[i][j] = x[i * row + 3 * j] - 128;
    }
    multiply(cosine, block, false, half);
    multiply(half, cosine, true, block);
    for (int k = 0; k < BLOCK * BLOCK; k++)
        block[k / BLOCK][k % BLOCK] = rint(block[k / BLOCK][k % BLOCK] / step[k]) * step[k];
    multiply(inverse, block, false, half);
    multiply(half, cosine, false, block);
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++)
            x[i * row + 3 * j] = block[i][j] + 128;
    }
}

static void code(const syn_camera *c)
{
    const int q = c->domain->quality;
    const double scale = q < 50 ? 5000.0 / q : 200 - 2 * q;
    double cosine[BLOCK][BLOCK], inverse[BLOCK][BLOCK], step[BLOCK * BLOCK];

    fill_cosines(cosine);
    for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < BLOCK; j++)
            inverse[i][j] = cosine[j][i];
    }
    for (int k = 0; k < BLOCK * BLOCK; k++)
        step[k] = clamp(floor((luminance[k] * scale + 50) / 100), 1, 255);
    for (int i = 0; i < c->size; i += BLOCK) {
        for (int j = 0; j < c->size; j += BLOCK) {
            for (int k = 0; k < 3; k++)
                code_block(cosine, inverse, step, c->pixels + 3 * ((int64_t)i * c->size + j) + k, 3 * (int64_t)c->size);
        }
    }
}

void syn_camera_render(const syn_camera *c, const double *light, uint8_t *rgb)
{
    expose(c, light);
    develop(c);
    code(c);
    for (int64_t k = 0; k < 3 * (int64_t)c->size * c->size; k++)
        rgb[k] = (uint8_t)clamp(c->pixels[k] + .5, 0, 255);
}
