/*
 * Convolutions by oneDNN's direct kernels.
 *
 * Forward and the gradient by data run image by image, with kernels for one image: as fast as kernels for a block
 * (measured; faster on AVX-512 at 16 channels), and any number of images will do. The gradient by weights has a
 * kernel for a whole block, so that it adds up the images of the block itself.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/conv.h"
#include "nn/backend/cpu/join_kernels.h"

#include <string.h>

/* What a thread has of its own. */
typedef struct {
    dnn_call forward, to_forward;
    dnn_call data, to_data, weights_block, weights_image, from_weights;
} calls;

typedef struct {
    dnn_kernel forward, to_forward; /* to_forward: weights from row-major */
    calls *calls;                   /* [threads] */
    /* backward only */
    dnn_kernel data, to_data;                /* gradient by data */
    dnn_kernel weights_block, weights_image; /* gradient by weights: of a block, of an image */
    dnn_kernel from_weights;                 /* to row-major */
} direct;

/* Arguments of calls, by their place. */
enum { FROM, TO, WEIGHTS, BIAS, DOUT = WEIGHTS };

static direct *direct_of(const cpu_step *s)
{
    return ((conv *)s->self)->self;
}

/* Elements of the weights as oneDNN sees them. */
static int64_t all_weights(const conv_size *s)
{
    return s->kp * s->cp * s->kernel * s->kernel;
}

/* ---- life ------------------------------------------------------------------------------------- */

static void free_calls(calls *c)
{
    dnn_call_fini(&c->forward);
    dnn_call_fini(&c->to_forward);
    dnn_call_fini(&c->data);
    dnn_call_fini(&c->to_data);
    dnn_call_fini(&c->weights_block);
    dnn_call_fini(&c->weights_image);
    dnn_call_fini(&c->from_weights);
}

static void free_direct(cpu_step *s)
{
    direct *d = direct_of(s);
    if (d == NULL)
        return;
    for (int i = 0; d->calls && i < s->plan->o.threads; i++)
        free_calls(&d->calls[i]);
    dnn_kernel_fini(&d->forward);
    dnn_kernel_fini(&d->to_forward);
    dnn_kernel_fini(&d->data);
    dnn_kernel_fini(&d->to_data);
    dnn_kernel_fini(&d->weights_block);
    dnn_kernel_fini(&d->weights_image);
    dnn_kernel_fini(&d->from_weights);
    lsc_free(d->calls);
    lsc_free(d);
}

static lsc_status layouts_of(const cpu_step *s, int64_t images, conv_layouts *l)
{
    const cpu_plan *p = s->plan;
    return cpu_conv_layouts_init(l, &((conv *)s->self)->size, images, cpu_conv_tag(p->lanes, p->values[s->in[0]].plain),
                                 cpu_conv_tag(p->lanes, false));
}

static lsc_status make_forward(cpu_step *s, direct *d)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    const conv *c = s->self;
    conv_layouts l = {0};
    dnnl_primitive_attr_t attr = NULL;

    LSC_TRY(layouts_of(s, 1, &l));
    LSC_TRY(dnn_attributes(s->sum >= 0, s->relu, &attr));
    dnn_conv arguments = cpu_conv_arguments(&l, &c->size, cpu_conv_has_bias(s));
    DNN_TRY(dnn_conv_forward(&d->forward.desc, p->engine, &arguments, attr));
    LSC_TRY(dnn_kernel_make(&d->forward));
    LSC_TRY(cpu_conv_from_plain(p, &c->size, dnn_kernel_desc(&d->forward, DNNL_ARG_WEIGHTS), &d->to_forward));
    cpu_want_scratch(p, &d->forward);
    cpu_want_scratch(p, &d->to_forward);
cleanup:
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    cpu_conv_layouts_fini(&l);
    return st;
}

typedef dnnl_status_t (*describe)(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                  dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attr);

/* A kernel of a backward pass over so many images. `weights` NULL: their layout is oneDNN's choice. */
static lsc_status make_kernel(const cpu_step *s, describe f, int64_t images, dnn_desc weights, dnn_kernel *out)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv_layouts l = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t hint = NULL;

    LSC_TRY(layouts_of(s, images, &l));
    LSC_TRY(dnn_attributes(false, false, &attr));
    dnn_conv arguments = cpu_conv_arguments(&l, &((conv *)s->self)->size, false);
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

static lsc_status make_data(cpu_step *s, direct *d)
{
    lsc_status st = LSC_OK;
    conv *c = s->self;
    LSC_TRY(make_kernel(s, dnn_conv_backward_data, 1, NULL, &d->data));
    LSC_TRY(cpu_conv_from_plain(s->plan, &c->size, dnn_kernel_desc(&d->data, DNNL_ARG_WEIGHTS), &d->to_data));
    c->floats.data = (int64_t)(dnn_kernel_bytes(&d->data, DNNL_ARG_WEIGHTS) / sizeof(float));
    cpu_want_scratch(s->plan, &d->to_data);
cleanup:
    return st;
}

