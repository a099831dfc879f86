/*
 * Joins: y = relu?(sum over operands k of T_k(x_k)), T_k the batch norm of operand k or nothing.
 *
 *     T(x) = scale x + shift,  scale = weight inverse,  shift = bias - scale mean,  inverse = 1 / sqrt(var + eps)
 * mean and var are the running statistics, or those of the batch: sums of x and x^2 in double. Backward, with g the
 * gradient after the rectifier, S = sum g, T = sum g xhat, xhat = (x - mean) inverse, over M values a channel:
 *     dweight = T,  dbias = S,  dx = scale (g - (S + xhat T) / M);  on running statistics dx = scale g.
 * x - center, center = mean rounded to float, is formed first where mean and x may nearly cancel.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/join_kernels.h"

#include <math.h>
#include <string.h>

/* Coefficients of one operand: vectors of [groups, CPU_STRIP] floats, and of [padded channels] doubles. */
typedef struct {
    float *scale, *shift, *center, *c1, *c2;
    double *mean, *var, *inverse;
} operand;

enum { N_FLOATS = 5, N_DOUBLES = 3 };
/* Sums of a unit, each [groups, CPU_STRIP]: forward of x and x^2 of each operand; backward of g, then g (x - center) of
 * each. */
enum { N_SUMS = 4 };

typedef struct {
    operand operand[2];
    float *floats;
    double *doubles;
    double *sums;           /* [units, N_SUMS, strips] */
    int64_t groups, strips; /* strips: groups * CPU_STRIP */
} join;

/* ---- life ------------------------------------------------------------------------------------- */

static void free_join(cpu_step *s)
{
    join *j = s->self;
    if (j == NULL)
        return;
    lsc_free(j->floats);
    lsc_free(j->doubles);
    lsc_free(j->sums);
    lsc_free(j);
    s->self = NULL;
}

static const cpu_value *output(const cpu_step *s)
{
    return &s->plan->values[s->out];
}

static operand lay_out(const join *j, int k, int64_t padded)
{
    float *f = j->floats + k * N_FLOATS * j->strips;
    double *d = j->doubles + k * N_DOUBLES * padded;
    return (operand){
        .scale = f,
        .shift = f + j->strips,
        .center = f + 2 * j->strips,
        .c1 = f + 3 * j->strips,
        .c2 = f + 4 * j->strips,
        .mean = d,
        .var = d + padded,
        .inverse = d + 2 * padded,
    };
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    join *j = NULL;
    int64_t padded = output(s)->padded;

    LSC_NEW(j, 1);
    s->self = j;
    j->groups = padded / s->plan->lanes;
    j->strips = j->groups * CPU_STRIP;
    LSC_NEW(j->floats, 2 * N_FLOATS * j->strips);
    LSC_NEW(j->doubles, 2 * N_DOUBLES * padded);
    if (cpu_keeps(s->plan))
        LSC_NEW(j->sums, cpu_max_units(s->plan) * N_SUMS * j->strips);
    for (int k = 0; k < s->n_in; k++)
        j->operand[k] = lay_out(j, k, padded);
    for (int k = 0; k < s->n_in; k++)
        for (int64_t i = 0; i < j->strips && s->norm[k] == NULL; i++)
            j->operand[k].scale[i] = 1;
cleanup:
    return st;
}

/* ---- coefficients -------------------------------------------------------------------------------- */

/* The coefficient of channel c, repeated along its group's strip. */
static void put(const cpu_step *s, float *vector, int64_t c, double value)
{
    int lanes = s->plan->lanes;
    for (int64_t i = c % lanes; i < CPU_STRIP; i += lanes)
        vector[c / lanes * CPU_STRIP + i] = (float)value;
}

/* Sum `which` of channel c over the units, in order. */
static double total(const cpu_step *s, int which, int64_t c)
{
    const join *j = s->self;
    int lanes = s->plan->lanes;
    double sum = 0;
    for (int unit = 0; unit < s->plan->units; unit++) {
        const double *strip = j->sums + (unit * N_SUMS + which) * j->strips + c / lanes * CPU_STRIP;
        for (int64_t i = c % lanes; i < CPU_STRIP; i += lanes)
            sum += strip[i];
    }
    return sum;
}

