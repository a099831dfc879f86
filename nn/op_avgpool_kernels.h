/*
 * Kernels of op_avgpool.c for one REAL; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

/* out = mean of each window of in. */
static void K(average)(const nn_op_args *a, const REAL *in, REAL *out)
{
    pool_size s = nn_pool_size(a);
    double share = 1 / (double)(s.kernel * s.kernel);
    for (int64_t p = 0; p < s.planes; p++)
        for (int64_t i = 0; i < s.oh * s.ow; i++) {
            pool_window t = nn_pool_window(&s, i);
            double sum = 0;
            for (int64_t y = t.y0; y < t.y1; y++)
                for (int64_t x = t.x0; x < t.x1; x++)
                    sum += (double)in[(p * s.h + y) * s.w + x];
            out[p * s.oh * s.ow + i] = (REAL)(sum * share);
        }
}

/* to += from, each element shared out over its window. */
static void K(spread)(const nn_op_args *a, const REAL *from, REAL *to)
{
    pool_size s = nn_pool_size(a);
    REAL share = (REAL)(1 / (double)(s.kernel * s.kernel));
    for (int64_t p = 0; p < s.planes; p++)
        for (int64_t i = 0; i < s.oh * s.ow; i++) {
            pool_window t = nn_pool_window(&s, i);
            for (int64_t y = t.y0; y < t.y1; y++)
                for (int64_t x = t.x0; x < t.x1; x++)
                    to[(p * s.h + y) * s.w + x] += share * from[p * s.oh * s.ow + i];
        }
}

static void K(forward)(const nn_op_args *a)
{
    K(average)(a, a->in[0], a->out);
}

static void K(backward)(const nn_op_args *a)
{
    if (a->din[0])
        K(spread)(a, a->dout, a->din[0]);
}

static void K(forward_r)(const nn_op_args *a)
{
    if (a->rin[0])
        K(average)(a, a->rin[0], a->rout);
    else
        memset(a->rout, 0, (size_t)(a->n * nn_shape_elements(&a->node->shape)) * sizeof(REAL));
}

static void K(backward_r)(const nn_op_args *a)
{
    if (a->rdin[0])
        K(spread)(a, a->rdout, a->rdin[0]);
}
