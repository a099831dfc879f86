/*
 * Convolutions and linear layers, backward: the gradients by data, by weights and by bias. Each unit has a sum of its
 * own of the gradients by weights.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"
#include "nn/backend/cpu/join_kernels.h"

#include <string.h>

/* ---- life ------------------------------------------------------------------------------------- */

void cpu_conv_free_backward(conv *c, int threads)
{
    for (int i = 0; c->calls && i < threads; i++) {
        dnn_call_fini(&c->calls[i].data);
        dnn_call_fini(&c->calls[i].to_data);
        dnn_call_fini(&c->calls[i].weights_block);
        dnn_call_fini(&c->calls[i].weights_image);
        dnn_call_fini(&c->calls[i].from_weights);
    }
    dnn_kernel_fini(&c->data);
    dnn_kernel_fini(&c->to_data);
    dnn_kernel_fini(&c->weights_block);
    dnn_kernel_fini(&c->weights_image);
    dnn_kernel_fini(&c->from_weights);
    lsc_free(c->data_weights);
    lsc_free(c->sums);
    lsc_free(c->bias_sums);
}

typedef dnnl_status_t (*describe)(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                  dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attr);

/* A kernel of a backward pass over so many images. `weights` NULL: their layout is oneDNN's choice. */
static lsc_status make_kernel(const cpu_step *s, describe f, int64_t images, dnn_desc weights, dnn_kernel *out)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    const conv *c = s->self;
    conv_layouts l = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t hint = NULL;

    LSC_TRY(cpu_conv_layouts_init(&l, &c->size, images, cpu_conv_tag(p->lanes, p->values[s->in[0]].plain),
                                  cpu_conv_tag(p->lanes, false)));
    LSC_TRY(dnn_attributes(false, false, &attr));
    dnn_conv arguments = cpu_conv_arguments(&l, &c->size, false);
    DNN_TRY(dnn_conv_forward(&hint, p->engine, &arguments, NULL));
    if (weights)
        arguments.weights = weights;
    DNN_TRY(f(&out->desc, p->engine, &arguments, hint, attr));
    LSC_TRY(dnn_kernel_make(out));
    cpu_want_scratch(p, out);
cleanup:
    if (hint)
        dnnl_primitive_desc_destroy(hint);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    cpu_conv_layouts_fini(&l);
    return st;
}

static lsc_status make_data(cpu_step *s, conv *c)
{
    lsc_status st = LSC_OK;
    LSC_TRY(make_kernel(s, dnn_conv_backward_data, 1, NULL, &c->data));
    LSC_TRY(cpu_conv_from_plain(s->plan, &c->size, dnn_kernel_desc(&c->data, DNNL_ARG_WEIGHTS), &c->to_data));
    LSC_NEW(c->data_weights, dnn_kernel_bytes(&c->data, DNNL_ARG_WEIGHTS) / sizeof *c->data_weights);
    cpu_want_scratch(s->plan, &c->to_data);
cleanup:
    return st;
}

lsc_status cpu_conv_make_backward(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv *c = s->self;
    int units = cpu_max_units(p);

    if (s->din[0] >= 0)
        LSC_TRY(make_data(s, c));
    LSC_TRY(make_kernel(s, dnn_conv_backward_weights, p->block, NULL, &c->weights_block));
    dnn_desc sum = dnn_kernel_desc(&c->weights_block, DNNL_ARG_DIFF_WEIGHTS);
    LSC_TRY(make_kernel(s, dnn_conv_backward_weights, 1, sum, &c->weights_image));
    LSC_TRY(cpu_conv_to_plain(p, &c->size, sum, &c->from_weights));
    c->sum_floats = (int64_t)(dnnl_memory_desc_get_size(sum) / sizeof *c->sums);
    cpu_want_scratch(p, &c->from_weights);
    cpu_want_temp(p, c->sum_floats + cpu_conv_weights(&c->size));
    LSC_NEW(c->sums, units * c->sum_floats);
    if (s->node->block[1] >= 0)
        LSC_NEW(c->bias_sums, units * 2 * p->values[s->out].padded / p->lanes * CPU_STRIP);
cleanup:
    return st;
}

