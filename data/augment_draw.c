/*
 * What augmentation draws.
 * Source of crop and angle: torchvision 0.11, RandomResizedCrop, RandomRotation. Of the cut: Zhong et al. 2017 and
 * DeVries and Taylor 2017, arXiv:1708.04552, with the side of Yun et al. 2019, arXiv:1905.04899.
 * SPDX-License-Identifier: MIT
 */
#include "data/augment.h"

#include <math.h>

#define NUMBERS 64 /* of each operation and view */
#define TRIES   10
#define RATIO   (4. / 3)

static lsc_rng rng_of(const ds_draw *d, const char *operation)
{
    return (lsc_rng){d->seed, lsc_rng_stream(operation, (uint64_t)d->epoch, (uint64_t)d->item)};
}

static uint64_t number(const ds_draw *d, int k)
{
    return (uint64_t)d->view * NUMBERS + (uint64_t)k;
}

double ds_draw_uniform(const ds_draw *d, const char *operation, int k)
{
    return lsc_rng_uniform(rng_of(d, operation), number(d, k));
}

uint64_t ds_draw_below(const ds_draw *d, const char *operation, int k, uint64_t n)
{
    return lsc_rng_below(rng_of(d, operation), number(d, k), n);
}

static ds_box middle(int height, int width)
{
    ds_box b = {.height = height, .width = width};
    if (width < height / RATIO)
        b.height = (int)lrint(width * RATIO);
    else if (width > height * RATIO)
        b.width = (int)lrint(height * RATIO);
    b.top = (height - b.height) / 2;
    b.left = (width - b.width) / 2;
    return b;
}

ds_box ds_draw_crop(const ds_draw *d, int height, int width)
{
    static const char operation[] = "resized crop";
    for (int i = 0; i < TRIES; i++) {
        const double area = (.08 + .92 * ds_draw_uniform(d, operation, 4 * i)) * height * width;
        const double ratio = exp(log(RATIO) * (2 * ds_draw_uniform(d, operation, 4 * i + 1) - 1));
        const double w = rint(sqrt(area * ratio)), h = rint(sqrt(area / ratio));
        if (w < 1 || w > width || h < 1 || h > height)
            continue;
        ds_box b = {.height = (int)h, .width = (int)w};
        b.top = (int)ds_draw_below(d, operation, 4 * i + 2, (uint64_t)(height - b.height + 1));
        b.left = (int)ds_draw_below(d, operation, 4 * i + 3, (uint64_t)(width - b.width + 1));
        return b;
    }
    return middle(height, width);
}

double ds_draw_angle(const ds_draw *d, double most)
{
    return most * (2 * ds_draw_uniform(d, "rotation", 0) - 1);
}

/* Pixels around `at` on a line of n: half before, half from it on. */
static void cut_line(int at, int length, int n, int *first, int *count)
{
    const int lo = at - length / 2, hi = at + length / 2;
    *first = lo > 0 ? lo : 0;
    *count = (hi < n ? hi : n) - *first;
}

ds_box ds_draw_cutout(const ds_draw *d, double probability, int height, int width)
{
    static const char operation[] = "cutout";
    ds_box b = {0};
    if (ds_draw_uniform(d, operation, 0) >= probability)
        return b;
    const double side = sqrt(1 - ds_draw_uniform(d, operation, 1));
    cut_line((int)ds_draw_below(d, operation, 2, (uint64_t)width), (int)(width * side), width, &b.left, &b.width);
    cut_line((int)ds_draw_below(d, operation, 3, (uint64_t)height), (int)(height * side), height, &b.top, &b.height);
    return b;
}
