/*
 * Residual networks for large images (resnet.h), with the names of the state_dict of torchvision.models.resnetD.
 * Source: He et al. 2015, arXiv:1512.03385; torchvision/models/resnet.py, which steps in the 3 x 3 of a bottleneck.
 * SPDX-License-Identifier: MIT
 */
#include "nn/resnet.h"

static void build(nn_graph *g, const nn_model *model, int64_t classes)
{
    nn_linear(g, nn_resnet_features(g, model->family), "fc", classes, true);
}

#define RESNET(depth, ...)                                                                                             \
    const nn_model nn_model_torchvision_resnet##depth = {                                                              \
        .name = "torchvision_resnet" #depth,                                                                           \
        .text = "residual network of " #depth " layers for large images",                                              \
        .source = "torchvision.models.resnet" #depth,                                                                  \
        .image = {3, {3, 224, 224}},                                                                                   \
        .build = build,                                                                                                \
        .family =                                                                                                      \
            &(const nn_resnet){.width = 64, .wide_stem = true, .projection = "downsample", .prefix = "", __VA_ARGS__}, \
    };

RESNET(18, .blocks = {2, 2, 2, 2})
RESNET(34, .blocks = {3, 4, 6, 3})
RESNET(50, .blocks = {3, 4, 6, 3}, .bottleneck = true)
