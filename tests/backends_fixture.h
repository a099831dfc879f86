/*
 * backends_fixture.h - one pass through everything that a backend does, over the rows of backends.def that are in this
 * build, in each of their precisions.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_BACKENDS_FIXTURE_H
#define LSC_BACKENDS_FIXTURE_H

#include "support/small_nets.h"
#include "support/support.h"

enum { LOGITS = SMALL_BATCH * SMALL_CLASSES };

/* What one pass through everything gives. */
typedef struct {
    double logits[LOGITS], rlogits[LOGITS];
    double *g, *hv, *theta; /* [n_learned], [n_learned], [n] with updated statistics; NULL: forward only */
    bool has_r;
} values;

/* Of a backend, a precision, a net and statistics. */
typedef struct {
    const small_net *net;
    const char *backend;
    nn_real real;
    nn_statistics statistics;
    int threads;
    bool forward_only; /* the backend has no gradients */
} setting;

/* `check` for every backend and precision, on batch and frozen statistics, over small nets or over models. */
void for_small_nets(void (*check)(const setting *s));
void for_models(void (*check)(const setting *s));

/* In the plan's scalar: theta, v, and the size of n numbers. */
const void *theta_of(const setting *s);
const void *v_of(const setting *s);
size_t bytes_of(const setting *s, int64_t n);
/* Returns new: a plan with theta; zeros of any scalar (lsc_free). */
nn_plan *plan_of(const setting *s);
void *vector(int64_t n);

/* One pass through everything; theta with its statistics moved by the last forward pass. */
void run_backend(const setting *s, values *out);
void run_update(const setting *s, nn_plan *p, values *out);
void values_free(values *v);

/* |got - want| <= tolerance |want|, Euclidean norms. */
void check_near(const setting *s, const char *what, const double *got, const double *want, int64_t n, double tolerance);
void check_same_bits(const values *a, const values *b, const small_net *net);

#endif
