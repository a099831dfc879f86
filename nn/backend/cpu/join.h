/*
 * join.h - what the files of joins share: join.c, and join_r.c with the R-operator.
 *
 *     y = relu?(sum over operands k of T_k(x_k)),  T(x) = weight xhat + bias,  xhat = (x - mean) inverse,  or T(x) = x
 *     inverse = 1 / sqrt(var + eps),  mean and var of the batch or running.
 * center is mean rounded to float: x - center is formed first where x and mean may nearly cancel.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_JOIN_H
#define CPU_JOIN_H

#include "nn/backend/cpu/join_kernels.h"

/* Of the R-operator: vectors of [groups, CPU_STRIP] floats, and of [padded channels] doubles.
 *     ry = scale rx + c1 (x - center) + c2
 *     rdx = scale rg + b1 (x - center) + b2 + b3 g + b4 rx */
typedef struct {
    float *c1, *c2, *b1, *b2, *b3, *b4;
    double *sum, *sum_xhat; /* of rx, and of rx xhat */
} join_r_operand;

/* Coefficients of one operand: vectors as above. */
typedef struct {
    float *scale, *shift, *center, *c1, *c2;
    double *mean, *var, *inverse;
    double *sum, *sum_xhat; /* of g, and of g xhat, of the last pass back over batch statistics */
    join_r_operand r;
} join_operand;

/* Sums of a unit, each [groups, CPU_STRIP]: of values x, x^2 of each operand, or rx, rx (x - center) of each; of
 * gradients g, then g (x - center) of each. */
enum { JOIN_SUMS = 4 };

typedef struct {
    join_operand operand[2];
    float *floats, *rfloats;
    double *doubles, *rdoubles;
    double *sums;           /* [units, JOIN_SUMS, strips] */
    int64_t groups, strips; /* strips: groups * CPU_STRIP */
} join;

static inline join_operand *cpu_join_operand(const cpu_step *s, int k)
{
    return &((join *)s->self)->operand[k];
}

static inline const cpu_value *cpu_join_output(const cpu_step *s)
{
    return &s->plan->values[s->out];
}

/* center - mean */
static inline double cpu_join_rounding(const join_operand *o, int64_t c)
{
    return (double)(float)o->mean[c] - o->mean[c];
}

cpu_rows cpu_join_rows(const cpu_step *s, const cpu_block *b);
/* The sums of the block's unit, zero where it begins. */
double *cpu_join_sums(const cpu_step *s, const cpu_block *b);
/* Sum `which` of channel c over the units, in order. */
double cpu_join_total(const cpu_step *s, int which, int64_t c);
/* The coefficient of channel c, repeated along its group's strip. */
void cpu_join_put(const cpu_step *s, float *vector, int64_t c, double value);
double cpu_join_values_a_channel(const cpu_step *s);
/* The gradient of the output in the pass under way, through the rectifier, to where its first part was; `a` says what
 * else is summed up on the way. */
void cpu_join_gather(const cpu_step *s, const cpu_block *b, cpu_gather *a);
/* From the gradient of the output those of the operands: as it is, or by `normed`, last into the memory that it lies in
 * itself. */
void cpu_join_hand_on(const cpu_step *s, const cpu_block *b,
                      void (*normed)(const cpu_step *s, const cpu_block *b, int k, const float *g));

/* join_r.c */
lsc_status cpu_join_make_r(cpu_step *s);
void cpu_join_free_r(cpu_step *s);
lsc_status cpu_join_set_v(const cpu_step *s, cpu_worker *w);
lsc_status cpu_join_gather_forward_r(const cpu_step *s, const cpu_block *b);
void cpu_join_combine_forward_r(const cpu_step *s);
lsc_status cpu_join_forward_r(const cpu_step *s, const cpu_block *b);
lsc_status cpu_join_gather_backward_r(const cpu_step *s, const cpu_block *b);
void cpu_join_combine_backward_r(const cpu_step *s);
lsc_status cpu_join_backward_r(const cpu_step *s, const cpu_block *b);
lsc_status cpu_join_gradient_r(const cpu_step *s, cpu_worker *w);

#endif
