/*
 * CIFAR-10 and CIFAR-100, binary versions: records of label bytes and 3 x 32 x 32 pixel bytes (red plane, green,
 * blue).
 *     CIFAR-10:  one label; data_batch_1.bin to data_batch_5.bin in this order, and test_batch.bin
 *     CIFAR-100: a coarse label (20 superclasses), then a fine one (100 classes); train.bin, and test.bin
 * Source: Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images"; its page on file layout.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CIFAR_SIDE       32
#define CIFAR_PIXELS     (3 * CIFAR_SIDE * CIFAR_SIDE)
#define CIFAR_FILES      5
#define CIFAR_LABELS_MAX 2
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
    char *path;
    FILE *stream;
    int64_t records;
} cifar_file;

typedef struct {
    const cifar_layout *layout;
    int n;
    cifar_file file[CIFAR_FILES];
} cifar_files;

static void cifar_files_close(cifar_files *f)
{
    for (int i = 0; i < f->n; i++) {
        lsc_free(f->file[i].path);
        if (f->file[i].stream != NULL)
            fclose(f->file[i].stream);
    }
}

/* How many records it holds, by its size. */
static lsc_status cifar_open(const char *folder, const char *name, cifar_files *f)
{
    lsc_status st = LSC_OK;
    cifar_file *file = &f->file[f->n++];
    int64_t record = f->layout->labels + CIFAR_PIXELS;
    struct stat info;

    file->path = lsc_path_join(folder, name);
    LSC_CHECK(file->path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    LSC_TRY(lsc_check_regular(file->path));
    file->stream = fopen(file->path, "rbe");
    LSC_CHECK(file->stream != NULL && fstat(fileno(file->stream), &info) == 0, LSC_ERR_IO, "%s: cannot open: %s",
              file->path, strerror(errno));
    LSC_CHECK(info.st_size > 0 && info.st_size % record == 0, LSC_ERR_FORMAT,
              "%s: %lld bytes, must be a multiple of %lld: %s and 3 x 32 x 32 pixels a record", file->path,
              (long long)info.st_size, (long long)record, f->layout->labels == 1 ? "one label" : "two labels");
    file->records = info.st_size / record;
cleanup:
    return st;
}

/* The files that hold the first `most` images; 0: all. */
static lsc_status cifar_open_split(const ds_request *r, cifar_files *f)
{
    lsc_status st = LSC_OK;
    int64_t n = 0;

    if (r->test) {
        LSC_TRY(cifar_open(r->folder, f->layout->test, f));
        goto cleanup;
    }
    for (int i = 0; i < CIFAR_FILES && f->layout->train[i] != NULL && (r->most == 0 || n < r->most); i++) {
        LSC_TRY(cifar_open(r->folder, f->layout->train[i], f));
        n += f->file[i].records;
    }
cleanup:
    return st;
}

static lsc_status cifar_read(const cifar_file *f, void *bytes, size_t n)
{
    errno = 0;
    if (fread(bytes, 1, n, f->stream) == n)
        return LSC_OK;
    return lsc_fail(LSC_ERR_IO, "%s: cannot read: %s", f->path, errno != 0 ? strerror(errno) : "the file ends");
}

/* Append the records of a file, up to `most` images in all. */
static lsc_status cifar_take(const cifar_layout *layout, const cifar_file *f, int64_t most, int classes,
                             ds_images *images)
{
    lsc_status st = LSC_OK;
    uint8_t label[CIFAR_LABELS_MAX];
    for (int64_t k = 0; k < f->records && images->n < most; k++, images->n++) {
        LSC_TRY(cifar_read(f, label, (size_t)layout->labels));
        LSC_TRY(ds_check_label(f->path, k, label[layout->wanted], classes));
        LSC_TRY(cifar_read(f, images->bytes + images->n * CIFAR_PIXELS, CIFAR_PIXELS));
        images->labels[images->n] = label[layout->wanted];
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

    LSC_TRY(cifar_open_split(r, &files));
    for (int i = 0; i < files.n; i++)
        most += files.file[i].records;
    if (r->most > 0 && r->most < most)
        most = r->most;
    ds_images promised = images;
    promised.n = most;
    LSC_TRY(ds_check_memory(r, &promised, 1));
    LSC_NEW(images.labels, most);
    LSC_NEW(images.bytes, most * CIFAR_PIXELS);
    for (int i = 0; i < files.n; i++)
        LSC_TRY(cifar_take(layout, &files.file[i], most, r->classes, &images));
    *out = images;
    images = (ds_images){0};
cleanup:
    cifar_files_close(&files);
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
