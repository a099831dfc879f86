/*
 * augment.h - the operations of ds_augment on one image of bytes: where it is cut, how it is turned, what is hidden.
 * Images are planes [channels, height, width]. What is drawn is a function of (seed, epoch, item, view, operation).
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_AUGMENT_H
#define DS_AUGMENT_H

#include "data/data.h"

/* Whose numbers are drawn. */
typedef struct {
    uint64_t seed;
    int64_t epoch, item; /* item: an index, its repetitions in the epoch told apart */
    int view;
} ds_draw;

/* Number k (0..63) of an operation. */
double ds_draw_uniform(const ds_draw *d, const char *operation, int k);
uint64_t ds_draw_below(const ds_draw *d, const char *operation, int k, uint64_t n);

/* A part of an image: rows top .. top+height-1, columns left .. left+width-1. */
typedef struct {
    int top, left, height, width;
} ds_box;

/* torchvision's RandomResizedCrop: up to ten times, area A = U(.08, 1) of the image and ratio r = exp(U(ln 3/4, ln
 * 4/3)), width round(sqrt(A r)), height round(sqrt(A / r)) (halves to even); the first that fits, at a random place. If
 * none does, the largest part in the middle with a ratio between 3/4 and 4/3. */
ds_box ds_draw_crop(const ds_draw *d, int height, int width);
/* U(-most, most) degrees */
double ds_draw_angle(const ds_draw *d, double most);
/* With this probability a part to hide, of ratio sqrt(1 - U) of each side about a random pixel, as far as it lies
 * inside; else one of no pixels. */
ds_box ds_draw_cutout(const ds_draw *d, double probability, int height, int width);

/* Where the bytes of an image lie: value (channel, row, column) at at[channel * plane + row * stride + column * step].
 */
typedef struct {
    const uint8_t *at;
    int channels;
    int64_t plane, stride, step;
} ds_bytes;

/* The box of an image, resized to planes [channels, height, width] by Pillow's BICUBIC with antialiasing: columns
 * first, each pass rounded to bytes and clipped. LSC_ERR_NOMEM. */
lsc_status ds_crop_resize(const ds_bytes *from, ds_box box, int height, int width, uint8_t *to);
/* Turned anticlockwise about the centre by Pillow's BICUBIC of transform: Keys' kernel with a = -1 without
 * antialiasing, at the edge the nearest pixels again, 0 where the place lies outside the image. from, to
 * [channels, height, width], distinct. */
void ds_rotate(const uint8_t *from, int channels, int height, int width, double degrees, uint8_t *to);
/* Each channel's part becomes its mean; planes [channels, height, width]. */
void ds_cut_out(float *planes, int channels, int height, int width, ds_box box);

#endif
