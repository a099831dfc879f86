/*
 * See cpu_graphs.h.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_graphs.h"

#include "cpu_unknown_ops.h"
#include "support/support.h"

static int conv(nn_graph *g, int x, const char *name, int64_t channels, int stride)
{
    return nn_conv2d(g, x, name, channels, 3, stride, 1, false);
}

static int conv_bn(nn_graph *g, int x, const char *name, int64_t channels, int stride)
{
    return nn_batchnorm(g, conv(g, x, name, channels, stride), name + 1);
}

static int stem(nn_graph *g)
{
    return nn_relu(g, conv_bn(g, 0, "cstem", 16, 1));
}

static void conv_alone(nn_graph *g)
{
    nn_conv2d(g, 0, "c", 16, 3, 1, 1, true);
}

static void conv_with_bias_bn_relu(nn_graph *g)
{
    nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "c", 16, 3, 1, 1, true), "n"));
}

static void conv_relu_twice(nn_graph *g)
{
    nn_relu(g, nn_relu(g, conv(g, stem(g), "c", 16, 1)));
}

static void bn_of_images(nn_graph *g)
{
    conv(g, nn_batchnorm(g, 0, "n"), "c", 8, 1);
}

static void relu_of_images(nn_graph *g)
{
    conv(g, nn_relu(g, 0), "c", 8, 1);
}

static void bn_twice(nn_graph *g)
{
    nn_batchnorm(g, nn_batchnorm(g, conv(g, 0, "c", 16, 1), "n"), "m");
}

static void bn_read_twice(nn_graph *g)
{
    int x = conv_bn(g, stem(g), "ca", 16, 1);
    nn_add(g, conv_bn(g, x, "cb", 16, 1), nn_relu(g, x));
}

static void residual(nn_graph *g)
{
    int x = stem(g);
    int y = conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 16, 1)), "cb", 16, 1);
    nn_relu(g, nn_add(g, y, x));
}

static void residual_projected(nn_graph *g)
{
    int x = stem(g);
    int y = conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 24, 2)), "cb", 24, 1);
    int z = nn_batchnorm(g, nn_conv2d(g, x, "cs", 24, 1, 2, 0, false), "s");
    nn_relu(g, nn_add(g, y, z));
}

/* The shortcut comes first, and the sum is not rectified. */
static void projected_residual(nn_graph *g)
{
    int x = stem(g);
    int z = nn_batchnorm(g, nn_conv2d(g, x, "cs", 16, 1, 1, 0, true), "s");
    nn_add(g, z, conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 16, 1)), "cb", 16, 1));
}

/* The convolution reads what it would be added onto. */
static void residual_of_one(nn_graph *g)
{
    int x = stem(g);
    nn_relu(g, nn_add(g, conv_bn(g, x, "ca", 16, 1), x));
}

/* x is read once more after the sum. */
static void residual_read_later(nn_graph *g)
{
    int x = stem(g);
    int y = nn_relu(g, nn_add(g, conv_bn(g, nn_relu(g, conv_bn(g, x, "ca", 16, 1)), "cb", 16, 1), x));
    nn_add(g, conv(g, y, "cd", 16, 1), x);
}

static void sum_of_itself(nn_graph *g)
{
    int x = conv(g, stem(g), "c", 16, 1);
    nn_relu(g, nn_add(g, x, x));
}

static void sum_of_four(nn_graph *g)
{
    int x = stem(g);
    int a = conv(g, x, "a", 16, 1), b = conv_bn(g, x, "cb", 16, 1), c = conv(g, x, "d", 16, 1);
    nn_add(g, nn_add(g, a, b), nn_add(g, c, x));
}

static void sum_of_images(nn_graph *g)
{
    nn_add(g, nn_conv2d(g, 0, "c", 3, 3, 1, 1, true), 0);
}

static void three_readers(nn_graph *g)
{
    int x = conv(g, stem(g), "c", 16, 1);
    int a = conv(g, x, "a", 16, 1), b = conv(g, x, "b", 16, 1), c = nn_relu(g, x);
    nn_add(g, nn_add(g, a, b), c);
}

static void odd_channels(nn_graph *g)
{
    int x = nn_relu(g, conv_bn(g, 0, "ca", 5, 1));
    x = nn_relu(g, conv_bn(g, x, "cb", 20, 2));
    nn_batchnorm(g, nn_conv2d(g, x, "cd", 3, 1, 1, 0, true), "d");
}

