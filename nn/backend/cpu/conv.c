/*
 * Convolutions and linear layers: out = relu?(weight * in + bias [+ another value, already in out]), the gradients by
 * data, weights and bias, and the R-operator of both. Each unit has a sum of its own of the gradients by weights.
 *
 * A frozen batch norm after it is folded in at every theta: with s = norm.weight / sqrt(var + eps) of each output
 * channel, the weights become s weight and the bias norm.bias + s (bias - mean), in double and rounded once.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"
#include "nn/backend/cpu/join_kernels.h"

#include <string.h>

#include "nn/device_math.h"

/* ---- life ------------------------------------------------------------------------------------- */

static void free_weights(conv_weights *w)
{
    lsc_free(w->forward);
    lsc_free(w->data);
    lsc_free(w->bias);
    *w = (conv_weights){0};
}

static void free_conv(cpu_step *s)
{
    conv *c = s->self;
    if (c == NULL)
        return;
    c->engine->free(s);
    free_weights(&c->theta);
    free_weights(&c->v);
    lsc_free(c->scale);
    lsc_free(c->no_bias);
    lsc_free(c->sums);
    lsc_free(c->bias_sums);
    lsc_free(c);
    s->self = NULL;
}

static lsc_status new_weights(const conv *c, conv_weights *w)
{
    lsc_status st = LSC_OK;
    LSC_NEW(w->forward, c->floats.forward);
    if (c->floats.data > 0)
        LSC_NEW(w->data, c->floats.data);
    LSC_NEW(w->bias, c->size.kp);
cleanup:
    return st;
}

static lsc_status make_sums(const cpu_step *s, conv *c)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    int units = cpu_max_units(p);
    LSC_NEW(c->sums, units * c->floats.sum);
    if (s->node->block[1] >= 0)
        LSC_NEW(c->bias_sums, units * 2 * p->values[s->out].padded / p->lanes * CPU_STRIP);
cleanup:
    return st;
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv *c = NULL;

    LSC_NEW(c, 1);
    s->self = c;
    c->engine = cpu_conv_takes_winograd(s) ? &cpu_conv_winograd : &cpu_conv_direct;
    c->size = cpu_conv_size(s->node, p->lanes, p->values[s->in[0]].plain);
    LSC_TRY(c->engine->make(s));
    LSC_TRY(new_weights(c, &c->theta));
    LSC_NEW(c->scale, c->size.k);
    LSC_NEW(c->no_bias, c->size.kp > c->size.cp ? c->size.kp : c->size.cp);
    if (p->o.backward)
        LSC_TRY(make_sums(s, c));
cleanup:
    return lsc_context(st, "%s '%s'", s->node->op->name, s->node->name);
}

static lsc_status connect(cpu_step *s, cpu_worker *w)
{
    const conv *c = s->self;
    return c->engine->connect ? c->engine->connect(s, w) : LSC_OK;
}

static lsc_status make_r(cpu_step *s)
{
    conv *c = s->self;
    return new_weights(c, &c->v);
}

static void free_r(cpu_step *s)
{
    free_weights(&((conv *)s->self)->v);
}

/* ---- weights -------------------------------------------------------------------------------------- */

/* Scale and bias of output channel k at the plan's theta, a norm folded in. */
static double fold(const cpu_step *s, int64_t k, double *bias)
{
    const cpu_plan *p = s->plan;
    const nn_node *norm = s->norm[0];
    const float *own = cpu_block_of(p, p->theta, s->node, 1);
    double scale = 1;
    *bias = own ? (double)own[k] : 0;
    if (norm) {
        double mean = (double)cpu_block_of(p, p->theta, norm, 2)[k],
               var = (double)cpu_block_of(p, p->theta, norm, 3)[k];
        scale = nn_fold_scale((double)cpu_block_of(p, p->theta, norm, 0)[k], var, norm->eps);
        *bias = nn_fold_shift((double)cpu_block_of(p, p->theta, norm, 1)[k], mean, scale, *bias);
    }
    return scale;
}

static lsc_status set_theta(const cpu_step *s, cpu_worker *w)
{
    const conv *c = s->self;
    const cpu_plan *p = s->plan;
    for (int64_t k = 0; k < c->size.k; k++) {
        double bias = 0;
        c->scale[k] = fold(s, k, &bias);
        c->theta.bias[k] = (float)bias;
    }
    return c->engine->set(s, w, cpu_block_of(p, p->theta, s->node, 0), c->scale, &c->theta);
}

/* Where there are gradients nothing is folded in: the scales are 1. */
static lsc_status set_v(const cpu_step *s, cpu_worker *w)
{
    const conv *c = s->self;
    const cpu_plan *p = s->plan;
    const float *bias = cpu_block_of(p, p->rop.v, s->node, 1);
    if (bias)
        memcpy(c->v.bias, bias, (size_t)c->size.k * sizeof *bias);
    return c->engine->set(s, w, cpu_block_of(p, p->rop.v, s->node, 0), c->scale, &c->v);
}

