/*
 * Linear layer: in [F] -> out [K],  out = weight in + bias. Blocks: weight [K, F], bias [K] (may be absent).
 * SPDX-License-Identifier: MIT
 */
#include "nn/op_linear.h"

#include <math.h>

#define NN_KERNELS "nn/op_linear_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

double nn_linear_flops(const nn_node *d)
{
    return 2.0 * (double)d->in_shape.dim[0] * (double)d->shape.dim[0];
}

void nn_linear_init(const nn_node *d, lsc_rng rng, float *const block[NN_MAX_BLOCKS])
{
    int64_t weights = d->in_shape.dim[0] * d->shape.dim[0];
    double bound = 1 / sqrt((double)d->in_shape.dim[0]);
    for (int64_t i = 0; i < weights; i++)
        block[0][i] = (float)(bound * (2 * lsc_rng_uniform(rng, (uint64_t)i) - 1));
    for (int64_t i = 0; block[1] && i < d->shape.dim[0]; i++)
        block[1][i] = (float)(bound * (2 * lsc_rng_uniform(rng, (uint64_t)(weights + i)) - 1));
}

const nn_op nn_op_linear = {
    .name = "linear",
    .text = "fully connected layer",
    .forward = forward,
    .backward = backward,
    .flops = nn_linear_flops,
    .init = nn_linear_init,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_linear(nn_graph *g, int x, const char *name, int64_t features, bool bias)
{
    nn_node *node = nn_graph_add(g, &nn_op_linear, name, &x, 1);
    char text[80];
    if (node == NULL)
        return -1;
    if (node->in_shape.rank != 1) {
        nn_graph_fail(g, LSC_ERR_SHAPE, "linear '%s': the input is %s, needs [F]: flatten it first", name,
                      nn_shape_text(&node->in_shape, text, sizeof text));
        return -1;
    }
    node->shape.dim[0] = features;
    nn_graph_block(g, node, "weight", LSC_WEIGHT, 2, (int64_t[]){features, node->in_shape.dim[0]});
    if (bias)
        nn_graph_block(g, node, "bias", LSC_BIAS, 1, &features);
    else
        nn_graph_no_block(node);
    return nn_graph_last(g);
}
