/*
 * IDX files of the MNIST family (MNIST, Fashion-MNIST, KMNIST, EMNIST), plain or gzip-compressed.
 *     images:  magic 00 00 08 03, then N, rows, columns (32-bit big-endian), then N x rows x columns bytes
 *     labels:  magic 00 00 08 01, then N, then N bytes
 * Third byte of the magic: 08 = unsigned byte; fourth: number of dimensions.
 * No more is read than the header promises, and no more is allocated than the file can hold: deflate
 * expands at most 1032 times (zlib's technical notes), so that a small file cannot promise much.
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define IDX_DEFLATE_LIMIT 1032
#define IDX_READ_MAX      (1 << 30) /* gzread counts in int */

/* One file; offsets in messages count uncompressed bytes. */
typedef struct {
    gzFile file;
    char *path;
    int64_t offset;
    int64_t most_bytes; /* that the file can hold */
} idx_file;

static void idx_close(idx_file *f)
{
    if (f->file != NULL)
        gzclose(f->file);
    lsc_free(f->path);
    *f = (idx_file){0};
}

/* FOLDER/NAME, or else FOLDER/NAME.gz. *path is new. */
static lsc_status idx_find(const char *folder, const char *name, char **path)
{
    lsc_status st = LSC_OK;
    char *plain = lsc_format("%s/%s", folder, name);
    char *packed = lsc_format("%s/%s.gz", folder, name);
    char **found = NULL;

    LSC_CHECK(plain != NULL && packed != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    found = lsc_file_exists(plain) ? &plain : lsc_file_exists(packed) ? &packed : NULL;
    LSC_CHECK(found != NULL, LSC_ERR_IO, "%s: No such file or directory, and no %s.gz", plain, name);
    *path = *found;
    *found = NULL;
cleanup:
    lsc_free(plain);
    lsc_free(packed);
    return st;
}

static lsc_status idx_open(const char *folder, const char *name, idx_file *out)
{
    lsc_status st = LSC_OK;
    idx_file f = {0};
    struct stat info;

    LSC_TRY(idx_find(folder, name, &f.path));
    LSC_CHECK(stat(f.path, &info) == 0, LSC_ERR_IO, "%s: %s", f.path, strerror(errno));
    LSC_TRY(lsc_check_regular(f.path));
    f.file = gzopen(f.path, "rb");
    LSC_CHECK(f.file != NULL, LSC_ERR_IO, "%s: %s", f.path, strerror(errno != 0 ? errno : ENOMEM));
    gzbuffer(f.file, 1u << 17);
    f.most_bytes = gzdirect(f.file) ? info.st_size : info.st_size * IDX_DEFLATE_LIMIT;
    *out = f;
    f = (idx_file){0};
cleanup:
    idx_close(&f);
    return st;
}

/* What zlib has to say, without the path that it puts before it. Empty if all is well. */
static const char *idx_error(const idx_file *f)
{
    int code;
    const char *text = gzerror(f->file, &code);
    return code == Z_ERRNO ? strerror(errno) : lsc_without_path(text, f->path);
}

/* Exactly n bytes, `what` for the message. */
static lsc_status idx_read(idx_file *f, void *bytes, int64_t n, const char *what)
{
    lsc_status st = LSC_OK;
    uint8_t *to = bytes;

    for (int64_t rest = n; rest > 0;) {
        int got = gzread(f->file, to, (unsigned)(rest < IDX_READ_MAX ? rest : IDX_READ_MAX));
        LSC_CHECK(got >= 0, LSC_ERR_FORMAT, "%s: after byte %lld: %s", f->path, (long long)f->offset, idx_error(f));
        LSC_CHECK(got > 0, LSC_ERR_FORMAT, "%s: byte %lld: the file ends, %lld more bytes of %s are promised", f->path,
                  (long long)f->offset, (long long)rest, what);
        to += got;
        rest -= got;
        f->offset += got;
    }
cleanup:
    return st;
}

/* Nothing may follow; also makes zlib compare length and checksum at the end. */
static lsc_status idx_read_end(idx_file *f)
{
    lsc_status st = LSC_OK;
    uint8_t byte;
    int got = gzread(f->file, &byte, 1);
    LSC_CHECK(got <= 0, LSC_ERR_FORMAT, "%s: byte %lld: the file goes on after all that its header promises", f->path,
              (long long)f->offset);
    LSC_CHECK(got == 0 && *idx_error(f) == '\0', LSC_ERR_FORMAT, "%s: after byte %lld: %s", f->path,
              (long long)f->offset, idx_error(f));
cleanup:
    return st;
}

/* Magic and dim [n_dims], each at least 1. */
static lsc_status idx_header(idx_file *f, int n_dims, int64_t *dim)
{
    lsc_status st = LSC_OK;
    uint8_t raw[4 + 4 * 3];
    int64_t total = 1;

    LSC_TRY(idx_read(f, raw, 4 + 4 * n_dims, "the header"));
    LSC_CHECK(raw[0] == 0 && raw[1] == 0 && raw[2] == 8 && raw[3] == n_dims, LSC_ERR_FORMAT,
              "%s: byte 0: magic %02x%02x%02x%02x, must be 0000080%d (unsigned bytes in %d dimension%s)", f->path,
              raw[0], raw[1], raw[2], raw[3], n_dims, n_dims, n_dims == 1 ? "" : "s");
    for (int i = 0; i < n_dims; i++) {
        const uint8_t *b = raw + 4 + 4 * i;
        dim[i] = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        int64_t most = i == 0 ? DS_MAX_PIXELS : DS_MAX_SIDE;
        LSC_CHECK(dim[i] >= 1 && dim[i] <= most, LSC_ERR_FORMAT, "%s: byte %d: dimension %d is %lld, must be 1 to %lld",
                  f->path, 4 + 4 * i, i, (long long)dim[i], (long long)most);
        total *= dim[i];
    }
    LSC_CHECK(total <= DS_MAX_PIXELS && total <= f->most_bytes - f->offset, LSC_ERR_FORMAT,
              "%s: byte 4: the header promises %lld bytes, more than the file can hold", f->path, (long long)total);
cleanup:
    return st;
}

static lsc_status idx_read_pixels(idx_file *f, ds_images *images, int64_t promised)
{
    lsc_status st = LSC_OK;
    int64_t bytes = images->n * images->height * images->width;
    LSC_NEW(images->bytes, bytes);
    LSC_TRY(idx_read(f, images->bytes, bytes, "images"));
    if (images->n == promised)
        LSC_TRY(idx_read_end(f));
cleanup:
    return st;
}

static lsc_status idx_read_labels(idx_file *f, ds_images *images, int64_t promised, int classes)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes = NULL;

    LSC_NEW(bytes, images->n);
    LSC_NEW(images->labels, images->n);
    LSC_TRY(idx_read(f, bytes, images->n, "labels"));
    if (images->n == promised)
        LSC_TRY(idx_read_end(f));
    for (int64_t i = 0; i < images->n; i++) {
        LSC_TRY(ds_check_label(f->path, i, bytes[i], classes));
        images->labels[i] = bytes[i];
    }
cleanup:
    lsc_free(bytes);
    return st;
}

