/*
 * CIFAR-10, binary version: records of one label byte and 3 x 32 x 32 pixel bytes (red plane, green, blue).
 * The training split is data_batch_1.bin to data_batch_5.bin in this order, the test split test_batch.bin.
 * Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"; its page on file layout.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <string.h>

#define CIFAR_SIDE   32
#define CIFAR_PIXELS (3 * CIFAR_SIDE * CIFAR_SIDE)
#define CIFAR_RECORD (1 + CIFAR_PIXELS)
#define CIFAR_FILES  5
/* Of one file: the real ones hold 10,000. */
#define CIFAR_RECORDS_MAX 100000

typedef struct {
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

static lsc_status cifar_read(const char *folder, const char *name, cifar_files *f)
{
    lsc_status st = LSC_OK;
    size_t size = 0;
    int i = f->n++;

    f->path[i] = lsc_path_join(folder, name);
    LSC_CHECK(f->path[i] != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    LSC_TRY(lsc_file_read(f->path[i], (size_t)CIFAR_RECORDS_MAX * CIFAR_RECORD, &f->bytes[i], &size));
    LSC_CHECK(size > 0 && size % CIFAR_RECORD == 0, LSC_ERR_FORMAT,
              "%s: %zu bytes, must be a multiple of %d: one label and 3 x 32 x 32 pixels a record", f->path[i], size,
              CIFAR_RECORD);
    f->records[i] = (int64_t)(size / CIFAR_RECORD);
cleanup:
    return st;
}

/* The files that hold the first `most` images; 0: all. */
static lsc_status cifar_read_split(const ds_request *r, cifar_files *f)
{
    lsc_status st = LSC_OK;
    int64_t n = 0;

    if (r->test) {
        LSC_TRY(cifar_read(r->folder, "test_batch.bin", f));
        goto cleanup;
    }
    for (int i = 0; i < CIFAR_FILES && (r->most == 0 || n < r->most); i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i + 1);
        LSC_TRY(cifar_read(r->folder, name, f));
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
        const uint8_t *record = f->bytes[i] + k * CIFAR_RECORD;
        LSC_TRY(ds_check_label(f->path[i], k, record[0], classes));
        images->labels[images->n] = record[0];
        memcpy(images->pixels + images->n * CIFAR_PIXELS, record + 1, CIFAR_PIXELS);
    }
cleanup:
    return st;
}

static lsc_status load(const ds_request *r, ds_images *out)
{
    lsc_status st = LSC_OK;
    ds_images images = {.channels = 3, .height = CIFAR_SIDE, .width = CIFAR_SIDE};
    cifar_files files = {0};
    int64_t most = 0;

    LSC_TRY(cifar_read_split(r, &files));
    for (int i = 0; i < files.n; i++)
        most += files.records[i];
    if (r->most > 0 && r->most < most)
        most = r->most;
    LSC_NEW(images.labels, most);
    LSC_NEW(images.pixels, most * CIFAR_PIXELS);
    for (int i = 0; i < files.n; i++)
        LSC_TRY(cifar_take(&files, i, most, r->classes, &images));
    *out = images;
    images = (ds_images){0};
cleanup:
    cifar_files_free(&files);
    ds_images_free(&images);
    return st;
}

const ds_kind ds_kind_cifar10 = {
    .name = "cifar10",
    .source = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
    .classes = 10,
    .load = load,
};
