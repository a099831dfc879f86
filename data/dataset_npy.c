/*
 * Arrays of NumPy: x.npy and y.npy are the training split, x_test.npy and y_test.npy the test split.
 *     x: uint8 or float32, [N, H, W] (grey), [N, C, H, W] or [N, H, W, C] with C = 1 or 3: the first of the two that
 *        fits, so [N, 3, H, 3] has its channels first
 *     y: integers [N], from 0; without model.classes, 1 + the largest one of y.npy is the number of classes
 * Floats are kept as they are: data.mean and data.std are in their unit, and they must be finite.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"
#include "data/npy.h"

#include <math.h>
#include <string.h>

static lsc_status open_array(const char *folder, const char *name, ds_npy *out)
{
    lsc_status st = LSC_OK;
    char *path = lsc_path_join(folder, name);
    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    LSC_TRY(ds_npy_open(path, out));
cleanup:
    lsc_free(path);
    return st;
}

static bool are_channels(int64_t dim)
{
    return dim == 1 || dim == 3;
}

/* Shape and type of x. */
static lsc_status read_layout(const ds_npy *x, ds_images *images, bool *channels_last)
{
    lsc_status st = LSC_OK;
    bool bytes = x->type == 'u' && x->size == 1, floats = x->type == 'f' && x->size == 4;
    bool first = x->rank == 4 && are_channels(x->dim[1]), last = x->rank == 4 && !first && are_channels(x->dim[3]);

    LSC_CHECK(bytes || floats, LSC_ERR_FORMAT, "%s: values of type '%c%d', must be uint8 or float32", x->path, x->type,
              x->size);
    LSC_CHECK(x->rank == 3 || first || last, LSC_ERR_FORMAT,
              "%s: an array of %d dimensions, must be [N, H, W], [N, C, H, W] or [N, H, W, C] with C = 1 or 3", x->path,
              x->rank);
    const int64_t *side = x->dim + (first ? 2 : 1);
    LSC_CHECK(side[0] <= DS_MAX_SIDE && side[1] <= DS_MAX_SIDE, LSC_ERR_FORMAT,
              "%s: images of %lld x %lld, must be at most %d x %d", x->path, (long long)side[0], (long long)side[1],
              DS_MAX_SIDE, DS_MAX_SIDE);
    images->channels = first ? (int)x->dim[1] : last ? (int)x->dim[3] : 1;
    images->height = (int)side[0];
    images->width = (int)side[1];
    *channels_last = last;
cleanup:
    return st;
}

/* [pixels, channels] -> [channels, pixels], of values of any size. */
static void channels_to_front(const uint8_t *from, int64_t pixels, int channels, size_t size, uint8_t *to)
{
    for (int c = 0; c < channels; c++) {
        for (int64_t k = 0; k < pixels; k++)
            memcpy(to + ((size_t)(c * pixels + k)) * size, from + ((size_t)(k * channels + c)) * size, size);
    }
}

static lsc_status read_turned(ds_npy *x, const ds_images *images, uint8_t *to)
{
    lsc_status st = LSC_OK;
    uint8_t *one = NULL;
    int64_t pixels = (int64_t)images->height * images->width, values = pixels * images->channels;

    LSC_NEW(one, values * x->size);
    for (int64_t i = 0; i < images->n; i++) {
        LSC_TRY(ds_npy_read(x, one, values));
        channels_to_front(one, pixels, images->channels, (size_t)x->size, to + i * values * x->size);
    }
cleanup:
    lsc_free(one);
    return st;
}

static lsc_status check_finite(const ds_npy *x, const ds_images *images)
{
    lsc_status st = LSC_OK;
    int64_t values = (int64_t)images->channels * images->height * images->width;
    for (int64_t k = 0; images->floats != NULL && k < images->n * values; k++)
        LSC_CHECK(isfinite(images->floats[k]), LSC_ERR_FORMAT, "%s: image %lld has a value that is not finite", x->path,
                  (long long)(k / values));
cleanup:
    return st;
}