static lsc_status make_weights(cpu_step *s, direct *d)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv *c = s->self;
    LSC_TRY(make_kernel(s, dnn_conv_backward_weights, p->block, NULL, &d->weights_block));
    dnn_desc sum = dnn_kernel_desc(&d->weights_block, DNNL_ARG_DIFF_WEIGHTS);
    LSC_TRY(make_kernel(s, dnn_conv_backward_weights, 1, sum, &d->weights_image));
    LSC_TRY(cpu_conv_to_plain(p, &c->size, sum, &d->from_weights));
    c->floats.sum = (int64_t)(dnnl_memory_desc_get_size(sum) / sizeof(float));
    cpu_want_scratch(p, &d->from_weights);
    cpu_want_temp(p, c->floats.sum + all_weights(&c->size));
cleanup:
    return st;
}

/* Floats of an image, in and out. */
static int64_t image_in(const cpu_step *s)
{
    return cpu_image(&s->plan->values[s->in[0]]);
}

static int64_t image_out(const cpu_step *s)
{
    return cpu_image(&s->plan->values[s->out]);
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    conv *c = s->self;
    direct *d = NULL;

    LSC_NEW(d, 1);
    c->self = d;
    LSC_NEW(d->calls, p->o.threads);
    LSC_TRY(make_forward(s, d));
    c->floats.forward = (int64_t)(dnn_kernel_bytes(&d->forward, DNNL_ARG_WEIGHTS) / sizeof(float));
    cpu_want_temp(p, all_weights(&c->size));
    if (p->o.backward) {
        if (cpu_has_gradient(s, 0))
            LSC_TRY(make_data(s, d));
        LSC_TRY(make_weights(s, d));
        cpu_want_temp(p, image_in(s) > image_out(s) ? image_in(s) : image_out(s));
    }
cleanup:
    return st;
}

static lsc_status connect_backward(cpu_step *s, cpu_worker *w, calls *c)
{
    lsc_status st = LSC_OK;
    direct *d = direct_of(s);
    dnnl_engine_t engine = s->plan->engine;
    const dnn_arg data[] = {{DNNL_ARG_DIFF_DST, NULL}, {DNNL_ARG_DIFF_SRC, NULL}, {DNNL_ARG_WEIGHTS, NULL}};
    const dnn_arg weights[] = {{DNNL_ARG_SRC, NULL}, {DNNL_ARG_DIFF_WEIGHTS, NULL}, {DNNL_ARG_DIFF_DST, NULL}};
    const dnn_arg to_data[] = {{DNNL_ARG_FROM, w->temp}, {DNNL_ARG_TO, NULL}};
    const dnn_arg from_weights[] = {{DNNL_ARG_FROM, w->temp}, {DNNL_ARG_TO, w->temp + ((conv *)s->self)->floats.sum}};

    if (d->data.primitive) {
        LSC_TRY(dnn_call_init(&c->data, &d->data, engine, w->scratch, data, 3));
        LSC_TRY(dnn_call_init(&c->to_data, &d->to_data, engine, w->scratch, to_data, 2));
    }
    LSC_TRY(dnn_call_init(&c->weights_block, &d->weights_block, engine, w->scratch, weights, 3));
    LSC_TRY(dnn_call_init(&c->weights_image, &d->weights_image, engine, w->scratch, weights, 3));
    LSC_TRY(dnn_call_init(&c->from_weights, &d->from_weights, engine, w->scratch, from_weights, 2));
cleanup:
    return st;
}

static lsc_status connect(cpu_step *s, cpu_worker *w)
{
    lsc_status st = LSC_OK;
    direct *d = direct_of(s);
    dnnl_engine_t engine = s->plan->engine;
    calls *c = &d->calls[w->number];
    const dnn_arg forward[] = {
        {DNNL_ARG_SRC, NULL}, {DNNL_ARG_DST, NULL}, {DNNL_ARG_WEIGHTS, NULL}, {DNNL_ARG_BIAS, NULL}};
    const dnn_arg to_forward[] = {{DNNL_ARG_FROM, w->temp}, {DNNL_ARG_TO, NULL}};

    LSC_TRY(dnn_call_init(&c->forward, &d->forward, engine, w->scratch, forward, cpu_conv_has_bias(s) ? 4 : 3));
    LSC_TRY(dnn_call_init(&c->to_forward, &d->to_forward, engine, w->scratch, to_forward, 2));
    if (s->plan->o.backward)
        LSC_TRY(connect_backward(s, w, c));
cleanup:
    return st;
}

/* ---- weights -------------------------------------------------------------------------------------- */

/* Row-major [KP, CP, R, R]. */
static void scale_filters(const conv_size *size, const float *filters, const double *scale, float *to)
{
    int64_t taps = size->kernel * size->kernel;
    if (size->kp > size->k || size->cp > size->c)
        memset(to, 0, (size_t)all_weights(size) * sizeof *to);
    for (int64_t k = 0; k < size->k; k++) {
        const float *filter = filters + k * size->c * taps;
        for (int64_t i = 0; i < size->c * taps; i++)
            to[k * size->cp * taps + i] = (float)(scale[k] * (double)filter[i]);
    }
}

