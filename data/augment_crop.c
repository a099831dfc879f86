/*
 * A box of an image resized as Pillow's resize does with BICUBIC, and the hiding of a box.
 * SPDX-License-Identifier: MIT
 */
#include "data/augment.h"
#include "data/axis.h"

#define WEIGHT_BITS 22 /* the negative weights leave sums within 1.6 * 255 * 2^22 < 2^31 */

static inline uint8_t rounded(int32_t sum)
{
    const int32_t value = (sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Columns: out [channels, box.height, width]. */
static void resize_columns(const ds_bytes *from, ds_box box, const ds_axis *columns, uint8_t *out)
{
    for (int c = 0; c < from->channels; c++) {
        for (int y = 0; y < box.height; y++) {
            const uint8_t *row = from->at + c * from->plane + (box.top + y) * from->stride + box.left * from->step;
            for (int x = 0; x < columns->n; x++) {
                const int32_t *weight = columns->weight + (int64_t)x * columns->most;
                const uint8_t *at = row + columns->first[x] * from->step;
                int32_t sum = 0;
                for (int k = 0; k < columns->count[x]; k++)
                    sum += weight[k] * at[k * from->step];
                *out++ = rounded(sum);
            }
        }
    }
}

/* Rows of one plane [., width]; sum [width] */
static void resize_rows(const uint8_t *from, const ds_axis *rows, int width, int32_t *sum, uint8_t *to)
{
    for (int y = 0; y < rows->n; y++) {
        for (int x = 0; x < width; x++)
            sum[x] = 0;
        for (int k = 0; k < rows->count[y]; k++) {
            const int32_t weight = rows->weight[(int64_t)y * rows->most + k];
            const uint8_t *row = from + (int64_t)(rows->first[y] + k) * width;
            for (int x = 0; x < width; x++)
                sum[x] += weight * row[x];
        }
        for (int x = 0; x < width; x++)
            to[(int64_t)y * width + x] = rounded(sum[x]);
    }
}

lsc_status ds_crop_resize(const ds_bytes *from, ds_box box, int height, int width, uint8_t *to)
{
    lsc_status st = LSC_OK;
    ds_axis columns = {0}, rows = {0};
    uint8_t *half = NULL;
    int32_t *sum = NULL;

    LSC_TRY(ds_axis_new(&ds_cubic, box.width, width, 0, width, WEIGHT_BITS, &columns));
    LSC_TRY(ds_axis_new(&ds_cubic, box.height, height, 0, height, WEIGHT_BITS, &rows));
    LSC_NEW(half, (int64_t)from->channels * box.height * width);
    LSC_NEW(sum, width);
    resize_columns(from, box, &columns, half);
    for (int c = 0; c < from->channels; c++)
        resize_rows(half + (int64_t)c * box.height * width, &rows, width, sum, to + (int64_t)c * height * width);
cleanup:
    ds_axis_free(&columns);
    ds_axis_free(&rows);
    lsc_free(half);
    lsc_free(sum);
    return st;
}

static void fill(float *plane, int width, ds_box box)
{
    double sum = 0;
    for (int y = box.top; y < box.top + box.height; y++) {
        for (int x = box.left; x < box.left + box.width; x++)
            sum += (double)plane[(int64_t)y * width + x];
    }
    const float mean = (float)(sum / ((double)box.height * box.width));
    for (int y = box.top; y < box.top + box.height; y++) {
        for (int x = box.left; x < box.left + box.width; x++)
            plane[(int64_t)y * width + x] = mean;
    }
}

void ds_cut_out(float *planes, int channels, int height, int width, ds_box box)
{
    if (box.height <= 0 || box.width <= 0)
        return;
    for (int c = 0; c < channels; c++)
        fill(planes + (int64_t)c * height * width, width, box);
}