/* ---- forward -------------------------------------------------------------------------------------- */

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    const conv *c = s->self;
    const conv_pass a = {
        .weights = &c->theta,
        .bias = c->theta.bias,
        .from = cpu_data(s->plan, b, s->in[0]),
        .to = cpu_data(s->plan, b, s->out),
    };
    return c->engine->forward(s, b, &a);
}

/* rout = W rin + V in + rbias; rin is zero where the input depends on no parameter. */
static lsc_status forward_r(const cpu_step *s, const cpu_block *b)
{
    lsc_status st = LSC_OK;
    const conv *c = s->self;
    const float *rin = cpu_rdata(s->plan, b, s->in[0]);
    float *rout = cpu_rdata(s->plan, b, s->out);
    conv_pass a = {.weights = &c->v, .bias = c->v.bias, .from = cpu_data(s->plan, b, s->in[0]), .to = rout};
    LSC_TRY(c->engine->forward(s, b, &a));
    if (rin) {
        a = (conv_pass){.weights = &c->theta, .bias = c->no_bias, .from = rin, .to = rout, .add = true};
        LSC_TRY(c->engine->forward(s, b, &a));
    }
cleanup:
    return st;
}

/* ---- backward ------------------------------------------------------------------------------------- */

static void by_bias(const cpu_step *s, const cpu_block *b, const float *dout)
{
    const cpu_value *out = &s->plan->values[s->out];
    int64_t lanes = s->plan->lanes, groups = out->padded / lanes, strips = groups * CPU_STRIP;
    cpu_rows rows = {.rows = b->n * groups, .groups = groups, .row = out->pixels * lanes};
    double *sums = ((conv *)s->self)->bias_sums + b->unit * 2 * strips;
    if (b->begins)
        memset(sums, 0, (size_t)(2 * strips) * sizeof *sums);
    cpu_moments_run(&rows, dout, sums, sums + strips);
}

/* The part of the gradient by weights that these values and gradients make. */
static lsc_status by_weights(const cpu_step *s, const cpu_block *b, const float *in, const float *dout, bool begins)
{
    const conv *c = s->self;
    return c->engine->weights(
        s, b, &(conv_products){.in = in, .dout = dout, .sum = c->sums + b->unit * c->floats.sum, .begins = begins});
}

static lsc_status by_data(const cpu_step *s, const cpu_block *b, const conv_weights *w, const float *dout, bool add)
{
    const conv *c = s->self;
    float *din = cpu_gradient(s->plan, b, s, 0);
    return c->engine->data(s, b, &(conv_pass){.weights = w, .from = dout, .to = din, .add = add});
}

static lsc_status backward(const cpu_step *s, const cpu_block *b)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    const float *dout = cpu_sum_parts(p, b, s->out);

    if (cpu_wants_parameters(p)) {
        LSC_TRY(by_weights(s, b, cpu_data(p, b, s->in[0]), dout, b->begins));
        if (c->bias_sums)
            by_bias(s, b, dout);
    }
    if (c->floats.data > 0)
        LSC_TRY(by_data(s, b, &c->theta, dout, false));
cleanup:
    return st;
}

/* rdW = rdout in + dout rin,  rdin = W^T rdout + V^T dout. */
static lsc_status backward_r(const cpu_step *s, const cpu_block *b)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    const float *rin = cpu_rdata(p, b, s->in[0]), *dout = cpu_kept(p, b, s->out);
    const float *rdout = cpu_sum_parts(p, b, s->out);

    LSC_TRY(by_weights(s, b, cpu_data(p, b, s->in[0]), rdout, b->begins));
    if (rin)
        LSC_TRY(by_weights(s, b, rin, dout, false));
    if (c->bias_sums)
        by_bias(s, b, rdout);
    if (c->floats.data > 0) {
        LSC_TRY(by_data(s, b, &c->theta, rdout, false));
        LSC_TRY(by_data(s, b, &c->v, dout, true));
    }
cleanup:
    return st;
}

static void add_up_bias(const cpu_step *s, float *to)
{
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    int64_t lanes = p->lanes, strips = p->values[s->out].padded / lanes * CPU_STRIP;
    for (int64_t k = 0; k < c->size.k; k++) {
        double sum = 0;
        for (int unit = 0; unit < p->units; unit++)
            for (int64_t i = k % lanes; i < CPU_STRIP; i += lanes)
                sum += c->bias_sums[unit * 2 * strips + k / lanes * CPU_STRIP + i];
        to[k] = (float)sum;
    }
}

static lsc_status gradient(const cpu_step *s, cpu_worker *w)
{
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    if (c->bias_sums)
        add_up_bias(s, cpu_block_of(p, p->gradient, s->node, 1));
    return c->engine->gradient(s, w, c->sums, cpu_block_of(p, p->gradient, s->node, 0));
}

const cpu_kind cpu_conv = {
    .name = "convolution",
    .make = make,
    .free = free_conv,
    .connect = connect,
    .set_theta = set_theta,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .make_r = make_r,
    .free_r = free_r,
    .set_v = set_v,
    .forward_r = forward_r,
    .backward_r = backward_r,
    .gradient_r = gradient,
};
