/*
 * Batch normalization (Ioffe and Szegedy 2015, arXiv:1502.03167; torch.nn.BatchNorm2d and 1d): in [C, H, W] or [C] ->
 * the same, xhat = (x - mean) inverse,  inverse = 1 / sqrt(var + eps),  out = weight xhat + bias with mean and variance
 * of each channel from the running statistics (NN_FROZEN: constants) or from the batch (NN_BATCH: functions of x,
 * biased variance). Blocks: weight, bias, running_mean, running_var [C], num_batches_tracked [].
 *
 * In the kernels u is 1/M on batch statistics (M values a channel) and 0 on frozen ones, which makes one formula of
 * both; g and b are weight and bias; a leading r is the derivative along v.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <math.h>

typedef struct {
    int64_t n, c, plane, image; /* image: elements of one image */
    double m, u;                /* values a channel; 1/m or 0 */
} bn_size;

/* Of one channel, of the last forward: the op's saved memory is [C] of these. */
typedef struct {
    double mean, var, inverse;
} bn_statistics;

/* Sum of a quantity over a channel, and of the quantity times xhat. Those of rx are what forward_r leaves for
 * backward_r, [C] of them. */
typedef struct {
    double plain, xhat;
} bn_sums;

typedef struct {
    double g, rg, rb;
} bn_affine;

/* What backward_r knows of a channel. */
typedef struct {
    const bn_statistics *statistics;
    const bn_sums *rx_sum;
    bn_affine affine;
    bn_sums sum, rsum; /* of dy, and its derivative */
} bn_r;

static bn_size sizes(const nn_op_args *a)
{
    int64_t c = a->node->shape.dim[0], image = nn_shape_elements(&a->node->shape);
    bn_size s = {.n = a->n, .c = c, .plane = image / c, .image = image};
    s.m = (double)(s.n * s.plane);
    s.u = a->statistics == NN_BATCH ? 1 / s.m : 0;
    return s;
}

#define NN_KERNELS "nn/op_batchnorm_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

static size_t saved_size(const nn_node *d, int64_t n, nn_real real)
{
    (void)n;
    (void)real;
    return (size_t)d->shape.dim[0] * sizeof(bn_statistics);
}

static void update_statistics(const nn_op_args *a, void *const block[NN_MAX_BLOCKS])
{
    if (a->real == NN_F32)
        update_f32(a, block);
    else
        update_f64(a, block);
}

static bool defined(const nn_op_args *a)
{
    if (a->statistics == NN_BATCH)
        return true;
    return a->real == NN_F32 ? no_negative_f32(a) : no_negative_f64(a);
}

static void init(const nn_node *d, lsc_rng rng, float *const block[NN_MAX_BLOCKS])
{
    (void)rng;
    for (int64_t c = 0; c < d->shape.dim[0]; c++)
        block[0][c] = block[3][c] = 1;
}

const nn_op nn_op_batchnorm = {
    .name = "batchnorm",
    .text = "normalization of each channel by its mean and variance",
    .forward = forward,
    .backward = backward,
    .saved_size = saved_size,
    .init = init,
    .update_statistics = update_statistics,
    .defined = defined,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_batchnorm(nn_graph *g, int x, const char *name)
{
    nn_node *node = nn_graph_add(g, &nn_op_batchnorm, name, &x, 1);
    if (node == NULL)
        return -1;
    node->eps = 1e-5; /* torch.nn.BatchNorm2d default */
    node->momentum = NN_NORM_MOMENTUM;
    nn_graph_block(g, node, "weight", LSC_NORM, 1, node->shape.dim);
    nn_graph_block(g, node, "bias", LSC_NORM, 1, node->shape.dim);
    nn_graph_block(g, node, "running_mean", LSC_BUFFER, 1, node->shape.dim);
    nn_graph_block(g, node, "running_var", LSC_BUFFER, 1, node->shape.dim);
    nn_graph_block(g, node, "num_batches_tracked", LSC_BUFFER, 0, NULL);
    return nn_graph_last(g);
}
