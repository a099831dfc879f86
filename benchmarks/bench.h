/*
 * bench.h - what the benchmarks share: rounds, the machine's peak, results as JSON on stdout.
 *
 * A quantity is measured once in each of ROUNDS rounds, all quantities one after the other in a round, so that
 * whatever slows the machine for a while slows all of them. Reported are median, smallest and largest. The share of
 * the peak is formed within each round, of the peak right before and after.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_BENCH_H
#define LSC_BENCH_H

#include "nn/nn.h"

#define ROUNDS 7

/* One value for each round. */
typedef struct {
    double value[ROUNDS];
} series;

typedef struct {
    int threads;    /* of the plans and of the peak: all cores unless --threads */
    double seconds; /* of one measurement, at least */
} bench_options;

/* --threads N, --seconds S. Returns 0, or 64 with a message for a bad use. */
int bench_parse(int argc, char **argv, bench_options *out);

/* Fused multiply-adds of single precision in the widest registers, on `threads` threads at once: floating point
 * operations a second, 2 for each multiply-add. */
double bench_peak(int threads, double seconds);

/* Calls a second of f, which fails the program if it fails; at least `seconds` long. */
typedef lsc_status (*bench_work)(void *context);
lsc_status bench_rate(bench_work f, void *context, double seconds, double *calls);
/* The same between two measurements of the peak, whose mean is *peak: what slows the machine meets all three. */
lsc_status bench_rate_and_peak(bench_work f, void *context, const bench_options *o, double *calls, double *peak);

/* {"command": ..., "machine": {...}, "results": [ ... ]} */
void bench_begin(int argc, char **argv, const bench_options *o);
/* peak NULL: no share; flops: floating point operations of one unit. */
void bench_result(const char *what, const char *unit, const series *s, const series *peak, double flops);
void bench_end(void);

/* A network with weights that keep signals in bounds, n images of noise. */
typedef struct {
    nn_graph *graph;
    float *theta;   /* [n] */
    float *images;  /* [n images] */
    double *logits; /* [n images, classes] */
    int64_t n;
    double flops; /* of one image, forward */
} bench_network;
lsc_status bench_network_make(bench_network *b, const char *model, int64_t n);
void bench_network_free(bench_network *b);

#endif
