/*
 * points_fixture.h - a small network in which everything occurs that is fused or is not, its data, and points about its
 * theta; values of an evaluator on the emulated device, or on a real one, and those of the reference in double.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_POINTS_FIXTURE_H
#define LSC_TEST_POINTS_FIXTURE_H

#include "cuda/control.h"
#include "nn/nn.h"

enum { N = 12, SIDE = 6, PIXELS = SIDE * SIDE, CLASSES = 3, DOMAINS = 2, FIELDS = 2 + DOMAINS, DIRS = 2, POINTS = 5 };

extern emulated_settings *emulated; /* NULL: a real device */

typedef struct {
    nn_graph *graph;
    float *center, *dirs[DIRS];
    uint8_t bytes[N * PIXELS];
    float value[3 * 256];
    int32_t labels[N], domains[N];
    double coords[POINTS * DIRS];
} fixture;

/* A device in which nothing fails, and nobody writes to the log. At the end nothing is left on it. */
void open_fixture(fixture *f);
void open_fixture_of(fixture *f, nn_graph *g); /* another network; takes it */
void close_fixture(fixture *f);
/* Evaluate all samples, cross-entropy, FP32. */
nn_evaluator_options options_of(const fixture *f);
void read_bytes(const void *context, const int64_t *which, int64_t n, void *images);
/* Values [POINTS, FIELDS] in as many calls as it takes. counts may be NULL. */
lsc_status values_with(const fixture *f, const char *device, const nn_evaluator_options *o, double *out,
                       nn_evaluator_counts *counts);
/* By a plan in double of `batch` images on theta; statistics and norm as the options say. out [POINTS, FIELDS] */
void reference_values(const fixture *f, const nn_evaluator_options *o, double *out);

#endif
