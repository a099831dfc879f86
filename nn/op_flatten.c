/*
 * [C, H, W] -> [C * H * W] in row-major order, as torch.flatten(x, 1).
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

#define NN_KERNELS "nn/op_scale_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

const nn_op nn_op_flatten = {
    .name = "flatten",
    .text = "[C, H, W] as [C * H * W]",
    .forward = forward,
    .backward = backward,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_flatten(nn_graph *g, int x)
{
    nn_node *node = nn_graph_add(g, &nn_op_flatten, "", &x, 1);
    if (node == NULL)
        return -1;
    node->factor = 1;
    node->shape = (nn_shape){.rank = 1, .dim = {nn_shape_elements(&node->in_shape)}};
    return nn_graph_last(g);
}
