/*
 * Small data sets that the tests write themselves.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

#include <zlib.h>

ds_options fixture_options(const char *kind)
{
    static const double zero = 0, one = 1;
    return (ds_options){
        .kind = kind, .path = test_folder(), .mean = &zero, .n_mean = 1, .std = &one, .n_std = 1, .channels = 1};
}

ds_dataset *fixture_open(const ds_options *o)
{
    ds_dataset *d = NULL;
    CHECK_OK(ds_open(o, &d));
    return d;
}

lsc_status fixture_open_and_close(void *options)
{
    ds_dataset *d = NULL;
    lsc_status st = ds_open(options, &d);
    ds_close(d);
    return st;
}

void fixture_bytes(const ds_dataset *d, int64_t i, uint8_t *to)
{
    int64_t shape[3];
    ds_image_shape(d, shape);
    int64_t n = shape[0] * shape[1] * shape[2];
    float *image = lsc_calloc((size_t)n, sizeof *image);
    ds_read(d, &i, 1, image, NULL, NULL);
    for (int64_t k = 0; k < n; k++)
        to[k] = (uint8_t)image[k];
    lsc_free(image);
}

void fixture_augmented(const ds_dataset *d, const ds_augment *a, uint64_t seed, int64_t epoch, const int64_t *index,
                       int64_t n, float *images, int32_t *labels, int32_t *domains)
{
    int64_t shape[3];
    ds_reader *r = NULL;
    ds_image_shape(d, shape);
    CHECK_OK(ds_reader_new(d, a, seed, &r));
    for (int64_t i = 0; i < n; i++) {
        CHECK_OK(ds_reader_read(r, epoch, index[i], 1, images + i * shape[0] * shape[1] * shape[2], 0));
        if (labels != NULL)
            labels[i] = ds_labels(d)[index[i]];
        if (domains != NULL)
            domains[i] = ds_domains(d)[index[i]];
    }
    ds_reader_free(r);
}

void fixture_file(const char *name, bool gz, const void *bytes, size_t n)
{
    gzFile file = gzopen(test_path("%s%s", name, gz ? ".gz" : ""), gz ? "wb" : "wbT");
    CHECK(file != NULL);
    CHECK_INT(gzwrite(file, bytes, (unsigned)n), n);
    CHECK_INT(gzclose(file), Z_OK);
}

size_t fixture_idx_header(uint8_t *to, int dims, uint32_t n, uint32_t height, uint32_t width)
{
    const uint32_t words[] = {0x0800u + (uint32_t)dims, n, height, width};
    size_t at = 0;
    for (int i = 0; i <= dims; i++) {
        for (int shift = 24; shift >= 0; shift -= 8)
            to[at++] = (uint8_t)(words[i] >> shift);
    }
    return at;
}

uint8_t fixture_pixel(int64_t i, int64_t at)
{
    return (uint8_t)(i * 37 + at * 11 + at / 7);
}

void fixture_idx(const char *split, bool gz, const idx_fixture *f)
{
    int plane = f->height * f->width, pixels = f->n * plane;
    uint8_t *images = lsc_calloc(16 + (size_t)pixels, 1), *labels = lsc_calloc(8 + (size_t)f->n, 1);
    char name[64];

    size_t at = fixture_idx_header(images, 3, (uint32_t)f->n, (uint32_t)f->height, (uint32_t)f->width);
    for (int k = 0; k < pixels; k++)
        images[at++] = f->pixels != NULL ? f->pixels[k] : fixture_pixel(k / plane, k % plane);
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", split);
    fixture_file(name, gz, images, at);

    at = fixture_idx_header(labels, 1, (uint32_t)f->n, 0, 0);
    for (int i = 0; i < f->n; i++)
        labels[at++] = (uint8_t)(f->labels != NULL ? f->labels[i] : i % 10);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", split);
    fixture_file(name, gz, labels, at);
    lsc_free(images);
    lsc_free(labels);
}

void fixture_cifar10(const char *name, int first, int n)
{
    enum { PIXELS = 3 * 32 * 32, RECORD = 1 + PIXELS };
    uint8_t *bytes = lsc_calloc((size_t)n, RECORD);
    for (int i = 0; i < n; i++) {
        bytes[i * RECORD] = (uint8_t)((first + i) % 10);
        for (int k = 0; k < PIXELS; k++)
            bytes[i * RECORD + 1 + k] = fixture_pixel(first + i, k);
    }
    fixture_file(name, false, bytes, (size_t)n * RECORD);
    lsc_free(bytes);
}

void fixture_cifar100(const char *name, int n)
{
    enum { PIXELS = 3 * 32 * 32, RECORD = 2 + PIXELS };
    uint8_t *bytes = lsc_calloc((size_t)n, RECORD);
    for (int i = 0; i < n; i++) {
        bytes[i * RECORD] = (uint8_t)(i % 20);
        bytes[i * RECORD + 1] = (uint8_t)(99 - i);
        for (int k = 0; k < PIXELS; k++)
            bytes[i * RECORD + 2 + k] = fixture_pixel(i, k);
    }
    fixture_file(name, false, bytes, (size_t)n * RECORD);
    lsc_free(bytes);
}
