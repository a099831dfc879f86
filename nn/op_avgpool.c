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

int nn_mapmean(nn_graph *g, int x)
{
    const nn_shape *map = x >= 0 && x < g->n_nodes ? &g->nodes[x].shape : NULL;
    char text[80];
    if (map && (map->rank != 3 || map->dim[1] != map->dim[2]))
        nn_graph_fail(g, LSC_ERR_SHAPE, "the mean over a map needs a square one, not %s: use square images",
                      nn_shape_text(map, text, sizeof text));
    return nn_flatten(g, nn_avgpool(g, x, map ? (int)map->dim[1] : 1, 1, 0));
}
