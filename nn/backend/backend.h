/*
 * backend.h - for those who write backends: the vtable behind nn_plan. A backend is a file or folder here
 * and a row of backends.def.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_BACKEND_H
#define NN_BACKEND_H

#include "nn/nn.h"
#include "nn/op.h"

/* What stands behind an nn_evaluator; nn.h has the meaning, evaluator.c has checked arguments and the order of calls.
 */
typedef struct {
    lsc_status (*evaluator_new)(const nn_graph *g, const nn_evaluator_options *o, void **self);
    void (*evaluator_free)(void *self); /* takes NULL */
    const char *(*text)(const void *self);
    int (*most_points)(const void *self);
    lsc_status (*select)(void *self, const int64_t *index, int64_t n);
    lsc_status (*set_frame)(void *self, const float *center, const float *const *dirs, int n_dirs);
    lsc_status (*points)(void *self, const double *coords, int n, double *out, int *n_done);
    lsc_status (*losses)(void *self, double *loss, uint8_t *correct);
    nn_evaluator_counts (*counts)(const void *self);
} nn_evaluator_ops;

/* Equal bits for equal inputs: for any thread count, or for one thread count only. */
typedef enum { NN_ANY_THREADS, NN_FIXED_THREADS } nn_determinism;

typedef struct {
    const char *name;
    unsigned reals; /* bits 1u << nn_real */
    nn_determinism determinism;

    /* REQUIRED. plan.c has checked arguments, sizes and the order of calls, and options.threads is at least 1; `self`
     * is what plan_new made. plan.c itself answers NaN where theta has a negative running variance. */
    lsc_status (*plan_new)(const nn_graph *g, const nn_plan_options *o, void **self);
    void (*plan_free)(void *self); /* takes NULL */
    lsc_status (*set_theta)(void *self, const void *theta);
    lsc_status (*forward)(void *self, const float *images, int64_t n, double *logits);

    /* OPTIONAL (absent -> LSC_ERR_ABSENT) */
    lsc_status (*backward)(void *self, const double *dlogits, void *g);
    lsc_status (*update_statistics)(void *self, void *theta);
    lsc_status (*forward_r)(void *self, const void *v, double *rlogits);
    lsc_status (*backward_r)(void *self, const double *dlogits, const double *rdlogits, void *hv);

    /* OPTIONAL (default in brackets) */
    int (*threads)(const void *self); /* how many it uses; [options.threads] */
    lsc_status (*available)(void);    /* LSC_ERR_ABSENT: not on this machine, and why; [always] */
    /* One line on device i of this machine, NULL past the last; out [n] may hold it; [it has no numbered devices] */
    const char *(*device_text)(int i, char *out, size_t n);
    /* Whole points on devices, data and all; [plans are given the images of each forward] */
    const nn_evaluator_ops *evaluator;
} nn_backend;

/* By name; "auto": the first of backends.def that is there and has this scalar. LSC_ERR_ABSENT with the remedy. */
lsc_status nn_backend_find(const char *name, nn_real real, const nn_backend **out);
/* Row i of backends.def; NULL past the last, and where it is not in this build. */
const nn_backend *nn_backend_built(int i);
/* "cuda:1" -> the backend's name in base [n], and the device: 1. A name without a number: -1. LSC_ERR_ARG: not a
 * number, or of a backend that has no numbered devices. */
lsc_status nn_backend_split(const char *name, char *base, size_t n, int *device);

#endif
