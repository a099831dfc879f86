/*
 * Average pooling: in [C, H, W] -> [C, OH, OW], the mean over kernel * kernel places, those in the padding
 * counted as zeros (torch.nn.AvgPool2d's default).
 * SPDX-License-Identifier: MIT
 */
#include "nn/op_pool.h"

#include <string.h>

#define NN_KERNELS "nn/op_avgpool_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

const nn_op nn_op_avgpool = {
    .name = "avgpool",
    .text = "mean of each window",
    .forward = forward,
    .backward = backward,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_avgpool(nn_graph *g, int x, int kernel, int stride, int pad)
{
    return nn_pool(g, &nn_op_avgpool, x, kernel, stride, pad);
}
