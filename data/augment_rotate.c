/*
 * Rotation as Pillow's Image.rotate with BICUBIC: each pixel of the result looks at one place of the image.
 *     (u, v) = centre + R (x + 1/2, y + 1/2 - centre);  0 where it lies outside [0, w) x [0, h)
 * of the 4 x 4 pixels around (u - 1/2, v - 1/2), weighted by Keys' kernel with a = -1 (Keys 1981, "Cubic convolution
 * interpolation for digital image processing") in each direction; the result is cut off to a byte.
 * SPDX-License-Identifier: MIT
 */
#include "data/augment.h"

#include <math.h>

#define TAPS 4

/* Four pixels of a line of n and their weights. */
typedef struct {
    int at[TAPS];
    double weight[TAPS];
} line_taps;

static int clamp(int i, int n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* Around the place `x`, counted from the edge. */
static line_taps taps_at(double x, int n)
{
    const double left = floor(x - .5), t = x - .5 - left;
    line_taps taps = {.weight = {((2 - t) * t - 1) * t, (t - 2) * t * t + 1, ((1 - t) * t + 1) * t, (t - 1) * t * t}};
    for (int k = 0; k < TAPS; k++)
        taps.at[k] = clamp((int)left - 1 + k, n);
    return taps;
}

static uint8_t value_at(const uint8_t *plane, int width, const line_taps *column, const line_taps *row)
{
    double value = 0;
    for (int i = 0; i < TAPS; i++) {
        const uint8_t *line = plane + (int64_t)row->at[i] * width;
        double sum = 0;
        for (int k = 0; k < TAPS; k++)
            sum += column->weight[k] * line[column->at[k]];
        value += row->weight[i] * sum;
    }
    return (uint8_t)(value <= 0 ? 0 : value >= 255 ? 255 : value);
}

void ds_rotate(const uint8_t *from, int channels, int height, int width, double degrees, uint8_t *to)
{
    const double angle = degrees * (M_PI / 180), c = cos(angle), s = sin(angle);
    const int64_t plane = (int64_t)height * width;

    for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
            const double dx = j + .5 - width / 2., dy = i + .5 - height / 2.;
            const double u = width / 2. + c * dx - s * dy, v = height / 2. + s * dx + c * dy;
            const int64_t at = (int64_t)i * width + j;
            if (u < 0 || u >= width || v < 0 || v >= height) {
                for (int k = 0; k < channels; k++)
                    to[k * plane + at] = 0;
                continue;
            }
            const line_taps column = taps_at(u, width), row = taps_at(v, height);
            for (int k = 0; k < channels; k++)
                to[k * plane + at] = value_at(from + k * plane, width, &column, &row);
        }
    }
}
