/*
 * ResNets for 32 x 32 images: depth 6 n + 2, three stages of n basic blocks with 16, 32, 64 channels, with and without
 * their shortcuts.
 *     block: relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x))
 * The shortcut is x, or a 1 x 1 convolution with batch norm where the shape changes; _noshort has none.
 * Names and shapes are those of cifar10/models/resnet.py in tomgoldstein/loss-landscape. That code pools 8 x 8
 * windows at the end; here it is the whole map, which is the same for its images and allows others.
 * Source: He et al. 2015, arXiv:1512.03385, section 4.2; Li et al. 2018, arXiv:1712.09913.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

/* "prefix.part". */
typedef struct {
    char text[64];
} module_name;

static module_name module(const char *prefix, const char *part)
{
    module_name m;
    snprintf(m.text, sizeof m.text, "%s.%s", prefix, part);
    return m;
}

static int shortcut(nn_graph *g, int x, const char *name, int64_t channels, int stride)
{
    int y = nn_conv2d(g, x, module(name, "shortcut.0").text, channels, 1, stride, 0, false);
    return nn_batchnorm(g, y, module(name, "shortcut.1").text);
}

static int basic_block(nn_graph *g, int x, const char *name, int64_t channels, int stride, bool shortcuts)
{
    bool changes = stride != 1 || (x >= 0 && g->nodes[x].shape.dim[0] != channels);
    int y = nn_conv2d(g, x, module(name, "conv1").text, channels, 3, stride, 1, false);
    y = nn_relu(g, nn_batchnorm(g, y, module(name, "bn1").text));
    y = nn_conv2d(g, y, module(name, "conv2").text, channels, 3, 1, 1, false);
    y = nn_batchnorm(g, y, module(name, "bn2").text);
    if (shortcuts)
        y = nn_add(g, y, changes ? shortcut(g, x, name, channels, stride) : x);
    return nn_relu(g, y);
}

static lsc_status build(nn_graph *g, const char *name, int64_t classes)
{
    const nn_shape *image = nn_graph_input(g);
    bool shortcuts = strstr(name, "_noshort") == NULL;
    int depth = 0;

    sscanf(name, "resnet%d", &depth);
    if (image->rank != 3 || image->dim[1] != image->dim[2])
        return lsc_fail(LSC_ERR_SHAPE, "%s needs square images [C, H, H]", name);
    int x = nn_conv2d(g, 0, "conv1", 16, 3, 1, 1, false);
    x = nn_relu(g, nn_batchnorm(g, x, "bn1"));
    for (int stage = 0; stage < 3; stage++)
        for (int i = 0; i < (depth - 2) / 6; i++) {
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d", stage + 1, i);
            x = basic_block(g, x, block, 16 << stage, stage > 0 && i == 0 ? 2 : 1, shortcuts);
        }
    if (x >= 0)
        x = nn_avgpool(g, x, (int)g->nodes[x].shape.dim[1], 1, 0);
    nn_linear(g, nn_mark_features(g, nn_flatten(g, x)), "linear", classes, true);
    return LSC_OK;
}

#define RESNET(id, words)                                                                                              \
    const nn_model nn_model_##id = {                                                                                   \
        .name = #id,                                                                                                   \
        .text = words,                                                                                                 \
        .source = "tomgoldstein/loss-landscape, cifar10/models/resnet.py",                                             \
        .image = {3, {3, 32, 32}},                                                                                     \
        .build = build,                                                                                                \
    };

RESNET(resnet20, "residual network for small images, 20 layers, 0.27 million parameters")
RESNET(resnet20_noshort, "the same without shortcuts")
RESNET(resnet32, "residual network for small images, 32 layers, 0.47 million parameters")
RESNET(resnet32_noshort, "the same without shortcuts")
RESNET(resnet44, "residual network for small images, 44 layers, 0.66 million parameters")
RESNET(resnet44_noshort, "the same without shortcuts")
RESNET(resnet56, "residual network for small images, 56 layers, 0.86 million parameters")
RESNET(resnet56_noshort, "the same without shortcuts")
RESNET(resnet110, "residual network for small images, 110 layers, 1.73 million parameters")
RESNET(resnet110_noshort, "the same without shortcuts")
