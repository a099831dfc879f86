/*
 * Graphs: their work, errors of builders, initial weights.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"
#include "support/block.h"

#include <math.h>

static void flops_count_two_for_each_multiplication(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("mlp", NULL, 10, &g));
    CHECK_REAL(nn_graph_flops(g), 2.0 * (784 * 64 + 64 * 64 + 640), 0);
    nn_graph_free(g);
    CHECK_OK(nn_graph_new(&(nn_shape){3, {3, 5, 7}}, &g));
    nn_linear(g, nn_flatten(g, nn_conv2d(g, 0, "c", 4, 3, 2, 1, true)), "l", 2, true);
    CHECK_OK(nn_graph_finish(g));
    CHECK_REAL(nn_graph_flops(g), 2.0 * 9 * 3 * 4 * (3 * 4) + 2.0 * 48 * 2, 0);
    nn_graph_free(g);
}

/* ---- errors of builders ---------------------------------------------------------------------- */

/* `build` on images [3, 8, 8] makes finish fail with this message. */
static void refuses(void (*build)(nn_graph *g), lsc_status status, const char *message)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {3, 8, 8}}, &g));
    build(g);
    CHECK_FAILS(nn_graph_finish(g), status, message);
    nn_graph_free(g);
}

static void big_kernel(nn_graph *g)
{
    CHECK_INT(nn_conv2d(g, 0, "c", 4, 11, 1, 1, false), -1);
    CHECK_INT(nn_relu(g, 0), -1);
    CHECK_INT(nn_linear(g, 0, "later", 4, true), -1);
}

static void no_channels(nn_graph *g)
{
    CHECK_INT(nn_conv2d(g, 0, "c", 0, 3, 1, 1, false), -1);
}

static void flat_convolution(nn_graph *g)
{
    CHECK_INT(nn_conv2d(g, nn_flatten(g, 0), "c", 4, 1, 1, 0, false), -1);
}

static void image_to_linear(nn_graph *g)
{
    CHECK_INT(nn_linear(g, 0, "fc", 4, true), -1);
}

static void image_to_unit_length(nn_graph *g)
{
    CHECK_INT(nn_l2norm(g, 0), -1);
}

static void image_to_cosines(nn_graph *g)
{
    CHECK_INT(nn_cosine(g, 0, "fc", 4), -1);
}

static void unequal_parts(nn_graph *g)
{
    CHECK_INT(nn_concat(g, 0, nn_maxpool(g, 0, 2, 2, 0)), -1);
}

static void image_and_vector(nn_graph *g)
{
    CHECK_INT(nn_concat(g, 0, nn_flatten(g, 0)), -1);
}

static void always_dropped(nn_graph *g)
{
    CHECK_INT(nn_dropout(g, 0, 1), -1);
}

static void infinite_scale(nn_graph *g)
{
    CHECK_INT(nn_scale(g, 0, (double)INFINITY), -1);
}

static void wide_padding(nn_graph *g)
{
    CHECK_INT(nn_maxpool(g, 0, 2, 2, 2), -1);
}

static void unequal_sum(nn_graph *g)
{
    CHECK_INT(nn_add(g, 0, nn_conv2d(g, 0, "c", 4, 3, 2, 1, false)), -1);
}

static void no_such_node(nn_graph *g)
{
    CHECK_INT(nn_relu(g, 5), -1);
}

static void ends_in_an_image(nn_graph *g)
{
    CHECK_INT(nn_relu(g, 0), 1);
}

static void twice_the_name(nn_graph *g)
{
    nn_linear(g, nn_linear(g, nn_flatten(g, 0), "fc", 4, true), "fc", 4, true);
}

static void huge(nn_graph *g)
{
    nn_linear(g, nn_flatten(g, 0), "fc", (int64_t)1 << 38, true);
}

static void the_first_error_of_a_builder_is_reported(void **state)
{
    (void)state;
    refuses(big_kernel, LSC_ERR_SHAPE, "conv2d 'c': kernel 11, stride 1, pad 1 do not fit the input [3, 8, 8]");
    refuses(no_channels, LSC_ERR_SHAPE, "c.weight: a dimension is not positive");
    refuses(flat_convolution, LSC_ERR_SHAPE, "do not fit the input [192], which needs [C, H, W]");
    refuses(image_to_linear, LSC_ERR_SHAPE, "linear 'fc': the input is [3, 8, 8], needs [F]");
    refuses(image_to_unit_length, LSC_ERR_SHAPE, "l2norm: the input is [3, 8, 8], needs [F]");
    refuses(image_to_cosines, LSC_ERR_SHAPE, "l2norm: the input is [3, 8, 8], needs [F]");
    refuses(unequal_parts, LSC_ERR_SHAPE, "concat: the shapes [3, 8, 8] and [3, 4, 4] differ in more than their");
    refuses(image_and_vector, LSC_ERR_SHAPE, "concat: the shapes [3, 8, 8] and [192] differ");
    refuses(always_dropped, LSC_ERR_ARG, "dropout: p is 1, needs 0 <= p < 1");
    refuses(infinite_scale, LSC_ERR_ARG, "scale: the factor is inf");
    refuses(wide_padding, LSC_ERR_SHAPE, "maxpool: kernel 2, stride 2, pad 2");
    refuses(unequal_sum, LSC_ERR_SHAPE, "add: the shapes [3, 8, 8] and [4, 4, 4] differ");
    refuses(no_such_node, LSC_ERR_ARG, "there is no node 5");
    refuses(ends_in_an_image, LSC_ERR_SHAPE, "the last node has the shape [3, 8, 8], logits need [K]");
    refuses(twice_the_name, LSC_ERR_ARG, "two blocks are named 'fc.weight'");
    refuses(huge, LSC_ERR_SHAPE, "fc.weight: a dimension is not positive, or the tensor is too large");
}

