/*
 * Bilinear resizing with antialiasing, of one axis after the other (axis.h, the triangle).
 * It is what Pillow and torchvision (antialias=True) do, up to rounding: they round between the axes, here the
 * result is rounded once. Sums are integers, so that the same file gives the same bytes on every machine.
 * SPDX-License-Identifier: MIT
 */
#include "data/axis.h"
#include "data/picture.h"

#define WEIGHT_BITS 20

/* One row of the result, over the rows of the picture: [n] values, scaled by 2^WEIGHT_BITS. */
static void sum_rows(const ds_picture *p, const ds_axis *rows, int y, int32_t *sum)
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
static uint8_t sum_columns(const int32_t *row, const ds_axis *columns, int x, int channel)
{
    int64_t sum = 0;
    for (int j = 0; j < columns->count[x]; j++)
        sum += (int64_t)columns->weight[(int64_t)x * columns->most + j] * row[3 * (columns->first[x] + j) + channel];
    return rounded(sum);
}

lsc_status ds_picture_resize(const ds_picture *p, const ds_frame *f, uint8_t *planes)
{
    lsc_status st = LSC_OK;
    ds_axis rows = {0}, columns = {0};
    int32_t *row = NULL;

    LSC_TRY(ds_axis_new(&ds_triangle, p->height, f->resized_height, f->top, f->height, WEIGHT_BITS, &rows));
    LSC_TRY(ds_axis_new(&ds_triangle, p->width, f->resized_width, f->left, f->width, WEIGHT_BITS, &columns));
    LSC_NEW(row, 3 * (int64_t)p->width);
    for (int y = 0; y < f->height; y++) {
        sum_rows(p, &rows, y, row);
        for (int c = 0; c < 3; c++) {
            for (int x = 0; x < f->width; x++)
                planes[((int64_t)c * f->height + y) * f->width + x] = sum_columns(row, &columns, x, c);
        }
    }
cleanup:
    ds_axis_free(&rows);
    ds_axis_free(&columns);
    lsc_free(row);
    return st;
}
