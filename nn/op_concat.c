/*
 * The channels (or features) of two tensors behind each other: [C, H, W] and [D, H, W] -> [C + D, H, W], or [F] and
 * [G] -> [F + G]; torch.cat((x, y), 1).
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

/* Of one image: elements of the output, and of input i, which begins at `first` in it. */
typedef struct {
    int64_t whole, first, count;
} concat_part;

static concat_part part(const nn_op_args *a, int i)
{
    int64_t whole = nn_shape_elements(&a->node->shape), one = nn_shape_elements(&a->node->in_shape);
    return i == 0 ? (concat_part){whole, 0, one} : (concat_part){whole, one, whole - one};
}

#define NN_KERNELS "nn/op_concat_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

const nn_op nn_op_concat = {
    .name = "concat",
    .text = "the channels of two tensors behind each other",
    .forward = forward,
    .backward = backward,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_concat(nn_graph *g, int x, int y)
{
    nn_node *node = nn_graph_add(g, &nn_op_concat, "", (int[]){x, y}, 2);
    char one[80], other[80];
    if (node == NULL)
        return -1;
    const nn_shape *a = &g->nodes[x].shape, *b = &g->nodes[y].shape;
    bool alike = a->rank == b->rank && (a->rank == 1 || (a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2]));
    if (!alike)
        nn_graph_fail(g, LSC_ERR_SHAPE, "concat: the shapes %s and %s differ in more than their channels",
                      nn_shape_text(a, one, sizeof one), nn_shape_text(b, other, sizeof other));
    node->shape.dim[0] = a->dim[0] + b->dim[0];
    return nn_graph_last(g);
}
