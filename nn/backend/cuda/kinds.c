/*
 * What each kind of step launches.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"
#include "nn/backend/cuda/plans.h"

/* ---- convolution ------------------------------------------------------------------------------------ */

cuda_conv_shape cuda_step_shape(const cuda_net *net, const cuda_step *s)
{
    const cuda_value *in = &net->values[s->in[0]], *out = &net->values[s->out];
    return (cuda_conv_shape){
        .real = net->o.real,
        .strict = net->o.strict,
        .n = net->o.batch,
        .c = in->channels,
        .h = in->height,
        .w = in->width,
        .k = out->channels,
        .oh = out->height,
        .ow = out->width,
        .kernel = s->node->kernel,
        .stride = s->node->stride,
        .pad = s->node->pad,
        .sum = s->n_in == 2,
        .relu = s->relu,
    };
}

static cuda_conv_data conv_data(const cuda_net *net, const cuda_step *s)
{
    return (cuda_conv_data){
        .x = cuda_data(net, s->in[0]),
        .w = net->weights.weights + net->rows[s->row[0]].out,
        .z = s->n_in == 2 ? cuda_data(net, s->in[1]) : NULL,
        .shift = net->weights.shift + s->row[0],
        .y = cuda_data(net, s->out),
        .workspace = net->workspace,
    };
}

static lsc_status conv_make(cuda_net *net, cuda_step *s)
{
    lsc_status st = LSC_OK;
    const cuda_conv_shape shape = cuda_step_shape(net, s);
    const cuda_conv_data data = conv_data(net, s);
    LSC_TRY(cuda_plans_conv(net->context, &shape, &data, &s->conv));
    size_t workspace = net->context->api->conv_workspace(s->conv);
    if (net->workspace_bytes < workspace)
        net->workspace_bytes = workspace;
cleanup:
    return lsc_context(st, "'%s'", s->node->name);
}

static void conv_free(const cuda_net *net, cuda_step *s)
{
    net->context->api->conv_free(net->context->device, s->conv);
}

static lsc_status conv_run(const cuda_net *net, const cuda_step *s)
{
    const cuda_conv_data data = conv_data(net, s);
    return cuda_said(net->context, net->context->api->conv_run(net->context->device, s->conv, &data));
}

const cuda_kind cuda_kind_conv = {.name = "conv", .run = conv_run, .make = conv_make, .free = conv_free};

/* ---- heads ------------------------------------------------------------------------------------------ */

static lsc_status linear_run(const cuda_net *net, const cuda_step *s)
{
    const cuda_linear args = {
        .x = cuda_data(net, s->in[0]),
        .w = (const float *)(net->weights.weights + net->rows[s->row[0]].out),
        .shift = net->weights.shift + s->row[0],
        .y = cuda_data(net, s->out),
        .n = (int32_t)net->o.batch,
        .f = (int32_t)net->values[s->in[0]].channels,
        .k = (int32_t)net->values[s->out].channels,
        .relu = s->relu,
    };
    return cuda_launch(net, CUDA_KERNEL_linear, &args);
}

const cuda_kind cuda_kind_linear = {.name = "linear", .run = linear_run};

static lsc_status l2norm_run(const cuda_net *net, const cuda_step *s)
{
    const cuda_l2norm args = {
        .x = cuda_data(net, s->in[0]),
        .y = cuda_data(net, s->out),
        .n = (int32_t)net->o.batch,
        .f = (int32_t)net->values[s->in[0]].channels,
        .eps = s->node->eps,
    };
    return cuda_launch(net, CUDA_KERNEL_l2norm, &args);
}

const cuda_kind cuda_kind_l2norm = {.name = "l2norm", .run = l2norm_run};

/* ---- element by element ------------------------------------------------------------------------------- */

