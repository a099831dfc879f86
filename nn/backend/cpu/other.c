/*
 * Ops that have no kernel here: the op's reference kernels in float, on row-major copies of a block of images. Where
 * batch statistics make images depend on each other, one thread runs them on the whole batch instead.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/other.h"

#include <string.h>

/* ---- memory ------------------------------------------------------------------------------------- */

int64_t cpu_other_row(const cpu_step *s, int value)
{
    return nn_shape_elements(&s->plan->values[value].shape);
}

static float *carve(arrays *a, float *memory, int64_t images, int64_t floats)
{
    float *array = memory + a->floats * images;
    a->floats += floats;
    return array;
}

arrays cpu_other_lay_out(const cpu_step *s, float *memory, int64_t images)
{
    arrays a = {0};
    for (int j = 0; j < s->n_in; j++)
        a.in[j] = carve(&a, memory, images, cpu_other_row(s, s->in[j]));
    a.out = carve(&a, memory, images, cpu_other_row(s, s->out));
    for (int j = 0; s->plan->o.backward && j < s->n_in; j++)
        a.din[j] = carve(&a, memory, images, cpu_other_row(s, s->in[j]));
    if (s->plan->o.backward)
        a.dout = carve(&a, memory, images, cpu_other_row(s, s->out));
    return a;
}

int64_t cpu_other_images(const cpu_step *s)
{
    return s->meets ? s->plan->o.batch : s->plan->block;
}

arrays cpu_other_arrays(const cpu_step *s, const cpu_worker *w)
{
    const other *a = s->self;
    return cpu_other_lay_out(s, a->whole ? a->whole : w->temp, cpu_other_images(s));
}

static void free_other(cpu_step *s)
{
    other *a = s->self;
    if (a == NULL)
        return;
    cpu_other_free_r(s);
    lsc_free(a->whole);
    lsc_free(a->saved);
    lsc_free(a->dblock);
    lsc_free(a);
    s->self = NULL;
}

bool cpu_other_is_learned(const cpu_step *s, int j)
{
    return s->node->block[j] >= 0 && s->plan->g->blocks[s->node->block[j]].role != LSC_BUFFER;
}

/* Elements of its block j; 0 if that is not learned. */
static int64_t learned(const cpu_step *s, int j)
{
    return cpu_other_is_learned(s, j) ? lsc_block_elements(&s->plan->g->blocks[s->node->block[j]]) : 0;
}

int64_t cpu_other_copies(const cpu_step *s)
{
    return s->meets ? 1 : s->plan->n_sections;
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    other *a = NULL;
    int64_t images = cpu_other_images(s), floats = cpu_other_lay_out(s, NULL, 0).floats * images;

    LSC_NEW(a, 1);
    s->self = a;
    if (s->meets)
        LSC_NEW(a->whole, floats);
    else
        cpu_want_temp(p, floats);
    if (!s->meets)
        cpu_want_rtemp(p, floats);
    if (s->node->op->saved_size)
        a->saved_bytes = (s->node->op->saved_size(s->node, images, NN_F32) + 63) / 64 * 64;
    LSC_NEW(a->saved, cpu_other_copies(s) * (int64_t)a->saved_bytes);
    for (int j = 0; j < s->node->n_blocks; j++)
        a->learned_floats += learned(s, j);
    if (p->o.backward)
        LSC_NEW(a->dblock, cpu_max_units(p) * a->learned_floats);
cleanup:
    return lsc_context(st, "%s '%s'", s->node->op->name, s->node->name);
}

/* ---- arguments ------------------------------------------------------------------------------------- */

nn_op_args cpu_other_arguments(const cpu_step *s, const arrays *a, int64_t n, int section)
{
    const other *o = s->self;
    const cpu_plan *p = s->plan;
    nn_op_args args = {
        .real = NN_F32,
        .statistics = p->o.statistics,
        .n = n,
        .node = s->node,
        .out = a->out,
        .saved = o->saved + (size_t)section * o->saved_bytes,
        .dout = a->dout,
    };
    for (int j = 0; j < s->n_in; j++)
        args.in[j] = a->in[j];
    for (int j = 0; j < s->node->n_blocks; j++)
        args.block[j] = cpu_block_of(p, p->theta, s->node, j);
    return args;
}

int cpu_other_section(const cpu_step *s, const cpu_block *b)
{
    return (int)((b->section - s->plan->sections) / s->plan->section);
}

/* ---- forward ----------------------------------------------------------------------------------------- */

int64_t cpu_other_place(const cpu_step *s, const cpu_block *b)
{
    return s->meets ? b->first : 0;
}

void cpu_other_read(const cpu_step *s, const cpu_block *b, int value, const float *from, float *array)
{
    const cpu_plan *p = s->plan;
    cpu_unpack(p, &p->values[value], b->n, from, array + cpu_other_place(s, b) * cpu_other_row(s, value));
}

void cpu_other_read_inputs(const cpu_step *s, const cpu_block *b, const arrays *a)
{
    for (int j = 0; j < s->n_in; j++)
        cpu_other_read(s, b, s->in[j], cpu_data(s->plan, b, s->in[j]), a->in[j]);
}

static lsc_status gather_forward(const cpu_step *s, const cpu_block *b)
{
    arrays a = cpu_other_arrays(s, b->worker);
    cpu_other_read_inputs(s, b, &a);
    return LSC_OK;
}

