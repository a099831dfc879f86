/*
 * Linear layer whose rows are used at unit length: in [F] -> out [K],
 *     out_k = in . v_k,  v_k = w_k / max(|w_k|, eps),
 * which on vectors of unit length (op_l2norm.c) is the cosine of the angle. Blocks: weight [K, F] of rows w_k.
 * saved: the unit_scale of each row, [K]; rsaved: v_k . rw_k of each row, [K] double.
 *
 * How a row moves, and its gradient, summed over the images n:
 *     rv_k = inverse (rw_k - v_k (v_k . rw_k)),   dw_k = inverse sum_n dout_nk (in_n - out_nk v_k)
 * SPDX-License-Identifier: MIT
 */
#include "nn/op_linear.h"
#include "nn/op_unit.h"

#include <string.h>

#define NN_KERNELS "nn/op_unitlinear_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

static size_t saved_size(const nn_node *d, int64_t n, nn_real real)
{
    (void)n;
    (void)real;
    return (size_t)d->shape.dim[0] * sizeof(unit_scale);
}

const nn_op nn_op_unitlinear = {
    .name = "unitlinear",
    .text = "fully connected layer whose rows are used at unit length",
    .forward = forward,
    .backward = backward,
    .saved_size = saved_size,
    .flops = nn_linear_flops,
    .init = nn_linear_init,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_cosine(nn_graph *g, int x, const char *name, int64_t features)
{
    x = nn_l2norm(g, x);
    nn_node *node = nn_graph_add(g, &nn_op_unitlinear, name, &x, 1);
    if (node == NULL)
        return -1;
    node->eps = NN_UNIT_EPS;
    node->shape.dim[0] = features;
    nn_graph_block(g, node, "weight", LSC_WEIGHT, 2, (int64_t[]){features, node->in_shape.dim[0]});
    return nn_graph_last(g);
}