/* From mean and var of operand k. */
static void derive(const cpu_step *s, int k)
{
    const cpu_plan *p = s->plan;
    const operand *o = &((join *)s->self)->operand[k];
    const float *weight = cpu_block_of(p, p->theta, s->norm[k], 0), *bias = cpu_block_of(p, p->theta, s->norm[k], 1);
    for (int64_t c = 0; c < output(s)->channels; c++) {
        o->inverse[c] = 1 / sqrt(o->var[c] + s->norm[k]->eps);
        double scale = (double)weight[c] * o->inverse[c];
        put(s, o->scale, c, scale);
        put(s, o->shift, c, (double)bias[c] - scale * o->mean[c]);
        put(s, o->center, c, o->mean[c]);
    }
}

static lsc_status set_theta(const cpu_step *s, cpu_worker *w)
{
    const cpu_plan *p = s->plan;
    (void)w;
    for (int k = 0; k < s->n_in && p->o.statistics == NN_FROZEN; k++) {
        const operand *o = &((join *)s->self)->operand[k];
        if (s->norm[k] == NULL)
            continue;
        for (int64_t c = 0; c < output(s)->channels; c++) {
            o->mean[c] = (double)cpu_block_of(p, p->theta, s->norm[k], 2)[c];
            o->var[c] = (double)cpu_block_of(p, p->theta, s->norm[k], 3)[c];
        }
        derive(s, k);
    }
    return LSC_OK;
}

/* ---- forward --------------------------------------------------------------------------------------- */

static cpu_rows rows_of(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    return (cpu_rows){
        .rows = b->n * j->groups,
        .groups = j->groups,
        .row = output(s)->pixels * s->plan->lanes,
    };
}

/* The sums of the block's unit, zero where it begins. */
static double *sums_of(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    double *sums = j->sums + b->unit * N_SUMS * j->strips;
    for (int64_t i = 0; i < N_SUMS * j->strips && b->begins; i++)
        sums[i] = 0;
    return sums;
}

static lsc_status gather_forward(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    cpu_rows rows = rows_of(s, b);
    double *sums = sums_of(s, b);
    for (int k = 0; k < s->n_in; k++)
        if (s->norm[k])
            cpu_moments_run(&rows, cpu_data(s->plan, b, s->in[k]), sums + 2 * k * j->strips,
                            sums + (2 * k + 1) * j->strips);
    return LSC_OK;
}

static double values_a_channel(const cpu_step *s)
{
    return (double)(s->plan->n * output(s)->pixels);
}

static void combine_forward(const cpu_step *s)
{
    double m = values_a_channel(s);
    for (int k = 0; k < s->n_in; k++) {
        const operand *o = &((join *)s->self)->operand[k];
        if (s->norm[k] == NULL)
            continue;
        for (int64_t c = 0; c < output(s)->channels; c++) {
            o->mean[c] = total(s, 2 * k, c) / m;
            o->var[c] = total(s, 2 * k + 1, c) / m - o->mean[c] * o->mean[c];
            if (o->var[c] < 0) /* by rounding */
                o->var[c] = 0;
        }
        derive(s, k);
    }
}

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    cpu_rows rows = rows_of(s, b);
    cpu_affine a = {.relu = s->relu, .y = cpu_data(s->plan, b, s->out)};
    for (int k = 0; k < s->n_in; k++) {
        a.x[k] = cpu_data(s->plan, b, s->in[k]);
        a.scale[k] = j->operand[k].scale;
        a.shift[k] = j->operand[k].shift;
    }
    cpu_affine_run(&rows, &a);
    return LSC_OK;
}

/* ---- backward --------------------------------------------------------------------------------------- */

/* g goes where the first part was. */
static lsc_status gather_backward(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    const cpu_value *out = output(s);
    const join *j = s->self;
    cpu_rows rows = rows_of(s, b);
    double *sums = sums_of(s, b);
    float *first = cpu_at(p, b, out->parts[0]);
    cpu_gather a = {.part = {first, NULL}, .g = first, .sum = sums};

    for (int i = 2; i < out->n_parts; i++)
        cpu_accumulate(first, cpu_at(p, b, out->parts[i]), b->n * cpu_image(out));
    if (out->n_parts > 1)
        a.part[1] = cpu_at(p, b, out->parts[1]);
    if (s->relu)
        a.y = cpu_data(p, b, s->out);
    for (int k = 0; k < s->n_in; k++)
        if (s->norm[k]) {
            a.x[k] = cpu_data(p, b, s->in[k]);
            a.center[k] = j->operand[k].center;
            a.sum_x[k] = sums + (1 + k) * j->strips;
        }
    if (s->relu || out->n_parts > 1 || a.center[0] || a.center[1])
        cpu_gather_run(&rows, &a);
    return LSC_OK;
}

