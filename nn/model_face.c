/*
 * Networks for face anti-spoofing: a residual network (resnet.h) under the name `model` and a head `fc` that gives the
 * cosine of the features with each row of its weight.
 *     face_resnet18  torchvision's resnet18 for 256 x 256, with the names of the released checkpoints of GAC-FAS; their
 *                    model.fc, which nothing uses, and their second names of the stages, layer_blocks, are left out
 *     face_resnet20  resnet20 for 64 x 64
 * Source: Le and Woo 2024, arXiv:2402.18817.
 * SPDX-License-Identifier: MIT
 */
#include "nn/resnet.h"

static void build(nn_graph *g, const nn_model *model, int64_t classes)
{
    nn_cosine(g, nn_resnet_features(g, model->family), "fc", classes);
}

const nn_model nn_model_face_resnet18 = {
    .name = "face_resnet18",
    .text = "resnet18 for large images with a head of cosines",
    .source = "Leminhbinh0209/CVPR24-FAS, models/resnet.py",
    .image = {3, {3, 256, 256}},
    .build = build,
    .family =
        &(const nn_resnet){
            .blocks = {2, 2, 2, 2},
            .width = 64,
            .wide_stem = true,
            .projection = "downsample",
            .prefix = "model.",
        },
};

const nn_model nn_model_face_resnet20 = {
    .name = "face_resnet20",
    .text = "resnet20 with a head of cosines",
    .source = "losscope",
    .image = {3, {3, 64, 64}},
    .build = build,
    .family =
        &(const nn_resnet){
            .blocks = {3, 3, 3},
            .width = 16,
            .projection = "shortcut",
            .prefix = "model.",
        },
};
