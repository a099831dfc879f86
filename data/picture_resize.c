/*
 * Bilinear resizing with antialiasing, of one axis after the other:
 *     out(i) = sum_j w_ij in(j) / sum_j w_ij,    w_ij = max(0, 1 - |j + 1/2 - c_i| / s)
 *     c_i = (i + 1/2) n_in / n_out,              s = max(1, n_in / n_out)
 * over the pixels j inside the image. Enlarging, this is bilinear interpolation between the centres of pixels;
 * reducing, a triangle that is as much wider. It is what Pillow and torchvision (antialias=True) do, up to
 * rounding: they round between the axes, here the result is rounded once. Weights are rounded to 2^-20 and sums are
 * integers, so that the same file gives the same bytes on every machine.
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"

#include <math.h>

#define WEIGHT_BITS 20

/* What makes the values out_first .. of one axis: taps [n, most], from input `first` [n], `count` [n] of them. */
typedef struct {
    int n, most;
    int *first, *count;
    int32_t *weight; /* [n, most], each row sums to 2^WEIGHT_BITS up to rounding */
} axis_taps;

static void axis_free(axis_taps *a)
{
    lsc_free(a->first);
    lsc_free(a->count);
    lsc_free(a->weight);
}

static double triangle(int j, double center, double support)
{
    return fmax(0, 1 - fabs(j + 0.5 - center) / support);
}

/* The taps of output i. */
static void find_taps(axis_taps *a, int row, int i, int n_in, int n_out)
{
    double scale = (double)n_in / n_out, support = fmax(1, scale), center = (i + 0.5) * scale, sum = 0;
    int first = (int)fmax(0, ceil(center - support - 0.5)), last = (int)fmin(n_in - 1, floor(center + support - 0.5));

    for (int j = first; j <= last; j++)
        sum += triangle(j, center, support);
    for (int j = first; j <= last; j++)
        a->weight[(int64_t)row * a->most + j - first] =
            (int32_t)lrint(triangle(j, center, support) / sum * (1 << WEIGHT_BITS));
    a->first[row] = first;
    a->count[row] = last - first + 1;
}

/* Of the outputs first .. first+n-1. */
static lsc_status axis_new(int n_in, int n_out, int first, int n, axis_taps *a)
{
    lsc_status st = LSC_OK;
    a->n = n;
    a->most = 2 * (int)ceil(fmax(1, (double)n_in / n_out)) + 1;
    LSC_NEW(a->first, n);
    LSC_NEW(a->count, n);
    LSC_NEW(a->weight, (int64_t)n * a->most);
    for (int i = 0; i < n; i++)
        find_taps(a, i, first + i, n_in, n_out);
cleanup:
    return st;
}

/* One row of the result, over the rows of the picture: [n] values, scaled by 2^WEIGHT_BITS. */
static void sum_rows(const ds_picture *p, const axis_taps *rows, int y, int32_t *sum)
{
    int64_t n = 3 * (int64_t)p->width;
    for (int64_t k = 0; k < n; k++)
        sum[k] = 0;
    for (int j = 0; j < rows->count[y]; j++) {
        const uint8_t *from = p->rgb + (rows->first[y] + j) * n;
        int32_t weight = rows->weight[(int64_t)y * rows->most + j];
        for (int64_t k = 0; k < n; k++)
            sum[k] += weight * from[k];
    }
}

static uint8_t rounded(int64_t sum)
{
    int64_t value = (sum + ((int64_t)1 << (2 * WEIGHT_BITS - 1))) >> 2 * WEIGHT_BITS;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* One pixel from such a row. */
static uint8_t sum_columns(const int32_t *row, const axis_taps *columns, int x, int channel)
{
    int64_t sum = 0;
    for (int j = 0; j < columns->count[x]; j++)
        sum += (int64_t)columns->weight[(int64_t)x * columns->most + j] * row[3 * (columns->first[x] + j) + channel];
    return rounded(sum);
}

lsc_status ds_picture_resize(const ds_picture *p, const ds_frame *f, uint8_t *planes)
{
    lsc_status st = LSC_OK;
    axis_taps rows = {0}, columns = {0};
    int32_t *row = NULL;

    LSC_TRY(axis_new(p->height, f->resized_height, f->top, f->height, &rows));
    LSC_TRY(axis_new(p->width, f->resized_width, f->left, f->width, &columns));
    LSC_NEW(row, 3 * (int64_t)p->width);
    for (int y = 0; y < f->height; y++) {
        sum_rows(p, &rows, y, row);
        for (int c = 0; c < 3; c++) {
            for (int x = 0; x < f->width; x++)
                planes[((int64_t)c * f->height + y) * f->width + x] = sum_columns(row, &columns, x, c);
        }
    }
cleanup:
    axis_free(&rows);
    axis_free(&columns);
    lsc_free(row);
    return st;
}
