/*
 * Max pooling: in [C, H, W] -> [C, OH, OW], square window, padding never chosen (torch.nn.MaxPool2d). NaN stays NaN.
 * saved: the chosen places, [N, C, OH, OW] int32 within their plane.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op_pool.h"

#define NN_KERNELS "nn/op_maxpool_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

static size_t saved_size(const nn_node *d, int64_t n, nn_real real)
{
    (void)real;
    return (size_t)(n * nn_shape_elements(&d->shape)) * sizeof(int32_t);
}

const nn_op nn_op_maxpool = {
    .name = "maxpool",
    .text = "largest element of each window",
    .forward = forward,
    .backward = backward,
    .saved_size = saved_size,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_maxpool(nn_graph *g, int x, int kernel, int stride, int pad)
{
    return nn_pool(g, &nn_op_maxpool, x, kernel, stride, pad);
}
