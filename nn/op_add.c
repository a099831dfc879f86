/*
 * Sum of two tensors of one shape: out = x + y, a residual connection.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

#define NN_KERNELS "nn/op_add_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

const nn_op nn_op_add = {
    .name = "add",
    .text = "sum of two tensors",
    .forward = forward,
    .backward = backward,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_add(nn_graph *g, int x, int y)
{
    nn_node *node = nn_graph_add(g, &nn_op_add, "", (int[]){x, y}, 2);
    char one[80], other[80];
    if (node == NULL)
        return -1;
    const nn_shape *a = &g->nodes[x].shape, *b = &g->nodes[y].shape;
    if (a->rank != b->rank || memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) != 0)
        nn_graph_fail(g, LSC_ERR_SHAPE, "add: the shapes %s and %s differ", nn_shape_text(a, one, sizeof one),
                      nn_shape_text(b, other, sizeof other));
    return nn_graph_last(g);
}
