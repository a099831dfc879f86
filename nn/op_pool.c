/*
 * The builder that max and average pooling share.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op_pool.h"

/* A window must hold a place of the image, as in PyTorch; and places are kept as int32 in max pooling. */
static bool fits(const nn_shape *in, int kernel, int stride, int pad)
{
    return in->rank == 3 && kernel >= 1 && stride >= 1 && pad >= 0 && pad <= kernel / 2 &&
           in->dim[1] <= INT32_MAX / in->dim[2] && nn_window_count(in->dim[1], kernel, stride, pad) >= 1 &&
           nn_window_count(in->dim[2], kernel, stride, pad) >= 1;
}

int nn_pool(nn_graph *g, const nn_op *op, int x, int kernel, int stride, int pad)
{
    nn_node *node = nn_graph_add(g, op, "", &x, 1);
    char text[80];
    if (node == NULL)
        return -1;
    if (!fits(&node->in_shape, kernel, stride, pad)) {
        nn_graph_fail(g, LSC_ERR_SHAPE,
                      "%s: kernel %d, stride %d, pad %d do not fit the input %s (pad at most half the kernel)",
                      op->name, kernel, stride, pad, nn_shape_text(&node->in_shape, text, sizeof text));
        return -1;
    }
    node->kernel = kernel;
    node->stride = stride;
    node->pad = pad;
    node->shape.dim[1] = nn_window_count(node->in_shape.dim[1], kernel, stride, pad);
    node->shape.dim[2] = nn_window_count(node->in_shape.dim[2], kernel, stride, pad);
    return nn_graph_last(g);
}
