/*
 * The images that an objective is evaluated on.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/samples.h"

#include <string.h>

static lsc_status take_list(landscape_samples *s, const int64_t *index, int64_t classes)
{
    lsc_status st = LSC_OK;
    const int32_t *labels = ds_labels(s->data), *domains = ds_domains(s->data);
    int64_t total = ds_count(s->data);
    LSC_NEW(s->index, s->n);
    LSC_NEW(s->labels, s->n);
    LSC_NEW(s->domains, s->n);
    for (int64_t i = 0; i < s->n; i++) {
        int64_t j = index != NULL ? index[i] : i;
        LSC_CHECK(j >= 0 && j < total, LSC_ERR_ARG, "samples: image %lld is not in 0 .. %lld", (long long)j,
                  (long long)total - 1);
        LSC_CHECK(labels[j] >= 0 && labels[j] < classes, LSC_ERR_SHAPE,
                  "image %lld has label %d, but the model knows the classes 0 .. %lld", (long long)j, labels[j],
                  (long long)classes - 1);
        s->index[i] = j;
        s->labels[i] = labels[j];
        s->domains[i] = domains[j];
    }
cleanup:
    return st;
}

lsc_status landscape_samples_keep(landscape_samples *s, size_t memory)
{
    lsc_status st = LSC_OK;
    size_t image_size = (size_t)s->elements * sizeof(float);
    if ((size_t)s->n <= memory / image_size) {
        LSC_NEW(s->images, s->n * s->elements);
        ds_read(s->data, s->index, s->n, s->images, NULL, NULL);
    } else {
        lsc_log_info("the images would take %.1f GiB: they are normalized anew at each point",
                     (double)s->n * (double)image_size / 0x1p30);
    }
    LSC_NEW(s->batch_images, s->batch * s->elements);
    LSC_NEW(s->batch_index, s->batch);
    LSC_NEW(s->batch_labels, s->batch);
cleanup:
    return st;
}

lsc_status landscape_samples_init(landscape_samples *s, const ds_dataset *data, const int64_t *index, int64_t n,
                                  int64_t classes, int64_t batch)
{
    lsc_status st = LSC_OK;
    int64_t shape[3];
    ds_image_shape(data, shape);
    *s = (landscape_samples){.data = data,
                             .n = index != NULL ? n : ds_count(data),
                             .elements = shape[0] * shape[1] * shape[2],
                             .batch = batch};
    LSC_CHECK(s->n >= 1, LSC_ERR_ARG, "samples: none");
    LSC_TRY(take_list(s, index, classes));
cleanup:
    return st;
}

/* One by one, as each may lie anywhere. */
void landscape_samples_read_raw(const void *samples, const int64_t *which, int64_t n, void *images)
{
    const landscape_samples *s = samples;
    ds_raw form = ds_raw_form(s->data);
    int64_t shape[3];
    ds_image_shape(s->data, shape);
    size_t size = (size_t)(form.channels * shape[1] * shape[2]) * (form.value != NULL ? 1 : sizeof(float));
    for (int64_t i = 0; i < n; i++)
        ds_read_raw(s->data, &s->index[which[i]], 1, (unsigned char *)images + (size_t)i * size);
}

void landscape_samples_fini(landscape_samples *s)
{
    lsc_free(s->index);
    lsc_free(s->labels);
    lsc_free(s->domains);
    lsc_free(s->images);
    lsc_free(s->batch_images);
    lsc_free(s->batch_index);
    lsc_free(s->batch_labels);
    *s = (landscape_samples){0};
}

const float *landscape_samples_batch(landscape_samples *s, const int64_t *which, int64_t first, int64_t n,
                                     const int32_t **labels)
{
    if (which == NULL && s->images != NULL) {
        *labels = s->labels + first;
        return s->images + first * s->elements;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t sample = which != NULL ? which[first + i] : first + i;
        s->batch_index[i] = s->index[sample];
        s->batch_labels[i] = s->labels[sample];
        if (s->images != NULL)
            memcpy(s->batch_images + i * s->elements, s->images + sample * s->elements,
                   (size_t)s->elements * sizeof(float));
    }
    if (s->images == NULL)
        ds_read(s->data, s->batch_index, n, s->batch_images, NULL, NULL);
    *labels = s->batch_labels;
    return s->batch_images;
}