static lsc_status read_images(const ds_request *r, ds_npy *x, ds_images *images)
{
    lsc_status st = LSC_OK;
    bool channels_last = false;

    LSC_TRY(read_layout(x, images, &channels_last));
    images->n = r->most > 0 && r->most < x->dim[0] ? r->most : x->dim[0];
    LSC_TRY(ds_check_memory(r, images, (size_t)x->size));
    int64_t values = images->n * images->channels * images->height * images->width;
    if (x->type == 'f')
        LSC_NEW(images->floats, values);
    else
        LSC_NEW(images->bytes, values);
    void *to = x->type == 'f' ? (void *)images->floats : images->bytes;
    LSC_TRY(channels_last ? read_turned(x, images, to) : ds_npy_read(x, to, values));
    LSC_TRY(check_finite(x, images));
cleanup:
    return st;
}

/* An integer of any size, little-endian. */
static int64_t integer_at(const ds_npy *y, const uint8_t *raw, int64_t i)
{
    uint64_t value = 0;
    for (int b = 0; b < y->size; b++)
        value |= (uint64_t)raw[i * y->size + b] << 8 * b;
    int unused = 64 - 8 * y->size;
    return y->type == 'i' ? (int64_t)(value << unused) >> unused : (int64_t)value;
}

/* The first n labels of a file, each less than `classes`. *labels is new. */
static lsc_status read_labels(ds_npy *y, int64_t n, int classes, int32_t **labels)
{
    lsc_status st = LSC_OK;
    uint8_t *raw = NULL;
    int32_t *read = NULL;

    LSC_NEW(raw, n * y->size);
    LSC_NEW(read, n);
    LSC_TRY(ds_npy_read(y, raw, n));
    for (int64_t i = 0; i < n; i++) {
        LSC_TRY(ds_check_label(y->path, i, integer_at(y, raw, i), classes));
        read[i] = (int32_t)integer_at(y, raw, i);
    }
    *labels = read;
    read = NULL;
cleanup:
    lsc_free(raw);
    lsc_free(read);
    return st;
}

static lsc_status open_labels(const char *folder, const char *name, ds_npy *y)
{
    lsc_status st = LSC_OK;
    LSC_TRY(open_array(folder, name, y));
    LSC_CHECK(y->type != 'f' && y->rank == 1, LSC_ERR_FORMAT,
              "%s: values of type '%c%d' in %d dimensions, must be integers [N]", y->path, y->type, y->size, y->rank);
cleanup:
    return st;
}

/* 1 + the largest label of the training split. */
static lsc_status count_classes(const char *folder, int *classes)
{
    lsc_status st = LSC_OK;
    ds_npy y = {0};
    int32_t *labels = NULL, largest = 0;

    LSC_TRY(open_labels(folder, "y.npy", &y));
    LSC_TRY(read_labels(&y, y.count, DS_MAX_CLASSES, &labels));
    for (int64_t i = 0; i < y.count; i++)
        largest = labels[i] > largest ? labels[i] : largest;
    *classes = largest + 1;
cleanup:
    ds_npy_close(&y);
    lsc_free(labels);
    return lsc_context(st, "the number of classes (or give model.classes)");
}

static lsc_status load(const ds_request *r, ds_images *out)
{
    lsc_status st = LSC_OK;
    ds_images images = {.classes = r->classes};
    ds_npy x = {0}, y = {0};

    LSC_TRY(open_array(r->folder, r->test ? "x_test.npy" : "x.npy", &x));
    LSC_TRY(open_labels(r->folder, r->test ? "y_test.npy" : "y.npy", &y));
    LSC_CHECK(y.count == x.dim[0], LSC_ERR_FORMAT, "%s: %lld labels for the %lld images of %s", y.path,
              (long long)y.count, (long long)x.dim[0], x.path);
    if (images.classes == 0)
        LSC_TRY(count_classes(r->folder, &images.classes));
    LSC_TRY(read_images(r, &x, &images));
    LSC_TRY(read_labels(&y, images.n, images.classes, &images.labels));
    *out = images;
    images = (ds_images){0};
cleanup:
    ds_npy_close(&x);
    ds_npy_close(&y);
    ds_images_free(&images);
    return st;
}

const ds_kind ds_kind_npy = {.name = "npy", .load = load};
