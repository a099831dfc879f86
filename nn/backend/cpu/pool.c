/*
 * Max and average pooling in blocks of channels; windows are those of nn/op_pool.h. Both are linear once the places
 * are chosen, so that the R-operator does with derivatives what the passes do with values.
 * SPDX-License-Identifier: MIT
 */
#include "base/clones.h"
#include "nn/backend/cpu/cpu.h"
#include "nn/op_pool.h"

#include <string.h>

#define MAX_LANES 16

typedef struct {
    int32_t *choice; /* max pooling with backward: [batch, groups, out pixels, lanes], pixels of the input */
} pool;

/* ---- life ------------------------------------------------------------------------------------- */

static void free_pool(cpu_step *s)
{
    pool *a = s->self;
    if (a)
        lsc_free(a->choice);
    lsc_free(a);
    s->self = NULL;
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    pool *a = NULL;
    LSC_NEW(a, 1);
    s->self = a;
    if (s->plan->o.backward && s->node->op == &nn_op_maxpool)
        LSC_NEW(a->choice, s->plan->o.batch * cpu_image(&s->plan->values[s->out]));
cleanup:
    return st;
}

/* ---- planes: one group of channels of one image --------------------------------------------------- */

/* Windows of one image and one channel. */
static pool_size size_of(const cpu_step *s)
{
    return nn_pool_size(&(nn_op_args){.n = 1, .node = s->node});
}

/* The first of the largest, NaN being larger than all. */
LSC_CLONES
static void largest(const pool_size *s, int lanes, const float *in, float *out, int32_t *choice)
{
    for (int64_t o = 0; o < s->oh * s->ow; o++) {
        pool_window p = nn_pool_window(s, o);
        float best[MAX_LANES];
        int32_t at[MAX_LANES];
        for (int l = 0; l < lanes; l++) {
            at[l] = (int32_t)(p.y0 * s->w + p.x0);
            best[l] = in[at[l] * lanes + l];
        }
        for (int64_t y = p.y0; y < p.y1; y++)
            for (int64_t x = p.x0; x < p.x1; x++)
                for (int l = 0; l < lanes; l++) {
                    float v = in[(y * s->w + x) * lanes + l];
                    bool better = (v > best[l]) | ((v != v) & (best[l] == best[l]));
                    best[l] = better ? v : best[l];
                    at[l] = better ? (int32_t)(y * s->w + x) : at[l];
                }
        memcpy(out + o * lanes, best, (size_t)lanes * sizeof *best);
        if (choice)
            memcpy(choice + o * lanes, at, (size_t)lanes * sizeof *at);
    }
}

static void to_largest(const pool_size *s, int lanes, const int32_t *choice, const float *dout, float *din)
{
    for (int64_t i = 0; i < s->oh * s->ow * lanes; i++)
        din[choice[i] * lanes + i % lanes] += dout[i];
}

/* Places in the padding count as zeros, as in PyTorch. */
LSC_CLONES
static void mean(const pool_size *s, int lanes, const float *in, float *out)
{
    float area = (float)(s->kernel * s->kernel);
    for (int64_t o = 0; o < s->oh * s->ow; o++) {
        pool_window p = nn_pool_window(s, o);
        float sum[MAX_LANES] = {0};
        for (int64_t y = p.y0; y < p.y1; y++)
            for (int64_t x = p.x0; x < p.x1; x++)
                for (int l = 0; l < lanes; l++)
                    sum[l] += in[(y * s->w + x) * lanes + l];
        for (int l = 0; l < lanes; l++)
            out[o * lanes + l] = sum[l] / area;
    }
}

LSC_CLONES
static void to_all(const pool_size *s, int lanes, const float *dout, float *din)
{
    float area = (float)(s->kernel * s->kernel);
    for (int64_t o = 0; o < s->oh * s->ow; o++) {
        pool_window p = nn_pool_window(s, o);
        for (int64_t y = p.y0; y < p.y1; y++)
            for (int64_t x = p.x0; x < p.x1; x++)
                for (int l = 0; l < lanes; l++)
                    din[(y * s->w + x) * lanes + l] += dout[o * lanes + l] / area;
    }
}

/* ---- blocks of images ------------------------------------------------------------------------------- */

/* Planes of a block, and floats of one plane in and out. */
typedef struct {
    int64_t n, in, out;
} planes;

