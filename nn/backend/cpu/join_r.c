/*
 * The R-operator of joins. A leading r is the derivative along v; u = 1 / (values a channel) on batch statistics and 0
 * on running ones; w is the weight of a norm; g the gradient after the rectifier, S = sum g, T = sum g xhat.
 *     rxhat = inverse (rx - u (sum rx + xhat sum rx xhat)),  rT(x) = rw xhat + w rxhat + rbias
 *     rweight = rT = sum (rg xhat + g rxhat),  rbias = rS = sum rg
 *     rdx = (rw inverse + w rinverse) (g - u (S + xhat T)) + w inverse (rg - u (rS + rxhat T + xhat rT))
 *     rinverse = -inverse^2 u sum rx xhat.
 * Both are sums of rx or rg, g, rx and x - center with coefficients of the channel. See nn/op_batchnorm_kernels.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/join.h"

enum { N_FLOATS = 6, N_DOUBLES = 2 };

/* ---- life ------------------------------------------------------------------------------------- */

lsc_status cpu_join_make_r(cpu_step *s)
{
    lsc_status st = LSC_OK;
    join *j = s->self;
    int64_t padded = cpu_join_output(s)->padded;

    LSC_NEW(j->rfloats, 2 * N_FLOATS * j->strips);
    LSC_NEW(j->rdoubles, 2 * N_DOUBLES * padded);
    for (int k = 0; k < s->n_in; k++) {
        float *f = j->rfloats + k * N_FLOATS * j->strips;
        double *d = j->rdoubles + k * N_DOUBLES * padded;
        j->operand[k].r = (join_r_operand){
            .c1 = f,
            .c2 = f + j->strips,
            .b1 = f + 2 * j->strips,
            .b2 = f + 3 * j->strips,
            .b3 = f + 4 * j->strips,
            .b4 = f + 5 * j->strips,
            .sum = d,
            .sum_xhat = d + padded,
        };
    }
cleanup:
    return st;
}

void cpu_join_free_r(cpu_step *s)
{
    join *j = s->self;
    lsc_free(j->rfloats);
    lsc_free(j->rdoubles);
    j->rfloats = NULL;
    j->rdoubles = NULL;
}

/* ---- coefficients ------------------------------------------------------------------------------- */

/* Of operand k and channel c. */
typedef struct {
    double w, rw, rbias, inverse, rounding, u;
} channel;

static channel channel_of(const cpu_step *s, int k, int64_t c)
{
    const cpu_plan *p = s->plan;
    const join_operand *o = cpu_join_operand(s, k);
    return (channel){
        .w = (double)cpu_block_of(p, p->theta, s->norm[k], 0)[c],
        .rw = (double)cpu_block_of(p, p->rop.v, s->norm[k], 0)[c],
        .rbias = (double)cpu_block_of(p, p->rop.v, s->norm[k], 1)[c],
        .inverse = o->inverse[c],
        .rounding = cpu_join_rounding(o, c),
        .u = p->o.statistics == NN_BATCH ? 1 / cpu_join_values_a_channel(s) : 0,
    };
}

/* The coefficients of xhat and 1, as those of x - center and 1. */
static void put_pair(const cpu_step *s, const channel *a, int64_t c, double of_xhat, double of_one, float *first,
                     float *second)
{
    cpu_join_put(s, first, c, of_xhat * a->inverse);
    cpu_join_put(s, second, c, of_one + of_xhat * a->inverse * a->rounding);
}

/* What can be known before the pass back, too. */
static void derive_forward(const cpu_step *s, int k)
{
    const join_operand *o = cpu_join_operand(s, k);
    for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
        channel a = channel_of(s, k, c);
        double scale = a.w * a.inverse;
        put_pair(s, &a, c, a.rw - scale * a.u * o->r.sum_xhat[c], a.rbias - scale * a.u * o->r.sum[c], o->r.c1,
                 o->r.c2);
        cpu_join_put(s, o->r.b3, c, a.rw * a.inverse - scale * a.inverse * a.u * o->r.sum_xhat[c]);
    }
}

/* Of weight and bias of operand k. */
static void parameter_sums(const cpu_step *s, int k, int64_t c, double *rsum, double *rsum_xhat)
{
    const join_operand *o = cpu_join_operand(s, k);
    channel a = channel_of(s, k, c);
    double moved = a.u > 0 ? a.u * (o->r.sum[c] * o->sum[c] + o->r.sum_xhat[c] * o->sum_xhat[c]) : 0;
    *rsum = cpu_join_total(s, 0, c);
    *rsum_xhat = a.inverse * (cpu_join_total(s, 1 + k, c) + a.rounding * *rsum - moved);
}

/* b3 is derived already. */
static void derive_backward(const cpu_step *s, int k)
{
    const join_operand *o = cpu_join_operand(s, k);
    double rsum = 0, rsum_xhat = 0;
    for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
        channel a = channel_of(s, k, c);
        double scale = a.w * a.inverse, turn = scale * a.u * o->sum_xhat[c] * a.inverse;
        double rscale = a.rw * a.inverse - scale * a.inverse * a.u * o->r.sum_xhat[c];
        parameter_sums(s, k, c, &rsum, &rsum_xhat);
        cpu_join_put(s, o->r.b4, c, -turn);
        put_pair(s, &a, c, -a.u * (rscale * o->sum_xhat[c] + scale * rsum_xhat - turn * o->r.sum_xhat[c]),
                 -a.u * (rscale * o->sum[c] + scale * rsum - turn * o->r.sum[c]), o->r.b1, o->r.b2);
    }
}

