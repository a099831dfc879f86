/*
 * Each image's vector at unit length: in [F] -> out = in / max(|in|, eps), torch.nn.functional.normalize(x).
 * saved: the unit_scale of each image, [N].
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"
#include "nn/op_unit.h"

#include <string.h>

#define NN_KERNELS "nn/op_l2norm_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

static size_t saved_size(const nn_node *d, int64_t n, nn_real real)
{
    (void)d;
    (void)real;
    return (size_t)n * sizeof(unit_scale);
}

const nn_op nn_op_l2norm = {
    .name = "l2norm",
    .text = "each image's vector at unit length",
    .forward = forward,
    .backward = backward,
    .saved_size = saved_size,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_l2norm(nn_graph *g, int x)
{
    nn_node *node = nn_graph_add(g, &nn_op_l2norm, "", &x, 1);
    char text[80];
    if (node == NULL)
        return -1;
    if (node->in_shape.rank != 1)
        nn_graph_fail(g, LSC_ERR_SHAPE, "l2norm: the input is %s, needs [F]: flatten it first",
                      nn_shape_text(&node->in_shape, text, sizeof text));
    node->eps = NN_UNIT_EPS;
    return nn_graph_last(g);
}