/* S and T of operand k. */
static void channel_sums(const cpu_step *s, int k, int64_t c, double *plain, double *xhat)
{
    const operand *o = &((join *)s->self)->operand[k];
    *plain = total(s, 0, c);
    *xhat = o->inverse[c] * (total(s, 1 + k, c) + ((double)(float)o->mean[c] - o->mean[c]) * *plain);
}

static void combine_backward(const cpu_step *s)
{
    double m = values_a_channel(s), plain = 0, xhat = 0;
    for (int k = 0; k < s->n_in; k++) {
        const operand *o = &((join *)s->self)->operand[k];
        for (int64_t c = 0; s->norm[k] && c < output(s)->channels; c++) {
            const float *weight = cpu_block_of(s->plan, s->plan->theta, s->norm[k], 0);
            double scale = (double)weight[c] * o->inverse[c];
            channel_sums(s, k, c, &plain, &xhat);
            double c1 = -scale * o->inverse[c] * xhat / m;
            put(s, o->c1, c, c1);
            put(s, o->c2, c, -scale * plain / m + c1 * ((double)(float)o->mean[c] - o->mean[c]));
        }
    }
}

static void spread(const cpu_step *s, const cpu_block *b, int k, const float *g)
{
    const operand *o = &((join *)s->self)->operand[k];
    cpu_rows rows = rows_of(s, b);
    cpu_spread a = {
        .g = g,
        .x = cpu_data(s->plan, b, s->in[k]),
        .c0 = o->scale,
        .c1 = o->c1,
        .c2 = o->c2,
        .center = o->center,
        .out = cpu_at(s->plan, b, s->din[k]),
    };
    cpu_spread_run(&rows, &a);
}

/* The operand that has g's own memory comes last. */
static lsc_status backward(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    int g = output(s)->parts[0];
    for (int last = 0; last < 2; last++)
        for (int k = 0; k < s->n_in; k++) {
            if (s->din[k] < 0 || (s->din[k] == g) != (last == 1))
                continue;
            if (s->norm[k])
                spread(s, b, k, cpu_at(p, b, g));
            else if (last == 0)
                memcpy(cpu_at(p, b, s->din[k]), cpu_at(p, b, g), (size_t)(b->n * cpu_image(output(s))) * sizeof(float));
        }
    return LSC_OK;
}

static lsc_status gradient(const cpu_step *s, cpu_worker *w)
{
    double plain = 0, xhat = 0;
    (void)w;
    for (int k = 0; k < s->n_in; k++)
        for (int64_t c = 0; s->norm[k] && c < output(s)->channels; c++) {
            channel_sums(s, k, c, &plain, &xhat);
            cpu_block_of(s->plan, s->plan->gradient, s->norm[k], 0)[c] = (float)xhat;
            cpu_block_of(s->plan, s->plan->gradient, s->norm[k], 1)[c] = (float)plain;
        }
    return LSC_OK;
}

/* running <- (1 - momentum) running + momentum batch, variance unbiased (torch.nn.BatchNorm2d). */
static void update_statistics(const cpu_step *s, float *theta)
{
    double m = values_a_channel(s), unbiased = m > 1 ? m / (m - 1) : 1;
    for (int k = 0; k < s->n_in; k++) {
        const nn_node *norm = s->norm[k];
        const operand *o = &((join *)s->self)->operand[k];
        if (norm == NULL)
            continue;
        float *mean = cpu_block_of(s->plan, theta, norm, 2), *var = cpu_block_of(s->plan, theta, norm, 3);
        for (int64_t c = 0; c < output(s)->channels; c++) {
            mean[c] = (float)((1 - norm->momentum) * (double)mean[c] + norm->momentum * o->mean[c]);
            var[c] = (float)((1 - norm->momentum) * (double)var[c] + norm->momentum * unbiased * o->var[c]);
        }
        *cpu_block_of(s->plan, theta, norm, 4) += 1;
    }
}

const cpu_kind cpu_join = {
    .name = "join",
    .make = make,
    .free = free_join,
    .set_theta = set_theta,
    .gather_forward = gather_forward,
    .combine_forward = combine_forward,
    .forward = forward,
    .gather_backward = gather_backward,
    .combine_backward = combine_backward,
    .backward = backward,
    .gradient = gradient,
    .update_statistics = update_statistics,
};
