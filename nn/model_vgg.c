/*
 * VGG with batch norm for 32 x 32 images, with the names and shapes of cifar10/models/vgg.py in
 * tomgoldstein/loss-landscape:
 *     stages of 3 x 3 convolutions, each with batch norm and rectifier, and 2 x 2 max pooling behind every stage
 *     fc: linear, batch norm, rectifier;  classifier: linear
 * Modules count on through `features`: convolution i, norm i + 1, rectifier i + 2, pooling. That code rounds odd maps
 * up, which its images never meet; here they are refused.
 * Source: Simonyan and Zisserman 2014, arXiv:1409.1556.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

enum { STAGES = 5 };

typedef struct {
    int convolutions[STAGES]; /* of a stage; 0: there is none */
} vgg;

static const int64_t channels[STAGES] = {64, 128, 256, 512, 512};

/* "features.N"; for fc "fc.N" */
typedef struct {
    char text[32];
} module_name;

static module_name module(const char *parent, int n)
{
    module_name m;
    snprintf(m.text, sizeof m.text, "%s.%d", parent, n);
    return m;
}

static int halved(nn_graph *g, int x)
{
    const int64_t *dim = x >= 0 ? g->nodes[x].shape.dim : NULL;
    if (dim && (dim[1] % 2 || dim[2] % 2))
        nn_graph_fail(g, LSC_ERR_SHAPE, "a map of %lld x %lld cannot be halved: use images of 32 x 32 or a multiple",
                      (long long)dim[1], (long long)dim[2]);
    return nn_maxpool(g, x, 2, 2, 0);
}

static int features(nn_graph *g, const vgg *v, int64_t *width)
{
    int x = 0, at = 0;
    for (int stage = 0; stage < STAGES && v->convolutions[stage] > 0; stage++, at++) {
        *width = channels[stage];
        for (int i = 0; i < v->convolutions[stage]; i++, at += 3) {
            x = nn_conv2d(g, x, module("features", at).text, *width, 3, 1, 1, true);
            x = nn_relu(g, nn_batchnorm(g, x, module("features", at + 1).text));
        }
        x = halved(g, x);
    }
    return nn_flatten(g, x);
}

static void build(nn_graph *g, const nn_model *model, int64_t classes)
{
    int64_t width = 0;
    int x = features(g, model->family, &width);
    x = nn_linear(g, x, module("fc", 0).text, width, true);
    x = nn_relu(g, nn_batchnorm(g, x, module("fc", 1).text));
    nn_linear(g, nn_mark_features(g, x), "classifier", classes, true);
}

#define VGG(depth, ...)                                                                                                \
    const nn_model nn_model_vgg##depth = {                                                                             \
        .name = "vgg" #depth,                                                                                          \
        .text = "VGG for small images with batch norm, " #depth " layers",                                             \
        .source = "tomgoldstein/loss-landscape, cifar10/models/vgg.py",                                                \
        .image = {3, {3, 32, 32}},                                                                                     \
        .build = build,                                                                                                \
        .family = &(const vgg){{__VA_ARGS__}},                                                                         \
    };

VGG(9, 2, 2, 3)
VGG(16, 2, 2, 3, 3, 3)
VGG(19, 2, 2, 4, 4, 4)
