/*
 * A frame of zeros, then a rotation about the centre of the frame, anticlockwise, bilinear, zero outside.
 *     out(x, y) = in(cx + dx cos a - dy sin a,  cy + dx sin a + dy cos a),    (dx, dy) = (x - cx, y - cy)
 * with y pointing down and the centre (cx, cy) between the pixels (width - 1)/2, (height - 1)/2. The four
 * neighbours and their weights are the same for every plane, so they are found once.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <math.h>

#define N_TAPS 4

typedef struct {
    int32_t at[N_TAPS]; /* in the plane without its frame; 0 with weight 0 if outside */
    double weight[N_TAPS];
} pixel_taps;

struct ds_transform {
    int64_t n; /* pixels of the result */
    pixel_taps *taps;
};

/* The four pixels around (x, y) of a plane [height, width]. */
static void find_taps(double x, double y, int height, int width, pixel_taps *out)
{
    double left = floor(x), top = floor(y);
    for (int i = 0; i < N_TAPS; i++) {
        double column = left + i % 2, row = top + i / 2;
        bool inside = column >= 0 && column < width && row >= 0 && row < height;
        out->at[i] = inside ? (int32_t)row * width + (int32_t)column : 0;
        out->weight[i] = inside ? (1 - fabs(x - column)) * (1 - fabs(y - row)) : 0;
    }
}

lsc_status ds_transform_new(int height, int width, int pad, double degrees, ds_transform **out)
{
    lsc_status st = LSC_OK;
    ds_transform *t = NULL;
    int rows = height + 2 * pad, columns = width + 2 * pad;
    double angle = degrees * (M_PI / 180), c = cos(angle), s = sin(angle);
    double cx = (columns - 1) / 2.0, cy = (rows - 1) / 2.0;

    LSC_NEW(t, 1);
    t->n = (int64_t)rows * columns;
    LSC_NEW(t->taps, t->n);
    for (int64_t i = 0; i < t->n; i++) {
        double dx = (double)(i % columns) - cx, dy = (double)(i / columns) - cy;
        find_taps(cx + dx * c - dy * s - pad, cy + dx * s + dy * c - pad, height, width, &t->taps[i]);
    }
    *out = t;
    t = NULL;
cleanup:
    ds_transform_free(t);
    return st;
}

void ds_transform_free(ds_transform *t)
{
    if (t == NULL)
        return;
    lsc_free(t->taps);
    lsc_free(t);
}

void ds_transform_bytes(const ds_transform *t, const uint8_t *from, uint8_t *to)
{
    for (int64_t i = 0; i < t->n; i++) {
        const pixel_taps *p = &t->taps[i];
        double sum = 0;
        for (int k = 0; k < N_TAPS; k++)
            sum += p->weight[k] * from[p->at[k]];
        to[i] = (uint8_t)(sum + 0.5); /* nearest; the weights sum to 1 at most */
    }
}

void ds_transform_floats(const ds_transform *t, const float *from, float *to)
{
    for (int64_t i = 0; i < t->n; i++) {
        const pixel_taps *p = &t->taps[i];
        double sum = 0;
        for (int k = 0; k < N_TAPS; k++)
            sum += p->weight[k] * (double)from[p->at[k]];
        to[i] = (float)sum;
    }
}
