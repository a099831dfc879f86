/*
 * Convolutions that Winograd's algorithm is faster for, forward on frozen statistics; see winograd.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"
#include "nn/backend/cpu/winograd.h"

typedef struct {
    cpu_winograd kernel;
    float *weights, *bias; /* bias [kp] */
    double *scale;         /* [k] of the filters: of a norm folded in */
} winograd;

static bool takes(const cpu_step *s)
{
    conv_size size = cpu_conv_size(s->node, s->plan->lanes, false);
    return size.kernel == 3 && size.stride == 1 && size.pad == 1 && cpu_winograd_wins(size.c, size.k, size.h, size.w) &&
           cpu_winograd_find(s->plan->lanes);
}

bool cpu_conv_takes_winograd(const cpu_step *s)
{
    const cpu_plan *p = s->plan;
    bool frozen = p->o.statistics == NN_FROZEN && !p->o.backward;
    return frozen && s->kind == &cpu_conv && !p->values[s->in[0]].plain && takes(s);
}

static void free_winograd(cpu_step *s)
{
    winograd *c = s->self;
    if (c == NULL)
        return;
    lsc_free(c->weights);
    lsc_free(c->bias);
    lsc_free(c->scale);
    lsc_free(c);
    s->self = NULL;
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv_size size = cpu_conv_size(s->node, p->lanes, false);
    winograd *c = NULL;

    LSC_NEW(c, 1);
    s->self = c;
    c->kernel = cpu_winograd_make(cpu_winograd_find(p->lanes), size.c, size.k, size.h, size.w);
    LSC_NEW(c->weights, cpu_winograd_weights(&c->kernel));
    LSC_NEW(c->bias, size.kp);
    LSC_NEW(c->scale, size.k);
    cpu_want_temp(p, cpu_winograd_scratch(&c->kernel));
cleanup:
    return lsc_context(st, "%s '%s'", s->node->op->name, s->node->name);
}

static lsc_status set_theta(const cpu_step *s, cpu_worker *w)
{
    winograd *c = s->self;
    (void)w;
    for (int64_t k = 0; k < c->kernel.k; k++) {
        double bias = 0;
        c->scale[k] = cpu_conv_fold(s, k, &bias);
        c->bias[k] = (float)bias;
    }
    cpu_winograd_set(&c->kernel, cpu_block_of(s->plan, s->plan->theta, s->node, 0), c->scale, c->weights);
    return LSC_OK;
}

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    const winograd *c = s->self;
    const cpu_winograd_call call = {
        .images = b->n,
        .in = cpu_data(s->plan, b, s->in[0]),
        .weights = c->weights,
        .bias = c->bias,
        .out = cpu_data(s->plan, b, s->out),
        .scratch = b->worker->temp,
        .sum = s->sum >= 0,
        .relu = s->relu,
    };
    c->kernel.kernels->run(&c->kernel, &call);
    return LSC_OK;
}

const cpu_kind cpu_conv_winograd = {
    .name = "convolution by Winograd's algorithm",
    .make = make,
    .free = free_winograd,
    .set_theta = set_theta,
    .forward = forward,
};
