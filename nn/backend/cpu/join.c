/*
 * Joins: y = relu?(sum over operands k of T_k(x_k)), T_k the batch norm of operand k or nothing.
 *
 *     T(x) = scale x + shift,  scale = weight inverse,  shift = bias - scale mean,  inverse = 1 / sqrt(var + eps)
 * mean and var are the running statistics, or those of the batch: sums of x and x^2 in double. Backward, with g the
 * gradient after the rectifier, S = sum g, T = sum g xhat, xhat = (x - mean) inverse, over M values a channel:
 *     dweight = T,  dbias = S,  dx = scale (g - (S + xhat T) / M);  on running statistics dx = scale g.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/join.h"

#include <math.h>
#include <string.h>

enum { N_FLOATS = 5, N_DOUBLES = 5 };

/* ---- life ------------------------------------------------------------------------------------- */

static void free_join(cpu_step *s)
{
    join *j = s->self;
    if (j == NULL)
        return;
    cpu_join_free_r(s);
    lsc_free(j->floats);
    lsc_free(j->doubles);
    lsc_free(j->sums);
    lsc_free(j);
    s->self = NULL;
}

static join_operand lay_out(const join *j, int k, int64_t padded)
{
    float *f = j->floats + k * N_FLOATS * j->strips;
    double *d = j->doubles + k * N_DOUBLES * padded;
    return (join_operand){
        .scale = f,
        .shift = f + j->strips,
        .center = f + 2 * j->strips,
        .c1 = f + 3 * j->strips,
        .c2 = f + 4 * j->strips,
        .mean = d,
        .var = d + padded,
        .inverse = d + 2 * padded,
        .sum = d + 3 * padded,
        .sum_xhat = d + 4 * padded,
    };
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    join *j = NULL;
    int64_t padded = cpu_join_output(s)->padded;

    LSC_NEW(j, 1);
    s->self = j;
    j->groups = padded / s->plan->lanes;
    j->strips = j->groups * CPU_STRIP;
    LSC_NEW(j->floats, 2 * N_FLOATS * j->strips);
    LSC_NEW(j->doubles, 2 * N_DOUBLES * padded);
    if (cpu_keeps(s->plan))
        LSC_NEW(j->sums, cpu_max_units(s->plan) * JOIN_SUMS * j->strips);
    for (int k = 0; k < s->n_in; k++)
        j->operand[k] = lay_out(j, k, padded);
    for (int k = 0; k < s->n_in; k++)
        for (int64_t i = 0; i < j->strips && s->norm[k] == NULL; i++)
            j->operand[k].scale[i] = 1;
cleanup:
    return st;
}

/* ---- coefficients -------------------------------------------------------------------------------- */

void cpu_join_put(const cpu_step *s, float *vector, int64_t c, double value)
{
    int lanes = s->plan->lanes;
    for (int64_t i = c % lanes; i < CPU_STRIP; i += lanes)
        vector[c / lanes * CPU_STRIP + i] = (float)value;
}

double cpu_join_total(const cpu_step *s, int which, int64_t c)
{
    const join *j = s->self;
    int lanes = s->plan->lanes;
    double sum = 0;
    for (int unit = 0; unit < s->plan->units; unit++) {
        const double *strip = j->sums + (unit * JOIN_SUMS + which) * j->strips + c / lanes * CPU_STRIP;
        for (int64_t i = c % lanes; i < CPU_STRIP; i += lanes)
            sum += strip[i];
    }
    return sum;
}

/* From mean and var of operand k. */
static void derive(const cpu_step *s, int k)
{
    const cpu_plan *p = s->plan;
    const join_operand *o = cpu_join_operand(s, k);
    const float *weight = cpu_block_of(p, p->theta, s->norm[k], 0), *bias = cpu_block_of(p, p->theta, s->norm[k], 1);
    for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
        o->inverse[c] = 1 / sqrt(o->var[c] + s->norm[k]->eps);
        double scale = (double)weight[c] * o->inverse[c];
        cpu_join_put(s, o->scale, c, scale);
        cpu_join_put(s, o->shift, c, (double)bias[c] - scale * o->mean[c]);
        cpu_join_put(s, o->center, c, o->mean[c]);
    }
}

