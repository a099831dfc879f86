/*
 * samples.h - the images that an objective is evaluated on: a fixed list of samples of a data set, normalized once if
 * they fit in memory, else anew each time; or given to a device as they are kept.
 * N samples, E elements of an image, B images of one batch.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_SAMPLES_H
#define LSC_SAMPLES_H

#include "data/data.h"

typedef struct {
    const ds_dataset *data; /* borrowed */
    int64_t n, elements, batch;
    int64_t *index;   /* [N] number in the data set */
    int32_t *labels;  /* [N] */
    int32_t *domains; /* [N] */
    float *images;    /* [N, E]; NULL: normalized anew at each use */
    /* One batch of samples that do not lie together in `images`. */
    float *batch_images;   /* [B, E] */
    int64_t *batch_index;  /* [B] */
    int32_t *batch_labels; /* [B] */
} landscape_samples;

/* index [n] (NULL: all images) is copied. LSC_ERR_SHAPE: a label outside 0 .. classes-1. On failure, too, fini is
 * due. */
lsc_status landscape_samples_init(landscape_samples *s, const ds_dataset *data, const int64_t *index, int64_t n,
                                  int64_t classes, int64_t batch);
/* What batches need: `images`, if it takes no more than so many bytes, and room for one batch. */
lsc_status landscape_samples_keep(landscape_samples *s, size_t memory);
/* The `read` of nn_samples; its context is a landscape_samples. */
void landscape_samples_read_raw(const void *samples, const int64_t *which, int64_t n, void *images);
void landscape_samples_fini(landscape_samples *s);
/* Images [n, E] and labels [n] of samples which[first .. first+n-1], n <= B (which NULL: the samples first ..
 * first+n-1). Valid until the next call. */
const float *landscape_samples_batch(landscape_samples *s, const int64_t *which, int64_t first, int64_t n,
                                     const int32_t **labels);

#endif
