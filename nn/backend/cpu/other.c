/*
 * Ops that have no kernel here: the op's reference kernels in float, on row-major copies of a block of images. Where
 * batch statistics make images depend on each other, one thread runs them on the whole batch instead.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/cpu.h"

#include <string.h>

typedef struct {
    float *whole;       /* arrays of the whole batch, if the step needs all images */
    char *saved;        /* what the op leaves for backward: of each block or thread, or of the whole batch */
    size_t saved_bytes; /* of one */
    float *dblock;      /* [units, learned_floats] */
    int64_t learned_floats;
} other;

/* Row-major arrays of `images` images: inputs, output, and with backward their gradients. */
typedef struct {
    float *in[NN_MAX_IN], *din[NN_MAX_IN], *out, *dout;
    int64_t floats; /* of one image, all together */
} arrays;

/* ---- memory ------------------------------------------------------------------------------------- */

static int64_t row_major(const cpu_step *s, int value)
{
    return nn_shape_elements(&s->plan->values[value].shape);
}

static float *carve(arrays *a, float *memory, int64_t images, int64_t floats)
{
    float *array = memory + a->floats * images;
    a->floats += floats;
    return array;
}

static arrays lay_out(const cpu_step *s, float *memory, int64_t images)
{
    arrays a = {0};
    for (int j = 0; j < s->n_in; j++)
        a.in[j] = carve(&a, memory, images, row_major(s, s->in[j]));
    a.out = carve(&a, memory, images, row_major(s, s->out));
    for (int j = 0; s->plan->o.backward && j < s->n_in; j++)
        a.din[j] = carve(&a, memory, images, row_major(s, s->in[j]));
    if (s->plan->o.backward)
        a.dout = carve(&a, memory, images, row_major(s, s->out));
    return a;
}

static arrays arrays_of(const cpu_step *s, const cpu_worker *w)
{
    const other *a = s->self;
    return a->whole ? lay_out(s, a->whole, s->plan->o.batch) : lay_out(s, w->temp, s->plan->block);
}

static void free_other(cpu_step *s)
{
    other *a = s->self;
    if (a == NULL)
        return;
    lsc_free(a->whole);
    lsc_free(a->saved);
    lsc_free(a->dblock);
    lsc_free(a);
    s->self = NULL;
}

static bool is_learned(const cpu_step *s, int j)
{
    return s->node->block[j] >= 0 && s->plan->g->blocks[s->node->block[j]].role != LSC_BUFFER;
}

static int64_t block_elements(const cpu_step *s, int j)
{
    const lsc_block *b = &s->plan->g->blocks[s->node->block[j]];
    int64_t n = 1;
    for (int i = 0; i < b->rank; i++)
        n *= b->shape[i];
    return n;
}

static lsc_status make(cpu_step *s)
{
    lsc_status st = LSC_OK;
    cpu_plan *p = s->plan;
    other *a = NULL;
    int64_t images = s->meets ? p->o.batch : p->block, copies = s->meets ? 1 : p->n_sections;
    int64_t floats = lay_out(s, NULL, 0).floats * images;

    LSC_NEW(a, 1);
    s->self = a;
    if (s->meets)
        LSC_NEW(a->whole, floats);
    else
        cpu_want_temp(p, floats);
    if (s->node->op->saved_size)
        a->saved_bytes = (s->node->op->saved_size(s->node, images, NN_F32) + 63) / 64 * 64;
    LSC_NEW(a->saved, copies * (int64_t)a->saved_bytes);
    for (int j = 0; j < s->node->n_blocks; j++)
        a->learned_floats += is_learned(s, j) ? block_elements(s, j) : 0;
    if (p->o.backward)
        LSC_NEW(a->dblock, cpu_max_units(p) * a->learned_floats);
cleanup:
    return lsc_context(st, "%s '%s'", s->node->op->name, s->node->name);
}

/* ---- arguments ------------------------------------------------------------------------------------- */

static nn_op_args arguments(const cpu_step *s, const arrays *a, int64_t n, int section)
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