static lsc_status set_theta(const cpu_step *s, cpu_worker *w)
{
    const cpu_plan *p = s->plan;
    (void)w;
    for (int k = 0; k < s->n_in && p->o.statistics == NN_FROZEN; k++) {
        const join_operand *o = cpu_join_operand(s, k);
        if (s->norm[k] == NULL)
            continue;
        for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
            o->mean[c] = (double)cpu_block_of(p, p->theta, s->norm[k], 2)[c];
            o->var[c] = (double)cpu_block_of(p, p->theta, s->norm[k], 3)[c];
        }
        derive(s, k);
    }
    return LSC_OK;
}

/* ---- forward --------------------------------------------------------------------------------------- */

cpu_rows cpu_join_rows(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    return (cpu_rows){
        .rows = b->n * j->groups,
        .groups = j->groups,
        .row = cpu_join_output(s)->pixels * s->plan->lanes,
    };
}

double *cpu_join_sums(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    double *sums = j->sums + b->unit * JOIN_SUMS * j->strips;
    for (int64_t i = 0; i < JOIN_SUMS * j->strips && b->begins; i++)
        sums[i] = 0;
    return sums;
}

static lsc_status gather_forward(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    cpu_rows rows = cpu_join_rows(s, b);
    double *sums = cpu_join_sums(s, b);
    for (int k = 0; k < s->n_in; k++)
        if (s->norm[k])
            cpu_moments_run(&rows, cpu_data(s->plan, b, s->in[k]), sums + 2 * k * j->strips,
                            sums + (2 * k + 1) * j->strips);
    return LSC_OK;
}

double cpu_join_values_a_channel(const cpu_step *s)
{
    return (double)(s->plan->n * cpu_join_output(s)->pixels);
}

static void combine_forward(const cpu_step *s)
{
    double m = cpu_join_values_a_channel(s);
    for (int k = 0; k < s->n_in; k++) {
        const join_operand *o = cpu_join_operand(s, k);
        if (s->norm[k] == NULL)
            continue;
        for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
            o->mean[c] = cpu_join_total(s, 2 * k, c) / m;
            o->var[c] = cpu_join_total(s, 2 * k + 1, c) / m - o->mean[c] * o->mean[c];
            if (o->var[c] < 0) /* by rounding */
                o->var[c] = 0;
        }
        derive(s, k);
    }
}

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    const join *j = s->self;
    cpu_rows rows = cpu_join_rows(s, b);
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

void cpu_join_gather(const cpu_step *s, const cpu_block *b, cpu_gather *a)
{
    const cpu_plan *p = s->plan;
    const cpu_value *out = cpu_join_output(s);
    cpu_rows rows = cpu_join_rows(s, b);
    float *first = cpu_part(p, b, s->out, 0);

    for (int i = 2; i < out->n_parts; i++)
        cpu_accumulate(first, cpu_part(p, b, s->out, i), b->n * cpu_image(out));
    a->part[0] = a->g = first;
    a->part[1] = out->n_parts > 1 ? cpu_part(p, b, s->out, 1) : NULL;
    a->y = s->relu ? cpu_data(p, b, s->out) : NULL;
    a->sum = cpu_join_sums(s, b);
    for (int k = 0; k < s->n_in; k++)
        if (s->norm[k]) {
            a->x[k] = cpu_data(p, b, s->in[k]);
            a->center[k] = cpu_join_operand(s, k)->center;
            a->sum_x[k] = a->sum + (1 + k) * ((join *)s->self)->strips;
        }
    if (s->relu || out->n_parts > 1 || a->center[0] || a->center[1])
        cpu_gather_run(&rows, a);
}

static lsc_status gather_backward(const cpu_step *s, const cpu_block *b)
{
    cpu_join_gather(s, b, &(cpu_gather){0});
    return LSC_OK;
}

static void sum_channel(const cpu_step *s, int k, int64_t c)
{
    const join_operand *o = cpu_join_operand(s, k);
    o->sum[c] = cpu_join_total(s, 0, c);
    o->sum_xhat[c] = o->inverse[c] * (cpu_join_total(s, 1 + k, c) + cpu_join_rounding(o, c) * o->sum[c]);
}

