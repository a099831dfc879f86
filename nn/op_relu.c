/*
 * Rectifier: out = max(in, 0), of any shape. NaN stays NaN. The derivative at 0 is 0, as in PyTorch.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

#define NN_KERNELS "nn/op_relu_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

const nn_op nn_op_relu = {
    .name = "relu",
    .text = "max(x, 0)",
    .forward = forward,
    .backward = backward,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_relu(nn_graph *g, int x)
{
    nn_graph_add(g, &nn_op_relu, "", &x, 1);
    return nn_graph_last(g);
}