/* Convolutions for Winograd's algorithm, channels and pixels of no whole lanes and tiles. */
static void odd_tiles(nn_graph *g)
{
    int x = nn_relu(g, conv_bn(g, 0, "ca", 20, 1));
    x = nn_relu(g, nn_add(g, nn_conv2d(g, x, "b", 20, 3, 1, 1, true), x));
    conv(g, nn_relu(g, conv_bn(g, x, "cd", 40, 1)), "e", 17, 1);
}

static void large_kernel(nn_graph *g)
{
    nn_relu(g, nn_conv2d(g, stem(g), "c", 16, 5, 2, 2, true));
}

static void max_pool(nn_graph *g)
{
    int x = nn_maxpool(g, conv_bn(g, 0, "c", 16, 1), 3, 2, 1);
    nn_maxpool(g, nn_relu(g, x), 2, 2, 0);
}

static void average_pool(nn_graph *g)
{
    int x = nn_avgpool(g, conv_bn(g, 0, "c", 16, 1), 3, 2, 1);
    nn_avgpool(g, x, 2, 2, 0);
}

static void pool_of_images(nn_graph *g)
{
    nn_relu(g, conv(g, nn_maxpool(g, 0, 2, 2, 0), "c", 16, 1));
}

static void perceptron(nn_graph *g)
{
    int x = nn_linear(g, 0, "a", 20, true);
    x = nn_relu(g, nn_linear(g, nn_relu(g, x), "b", 17, false));
    nn_add(g, x, nn_linear(g, x, "d", 17, true));
}

static void unknown_ops(nn_graph *g)
{
    int x = cpu_square(g, conv_bn(g, 0, "c", 16, 1), "q");
    nn_relu(g, conv(g, cpu_center(g, x, "m"), "d", 16, 1));
}

static void unknown_op_of_images(nn_graph *g)
{
    nn_add(g, cpu_square(g, 0, "q"), cpu_center(g, 0, "m"));
}

static const cpu_graph graphs[] = {
    {"conv_alone", {3, {3, 9, 7}}, conv_alone},
    {"conv_with_bias_bn_relu", {3, {3, 8, 8}}, conv_with_bias_bn_relu},
    {"conv_relu_twice", {3, {1, 6, 6}}, conv_relu_twice},
    {"bn_of_images", {3, {3, 8, 8}}, bn_of_images},
    {"relu_of_images", {3, {2, 8, 8}}, relu_of_images},
    {"bn_twice", {3, {3, 8, 8}}, bn_twice},
    {"bn_read_twice", {3, {3, 8, 8}}, bn_read_twice},
    {"residual", {3, {3, 8, 8}}, residual},
    {"residual_projected", {3, {3, 9, 9}}, residual_projected},
    {"projected_residual", {3, {3, 8, 8}}, projected_residual},
    {"residual_of_one", {3, {3, 8, 8}}, residual_of_one},
    {"residual_read_later", {3, {3, 8, 8}}, residual_read_later},
    {"sum_of_itself", {3, {3, 8, 8}}, sum_of_itself},
    {"sum_of_four", {3, {3, 8, 8}}, sum_of_four},
    {"sum_of_images", {3, {3, 8, 8}}, sum_of_images},
    {"three_readers", {3, {3, 8, 8}}, three_readers},
    {"odd_channels", {3, {4, 7, 5}}, odd_channels},
    {"odd_tiles", {3, {3, 11, 15}}, odd_tiles},
    {"large_kernel", {3, {16, 9, 9}}, large_kernel},
    {"max_pool", {3, {3, 11, 9}}, max_pool},
    {"average_pool", {3, {3, 11, 9}}, average_pool},
    {"pool_of_images", {3, {3, 8, 8}}, pool_of_images},
    {"perceptron", {1, {11}}, perceptron},
    {"unknown_ops", {3, {3, 6, 6}}, unknown_ops},
    {"unknown_op_of_images", {3, {2, 4, 4}}, unknown_op_of_images},
};

const cpu_graph *cpu_graph_at(int i)
{
    return i >= 0 && i < (int)LSC_COUNT(graphs) ? &graphs[i] : NULL;
}

nn_graph *cpu_graph_new(const cpu_graph *c)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&c->input, &g));
    c->build(g);
    int x = nn_graph_last(g);
    if (x >= 0 && g->nodes[x].shape.rank == 3)
        x = nn_flatten(g, x);
    nn_linear(g, x, "head", 3, true);
    CHECK_OK(nn_graph_finish(g));
    return g;
}