static int section_of(const cpu_step *s, const cpu_block *b)
{
    return (int)((b->section - s->plan->sections) / s->plan->section);
}

/* ---- forward ----------------------------------------------------------------------------------------- */

/* The block's place in arrays of the whole batch, or the beginning of its own. */
static int64_t place(const cpu_step *s, const cpu_block *b)
{
    return s->meets ? b->first : 0;
}

static void read_value(const cpu_step *s, const cpu_block *b, int value, float *array)
{
    const cpu_plan *p = s->plan;
    cpu_unpack(p, &p->values[value], b->n, cpu_data(p, b, value), array + place(s, b) * row_major(s, value));
}

static void read_inputs(const cpu_step *s, const cpu_block *b, const arrays *a)
{
    for (int j = 0; j < s->n_in; j++)
        read_value(s, b, s->in[j], a->in[j]);
}

static lsc_status gather_forward(const cpu_step *s, const cpu_block *b)
{
    arrays a = arrays_of(s, b->worker);
    read_inputs(s, b, &a);
    return LSC_OK;
}

static void combine_forward(const cpu_step *s)
{
    arrays a = arrays_of(s, NULL);
    nn_op_args args = arguments(s, &a, s->plan->n, 0);
    s->node->op->forward(&args);
}

static lsc_status forward(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    arrays a = arrays_of(s, b->worker);
    if (!s->meets) {
        nn_op_args args = arguments(s, &a, b->n, section_of(s, b));
        read_inputs(s, b, &a);
        s->node->op->forward(&args);
    }
    cpu_pack(p, &p->values[s->out], b->n, a.out + place(s, b) * row_major(s, s->out), cpu_data(p, b, s->out));
    return LSC_OK;
}

/* ---- backward ------------------------------------------------------------------------------------------ */

/* Gradients by n images and by parameters; the parameters' are added to the unit's. */
static void run_backward(const cpu_step *s, const arrays *a, nn_op_args *args, int unit, bool begins)
{
    const other *o = s->self;
    float *dblock = o->dblock + unit * o->learned_floats;
    if (begins)
        memset(dblock, 0, (size_t)o->learned_floats * sizeof *dblock);
    for (int j = 0; j < s->node->n_blocks; j++)
        if (is_learned(s, j)) {
            args->dblock[j] = dblock;
            dblock += block_elements(s, j);
        }
    for (int j = 0; j < s->n_in; j++)
        if (s->din[j] >= 0) {
            args->din[j] = a->din[j];
            memset(a->din[j], 0, (size_t)(args->n * row_major(s, s->in[j])) * sizeof(float));
        }
    s->node->op->backward(args);
}

static lsc_status gather_backward(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    arrays a = arrays_of(s, b->worker);
    cpu_unpack(p, &p->values[s->out], b->n, cpu_sum_parts(p, b, s->out), a.dout + place(s, b) * row_major(s, s->out));
    return LSC_OK;
}

static void combine_backward(const cpu_step *s)
{
    arrays a = arrays_of(s, NULL);
    nn_op_args args = arguments(s, &a, s->plan->n, 0);
    run_backward(s, &a, &args, 0, true);
}

static lsc_status backward(const cpu_step *s, const cpu_block *b)
{
    const cpu_plan *p = s->plan;
    arrays a = arrays_of(s, b->worker);
    if (!s->meets) {
        nn_op_args args = arguments(s, &a, b->n, section_of(s, b));
        read_inputs(s, b, &a);
        read_value(s, b, s->out, a.out);
        run_backward(s, &a, &args, b->unit, b->begins);
    }
    for (int j = 0; j < s->n_in; j++)
        if (s->din[j] >= 0)
            cpu_pack(p, &p->values[s->in[j]], b->n, a.din[j] + place(s, b) * row_major(s, s->in[j]),
                     cpu_at(p, b, s->din[j]));
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
        for (int64_t i = 0; is_learned(s, j) && i < block_elements(s, j); i++, at++) {
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
    arrays a = arrays_of(s, NULL);
    nn_op_args args = arguments(s, &a, s->plan->n, 0);
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
};
