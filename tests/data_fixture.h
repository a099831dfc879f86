/*
 * Small data sets that the tests write themselves, into the folder of the test.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_DATA_FIXTURE_H
#define TESTS_DATA_FIXTURE_H

#include "data/data.h"
#include "support/support.h"

/* One channel, the test's folder, values as in the file (mean 0, deviation 1). */
ds_options fixture_options(const char *kind);
/* Returns new (ds_close), or fails the test. */
ds_dataset *fixture_open(const ds_options *o);
/* For test_torture: open and close what the ds_options describe. */
lsc_status fixture_open_and_close(void *options);
/* Image i as bytes [C, H, W], of a data set with mean 0 and deviation 1. */
void fixture_bytes(const ds_dataset *d, int64_t i, uint8_t *to);
/* As ds_read, each image augmented by the numbers of (seed, epoch, its index). */
void fixture_augmented(const ds_dataset *d, const ds_augment *a, uint64_t seed, int64_t epoch, const int64_t *index,
                       int64_t n, float *images, int32_t *labels, int32_t *domains);

/* NAME with these bytes, or NAME.gz with them compressed. */
void fixture_file(const char *name, bool gz, const void *bytes, size_t n);

/* The two IDX files of a split ("train", "t10k"). */
typedef struct {
    int n, height, width;
    const uint8_t *pixels; /* [n, height, width]; NULL: fixture_pixel */
    const uint8_t *labels; /* [n]; NULL: i mod 10 */
} idx_fixture;
void fixture_idx(const char *split, bool gz, const idx_fixture *f);
/* What image i holds at place `at` of [C, H, W]. */
uint8_t fixture_pixel(int64_t i, int64_t at);
/* Magic 0000 08 dims and the dimensions; returns its length. */
size_t fixture_idx_header(uint8_t *to, int dims, uint32_t n, uint32_t height, uint32_t width);

/* n CIFAR-10 records: label (first + i) mod 10, pixels fixture_pixel(first + i, at). */
void fixture_cifar10(const char *name, int first, int n);
/* n CIFAR-100 records: coarse label i mod 20, fine label 99 - i, pixels fixture_pixel(i, at). */
void fixture_cifar100(const char *name, int n);

#endif
