/*
 * DenseNet-121 for 32 x 32 images, with the names and shapes of cifar10/models/densenet.py in
 * tomgoldstein/loss-landscape:
 *     conv1; dense1, trans1, dense2, trans2, dense3, trans3, dense4; bn, relu, mean of each channel, linear
 *     layer       concat(conv2(relu(bn2(conv1(relu(bn1(x)))))), x): 1 x 1 to 4 growths, 3 x 3 to one
 *     transition  2 x 2 average pooling of conv(relu(bn(x))), 1 x 1 to half the channels
 * That code pools 4 x 4 windows at the end; here it is the whole map, which is the same for its images.
 * Source: Huang et al. 2016, arXiv:1608.06993.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

enum { GROWTH = 32, STAGES = 4 };

static const int layers[STAGES] = {6, 12, 24, 16};

typedef struct {
    char text[64];
} module_name;

static module_name module(const char *parent, const char *part)
{
    module_name m;
    snprintf(m.text, sizeof m.text, "%s.%s", parent, part);
    return m;
}

/* conv(relu(bn(x))), without bias. */
static int bn_conv(nn_graph *g, int x, module_name bn, module_name conv, int64_t channels, int kernel)
{
    x = nn_relu(g, nn_batchnorm(g, x, bn.text));
    return nn_conv2d(g, x, conv.text, channels, kernel, 1, kernel / 2, false);
}

static int dense_layer(nn_graph *g, int x, const char *name)
{
    int y = bn_conv(g, x, module(name, "bn1"), module(name, "conv1"), (int64_t)4 * GROWTH, 1);
    y = bn_conv(g, y, module(name, "bn2"), module(name, "conv2"), GROWTH, 3);
    return nn_concat(g, y, x);
}

static int transition(nn_graph *g, int x, const char *name)
{
    int64_t half = x >= 0 ? g->nodes[x].shape.dim[0] / 2 : 0;
    return nn_avgpool(g, bn_conv(g, x, module(name, "bn"), module(name, "conv"), half, 1), 2, 2, 0);
}

static void build(nn_graph *g, const nn_model *model, int64_t classes)
{
    (void)model;
    char name[32];
    int x = nn_conv2d(g, 0, "conv1", (int64_t)2 * GROWTH, 3, 1, 1, false);
    for (int stage = 0; stage < STAGES; stage++) {
        for (int i = 0; i < layers[stage]; i++) {
            snprintf(name, sizeof name, "dense%d.%d", stage + 1, i);
            x = dense_layer(g, x, name);
        }
        snprintf(name, sizeof name, "trans%d", stage + 1);
        if (stage < STAGES - 1)
            x = transition(g, x, name);
    }
    x = nn_mapmean(g, nn_relu(g, nn_batchnorm(g, x, "bn")));
    nn_linear(g, nn_mark_features(g, x), "linear", classes, true);
}

const nn_model nn_model_densenet121 = {
    .name = "densenet121",
    .text = "densely connected network for small images, 121 layers",
    .source = "tomgoldstein/loss-landscape, cifar10/models/densenet.py",
    .image = {3, {3, 32, 32}},
    .build = build,
};
