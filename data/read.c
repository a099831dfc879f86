/*
 * Reading images: bytes or floats to normalized floats, as they are or augmented as is usual for 32 x 32 images: a
 * crop at a random place of the image with `crop_pad` zeros around it, then a left-right flip with
 * probability 1/2 (He et al. 2016, "Deep Residual Learning for Image Recognition", section 4.2). The zeros
 * are black pixels: they are put on before the normalization.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <assert.h>
#include <string.h>

/* How one image is laid out: pixel (x, y) comes from (x + shift_x, y + shift_y), mirrored afterwards. */
typedef struct {
    int shift_x, shift_y;
    bool flip;
} placement;

/* One channel of one image, and how its values become normalized ones. */
typedef struct {
    const uint8_t *bytes; /* [height, width]; NULL: floats */
    const float *floats;
    const float *value; /* [256] */
    double mean, deviation;
} plane;

static plane plane_of(const ds_dataset *d, int64_t index, int channel)
{
    int64_t at = (index * d->kept + (d->kept == 1 ? 0 : channel)) * d->height * d->width;
    return (plane){
        .bytes = d->bytes != NULL ? d->bytes + at : NULL,
        .floats = d->floats != NULL ? d->floats + at : NULL,
        .value = d->value + 256 * channel,
        .mean = d->mean[channel],
        .deviation = d->deviation[channel],
    };
}

static inline float normalized(const plane *p, float value)
{
    return (float)(((double)value - p->mean) / p->deviation);
}

static inline float at(const plane *p, int64_t k)
{
    return p->bytes != NULL ? p->value[p->bytes[k]] : normalized(p, p->floats[k]);
}

static void read_labels(const ds_dataset *d, const int64_t *index, int64_t n, int32_t *labels, int32_t *domains)
{
    for (int64_t i = 0; i < n; i++) {
        assert(index[i] >= 0 && index[i] < d->n);
        if (labels != NULL)
            labels[i] = d->labels[index[i]];
        if (domains != NULL)
            domains[i] = d->domains[index[i]];
    }
}

void ds_read(const ds_dataset *d, const int64_t *index, int64_t n, float *images, int32_t *labels, int32_t *domains)
{
    int64_t pixels = (int64_t)d->height * d->width;

    read_labels(d, index, n, labels, domains);
    for (int64_t i = 0; i < n; i++) {
        for (int c = 0; c < d->channels; c++, images += pixels) {
            plane from = plane_of(d, index[i], c);
            for (int64_t k = 0; k < pixels; k++)
                images[k] = at(&from, k);
        }
    }
}

ds_raw ds_raw_form(const ds_dataset *d)
{
    if (d->bytes == NULL)
        return (ds_raw){NULL, d->channels};
    return (ds_raw){d->value, d->kept};
}

void ds_read_raw(const ds_dataset *d, const int64_t *index, int64_t n, void *images)
{
    size_t size = (size_t)d->kept * (size_t)d->height * (size_t)d->width;
    uint8_t *to = images;

    if (d->bytes == NULL) {
        ds_read(d, index, n, images, NULL, NULL);
        return;
    }
    for (int64_t i = 0; i < n; i++, to += size)
        memcpy(to, d->bytes + (size_t)index[i] * size, size);
}

static placement place(const ds_augment *a, uint64_t seed, int64_t epoch, int64_t index)
{
    lsc_rng r = {seed, lsc_rng_stream("augment", (uint64_t)epoch, (uint64_t)index)};
    uint64_t places = (uint64_t)(2 * a->crop_pad + 1);
    return (placement){
        .shift_x = (int)lsc_rng_below(r, 0, places) - a->crop_pad,
        .shift_y = (int)lsc_rng_below(r, 1, places) - a->crop_pad,
        .flip = a->flip && lsc_rng_below(r, 2, 2) == 1,
    };
}

static void read_placed(const plane *from, int height, int width, const placement *p, float *out)
{
    float black = normalized(from, 0);
    for (int y = 0; y < height; y++) {
        int row = y + p->shift_y;
        bool row_inside = row >= 0 && row < height;
        for (int x = 0; x < width; x++) {
            int column = (p->flip ? width - 1 - x : x) + p->shift_x;
            bool inside = row_inside && column >= 0 && column < width;
            out[(int64_t)y * width + x] = inside ? at(from, (int64_t)row * width + column) : black;
        }
    }
}

void ds_read_augmented(const ds_dataset *d, const ds_augment *a, uint64_t seed, int64_t epoch, const int64_t *index,
                       int64_t n, float *images, int32_t *labels, int32_t *domains)
{
    int64_t pixels = (int64_t)d->height * d->width;

    read_labels(d, index, n, labels, domains);
    for (int64_t i = 0; i < n; i++) {
        placement p = place(a, seed, epoch, index[i]);
        for (int c = 0; c < d->channels; c++, images += pixels) {
            plane from = plane_of(d, index[i], c);
            read_placed(&from, d->height, d->width, &p, images);
        }
    }
}
