/*
 * Kernels of op_maxpool.c for one REAL; see op_kernels.h.
 * SPDX-License-Identifier: MIT
 */

/* Index in the plane [H, W] of the largest element of a window, the first of equals; NaN is largest. */
static int32_t K(choose)(const REAL *in, int64_t w, const pool_window *p)
{
    int64_t best = p->y0 * w + p->x0;
    for (int64_t y = p->y0; y < p->y1; y++)
        for (int64_t x = p->x0; x < p->x1; x++)
            if (in[y * w + x] > in[best] || (in[y * w + x] != in[y * w + x] && in[best] == in[best]))
                best = y * w + x;
    return (int32_t)best;
}

static void K(forward)(const nn_op_args *a)
{
    pool_size s = nn_pool_size(a);
    int32_t *choice = a->saved;
    for (int64_t p = 0; p < s.planes; p++) {
        const REAL *in = (const REAL *)a->in[0] + p * s.h * s.w;
        REAL *out = (REAL *)a->out + p * s.oh * s.ow;
        for (int64_t i = 0; i < s.oh * s.ow; i++) {
            pool_window window = nn_pool_window(&s, i);
            choice[p * s.oh * s.ow + i] = K(choose)(in, s.w, &window);
            out[i] = in[choice[p * s.oh * s.ow + i]];
        }
    }
}

/* to[choice] += from */
static void K(scatter)(const nn_op_args *a, const REAL *from, REAL *to)
{
    pool_size s = nn_pool_size(a);
    const int32_t *choice = a->saved;
    for (int64_t p = 0; p < s.planes; p++)
        for (int64_t i = p * s.oh * s.ow; i < (p + 1) * s.oh * s.ow; i++)
            to[p * s.h * s.w + choice[i]] += from[i];
}

static void K(backward)(const nn_op_args *a)
{
    if (a->din[0])
        K(scatter)(a, a->dout, a->din[0]);
}

static void K(forward_r)(const nn_op_args *a)
{
    pool_size s = nn_pool_size(a);
    const int32_t *choice = a->saved;
    const REAL *rin = a->rin[0];
    REAL *rout = a->rout;
    for (int64_t p = 0; p < s.planes; p++)
        for (int64_t i = p * s.oh * s.ow; i < (p + 1) * s.oh * s.ow; i++)
            rout[i] = rin ? rin[p * s.h * s.w + choice[i]] : 0;
}

static void K(backward_r)(const nn_op_args *a)
{
    if (a->rdin[0])
        K(scatter)(a, a->rdout, a->rdin[0]);
}
