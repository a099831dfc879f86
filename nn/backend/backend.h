/*
 * backend.h - for those who write backends: the vtable behind nn_plan. A backend is a file or folder here
 * and a row of backends.def.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_BACKEND_H
#define NN_BACKEND_H

#include "nn/nn.h"
#include "nn/op.h"

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

    /* OPTIONAL (default in brackets): for devices, see docs. [forward after set_theta at each point] */
    /* The frame and its points evaluated without coming back to the host. */
    lsc_status (*set_frame)(void *self, const float *center, const float *const *dirs, int n_dirs);
    lsc_status (*set_point)(void *self, const double *coords);
} nn_backend;

/* By name; "auto": the first of backends.def that is there and has this scalar. LSC_ERR_ABSENT with the remedy. */
lsc_status nn_backend_find(const char *name, nn_real real, const nn_backend **out);

#endif
