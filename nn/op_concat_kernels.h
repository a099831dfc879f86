/*
 * Kernels of op_concat.c for one REAL; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

/* Input i into its place of every image; from NULL is zero. */
static void K(put)(const nn_op_args *a, int i, const REAL *from, REAL *out)
{
    concat_part p = part(a, i);
    for (int64_t n = 0; n < a->n; n++) {
        REAL *to = out + n * p.whole + p.first;
        if (from)
            memcpy(to, from + n * p.count, (size_t)p.count * sizeof(REAL));
        else
            memset(to, 0, (size_t)p.count * sizeof(REAL));
    }
}

/* to += input i's place of every image. */
static void K(add_taken)(const nn_op_args *a, int i, const REAL *from, REAL *to)
{
    concat_part p = part(a, i);
    for (int64_t n = 0; n < a->n; n++)
        for (int64_t j = 0; j < p.count; j++)
            to[n * p.count + j] += from[n * p.whole + p.first + j];
}

static void K(forward)(const nn_op_args *a)
{
    for (int i = 0; i < 2; i++)
        K(put)(a, i, a->in[i], a->out);
}

static void K(backward)(const nn_op_args *a)
{
    for (int i = 0; i < 2; i++)
        if (a->din[i])
            K(add_taken)(a, i, a->dout, a->din[i]);
}

static void K(forward_r)(const nn_op_args *a)
{
    for (int i = 0; i < 2; i++)
        K(put)(a, i, a->rin[i], a->rout);
}

static void K(backward_r)(const nn_op_args *a)
{
    for (int i = 0; i < 2; i++)
        if (a->rdin[i])
            K(add_taken)(a, i, a->rdout, a->rdin[i]);
}