static lsc_status load(const ds_request *r, ds_images *out)
{
    lsc_status st = LSC_OK;
    ds_images images = {.channels = 1};
    idx_file pixels = {0}, labels = {0};
    int64_t dim[3] = {0}, n_labels = 0;

    LSC_TRY(idx_open(r->folder, r->test ? "t10k-images-idx3-ubyte" : "train-images-idx3-ubyte", &pixels));
    LSC_TRY(idx_open(r->folder, r->test ? "t10k-labels-idx1-ubyte" : "train-labels-idx1-ubyte", &labels));
    LSC_TRY(idx_header(&pixels, 3, dim));
    LSC_TRY(idx_header(&labels, 1, &n_labels));
    LSC_CHECK(n_labels == dim[0], LSC_ERR_FORMAT, "%s: byte 4: %lld labels for the %lld images of %s", labels.path,
              (long long)n_labels, (long long)dim[0], pixels.path);

    images.n = r->most > 0 && r->most < dim[0] ? r->most : dim[0];
    images.height = (int)dim[1];
    images.width = (int)dim[2];
    LSC_TRY(ds_check_memory(r, &images, 1));
    LSC_TRY(idx_read_labels(&labels, &images, n_labels, r->classes));
    LSC_TRY(idx_read_pixels(&pixels, &images, dim[0]));
    *out = images;
    images = (ds_images){0};
cleanup:
    idx_close(&pixels);
    idx_close(&labels);
    ds_images_free(&images);
    return st;
}

const ds_kind ds_kind_idx = {
    .name = "idx",
    .source = "LeCun, Cortes, Burges, The MNIST database of handwritten digits",
    .classes = 10,
    .load = load,
};
