/*
 * CIFAR-10 and CIFAR-100, binary versions: records of label bytes and 3 x 32 x 32 pixel bytes (red plane, green,
 * blue).
 *     CIFAR-10:  one label; data_batch_1.bin to data_batch_5.bin in this order, and test_batch.bin
 *     CIFAR-100: a coarse label (20 superclasses), then a fine one (100 classes); train.bin, and test.bin
 * Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"; its page on file layout.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <string.h>

#define CIFAR_SIDE   32
#define CIFAR_PIXELS (3 * CIFAR_SIDE * CIFAR_SIDE)
#define CIFAR_FILES  5
/* Of one file: the real ones hold 10,000 or 50,000. */
#define CIFAR_RECORDS_MAX 100000

typedef struct {
    const char *train[CIFAR_FILES]; /* up to the first NULL */
    const char *test;
    int labels; /* bytes before the pixels, */
    int wanted; /* and which of them is the label */
} cifar_layout;

static const cifar_layout cifar10 = {
    .train = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
    .test = "test_batch.bin",
    .labels = 1,
};
static const cifar_layout cifar100 = {.train = {"train.bin"}, .test = "test.bin", .labels = 2, .wanted = 1};
static const cifar_layout cifar100_coarse = {.train = {"train.bin"}, .test = "test.bin", .labels = 2, .wanted = 0};

typedef struct {
    const cifar_layout *layout;
    int n;
    char *path[CIFAR_FILES];
    uint8_t *bytes[CIFAR_FILES];
    int64_t records[CIFAR_FILES];
} cifar_files;

static void cifar_files_free(cifar_files *f)
{
    for (int i = 0; i < f->n; i++) {
        lsc_free(f->path[i]);
        lsc_free(f->bytes[i]);
    }
}

static size_t cifar_record(const cifar_layout *layout)
{
    return (size_t)layout->labels + CIFAR_PIXELS;
}

static lsc_status cifar_read(const char *folder, const char *name, cifar_files *f)
{
    lsc_status st = LSC_OK;
    size_t size = 0, record = cifar_record(f->layout);
    int i = f->n++;

    f->path[i] = lsc_path_join(folder, name);
    LSC_CHECK(f->path[i] != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    LSC_TRY(lsc_file_read(f->path[i], CIFAR_RECORDS_MAX * record, &f->bytes[i], &size));
    LSC_CHECK(size > 0 && size % record == 0, LSC_ERR_FORMAT,
              "%s: %zu bytes, must be a multiple of %zu: %s and 3 x 32 x 32 pixels a record", f->path[i], size, record,
              f->layout->labels == 1 ? "one label" : "two labels");
    f->records[i] = (int64_t)(size / record);
cleanup:
    return st;
}

/* The files that hold the first `most` images; 0: all. */
static lsc_status cifar_read_split(const ds_request *r, cifar_files *f)
{
    lsc_status st = LSC_OK;
    int64_t n = 0;

    if (r->test) {
        LSC_TRY(cifar_read(r->folder, f->layout->test, f));
        goto cleanup;
    }
    for (int i = 0; i < CIFAR_FILES && f->layout->train[i] != NULL && (r->most == 0 || n < r->most); i++) {
        LSC_TRY(cifar_read(r->folder, f->layout->train[i], f));
        n += f->records[i];
    }
cleanup:
    return st;
}

/* Append the records of file i, up to `most` images in all. */
static lsc_status cifar_take(const cifar_files *f, int i, int64_t most, int classes, ds_images *images)
{
    lsc_status st = LSC_OK;
    for (int64_t k = 0; k < f->records[i] && images->n < most; k++, images->n++) {
        const uint8_t *record = f->bytes[i] + (size_t)k * cifar_record(f->layout);
        int label = record[f->layout->wanted];
        LSC_TRY(ds_check_label(f->path[i], k, label, classes));
        images->labels[images->n] = label;
        memcpy(images->bytes + images->n * CIFAR_PIXELS, record + f->layout->labels, CIFAR_PIXELS);
    }
cleanup:
    return st;
}

static lsc_status cifar_load(const cifar_layout *layout, const ds_request *r, ds_images *out)
{
    lsc_status st = LSC_OK;
    ds_images images = {.channels = 3, .height = CIFAR_SIDE, .width = CIFAR_SIDE};
    cifar_files files = {.layout = layout};
    int64_t most = 0;

    LSC_TRY(cifar_read_split(r, &files));
    for (int i = 0; i < files.n; i++)
        most += files.records[i];
    if (r->most > 0 && r->most < most)
        most = r->most;
    LSC_NEW(images.labels, most);
    LSC_NEW(images.bytes, most * CIFAR_PIXELS);
    for (int i = 0; i < files.n; i++)
        LSC_TRY(cifar_take(&files, i, most, r->classes, &images));
    *out = images;
    images = (ds_images){0};
cleanup:
    cifar_files_free(&files);
    ds_images_free(&images);
    return st;
}

static lsc_status load10(const ds_request *r, ds_images *out)
{
    return cifar_load(&cifar10, r, out);
}

static lsc_status load100(const ds_request *r, ds_images *out)
{
    return cifar_load(&cifar100, r, out);
}

static lsc_status load100_coarse(const ds_request *r, ds_images *out)
{
    return cifar_load(&cifar100_coarse, r, out);
}

#define CIFAR_SOURCE "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images"

const ds_kind ds_kind_cifar10 = {.name = "cifar10", .source = CIFAR_SOURCE, .classes = 10, .load = load10};
const ds_kind ds_kind_cifar100 = {.name = "cifar100", .source = CIFAR_SOURCE, .classes = 100, .load = load100};
const ds_kind ds_kind_cifar100_coarse = {
    .name = "cifar100_coarse",
    .source = CIFAR_SOURCE,
    .classes = 20,
    .load = load100_coarse,
};
