/*
 * Convolutions and linear layers, forward: out = relu?(weight * in + bias [+ another value, already in out]).
 *
 * A frozen batch norm after it is folded in at every theta: with s = norm.weight / sqrt(var + eps) of each output
 * channel, the weights become s weight and the bias norm.bias + s (bias - mean), in double and rounded once.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"

#include <math.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------- */

static void free_conv(cpu_step *s)
{
    conv *c = s->self;
    if (c == NULL)
        return;
    for (int i = 0; c->calls && i < s->plan->o.threads; i++) {
        dnn_call_fini(&c->calls[i].forward);
        dnn_call_fini(&c->calls[i].to_forward);
    }
    cpu_conv_free_backward(c, s->plan->o.threads);
    dnn_kernel_fini(&c->forward);
    dnn_kernel_fini(&c->to_forward);
    lsc_free(c->weights);
    lsc_free(c->bias);
    lsc_free(c->calls);
    lsc_free(c);
    s->self = NULL;
}

static bool has_bias(const cpu_step *s)
{
    return s->norm[0] || s->node->block[1] >= 0;
}

static lsc_status make_forward(cpu_step *s, conv *c)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    conv_layouts l = {0};
    dnnl_primitive_attr_t attr = NULL;

    LSC_TRY(cpu_conv_layouts_init(&l, &c->size, 1, cpu_conv_tag(p->lanes, p->values[s->in[0]].plain),
                                  cpu_conv_tag(p->lanes, false)));
    LSC_TRY(dnn_attributes(s->sum >= 0, s->relu, &attr));
    dnn_conv arguments = cpu_conv_arguments(&l, &c->size, has_bias(s));
    DNN_TRY(dnn_conv_forward(&c->forward.desc, p->engine, &arguments, attr));
    LSC_TRY(dnn_kernel_make(&c->forward));
cleanup:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    cpu_conv_layouts_fini(&l);
    return st;
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv *c = NULL;

    LSC_NEW(c, 1);
    s->self = c;
    c->size = cpu_conv_size(s->node, p->lanes, p->values[s->in[0]].plain);
    LSC_NEW(c->calls, p->o.threads);
    LSC_TRY(make_forward(s, c));
    LSC_TRY(cpu_conv_from_plain(p, &c->size, dnn_kernel_desc(&c->forward, DNNL_ARG_WEIGHTS), &c->to_forward));
    LSC_NEW(c->weights, dnn_kernel_bytes(&c->forward, DNNL_ARG_WEIGHTS) / sizeof *c->weights);
    LSC_NEW(c->bias, c->size.kp);
    cpu_want_scratch(p, &c->forward);
    cpu_want_scratch(p, &c->to_forward);
    cpu_want_temp(p, cpu_conv_weights(&c->size));
    if (p->o.backward)
        LSC_TRY(cpu_conv_make_backward(s));
cleanup:
    return lsc_context(st, "%s '%s'", s->node->op->name, s->node->name);
}

static lsc_status connect(cpu_step *s, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    conv *c = s->self;
    dnnl_engine_t engine = s->plan->engine;
    conv_calls *calls = &c->calls[w->number];
    const dnn_arg forward[] = {
        {DNNL_ARG_SRC, NULL},
        {DNNL_ARG_DST, NULL},
        {DNNL_ARG_WEIGHTS, c->weights},
        {DNNL_ARG_BIAS, c->bias},
    };
    const dnn_arg reorder[] = {{DNNL_ARG_FROM, w->temp}, {DNNL_ARG_TO, c->weights}};

    LSC_TRY(dnn_call_init(&calls->forward, &c->forward, engine, w->scratch, forward, has_bias(s) ? 4 : 3));
    LSC_TRY(dnn_call_init(&calls->to_forward, &c->to_forward, engine, w->scratch, reorder, 2));
    if (s->plan->o.backward)
        LSC_TRY(cpu_conv_connect_backward(s, w));
cleanup:
    return st;
}

/* ---- theta ---------------------------------------------------------------------------------------- */

double cpu_conv_fold(const cpu_step *s, int64_t k, double *bias)
{
    const cpu_plan *p = s->plan;
    const nn_node *norm = s->norm[0];
    const float *own = cpu_block_of(p, p->theta, s->node, 1);
    double scale = 1;
    *bias = own ? (double)own[k] : 0;
    if (norm) {
        double mean = (double)cpu_block_of(p, p->theta, norm, 2)[k],
               var = (double)cpu_block_of(p, p->theta, norm, 3)[k];
        scale = (double)cpu_block_of(p, p->theta, norm, 0)[k] / sqrt(var + norm->eps);
        *bias = (double)cpu_block_of(p, p->theta, norm, 1)[k] + scale * (*bias - mean);
    }
    return scale;
}

/* The weights row-major [KP, CP, R, R], and the bias. */
static void make_weights(const cpu_step *s, float *to)
{
    const conv *c = s->self;
    int64_t taps = c->size.kernel * c->size.kernel;
    const float *from = cpu_block_of(s->plan, s->plan->theta, s->node, 0);
    if (c->size.kp > c->size.k || c->size.cp > c->size.c)
        memset(to, 0, (size_t)cpu_conv_weights(&c->size) * sizeof *to);
    for (int64_t k = 0; k < c->size.k; k++) {
        double bias = 0, scale = cpu_conv_fold(s, k, &bias);
        const float *filter = from + k * c->size.c * taps;
        for (int64_t i = 0; i < c->size.c * taps; i++)
            to[k * c->size.cp * taps + i] = (float)(scale * (double)filter[i]);
        c->bias[k] = (float)bias;
    }
}

static lsc_status set_theta(const cpu_step *s, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    const conv *c = s->self;
    make_weights(s, w->temp);
    LSC_TRY(dnn_call_run(&c->calls[w->number].to_forward, w->stream));
    if (c->data.primitive)
        LSC_TRY(dnn_call_run(&c->calls[w->number].to_data, w->stream));
cleanup:
    return st;
}

/* ---- forward -------------------------------------------------------------------------------------- */

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    dnn_call *call = &((conv *)s->self)->calls[b->worker->number].forward;
    int64_t in = cpu_image(&p->values[s->in[0]]), out = cpu_image(&p->values[s->out]);

    for (int64_t i = 0; i < b->n; i++) {
        LSC_TRY(dnn_call_place(call, 0, cpu_data(p, b, s->in[0]) + i * in));
        LSC_TRY(dnn_call_place(call, 1, cpu_data(p, b, s->out) + i * out));
        LSC_TRY(dnn_call_run(call, b->worker->stream));
    }
cleanup:
    return st;
}

const cpu_kind cpu_conv = {
    .name = "convolution",
    .make = make,
    .free = free_conv,
    .connect = connect,
    .set_theta = set_theta,
    .forward = forward,
    .backward = cpu_conv_backward,
    .gradient = cpu_conv_gradient,
};