static void combine_backward(const cpu_step *s)
{
    double m = cpu_join_values_a_channel(s);
    for (int k = 0; k < s->n_in; k++) {
        const join_operand *o = cpu_join_operand(s, k);
        for (int64_t c = 0; s->norm[k] && c < cpu_join_output(s)->channels; c++) {
            const float *weight = cpu_block_of(s->plan, s->plan->theta, s->norm[k], 0);
            double scale = (double)weight[c] * o->inverse[c];
            sum_channel(s, k, c);
            double c1 = -scale * o->inverse[c] * o->sum_xhat[c] / m;
            cpu_join_put(s, o->c1, c, c1);
            cpu_join_put(s, o->c2, c, -scale * o->sum[c] / m + c1 * cpu_join_rounding(o, c));
        }
    }
}

static void spread(const cpu_step *s, const cpu_block *b, int k, const float *g)
{
    const join_operand *o = cpu_join_operand(s, k);
    cpu_rows rows = cpu_join_rows(s, b);
    cpu_spread a = {
        .g = g,
        .x = cpu_data(s->plan, b, s->in[k]),
        .c0 = o->scale,
        .c1 = o->c1,
        .c2 = o->c2,
        .center = o->center,
        .out = cpu_gradient(s->plan, b, s, k),
    };
    cpu_spread_run(&rows, &a);
}

void cpu_join_hand_on(const cpu_step *s, const cpu_block *b,
                      void (*normed)(const cpu_step *s, const cpu_block *b, int k, const float *g))
{
    const cpu_plan *p = s->plan;
    const float *g = cpu_part(p, b, s->out, 0);
    for (int last = 0; last < 2; last++)
        for (int k = 0; k < s->n_in; k++) {
            float *din = cpu_gradient(p, b, s, k);
            if (din == NULL || (din == g) != (last == 1))
                continue;
            if (s->norm[k])
                normed(s, b, k, g);
            else if (last == 0)
                memcpy(din, g, (size_t)(b->n * cpu_image(cpu_join_output(s))) * sizeof *din);
        }
}

static lsc_status backward(const cpu_step *s, const cpu_block *b)
{
    cpu_join_hand_on(s, b, spread);
    return LSC_OK;
}

static lsc_status gradient(const cpu_step *s, cpu_worker *w)
{
    (void)w;
    for (int k = 0; k < s->n_in; k++)
        for (int64_t c = 0; s->norm[k] && c < cpu_join_output(s)->channels; c++) {
            const join_operand *o = cpu_join_operand(s, k);
            sum_channel(s, k, c);
            cpu_block_of(s->plan, s->plan->gradient, s->norm[k], 0)[c] = (float)o->sum_xhat[c];
            cpu_block_of(s->plan, s->plan->gradient, s->norm[k], 1)[c] = (float)o->sum[c];
        }
    return LSC_OK;
}

/* running <- (1 - momentum) running + momentum batch, variance unbiased (torch.nn.BatchNorm2d). */
static void update_statistics(const cpu_step *s, float *theta)
{
    double m = cpu_join_values_a_channel(s), unbiased = m > 1 ? m / (m - 1) : 1;
    for (int k = 0; k < s->n_in; k++) {
        const nn_node *norm = s->norm[k];
        const join_operand *o = cpu_join_operand(s, k);
        if (norm == NULL)
            continue;
        float *mean = cpu_block_of(s->plan, theta, norm, 2), *var = cpu_block_of(s->plan, theta, norm, 3);
        for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
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
    .make_r = cpu_join_make_r,
    .free_r = cpu_join_free_r,
    .set_v = cpu_join_set_v,
    .gather_forward_r = cpu_join_gather_forward_r,
    .combine_forward_r = cpu_join_combine_forward_r,
    .forward_r = cpu_join_forward_r,
    .gather_backward_r = cpu_join_gather_backward_r,
    .combine_backward_r = cpu_join_combine_backward_r,
    .backward_r = cpu_join_backward_r,
    .gradient_r = cpu_join_gradient_r,
};