static void combine_forward(const cpu_step *s)
{
    arrays a = cpu_other_arrays(s, NULL);
    nn_op_args args = cpu_other_arguments(s, &a, s->plan->n, 0);
    s->node->op->forward(&args);
}

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    arrays a = cpu_other_arrays(s, b->worker);
    if (!s->meets) {
        nn_op_args args = cpu_other_arguments(s, &a, b->n, cpu_other_section(s, b));
        cpu_other_read_inputs(s, b, &a);
        s->node->op->forward(&args);
    }
    cpu_pack(p, &p->values[s->out], b->n, a.out + cpu_other_place(s, b) * cpu_other_row(s, s->out),
             cpu_data(p, b, s->out));
    return LSC_OK;
}

/* ---- backward ------------------------------------------------------------------------------------------ */

void cpu_other_aim(const cpu_step *s, const arrays *a, int64_t n, int unit, bool begins, void *dblock[NN_MAX_BLOCKS],
                   void *din[NN_MAX_IN])
{
    const other *o = s->self;
    float *sums = o->dblock + unit * o->learned_floats;
    if (begins)
        memset(sums, 0, (size_t)o->learned_floats * sizeof *sums);
    for (int j = 0; j < s->node->n_blocks; j++)
        if (cpu_other_is_learned(s, j)) {
            dblock[j] = sums;
            sums += learned(s, j);
        }
    for (int j = 0; j < s->n_in; j++)
        if (cpu_has_gradient(s, j)) {
            din[j] = a->din[j];
            memset(a->din[j], 0, (size_t)(n * cpu_other_row(s, s->in[j])) * sizeof(float));
        }
}

static void run_backward(const cpu_step *s, const arrays *a, nn_op_args *args, int unit, bool begins)
{
    cpu_other_aim(s, a, args->n, unit, begins, args->dblock, args->din);
    s->node->op->backward(args);
}

void cpu_other_write_gradients(const cpu_step *s, const cpu_block *b, const arrays *a)
{
    const cpu_plan *p = s->plan;
    for (int j = 0; j < s->n_in; j++)
        if (cpu_has_gradient(s, j))
            cpu_pack(p, &p->values[s->in[j]], b->n, a->din[j] + cpu_other_place(s, b) * cpu_other_row(s, s->in[j]),
                     cpu_gradient(p, b, s, j));
}

static lsc_status gather_backward(const cpu_step *s, const cpu_block *b)
{
    arrays a = cpu_other_arrays(s, b->worker);
    cpu_other_read(s, b, s->out, cpu_sum_parts(s->plan, b, s->out), a.dout);
    return LSC_OK;
}

static void combine_backward(const cpu_step *s)
{
    arrays a = cpu_other_arrays(s, NULL);
    nn_op_args args = cpu_other_arguments(s, &a, s->plan->n, 0);
    run_backward(s, &a, &args, 0, true);
}

static lsc_status backward(const cpu_step *s, const cpu_block *b)
{
    arrays a = cpu_other_arrays(s, b->worker);
    if (!s->meets) {
        nn_op_args args = cpu_other_arguments(s, &a, b->n, cpu_other_section(s, b));
        cpu_other_read_inputs(s, b, &a);
        cpu_other_read(s, b, s->out, cpu_data(s->plan, b, s->out), a.out);
        run_backward(s, &a, &args, b->unit, b->begins);
    }
    cpu_other_write_gradients(s, b, &a);
    return LSC_OK;
}

static lsc_status gradient(const cpu_step *s, cpu_worker *w)
{
    const cpu_plan *p = s->plan;
    const other *o = s->self;
    int units = s->meets ? 1 : p->units;
    int64_t at = 0;
    (void)w;
    for (int j = 0; j < s->node->n_blocks; j++) {
        float *to = cpu_block_of(p, p->gradient, s->node, j);
        const int64_t n = learned(s, j);
        for (int64_t i = 0; i < n; i++, at++) {
            double sum = 0;
            for (int unit = 0; unit < units; unit++)
                sum += (double)o->dblock[unit * o->learned_floats + at];
            to[i] = (float)sum;
        }
    }
    return LSC_OK;
}

static void update_statistics(const cpu_step *s, float *theta)
{
    void *block[NN_MAX_BLOCKS] = {NULL};
    if (!s->meets)
        return;
    arrays a = cpu_other_arrays(s, NULL);
    nn_op_args args = cpu_other_arguments(s, &a, s->plan->n, 0);
    for (int j = 0; j < s->node->n_blocks; j++)
        block[j] = cpu_block_of(s->plan, theta, s->node, j);
    s->node->op->update_statistics(&args, block);
}

const cpu_kind cpu_other = {
    .name = "other",
    .make = make,
    .free = free_other,
    .gather_forward = gather_forward,
    .combine_forward = combine_forward,
    .forward = forward,
    .gather_backward = gather_backward,
    .combine_backward = combine_backward,
    .backward = backward,
    .gradient = gradient,
    .update_statistics = update_statistics,
    .make_r = cpu_other_make_r,
    .free_r = cpu_other_free_r,
    .gather_forward_r = cpu_other_gather_forward_r,
    .combine_forward_r = cpu_other_combine_forward_r,
    .forward_r = cpu_other_forward_r,
    .gather_backward_r = cpu_other_gather_backward_r,
    .combine_backward_r = cpu_other_combine_backward_r,
    .backward_r = cpu_other_backward_r,
    .gradient_r = gradient,
};
