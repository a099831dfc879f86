/*
 * Residual networks for small images (resnet.h), with the names and shapes of cifar10/models/resnet.py in
 * tomgoldstein/loss-landscape, with and without their shortcuts:
 *     resnetD     depth D = 6 n + 2: three stages of n basic blocks with 16, 32, 64 channels
 *     wrnD_k      the same, k times as wide
 *     resnet18, 34, 50, 101, 152   four stages with 64 to 512 channels, the last three of bottlenecks
 * resnet50_16 is the resnetD of depth 50. That code pools windows of a fixed size at the end; here it is the whole map,
 * which is the same for its images and allows others.
 * Source: He et al. 2015, arXiv:1512.03385; Li et al. 2018, arXiv:1712.09913.
 * SPDX-License-Identifier: MIT
 */
#include "nn/resnet.h"

static void build(nn_graph *g, const nn_model *model, int64_t classes)
{
    nn_linear(g, nn_resnet_features(g, model->family), "linear", classes, true);
}

#define RESNET(id, words, ...)                                                                                         \
    const nn_model nn_model_##id = {                                                                                   \
        .name = #id,                                                                                                   \
        .text = words,                                                                                                 \
        .source = "tomgoldstein/loss-landscape, cifar10/models/resnet.py",                                             \
        .image = {3, {3, 32, 32}},                                                                                     \
        .build = build,                                                                                                \
        .family = &(const nn_resnet){.projection = "shortcut", .prefix = "", __VA_ARGS__},                             \
    };
#define NARROW(n, k)      .blocks = {n, n, n}, .width = 16 * (k)
#define BROAD(a, b, c, d) .blocks = {a, b, c, d}, .width = 64

RESNET(resnet20, "residual network for small images, 20 layers", NARROW(3, 1))
RESNET(resnet20_noshort, "the same without shortcuts", NARROW(3, 1), .no_shortcuts = true)
RESNET(resnet32, "residual network for small images, 32 layers", NARROW(5, 1))
RESNET(resnet32_noshort, "the same without shortcuts", NARROW(5, 1), .no_shortcuts = true)
RESNET(resnet44, "residual network for small images, 44 layers", NARROW(7, 1))
RESNET(resnet44_noshort, "the same without shortcuts", NARROW(7, 1), .no_shortcuts = true)
RESNET(resnet56, "residual network for small images, 56 layers", NARROW(9, 1))
RESNET(resnet56_noshort, "the same without shortcuts", NARROW(9, 1), .no_shortcuts = true)
RESNET(resnet110, "residual network for small images, 110 layers", NARROW(18, 1))
RESNET(resnet110_noshort, "the same without shortcuts", NARROW(18, 1), .no_shortcuts = true)
RESNET(resnet50_16_noshort, "50 layers without shortcuts", NARROW(8, 1), .no_shortcuts = true)

RESNET(wrn56_2, "resnet56, 2 times as wide", NARROW(9, 2))
RESNET(wrn56_2_noshort, "the same without shortcuts", NARROW(9, 2), .no_shortcuts = true)
RESNET(wrn56_4, "resnet56, 4 times as wide", NARROW(9, 4))
RESNET(wrn56_4_noshort, "the same without shortcuts", NARROW(9, 4), .no_shortcuts = true)
RESNET(wrn56_8, "resnet56, 8 times as wide", NARROW(9, 8))
RESNET(wrn56_8_noshort, "the same without shortcuts", NARROW(9, 8), .no_shortcuts = true)
RESNET(wrn110_2_noshort, "resnet110, 2 times as wide, without shortcuts", NARROW(18, 2), .no_shortcuts = true)
RESNET(wrn110_4_noshort, "resnet110, 4 times as wide, without shortcuts", NARROW(18, 4), .no_shortcuts = true)

RESNET(resnet18, "residual network of 18 layers with the stem for small images", BROAD(2, 2, 2, 2))
RESNET(resnet18_noshort, "the same without shortcuts", BROAD(2, 2, 2, 2), .no_shortcuts = true)
RESNET(resnet34, "residual network of 34 layers with the stem for small images", BROAD(3, 4, 6, 3))
RESNET(resnet34_noshort, "the same without shortcuts", BROAD(3, 4, 6, 3), .no_shortcuts = true)
RESNET(resnet50, "residual network of 50 layers with the stem for small images", BROAD(3, 4, 6, 3), .bottleneck = true)
RESNET(resnet50_noshort, "the same without shortcuts", BROAD(3, 4, 6, 3), .bottleneck = true, .no_shortcuts = true)
RESNET(resnet101, "residual network of 101 layers with the stem for small images", BROAD(3, 4, 23, 3),
       .bottleneck = true)
RESNET(resnet101_noshort, "the same without shortcuts", BROAD(3, 4, 23, 3), .bottleneck = true, .no_shortcuts = true)
RESNET(resnet152, "residual network of 152 layers with the stem for small images", BROAD(3, 8, 36, 3),
       .bottleneck = true)
RESNET(resnet152_noshort, "the same without shortcuts", BROAD(3, 8, 36, 3), .bottleneck = true, .no_shortcuts = true)
