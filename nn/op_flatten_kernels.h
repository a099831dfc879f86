/*
 * Kernels of op_flatten.c for one REAL; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

static void K(forward)(const nn_op_args *a)
{
    memcpy(a->out, a->in[0], (size_t)(a->n * a->node->shape.dim[0]) * sizeof(REAL));
}

static void K(accumulate)(const nn_op_args *a, const REAL *from, REAL *to)
{
    for (int64_t i = 0; i < a->n * a->node->shape.dim[0]; i++)
        to[i] += from[i];
}

static void K(backward)(const nn_op_args *a)
{
    if (a->din[0])
        K(accumulate)(a, a->dout, a->din[0]);
}

static void K(forward_r)(const nn_op_args *a)
{
    size_t size = (size_t)(a->n * a->node->shape.dim[0]) * sizeof(REAL);
    if (a->rin[0])
        memcpy(a->rout, a->rin[0], size);
    else
        memset(a->rout, 0, size);
}

static void K(backward_r)(const nn_op_args *a)
{
    if (a->rdin[0])
        K(accumulate)(a, a->rdout, a->rdin[0]);
}
