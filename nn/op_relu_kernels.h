/*
 * Kernels of op_relu.c for one REAL; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

static void K(forward)(const nn_op_args *a)
{
    const REAL *in = a->in[0];
    REAL *out = a->out;
    for (int64_t i = 0; i < a->n * nn_shape_elements(&a->node->shape); i++)
        out[i] = in[i] < 0 ? 0 : in[i];
}

/* to += from where the output is positive. */
static void K(add_passed)(const nn_op_args *a, const REAL *from, REAL *to)
{
    const REAL *out = a->out;
    int64_t count = a->n * nn_shape_elements(&a->node->shape);
    for (int64_t i = 0; i < count; i++)
        to[i] += out[i] <= 0 ? 0 : from[i];
}

static void K(backward)(const nn_op_args *a)
{
    if (a->din[0])
        K(add_passed)(a, a->dout, a->din[0]);
}

static void K(forward_r)(const nn_op_args *a)
{
    int64_t count = a->n * nn_shape_elements(&a->node->shape);
    memset(a->rout, 0, (size_t)count * sizeof(REAL));
    if (a->rin[0])
        K(add_passed)(a, a->rin[0], a->rout);
}

static void K(backward_r)(const nn_op_args *a)
{
    if (a->rdin[0])
        K(add_passed)(a, a->rdout, a->rdin[0]);
}
