/*
 * points_fixture.h - a small network in which everything occurs that is fused or is not, its data, and points about its
 * theta; values of an evaluator on the emulated device, or on a real one, and those of the reference in double; checks
 * of what holds for every way to evaluate them.
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
/* Values [points, FIELDS] of the first points in as many calls as it takes. counts may be NULL. */
lsc_status values_with(const fixture *f, const char *device, const nn_evaluator_options *o, int points, double *out,
                       nn_evaluator_counts *counts);
/* Returns new, with the frame. */
nn_evaluator *evaluator_of(const fixture *f, const nn_evaluator_options *o);
/* By a plan in double of `batch` images on theta; statistics and norm as the options say. out [POINTS, FIELDS] */
void reference_values(const fixture *f, const nn_evaluator_options *o, double *out);

/* The block of this name at the centre. */
float *center_of(fixture *f, const char *name);
/* The filters of the first convolution times a factor, at the centre. */
void scale_stem(fixture *f, float factor);
/* Filters times a factor at the centre, and a tenth of it in directions: every layer's activations grow by it. */
void scale_filters(fixture *f, float factor);

/* Losses [points, FIELDS] differ by so much at most, relative to what they should be. */
void check_losses(const double *got, const double *want, int points, double tolerance);
/* In every arithmetic `want`, but for what rounding or cutting factors makes of three layers; in fp32, where it also
 * depends on how statistics are formed, on the emulated device to this tolerance. */
void check_arithmetics(const fixture *f, nn_evaluator_options o, const double *want, double fp32);
/* The same values, computed once more: on the emulated device equal bits. On a real one losses to this tolerance: for
 * another number of images, or when ways are measured anew, another engine of cuDNN may be chosen, and engines differ
 * in how they round factors and in which order they sum. */
void check_same(const double *got, const double *want, int points, double tolerance);
/* In fp16 all these points overflow, and so have the values of tf32, which another engine may change by as much. */
void check_evaluated_once_more(const fixture *f, nn_evaluator_options o, int points, double tolerance);
/* What another engine may change in three layers: in fp32 sums of up to 72 products, each to 24 bits in another order
 * or by a transform of Winograd's; in tf32 and fp16 see check_arithmetics. */
#define OTHER_ENGINE_FP32 1e-5
#define OTHER_ENGINE      3e-3

/* On the emulated device: */
/* From this memory on, step by step: too little to open it, or `want`, until images need not pass through windows.
 * Returns with how many steps they did. */
int64_t check_windows(const fixture *f, const nn_evaluator_options *o, int points, const double *want, int64_t memory,
                      int64_t step);
/* Each call fails once: it is reported, and nothing is left behind. Returns how many there are. */
int64_t check_failing_calls(const fixture *f, const nn_evaluator_options *o, int points);
/* Whichever call it is, one of each `step`, at which the second of two devices breaks: the first one does its points,
 * with the bits that it has alone. Returns how often it did after the second was open. */
int64_t check_breaking_device(const fixture *f, const nn_evaluator_options *o, int64_t step);
/* How often the host waits in one call for so many points, or for fewer where the machine is slow. */
int64_t waits_of_call(const fixture *f, const nn_evaluator_options *o, int points);

/* What main returns. The argument is the emulated device's module, for the tests of both lists, or "device", for those
 * that hold on any device, on the one that is found. */
#define RUN_POINTS_TESTS(argc, argv, anywhere, emulated_only)                                                          \
    (!choose_device(argc, argv) ? 1                                                                                    \
                                : cmocka_run_group_tests(anywhere, NULL, NULL) +                                       \
                                      (emulated == NULL ? 0 : cmocka_run_group_tests(emulated_only, NULL, NULL)))
bool choose_device(int argc, char **argv);

#endif