lsc_status cpu_conv_connect_backward(cpu_step *s, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    conv *c = s->self;
    dnnl_engine_t engine = s->plan->engine;
    conv_calls *calls = &c->calls[w->number];
    const dnn_arg data[] = {
        {DNNL_ARG_DIFF_DST, NULL},
        {DNNL_ARG_DIFF_SRC, NULL},
        {DNNL_ARG_WEIGHTS, c->data_weights},
    };
    const dnn_arg weights[] = {
        {DNNL_ARG_DIFF_DST, NULL},
        {DNNL_ARG_SRC, NULL},
        {DNNL_ARG_DIFF_WEIGHTS, NULL},
    };
    const dnn_arg to_data[] = {{DNNL_ARG_FROM, w->temp}, {DNNL_ARG_TO, c->data_weights}};
    const dnn_arg from_weights[] = {{DNNL_ARG_FROM, w->temp}, {DNNL_ARG_TO, w->temp + c->sum_floats}};

    if (c->data.primitive) {
        LSC_TRY(dnn_call_init(&calls->data, &c->data, engine, w->scratch, data, 3));
        LSC_TRY(dnn_call_init(&calls->to_data, &c->to_data, engine, w->scratch, to_data, 2));
    }
    LSC_TRY(dnn_call_init(&calls->weights_block, &c->weights_block, engine, w->scratch, weights, 3));
    LSC_TRY(dnn_call_init(&calls->weights_image, &c->weights_image, engine, w->scratch, weights, 3));
    LSC_TRY(dnn_call_init(&calls->from_weights, &c->from_weights, engine, w->scratch, from_weights, 2));
cleanup:
    return st;
}

/* ---- passes --------------------------------------------------------------------------------------- */

static lsc_status by_data(const cpu_step *s, const cpu_block *b, const float *dout)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    dnn_call *call = &((conv *)s->self)->calls[b->worker->number].data;
    int64_t in = cpu_image(&p->values[s->in[0]]), out = cpu_image(&p->values[s->out]);

    for (int64_t i = 0; i < b->n; i++) {
        LSC_TRY(dnn_call_place(call, 0, dout + i * out));
        LSC_TRY(dnn_call_place(call, 1, cpu_at(p, b, s->din[0]) + i * in));
        LSC_TRY(dnn_call_run(call, b->worker->stream));
    }
cleanup:
    return st;
}

/* The sum over images from `first` on, a block of them or one, goes to the unit's sum or is added to it. */
static lsc_status by_weights(const cpu_step *s, const cpu_block *b, const float *dout, dnn_call *call, int64_t first,
                             bool begins)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    float *sum = c->sums + b->unit * c->sum_floats, *to = begins ? sum : b->worker->temp;

    LSC_TRY(dnn_call_place(call, 0, dout + first * cpu_image(&p->values[s->out])));
    LSC_TRY(dnn_call_place(call, 1, cpu_data(p, b, s->in[0]) + first * cpu_image(&p->values[s->in[0]])));
    LSC_TRY(dnn_call_place(call, 2, to));
    LSC_TRY(dnn_call_run(call, b->worker->stream));
    if (!begins)
        cpu_accumulate(sum, to, c->sum_floats);
cleanup:
    return st;
}

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

lsc_status cpu_conv_backward(const cpu_step *s, const cpu_block *b)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    conv_calls *calls = &c->calls[b->worker->number];
    const float *dout = cpu_sum_parts(p, b, s->out);

    if (b->n == p->block)
        LSC_TRY(by_weights(s, b, dout, &calls->weights_block, 0, b->begins));
    for (int64_t i = 0; b->n < p->block && i < b->n; i++)
        LSC_TRY(by_weights(s, b, dout, &calls->weights_image, i, b->begins && i == 0));
    if (c->bias_sums)
        by_bias(s, b, dout);
    if (s->din[0] >= 0)
        LSC_TRY(by_data(s, b, dout));
cleanup:
    return st;
}

/* ---- the gradient of the parameters ------------------------------------------------------------------ */

static void add_up_weights(const cpu_plan *p, const conv *c, float *to)
{
    for (int64_t i = 0; i < c->sum_floats; i++) {
        double sum = 0;
        for (int unit = 0; unit < p->units; unit++)
            sum += (double)c->sums[unit * c->sum_floats + i];
        to[i] = (float)sum;
    }
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

lsc_status cpu_conv_gradient(const cpu_step *s, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    const cpu_plan *p = s->plan;
    const conv *c = s->self;
    int64_t filter = c->size.c * c->size.kernel * c->size.kernel, stride = filter / c->size.c * c->size.cp;
    float *to = cpu_block_of(p, p->gradient, s->node, 0);

    add_up_weights(p, c, w->temp);
    LSC_TRY(dnn_call_run(&c->calls[w->number].from_weights, w->stream));
    for (int64_t k = 0; k < c->size.k; k++)
        memcpy(to + k * filter, w->temp + c->sum_floats + k * stride, (size_t)filter * sizeof *to);
    if (c->bias_sums)
        add_up_bias(s, cpu_block_of(p, p->gradient, s->node, 1));
cleanup:
    return st;
}
