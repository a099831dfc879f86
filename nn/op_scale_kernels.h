/*
 * Kernels for one REAL of ops that are  out = factor * in  with the elements in order: op_scale.c, and with the
 * factor 1 op_flatten.c and op_dropout.c; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

static void K(add_scaled)(const nn_op_args *a, const REAL *from, REAL *to)
{
    REAL factor = (REAL)a->node->factor;
    int64_t count = a->n * nn_shape_elements(&a->node->shape);
    for (int64_t i = 0; from && i < count; i++)
        to[i] += factor * from[i];
}

static void K(scaled)(const nn_op_args *a, const REAL *from, REAL *to)
{
    memset(to, 0, (size_t)(a->n * nn_shape_elements(&a->node->shape)) * sizeof(REAL));
    K(add_scaled)(a, from, to);
}

static void K(forward)(const nn_op_args *a)
{
    K(scaled)(a, a->in[0], a->out);
}

static void K(backward)(const nn_op_args *a)
{
    if (a->din[0])
        K(add_scaled)(a, a->dout, a->din[0]);
}

static void K(forward_r)(const nn_op_args *a)
{
    K(scaled)(a, a->rin[0], a->rout);
}

static void K(backward_r)(const nn_op_args *a)
{
    if (a->rdin[0])
        K(add_scaled)(a, a->rdout, a->rdin[0]);
}
