/*
 * Kernels of op_add.c for one REAL; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

/* to += from; from NULL is zero. */
static void K(accumulate)(const nn_op_args *a, const REAL *from, REAL *to)
{
    int64_t count = a->n * nn_shape_elements(&a->node->shape);
    for (int64_t i = 0; from && i < count; i++)
        to[i] += from[i];
}

static void K(sum)(const nn_op_args *a, const REAL *x, const REAL *y, REAL *out)
{
    memset(out, 0, (size_t)(a->n * nn_shape_elements(&a->node->shape)) * sizeof(REAL));
    K(accumulate)(a, x, out);
    K(accumulate)(a, y, out);
}

static void K(forward)(const nn_op_args *a)
{
    K(sum)(a, a->in[0], a->in[1], a->out);
}

static void K(backward)(const nn_op_args *a)
{
    for (int i = 0; i < 2; i++)
        if (a->din[i])
            K(accumulate)(a, a->dout, a->din[i]);
}

static void K(forward_r)(const nn_op_args *a)
{
    K(sum)(a, a->rin[0], a->rin[1], a->rout);
}

static void K(backward_r)(const nn_op_args *a)
{
    for (int i = 0; i < 2; i++)
        if (a->rdin[i])
            K(accumulate)(a, a->rdout, a->rdin[i]);
}
