/*
 * See resnet.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/resnet.h"

typedef struct {
    char text[96];
} module_name;

/* "prefix" "path" or "prefix" "path.part". */
static module_name module(const nn_resnet *r, const char *path, const char *part)
{
    module_name m;
    snprintf(m.text, sizeof m.text, "%s%s%s%s", r->prefix, path, part[0] ? "." : "", part);
    return m;
}

/* A convolution without bias and the batch norm behind it, padded so that only the stride changes the map. */
static int conv_bn(nn_graph *g, int x, module_name conv, module_name bn, int64_t channels, int kernel, int stride)
{
    x = nn_conv2d(g, x, conv.text, channels, kernel, stride, kernel / 2, false);
    return nn_batchnorm(g, x, bn.text);
}

static int basic_branch(nn_graph *g, const nn_resnet *r, int x, const char *block, int64_t channels, int stride)
{
    x = conv_bn(g, x, module(r, block, "conv1"), module(r, block, "bn1"), channels, 3, stride);
    return conv_bn(g, nn_relu(g, x), module(r, block, "conv2"), module(r, block, "bn2"), channels, 3, 1);
}

static int bottleneck_branch(nn_graph *g, const nn_resnet *r, int x, const char *block, int64_t channels, int stride)
{
    x = conv_bn(g, x, module(r, block, "conv1"), module(r, block, "bn1"), channels / 4, 1, 1);
    x = conv_bn(g, nn_relu(g, x), module(r, block, "conv2"), module(r, block, "bn2"), channels / 4, 3, stride);
    return conv_bn(g, nn_relu(g, x), module(r, block, "conv3"), module(r, block, "bn3"), channels, 1, 1);
}

static int shortcut(nn_graph *g, const nn_resnet *r, int x, const char *block, int64_t channels, int stride)
{
    char path[64];
    if (x >= 0 && stride == 1 && g->nodes[x].shape.dim[0] == channels)
        return x;
    snprintf(path, sizeof path, "%s.%s", block, r->projection);
    return conv_bn(g, x, module(r, path, "0"), module(r, path, "1"), channels, 1, stride);
}

/* channels: of the output */
static int residual_block(nn_graph *g, const nn_resnet *r, int x, const char *block, int64_t channels, int stride)
{
    int y = r->bottleneck ? bottleneck_branch(g, r, x, block, channels, stride)
                          : basic_branch(g, r, x, block, channels, stride);
    if (r->no_shortcuts)
        return r->bottleneck ? y : nn_relu(g, y);
    return nn_relu(g, nn_add(g, y, shortcut(g, r, x, block, channels, stride)));
}

static int stem(nn_graph *g, const nn_resnet *r)
{
    module_name conv = module(r, "conv1", ""), bn = module(r, "bn1", "");
    int x = nn_relu(g, conv_bn(g, 0, conv, bn, r->width, r->wide_stem ? 7 : 3, r->wide_stem ? 2 : 1));
    return r->wide_stem ? nn_maxpool(g, x, 3, 2, 1) : x;
}

int nn_resnet_features(nn_graph *g, const nn_resnet *r)
{
    int x = stem(g, r);
    int64_t channels = r->bottleneck ? 4 * r->width : r->width;
    for (int stage = 0; stage < NN_RESNET_STAGES; stage++, channels *= 2)
        for (int i = 0; i < r->blocks[stage]; i++) {
            char block[32];
            snprintf(block, sizeof block, "layer%d.%d", stage + 1, i);
            x = residual_block(g, r, x, block, channels, stage > 0 && i == 0 ? 2 : 1);
        }
    return nn_mark_features(g, nn_mapmean(g, x));
}
