/*
 * Dropout as a trained network has it (torch.nn.Dropout after eval()): out = in. Nothing is ever dropped here, on
 * batch statistics either, so that a network with p > 0 can be looked at but not trained (nn_graph_check_training).
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

static bool trains(const nn_node *node)
{
    return node->p == 0;
}

const nn_op nn_op_dropout = {
    .name = "dropout",
    .text = "the identity: dropout as in evaluation",
    .forward = forward,
    .backward = backward,
    .trains = trains,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_dropout(nn_graph *g, int x, double p)
{
    nn_node *node = nn_graph_add(g, &nn_op_dropout, "", &x, 1);
    if (node == NULL)
        return -1;
    if (!(p >= 0 && p < 1))
        nn_graph_fail(g, LSC_ERR_ARG, "dropout: p is %g, needs 0 <= p < 1", p);
    node->factor = 1;
    node->p = p;
    return nn_graph_last(g);
}