static lsc_status join_run(const cuda_net *net, const cuda_step *s)
{
    lsc_status st = LSC_OK;
    const bool batch = net->o.statistics == NN_BATCH;
    cuda_join args = {
        .x = cuda_data(net, s->in[0]),
        .z = s->n_in == 2 ? cuda_data(net, s->in[1]) : NULL,
        .factor = s->factor,
        .relu = s->relu,
        .real = cuda_value_real(net, s->out),
        .n = cuda_elements(net, s->out),
        .c = net->values[s->out].channels,
        .y = cuda_data(net, s->out),
    };
    for (int i = 0; i < 2; i++)
        if (s->norm[i] != NULL) {
            if (batch)
                LSC_TRY(cuda_norms_run(net, s, i));
            args.scale[i] = (batch ? net->norms.scale : net->weights.scale) + s->row[i];
            args.shift[i] = (batch ? net->norms.shift : net->weights.shift) + s->row[i];
        }
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_join, &args));
cleanup:
    return st;
}

const cuda_kind cuda_kind_join = {.name = "join", .run = join_run};

/* ---- pooling ------------------------------------------------------------------------------------------ */

static cuda_pool pool_of(const cuda_net *net, const cuda_step *s)
{
    const cuda_value *in = &net->values[s->in[0]], *out = &net->values[s->out];
    return (cuda_pool){
        .x = cuda_data(net, s->in[0]),
        .y = cuda_data(net, s->out),
        .real = cuda_value_real(net, s->out),
        .c = (int32_t)in->channels,
        .h = (int32_t)in->height,
        .w = (int32_t)in->width,
        .oh = (int32_t)out->height,
        .ow = (int32_t)out->width,
        .kernel = s->node->kernel,
        .stride = s->node->stride,
        .pad = s->node->pad,
        .n = net->o.batch,
    };
}

static lsc_status maxpool_run(const cuda_net *net, const cuda_step *s)
{
    const cuda_pool args = pool_of(net, s);
    return cuda_launch(net, CUDA_KERNEL_maxpool, &args);
}

static lsc_status avgpool_run(const cuda_net *net, const cuda_step *s)
{
    const cuda_pool args = pool_of(net, s);
    return cuda_launch(net, CUDA_KERNEL_avgpool, &args);
}

const cuda_kind cuda_kind_maxpool = {.name = "maxpool", .run = maxpool_run};
const cuda_kind cuda_kind_avgpool = {.name = "avgpool", .run = avgpool_run};

/* ---- shapes --------------------------------------------------------------------------------------------- */

static lsc_status concat_run(const cuda_net *net, const cuda_step *s)
{
    lsc_status st = LSC_OK;
    const cuda_value *out = &net->values[s->out];
    int32_t at = 0;
    for (int i = 0; i < s->n_in; i++) {
        const cuda_concat args = {
            .x = cuda_data(net, s->in[i]),
            .y = cuda_data(net, s->out),
            .real = cuda_value_real(net, s->out),
            .from = (int32_t)net->values[s->in[i]].channels,
            .to = (int32_t)out->channels,
            .at = at,
            .n = net->o.batch * out->height * out->width,
        };
        LSC_TRY(cuda_launch(net, CUDA_KERNEL_concat, &args));
        at += args.from;
    }
cleanup:
    return st;
}

const cuda_kind cuda_kind_concat = {.name = "concat", .run = concat_run};

static lsc_status flatten_run(const cuda_net *net, const cuda_step *s)
{
    const cuda_value *in = &net->values[s->in[0]];
    const cuda_flatten args = {
        .x = cuda_data(net, s->in[0]),
        .y = cuda_data(net, s->out),
        .real = cuda_value_real(net, s->in[0]),
        .c = (int32_t)in->channels,
        .plane = (int32_t)(in->height * in->width),
        .exponent = net->exponents + in->exponent,
        .n = net->o.batch,
    };
    return cuda_launch(net, CUDA_KERNEL_flatten, &args);
}

const cuda_kind cuda_kind_flatten = {.name = "flatten", .run = flatten_run};