static lsc_status set(const cpu_step *s, cpu_worker *w, const float *filters, const double *scale,
                      const conv_weights *to)
{
    lsc_status st = LSC_OK;
    calls *c = &direct_of(s)->calls[w->number];
    scale_filters(&((conv *)s->self)->size, filters, scale, w->temp);
    LSC_TRY(dnn_call_place(&c->to_forward, TO, to->forward));
    LSC_TRY(dnn_call_run(&c->to_forward, w->stream));
    if (to->data) {
        LSC_TRY(dnn_call_place(&c->to_data, TO, to->data));
        LSC_TRY(dnn_call_run(&c->to_data, w->stream));
    }
cleanup:
    return st;
}

/* ---- passes over images ----------------------------------------------------------------------------- */

/* What is to be added comes to be in temp first. */
static lsc_status run_images(const cpu_block *b, dnn_call *call, const conv_pass *a, int64_t from, int64_t to)
{
    lsc_status st = LSC_OK;
    for (int64_t i = 0; i < b->n; i++) {
        float *image = a->to + i * to;
        LSC_TRY(dnn_call_place(call, FROM, a->from + i * from));
        LSC_TRY(dnn_call_place(call, TO, a->add ? b->worker->temp : image));
        LSC_TRY(dnn_call_run(call, b->worker->stream));
        if (a->add)
            cpu_accumulate(image, b->worker->temp, to);
    }
cleanup:
    return st;
}

static lsc_status forward(const cpu_step *s, const cpu_block *b, const conv_pass *a)
{
    lsc_status st = LSC_OK;
    dnn_call *call = &direct_of(s)->calls[b->worker->number].forward;
    LSC_TRY(dnn_call_place(call, WEIGHTS, a->weights->forward));
    if (cpu_conv_has_bias(s))
        LSC_TRY(dnn_call_place(call, BIAS, a->bias));
    LSC_TRY(run_images(b, call, a, image_in(s), image_out(s)));
cleanup:
    return st;
}

static lsc_status data(const cpu_step *s, const cpu_block *b, const conv_pass *a)
{
    lsc_status st = LSC_OK;
    dnn_call *call = &direct_of(s)->calls[b->worker->number].data;
    LSC_TRY(dnn_call_place(call, WEIGHTS, a->weights->data));
    LSC_TRY(run_images(b, call, a, image_out(s), image_in(s)));
cleanup:
    return st;
}

/* ---- the gradient by weights --------------------------------------------------------------------------- */

/* The sum over images from `first` on, a block of them or one. */
static lsc_status run_weights(const cpu_step *s, const cpu_block *b, const conv_products *a, dnn_call *call,
                              int64_t first)
{
    lsc_status st = LSC_OK;
    bool begins = a->begins && first == 0;
    float *to = begins ? a->sum : b->worker->temp;

    LSC_TRY(dnn_call_place(call, FROM, a->in + first * image_in(s)));
    LSC_TRY(dnn_call_place(call, TO, to));
    LSC_TRY(dnn_call_place(call, DOUT, a->dout + first * image_out(s)));
    LSC_TRY(dnn_call_run(call, b->worker->stream));
    if (!begins)
        cpu_accumulate(a->sum, to, ((conv *)s->self)->floats.sum);
cleanup:
    return st;
}

static lsc_status weights(const cpu_step *s, const cpu_block *b, const conv_products *a)
{
    lsc_status st = LSC_OK;
    calls *c = &direct_of(s)->calls[b->worker->number];
    if (b->n == s->plan->block)
        return run_weights(s, b, a, &c->weights_block, 0);
    for (int64_t i = 0; i < b->n; i++)
        LSC_TRY(run_weights(s, b, a, &c->weights_image, i));
cleanup:
    return st;
}

static lsc_status gradient(const cpu_step *s, cpu_worker *w, const float *sums, float *to)
{
    lsc_status st = LSC_OK;
    const conv *c = s->self;
    int64_t filter = c->size.c * c->size.kernel * c->size.kernel, stride = filter / c->size.c * c->size.cp;

    cpu_add_up(sums, s->plan->units, c->floats.sum, w->temp);
    LSC_TRY(dnn_call_run(&direct_of(s)->calls[w->number].from_weights, w->stream));
    for (int64_t k = 0; k < c->size.k; k++)
        memcpy(to + k * filter, w->temp + c->floats.sum + k * stride, (size_t)filter * sizeof *to);
cleanup:
    return st;
}

const conv_engine cpu_conv_direct = {
    .make = make,
    .free = free_direct,
    .connect = connect,
    .set = set,
    .forward = forward,
    .data = data,
    .weights = weights,
    .gradient = gradient,
};
