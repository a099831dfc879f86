/*
 * See cpu_unknown_ops.h.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_unknown_ops.h"

/* ---- elements of a plan's scalar --------------------------------------------------------------------- */

static double at(const nn_op_args *a, const void *array, int64_t i)
{
    return a->real == NN_F32 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

/* NULL is zero. */
static double at_or_zero(const nn_op_args *a, const void *array, int64_t i)
{
    return array ? at(a, array, i) : 0;
}

static void add(const nn_op_args *a, void *array, int64_t i, double v)
{
    if (a->real == NN_F32)
        ((float *)array)[i] += (float)v;
    else
        ((double *)array)[i] += v;
}

static void put(const nn_op_args *a, void *array, int64_t i, double v)
{
    if (a->real == NN_F32)
        ((float *)array)[i] = (float)v;
    else
        ((double *)array)[i] = v;
}

static int64_t elements(const nn_op_args *a)
{
    return a->n * nn_shape_elements(&a->node->shape);
}

static int64_t channel(const nn_op_args *a, int64_t i)
{
    const int64_t *dim = a->node->shape.dim;
    return i / (dim[1] * dim[2]) % dim[0];
}

/* ---- square -------------------------------------------------------------------------------------- */

static void square_forward(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++)
        put(a, a->out, i, at(a, a->block[0], channel(a, i)) * at(a, a->in[0], i) * at(a, a->in[0], i));
}

static void square_backward(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++) {
        double x = at(a, a->in[0], i), w = at(a, a->block[0], channel(a, i)), d = at(a, a->dout, i);
        if (a->din[0])
            add(a, a->din[0], i, 2 * w * x * d);
        if (a->dblock[0])
            add(a, a->dblock[0], channel(a, i), x * x * d);
    }
}

static void square_forward_r(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++) {
        double x = at(a, a->in[0], i), w = at(a, a->block[0], channel(a, i)), rw = at(a, a->rblock[0], channel(a, i));
        put(a, a->rout, i, rw * x * x + 2 * w * x * at_or_zero(a, a->rin[0], i));
    }
}

static void square_backward_r(const nn_op_args *a)
{
    for (int64_t i = 0; i < elements(a); i++) {
        double x = at(a, a->in[0], i), w = at(a, a->block[0], channel(a, i)), d = at(a, a->dout, i);
        double rx = at_or_zero(a, a->rin[0], i), rw = at(a, a->rblock[0], channel(a, i)), rd = at(a, a->rdout, i);
        if (a->rdin[0])
            add(a, a->rdin[0], i, 2 * (rw * x * d + w * rx * d + w * x * rd));
        add(a, a->rdblock[0], channel(a, i), 2 * x * rx * d + x * x * rd);
    }
}

static const nn_op op_square = {
    .name = "square",
    .text = "for a test",
    .forward = square_forward,
    .backward = square_backward,
    .forward_r = square_forward_r,
    .backward_r = square_backward_r,
};

/* The same without R-operator. */
static const nn_op op_square_alone = {
    .name = "square_alone",
    .text = "for a test",
    .forward = square_forward,
    .backward = square_backward,
};

static int add_square(nn_graph *g, const nn_op *op, int x, const char *name)
{
    nn_node *node = nn_graph_add(g, op, name, &x, 1);
    nn_graph_block(g, node, "weight", LSC_NORM, 1, node->shape.dim);
    return nn_graph_last(g);
}

int cpu_square(nn_graph *g, int x, const char *name)
{
    return add_square(g, &op_square, x, name);
}

int cpu_square_alone(nn_graph *g, int x, const char *name)
{
    return add_square(g, &op_square_alone, x, name);
}

/* ---- center -------------------------------------------------------------------------------------- */

static double mean_of(const nn_op_args *a, const void *array)
{
    double sum = 0;
    for (int64_t i = 0; i < elements(a); i++)
        sum += at(a, array, i);
    return sum / (double)elements(a);
}

static void center_forward(const nn_op_args *a)
{
    double *saved = a->saved;
    *saved = a->statistics == NN_BATCH ? mean_of(a, a->in[0]) : at(a, a->block[0], 0);
    for (int64_t i = 0; i < elements(a); i++)
        put(a, a->out, i, at(a, a->in[0], i) - *saved);
}

static void center_backward(const nn_op_args *a)
{
    double mean = a->statistics == NN_BATCH ? mean_of(a, a->dout) : 0;
    for (int64_t i = 0; a->din[0] && i < elements(a); i++)
        add(a, a->din[0], i, at(a, a->dout, i) - mean);
}

static void center_forward_r(const nn_op_args *a)
{
    double mean = a->statistics == NN_BATCH && a->rin[0] ? mean_of(a, a->rin[0]) : 0;
    for (int64_t i = 0; i < elements(a); i++)
        put(a, a->rout, i, at_or_zero(a, a->rin[0], i) - mean);
}

static void center_backward_r(const nn_op_args *a)
{
    double mean = a->statistics == NN_BATCH ? mean_of(a, a->rdout) : 0;
    for (int64_t i = 0; a->rdin[0] && i < elements(a); i++)
        add(a, a->rdin[0], i, at(a, a->rdout, i) - mean);
}

static size_t center_saved(const nn_node *node, int64_t n, nn_real real)
{
    (void)node;
    (void)n;
    (void)real;
    return sizeof(double);
}

static void center_update(const nn_op_args *a, void *const block[NN_MAX_BLOCKS])
{
    put(a, block[0], 0, *(const double *)a->saved);
}

static const nn_op op_center = {
    .name = "center",
    .text = "for a test",
    .forward = center_forward,
    .backward = center_backward,
    .saved_size = center_saved,
    .update_statistics = center_update,
    .forward_r = center_forward_r,
    .backward_r = center_backward_r,
};

int cpu_center(nn_graph *g, int x, const char *name)
{
    nn_node *node = nn_graph_add(g, &op_center, name, &x, 1);
    nn_graph_block(g, node, "mean", LSC_BUFFER, 0, NULL);
    return nn_graph_last(g);
}