static void a_finished_graph_does_not_grow(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("mlp", NULL, 10, &g));
    CHECK_INT(nn_relu(g, 1), -1);
    CHECK_FAILS(nn_graph_finish(g), LSC_ERR_ARG, "relu '': the graph is finished");
    nn_graph_free(g);
    CHECK_FAILS(nn_graph_new(&(nn_shape){2, {3, 4}}, &g), LSC_ERR_ARG, "the input needs the shape [C, H, W] or [F]");
}

static void a_graph_with_dropout_cannot_be_trained(void **state)
{
    (void)state;
    for (int drops = 0; drops < 2; drops++) {
        nn_graph *g = NULL;
        CHECK_OK(nn_graph_new(&(nn_shape){1, {4}}, &g));
        nn_linear(g, nn_dropout(g, 0, drops ? 0.1 : 0), "fc", 2, true);
        CHECK_OK(nn_graph_finish(g));
        if (drops)
            CHECK_FAILS(nn_graph_check_training(g), LSC_ERR_ABSENT, "node 1, dropout, can only be evaluated");
        else
            CHECK_OK(nn_graph_check_training(g));
        nn_graph_free(g);
    }
}

/* ---- initial weights --------------------------------------------------------------------------- */

static void initial_weights_have_the_spread_of_their_rules(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    const lsc_layout *layout = nn_graph_layout(g);
    float *theta = lsc_calloc((size_t)layout->n, sizeof *theta);
    CHECK(theta != NULL);
    nn_graph_init(g, 1, theta);
    const lsc_block *conv = test_block(layout, "layer3.2.conv2.weight"), *linear = test_block(layout, "linear.weight");
    int64_t n = 64 * 64 * 9;
    /* 36,864 draws: the deviation is known to 0.4 %, the mean to 0.5 % of it; five of each. */
    double deviation = sqrt(2.0 / (64 * 9)), norm = lsc_norm2(theta + conv->offset, n), mean = 0;
    CHECK_RELATIVE(norm / sqrt((double)n), deviation, 0.02);
    for (int64_t i = 0; i < n; i++)
        mean += (double)theta[conv->offset + i] / (double)n;
    CHECK_REAL(mean, 0, 0.026 * deviation);
    float most = 0;
    for (int64_t i = 0; i < 640; i++)
        most = fmaxf(most, fabsf(theta[linear->offset + i]));
    CHECK(most < 0.125f && most > 0.12f); /* uniform in +-1/sqrt(64) */
    CHECK_REAL(theta[test_block(layout, "bn1.weight")->offset + 3], 1, 0);
    CHECK_REAL(theta[test_block(layout, "bn1.bias")->offset + 3], 0, 0);
    CHECK_REAL(theta[test_block(layout, "bn1.running_mean")->offset + 3], 0, 0);
    CHECK_REAL(theta[test_block(layout, "bn1.running_var")->offset + 3], 1, 0);
    CHECK_REAL(theta[test_block(layout, "bn1.num_batches_tracked")->offset], 0, 0);
    lsc_free(theta);
    nn_graph_free(g);
}

static void initial_weights_are_a_function_of_the_seed_and_the_name(void **state)
{
    (void)state;
    nn_graph *g = NULL, *h = NULL;
    CHECK_OK(nn_model_graph("resnet20", NULL, 10, &g));
    CHECK_OK(nn_model_graph("resnet20_noshort", NULL, 10, &h));
    const lsc_block *of_g = test_block(nn_graph_layout(g), "layer3.2.conv2.weight");
    const lsc_block *of_h = test_block(nn_graph_layout(h), "layer3.2.conv2.weight");
    const lsc_block *before = test_block(nn_graph_layout(g), "layer3.2.conv1.weight");
    size_t n = (size_t)nn_graph_layout(g)->n;
    float *a = lsc_calloc(n, sizeof *a), *b = lsc_calloc(n, sizeof *b), *c = lsc_calloc(n, sizeof *c);
    CHECK(a && b && c);
    nn_graph_init(g, 1, a);
    nn_graph_init(g, 1, b);
    CHECK_BYTES(a, b, n * sizeof *a);
    nn_graph_init(g, 2, b);
    CHECK(memcmp(a, b, 432 * sizeof *a) != 0);
    nn_graph_init(h, 1, c);
    CHECK_BYTES(c + of_h->offset, a + of_g->offset, 36864 * sizeof *a);
    CHECK(memcmp(a + of_g->offset, a + before->offset, 36864 * sizeof *a) != 0);
    lsc_free(a);
    lsc_free(b);
    lsc_free(c);
    nn_graph_free(g);
    nn_graph_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flops_count_two_for_each_multiplication),
        TEST(the_first_error_of_a_builder_is_reported),
        TEST(a_finished_graph_does_not_grow),
        TEST(a_graph_with_dropout_cannot_be_trained),
        TEST(initial_weights_have_the_spread_of_their_rules),
        TEST(initial_weights_are_a_function_of_the_seed_and_the_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
