/*
 * Reading images as they are kept: bytes or floats to normalized floats.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <assert.h>
#include <string.h>

ds_plane ds_plane_of(const ds_dataset *d, int64_t index, int channel)
{
    int64_t at = (index * d->kept + (d->kept == 1 ? 0 : channel)) * d->height * d->width;
    return (ds_plane){
        .bytes = d->bytes != NULL ? d->bytes + at : NULL,
        .floats = d->floats != NULL ? d->floats + at : NULL,
        .value = d->value + 256 * channel,
        .mean = d->mean[channel],
        .deviation = d->deviation[channel],
    };
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
            ds_plane from = ds_plane_of(d, index[i], c);
            for (int64_t k = 0; k < pixels; k++)
                images[k] = ds_plane_at(&from, k);
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