static bool is_frozen(const cpu_step *s)
{
    return s->plan->o.statistics == NN_FROZEN;
}

lsc_status cpu_join_set_v(const cpu_step *s, cpu_worker *w)
{
    (void)w;
    for (int k = 0; k < s->n_in; k++)
        if (is_frozen(s) && s->norm[k])
            derive_forward(s, k);
    return LSC_OK;
}

/* ---- forward --------------------------------------------------------------------------------------- */

lsc_status cpu_join_gather_forward_r(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    const join *j = s->self;
    cpu_rows rows = cpu_join_rows(s, b);
    double *sums = cpu_join_sums(s, b);
    for (int k = 0; k < s->n_in; k++) {
        const float *rx = cpu_rdata(p, b, s->in[k]);
        if (s->norm[k] == NULL || rx == NULL)
            continue;
        cpu_gather a = {
            .part = {rx, NULL},
            .x = {cpu_data(p, b, s->in[k]), NULL},
            .center = {j->operand[k].center, NULL},
            .sum = sums + 2 * k * j->strips,
            .sum_x = {sums + (2 * k + 1) * j->strips, NULL},
        };
        cpu_gather_run(&rows, &a);
    }
    return LSC_OK;
}

void cpu_join_combine_forward_r(const cpu_step *s)
{
    for (int k = 0; k < s->n_in; k++) {
        const join_operand *o = cpu_join_operand(s, k);
        if (s->norm[k] == NULL)
            continue;
        for (int64_t c = 0; c < cpu_join_output(s)->channels; c++) {
            o->r.sum[c] = cpu_join_total(s, 2 * k, c);
            o->r.sum_xhat[c] =
                o->inverse[c] * (cpu_join_total(s, 2 * k + 1, c) + cpu_join_rounding(o, c) * o->r.sum[c]);
        }
        derive_forward(s, k);
    }
}

lsc_status cpu_join_forward_r(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    cpu_rows rows = cpu_join_rows(s, b);
    cpu_affine_r a = {.out = cpu_rdata(p, b, s->out), .y = s->relu ? cpu_data(p, b, s->out) : NULL};
    for (int k = 0; k < s->n_in; k++) {
        const join_operand *o = cpu_join_operand(s, k);
        a.rx[k] = cpu_rdata(p, b, s->in[k]);
        a.c0[k] = o->scale;
        a.x[k] = s->norm[k] ? cpu_data(p, b, s->in[k]) : NULL;
        a.c1[k] = o->r.c1;
        a.c2[k] = o->r.c2;
        a.center[k] = o->center;
    }
    cpu_affine_r_run(&rows, &a);
    return LSC_OK;
}

/* ---- backward --------------------------------------------------------------------------------------- */

lsc_status cpu_join_gather_backward_r(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    cpu_gather a = {.kept = cpu_kept(p, b, s->out)};
    for (int k = 0; k < s->n_in; k++)
        a.rx[k] = s->norm[k] ? cpu_rdata(p, b, s->in[k]) : NULL;
    cpu_join_gather(s, b, &a);
    return LSC_OK;
}

void cpu_join_combine_backward_r(const cpu_step *s)
{
    for (int k = 0; k < s->n_in; k++)
        if (s->norm[k])
            derive_backward(s, k);
}

static void spread(const cpu_step *s, const cpu_block *b, int k, const float *rg)
{
    const cpu_plan *p = s->plan;
    const join_operand *o = cpu_join_operand(s, k);
    cpu_rows rows = cpu_join_rows(s, b);
    cpu_spread a = {
        .g = rg,
        .x = cpu_data(p, b, s->in[k]),
        .c0 = o->scale,
        .c1 = o->r.b1,
        .c2 = o->r.b2,
        .center = o->center,
        .kept = cpu_kept(p, b, s->out),
        .c3 = o->r.b3,
        .rx = is_frozen(s) ? NULL : cpu_rdata(p, b, s->in[k]),
        .c4 = o->r.b4,
        .out = cpu_gradient(p, b, s, k),
    };
    cpu_spread_run(&rows, &a);
}

lsc_status cpu_join_backward_r(const cpu_step *s, const cpu_block *b)
{
    cpu_join_hand_on(s, b, spread);
    return LSC_OK;
}

lsc_status cpu_join_gradient_r(const cpu_step *s, cpu_worker *w)
{
    double rsum = 0, rsum_xhat = 0;
    (void)w;
    for (int k = 0; k < s->n_in; k++)
        for (int64_t c = 0; s->norm[k] && c < cpu_join_output(s)->channels; c++) {
            parameter_sums(s, k, c, &rsum, &rsum_xhat);
            cpu_block_of(s->plan, s->plan->gradient, s->norm[k], 0)[c] = (float)rsum_xhat;
            cpu_block_of(s->plan, s->plan->gradient, s->norm[k], 1)[c] = (float)rsum;
        }
    return LSC_OK;
}
