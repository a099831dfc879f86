/*
 * Convolutions that Winograd's algorithm is faster for; see winograd.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"
#include "nn/backend/cpu/join_kernels.h"
#include "nn/backend/cpu/winograd.h"

typedef struct {
    cpu_winograd forward, data; /* data: from output to input channels */
} winograd;

static const winograd *winograd_of(const cpu_step *s)
{
    return ((const conv *)s->self)->self;
}

bool cpu_conv_takes_winograd(const cpu_step *s)
{
    const cpu_plan *p = s->plan;
    conv_size size = cpu_conv_size(s->node, p->lanes, false);
    bool fits = size.kernel == 3 && size.stride == 1 && size.pad == 1 && !p->values[s->in[0]].plain;
    return fits && cpu_winograd_wins(size.c, size.k, size.h, size.w) && cpu_winograd_find(p->lanes);
}

static void free_winograd(cpu_step *s)
{
    lsc_free(((conv *)s->self)->self);
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv *c = s->self;
    const conv_size *size = &c->size;
    const cpu_winograd_kernels *kernels = cpu_winograd_find(p->lanes);
    winograd *w = NULL;

    LSC_NEW(w, 1);
    c->self = w;
    w->forward = cpu_winograd_make(kernels, size->c, size->k, size->h, size->w);
    w->data = cpu_winograd_make(kernels, size->k, size->c, size->h, size->w);
    c->floats.forward = cpu_winograd_weights(&w->forward);
    cpu_want_temp(p, cpu_winograd_scratch(&w->forward));
    if (p->o.backward) {
        c->floats.data = cpu_has_gradient(s, 0) ? cpu_winograd_weights(&w->data) : 0;
        c->floats.sum = cpu_winograd_sum(&w->forward);
        cpu_want_temp(p, cpu_winograd_scratch(&w->data));
        cpu_want_temp(p, cpu_winograd_sum_scratch(&w->forward));
    }
cleanup:
    return st;
}

static lsc_status set(const cpu_step *s, cpu_worker *worker, const float *filters, const double *scale,
                      const conv_weights *to)
{
    const winograd *w = winograd_of(s);
    cpu_winograd_filters from = {.filters = filters, .scale = scale};
    (void)worker;
    cpu_winograd_set(&w->forward, &from, to->forward);
    from.back = true;
    if (to->data)
        cpu_winograd_set(&w->data, &from, to->data);
    return LSC_OK;
}

static lsc_status forward(const cpu_step *s, const cpu_block *b, const conv_pass *a)
{
    const cpu_winograd *w = &winograd_of(s)->forward;
    const cpu_winograd_call call = {
        .images = b->n,
        .in = a->from,
        .weights = a->weights->forward,
        .bias = a->bias,
        .out = a->to,
        .scratch = b->worker->temp,
        .sum = a->add || s->sum >= 0,
        .relu = s->relu,
    };
    w->kernels->run(w, &call);
    return LSC_OK;
}

static lsc_status data(const cpu_step *s, const cpu_block *b, const conv_pass *a)
{
    const cpu_winograd *w = &winograd_of(s)->data;
    const cpu_winograd_call call = {
        .images = b->n,
        .in = a->from,
        .weights = a->weights->data,
        .bias = ((conv *)s->self)->no_bias,
        .out = a->to,
        .scratch = b->worker->temp,
        .sum = a->add,
    };
    w->kernels->run(w, &call);
    return LSC_OK;
}

static lsc_status weights(const cpu_step *s, const cpu_block *b, const conv_products *a)
{
    const cpu_winograd *w = &winograd_of(s)->forward;
    const cpu_winograd_products products = {
        .images = b->n,
        .in = a->in,
        .dout = a->dout,
        .sum = a->sum,
        .scratch = b->worker->temp,
        .begins = a->begins,
    };
    w->kernels->gradient(w, &products);
    return LSC_OK;
}

static lsc_status gradient(const cpu_step *s, cpu_worker *worker, const float *sums, float *to)
{
    const conv *c = s->self;
    cpu_add_up(sums, s->plan->units, c->floats.sum, worker->temp);
    cpu_winograd_unpack(&winograd_of(s)->forward, worker->temp, to);
    return LSC_OK;
}

const conv_engine cpu_conv_winograd = {
    .make = make,
    .free = free_winograd,
    .set = set,
    .forward = forward,
    .data = data,
    .weights = weights,
    .gradient = gradient,
};
