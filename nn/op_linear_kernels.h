/*
 * Kernels of op_linear.c for one REAL; see op_kernels.h. N rows, F features in, K out.
 * SPDX-License-Identifier: MIT
 */

/* out [N, K] += in [N, F] * weight [K, F] transposed. */
static void K(add_product)(int64_t n, int64_t f, int64_t k, const REAL *weight, const REAL *in, REAL *out)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++) {
            REAL sum = 0;
            for (int64_t l = 0; l < f; l++)
                sum += in[i * f + l] * weight[j * f + l];
            out[i * k + j] += sum;
        }
}

/* din [N, F] += dout [N, K] * weight. */
static void K(add_back_data)(int64_t n, int64_t f, int64_t k, const REAL *weight, const REAL *dout, REAL *restrict din)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            for (int64_t l = 0; l < f; l++)
                din[i * f + l] += dout[i * k + j] * weight[j * f + l];
}

/* dweight [K, F] += dout transposed * in. */
static void K(add_back_weight)(int64_t n, int64_t f, int64_t k, const REAL *in, const REAL *dout,
                               REAL *restrict dweight)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            for (int64_t l = 0; l < f; l++)
                dweight[j * f + l] += dout[i * k + j] * in[i * f + l];
}

static void K(add_back_bias)(int64_t n, int64_t k, const REAL *dout, REAL *dbias)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            dbias[j] += dout[i * k + j];
}

static void K(fill_bias)(int64_t n, int64_t k, const REAL *bias, REAL *out)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++)
            out[i * k + j] = bias ? bias[j] : 0;
}

static void K(forward)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    K(fill_bias)(a->n, k, a->block[1], a->out);
    K(add_product)(a->n, f, k, a->block[0], a->in[0], a->out);
}

static void K(backward)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    if (a->din[0])
        K(add_back_data)(a->n, f, k, a->block[0], a->dout, a->din[0]);
    if (a->dblock[0])
        K(add_back_weight)(a->n, f, k, a->in[0], a->dout, a->dblock[0]);
    if (a->dblock[1])
        K(add_back_bias)(a->n, k, a->dout, a->dblock[1]);
}

static void K(forward_r)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    K(fill_bias)(a->n, k, a->rblock[1], a->rout);
    if (a->rin[0])
        K(add_product)(a->n, f, k, a->block[0], a->rin[0], a->rout);
    if (a->rblock[0])
        K(add_product)(a->n, f, k, a->rblock[0], a->in[0], a->rout);
}

static void K(backward_r)(const nn_op_args *a)
{
    int64_t f = a->node->in_shape.dim[0], k = a->node->shape.dim[0];
    if (a->rdin[0])
        K(add_back_data)(a->n, f, k, a->block[0], a->rdout, a->rdin[0]);
    if (a->rdin[0] && a->rblock[0])
        K(add_back_data)(a->n, f, k, a->rblock[0], a->dout, a->rdin[0]);
    if (a->rdblock[0])
        K(add_back_weight)(a->n, f, k, a->in[0], a->rdout, a->rdblock[0]);
    if (a->rdblock[0] && a->rin[0])
        K(add_back_weight)(a->n, f, k, a->rin[0], a->dout, a->rdblock[0]);
    if (a->rdblock[1])
        K(add_back_bias)(a->n, k, a->rdout, a->rdblock[1]);
}
