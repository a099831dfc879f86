/*
 * Which of the plans for a convolution is the fastest: each runs once to load its kernels, then REPEATS times by the
 * device's clock, of which the shortest counts, since whatever disturbs a run only prolongs it.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "nn/backend/cuda/plans.h"

enum { REPEATS = 5 };

static lsc_status shortest_run(const cuda_context *c, cuda_conv *conv, const cuda_conv_data *data, double *shortest)
{
    lsc_status st = LSC_OK;
    double seconds = 0;
    LSC_TRY(cuda_said(c, c->api->conv_run(c->device, conv, data)));
    for (int i = 0; i < REPEATS; i++) {
        LSC_TRY(cuda_said(c, c->api->conv_time(c->device, conv, data, &seconds)));
        *shortest = fmin(*shortest, seconds);
    }
cleanup:
    return st;
}

static lsc_status time_plan(const cuda_context *c, cuda_conv *conv, const cuda_conv_data *data, double *seconds)
{
    lsc_status st = LSC_OK;
    cuda_conv_data with_workspace = *data;
    double shortest = INFINITY;
    with_workspace.workspace = NULL;
    LSC_TRY(cuda_new(c, c->api->conv_workspace(conv), &with_workspace.workspace));
    LSC_TRY(shortest_run(c, conv, &with_workspace, &shortest));
    *seconds = shortest;
cleanup:
    c->api->free(c->device, with_workspace.workspace);
    return st;
}

static lsc_status fastest(const cuda_context *c, cuda_conv *const *plans, int n, const cuda_conv_data *data, int *best)
{
    lsc_status st = LSC_OK;
    double least = INFINITY;
    int found = -1;
    for (int i = 0; i < n; i++) {
        double seconds = INFINITY;
        st = time_plan(c, plans[i], data, &seconds);
        if (st != LSC_OK || seconds >= least)
            continue;
        least = seconds;
        found = i;
    }
    if (found < 0)
        return st;
    *best = found;
    return LSC_OK;
}

lsc_status cuda_plan_choose(const cuda_context *c, const cuda_conv_shape *shape, const cuda_conv_data *data, int most,
                            bool *said, cuda_conv **out)
{
    lsc_status st = LSC_OK;
    cuda_conv *plans[CUDA_MOST_PLANS] = {NULL};
    int n = most, best = 0;
    LSC_TRY(cuda_said(c, c->api->conv_plans(c->device, shape, plans, &n)));
    if (n > 1) {
        if (!*said)
            lsc_log_info("cuda:%d: the ways to compute each convolution are measured, once; this takes a while",
                         c->number);
        *said = true;
        LSC_TRY(fastest(c, plans, n, data, &best));
    }
    *out = plans[best];
    plans[best] = NULL;
cleanup:
    for (int i = 0; i < CUDA_MOST_PLANS; i++)
        c->api->conv_free(c->device, plans[i]);
    return st;
}