static planes planes_of(const cpu_step *s, const cpu_block *b)
{
    const cpu_value *in = &s->plan->values[s->in[0]], *out = &s->plan->values[s->out];
    int lanes = s->plan->lanes;
    return (planes){b->n * out->padded / lanes, in->pixels * lanes, out->pixels * lanes};
}

static int32_t *choices(const cpu_step *s, const cpu_block *b)
{
    const pool *a = s->self;
    return a->choice ? a->choice + b->first * cpu_image(&s->plan->values[s->out]) : NULL;
}

static lsc_status max_forward(const cpu_step *s, const cpu_block *b)
{
    const float *in = cpu_data(s->plan, b, s->in[0]);
    float *out = cpu_data(s->plan, b, s->out);
    int32_t *choice = choices(s, b);
    pool_size size = size_of(s);
    planes p = planes_of(s, b);
    for (int64_t i = 0; i < p.n; i++)
        largest(&size, s->plan->lanes, in + i * p.in, out + i * p.out, choice ? choice + i * p.out : NULL);
    return LSC_OK;
}

static lsc_status max_forward_r(const cpu_step *s, const cpu_block *b)
{
    const float *rin = cpu_rdata(s->plan, b, s->in[0]);
    float *rout = cpu_rdata(s->plan, b, s->out);
    const int32_t *choice = choices(s, b);
    int lanes = s->plan->lanes;
    planes p = planes_of(s, b);
    for (int64_t i = 0; i < p.n; i++, rin += p.in, rout += p.out, choice += p.out)
        for (int64_t o = 0; o < p.out; o++)
            rout[o] = rin[choice[o] * lanes + o % lanes];
    return LSC_OK;
}

static void average(const cpu_step *s, const cpu_block *b, const float *in, float *out)
{
    pool_size size = size_of(s);
    planes p = planes_of(s, b);
    for (int64_t i = 0; i < p.n; i++)
        mean(&size, s->plan->lanes, in + i * p.in, out + i * p.out);
}

static lsc_status average_forward(const cpu_step *s, const cpu_block *b)
{
    average(s, b, cpu_data(s->plan, b, s->in[0]), cpu_data(s->plan, b, s->out));
    return LSC_OK;
}

static lsc_status average_forward_r(const cpu_step *s, const cpu_block *b)
{
    average(s, b, cpu_rdata(s->plan, b, s->in[0]), cpu_rdata(s->plan, b, s->out));
    return LSC_OK;
}

/* The gradient by the input, zero as yet; NULL: not needed. */
static float *empty_gradient(const cpu_step *s, const cpu_block *b)
{
    float *din = cpu_gradient(s->plan, b, s, 0);
    if (din == NULL)
        return NULL;
    memset(din, 0, (size_t)(b->n * cpu_image(&s->plan->values[s->in[0]])) * sizeof *din);
    return din;
}

static lsc_status max_backward(const cpu_step *s, const cpu_block *b)
{
    const float *dout = cpu_sum_parts(s->plan, b, s->out);
    float *din = empty_gradient(s, b);
    const int32_t *choice = choices(s, b);
    pool_size size = size_of(s);
    planes p = planes_of(s, b);
    for (int64_t i = 0; din && i < p.n; i++)
        to_largest(&size, s->plan->lanes, choice + i * p.out, dout + i * p.out, din + i * p.in);
    return LSC_OK;
}

static lsc_status average_backward(const cpu_step *s, const cpu_block *b)
{
    const float *dout = cpu_sum_parts(s->plan, b, s->out);
    float *din = empty_gradient(s, b);
    pool_size size = size_of(s);
    planes p = planes_of(s, b);
    for (int64_t i = 0; din && i < p.n; i++)
        to_all(&size, s->plan->lanes, dout + i * p.out, din + i * p.in);
    return LSC_OK;
}

const cpu_kind cpu_maxpool = {
    .name = "max pooling",
    .make = make,
    .free = free_pool,
    .forward = max_forward,
    .backward = max_backward,
    .forward_r = max_forward_r,
    .backward_r = max_backward,
};

const cpu_kind cpu_avgpool = {
    .name = "average pooling",
    .make = make,
    .free = free_pool,
    .forward = average_forward,
    .backward = average_backward,
    .forward_r = average_forward_r,
    .backward_r = average_backward,
};
