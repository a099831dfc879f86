/*
 * out = factor * in, element by element: the scale of logits in front of a loss.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <math.h>
#include <string.h>

#define NN_KERNELS "nn/op_scale_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

const nn_op nn_op_scale = {
    .name = "scale",
    .text = "a constant times each element",
    .forward = forward,
    .backward = backward,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_scale(nn_graph *g, int x, double factor)
{
    nn_node *node = nn_graph_add(g, &nn_op_scale, "", &x, 1);
    if (node == NULL)
        return -1;
    if (!isfinite(factor))
        nn_graph_fail(g, LSC_ERR_ARG, "scale: the factor is %g, needs to be finite", factor);
    node->factor = factor;
    return nn_graph_last(g);
}
