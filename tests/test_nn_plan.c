/*
 * Plans: arguments, the order of calls, running statistics by PyTorch's rule, no memory.
 * SPDX-License-Identifier: MIT
 */
#include "support/block.h"
#include "support/small_nets.h"

#include <math.h>
#include <stdlib.h>

enum { LOGITS = SMALL_BATCH * SMALL_CLASSES };

static small_net net; /* "normalized" */
static double logits[LOGITS];

static int open_net(void **state)
{
    (void)state;
    CHECK(small_net_open(&net, 2));
    CHECK_STR(net.name, "normalized");
    return 0;
}

static int close_net(void **state)
{
    (void)state;
    small_net_close(&net);
    return 0;
}

static nn_plan *plan(nn_statistics statistics, bool backward)
{
    nn_plan_options o = {.batch = SMALL_BATCH, .statistics = statistics, .real = NN_F64, .backward = backward};
    nn_plan *p = NULL;
    CHECK_OK(nn_plan_new("ref", net.graph, &o, &p));
    return p;
}

static void options_are_checked(void **state)
{
    (void)state;
    nn_plan *p = NULL;
    nn_graph *g = NULL;
    CHECK_FAILS(nn_plan_new("ref", net.graph, &(nn_plan_options){0}, &p), LSC_ERR_ARG, "a batch of 0 images");
    CHECK_FAILS(nn_plan_new("ref", net.graph, &(nn_plan_options){.batch = 1, .threads = -1}, &p), LSC_ERR_ARG,
                "-1 threads");
    CHECK_FAILS(nn_plan_new("ref", net.graph, &(nn_plan_options){.batch = 1, .real = (nn_real)7}, &p), LSC_ERR_ARG,
                "unknown precision 7");
    CHECK_FAILS(nn_plan_new("ref", net.graph, &(nn_plan_options){.batch = 1, .statistics = (nn_statistics)7}, &p),
                LSC_ERR_ARG, "unknown statistics 7");
    CHECK_FAILS(nn_plan_new("abacus", net.graph, &(nn_plan_options){.batch = 1}, &p), LSC_ERR_ARG,
                "no backend 'abacus' (known: auto cpu ref strict");
    CHECK_OK(nn_graph_new(&(nn_shape){1, {2}}, &g));
    nn_linear(g, 0, "fc", 2, true);
    CHECK_FAILS(nn_plan_new("ref", g, &(nn_plan_options){.batch = 1}, &p), LSC_ERR_ARG, "graph is not finished");
    nn_graph_free(g);
    CHECK_FAILS(nn_plan_new("ref", net.graph, &(nn_plan_options){.batch = INT64_MAX / 4}, &p), LSC_ERR_NOMEM, "memory");
    CHECK(p == NULL);
}

static void auto_is_the_first_that_has_the_precision(void **state)
{
    (void)state;
    nn_plan *p = NULL;
    const char *text, *remedy;
    CHECK_OK(nn_plan_new("auto", net.graph, &(nn_plan_options){.batch = 1, .real = NN_F64, .threads = 5}, &p));
    CHECK_STR(nn_plan_backend(p), "ref");
    CHECK_INT(nn_plan_threads(p), 1);
    nn_plan_free(p);
    CHECK_OK(nn_plan_new("auto", net.graph, &(nn_plan_options){.batch = 1}, &p));
    CHECK_STR(nn_backend_name(0, &text, &remedy), "cpu");
    CHECK_STR(nn_plan_backend(p), remedy ? "ref" : "cpu");
    nn_plan_free(p);
}

static void a_backend_that_is_not_there_says_what_to_do(void **state)
{
    (void)state;
    const char *name, *text, *remedy;
    nn_plan_options o = {.batch = 1};
    nn_plan *p = NULL;
    int absent = 0;
    CHECK_INT(setenv("LOSSCOPE_CUDA_MODULE", "/nowhere/losscope_cuda.so", 1), 0);
    for (int i = 0; (name = nn_backend_name(i, &text, &remedy)); i++) {
        CHECK(strlen(text) > 0);
        if (remedy == NULL)
            continue;
        CHECK_FAILS(nn_plan_new(name, net.graph, &o, &p), LSC_ERR_ABSENT, name);
        CHECK_HAS(lsc_last_error(), " is not "); /* in this build, on this machine */
        CHECK_HAS(lsc_last_error(), remedy);
        absent++;
    }
    CHECK(absent >= 1); /* cuda */
}

static void calls_out_of_order_are_errors(void **state)
{
    (void)state;
    nn_plan *p = plan(NN_FROZEN, true);
    double g[LOGITS] = {0};
    double *h = lsc_calloc((size_t)net.layout->n, sizeof *h);
    CHECK(h != NULL);
    CHECK_FAILS(nn_plan_forward(p, net.images, 1, logits), LSC_ERR_ARG, "forward before set_theta");
    CHECK_OK(nn_plan_set_theta(p, net.theta));
    CHECK_FAILS(nn_plan_backward(p, g, h), LSC_ERR_ARG, "backward before a forward at this theta");
    CHECK_OK(nn_plan_forward(p, net.images, SMALL_BATCH, logits));
    CHECK_FAILS(nn_plan_backward_r(p, g, g, h), LSC_ERR_ARG, "backward_r before forward_r");
    CHECK_FAILS(nn_plan_update_statistics(p, h), LSC_ERR_ARG, "frozen statistics");
    CHECK_OK(nn_plan_forward_r(p, net.v, logits));
    CHECK_OK(nn_plan_forward(p, net.images, SMALL_BATCH, logits));
    CHECK_FAILS(nn_plan_backward_r(p, g, g, h), LSC_ERR_ARG, "backward_r before forward_r");
    CHECK_OK(nn_plan_set_theta(p, net.theta));
    CHECK_FAILS(nn_plan_backward(p, g, h), LSC_ERR_ARG, "backward before a forward at this theta");
    CHECK_FAILS(nn_plan_forward_r(p, net.v, logits), LSC_ERR_ARG, "forward_r before a forward at this theta");
    nn_plan_free(p);
    p = plan(NN_FROZEN, false);
    CHECK_OK(nn_plan_set_theta(p, net.theta));
    CHECK_OK(nn_plan_forward(p, net.images, SMALL_BATCH, logits));
    CHECK_FAILS(nn_plan_backward(p, g, h), LSC_ERR_ARG, "made for forward passes only");
    CHECK_FAILS(nn_plan_forward_r(p, net.v, logits), LSC_ERR_ARG, "made for forward passes only");
    nn_plan_free(p);
    lsc_free(h);
}

static void batches_of_another_size_are_errors(void **state)
{
    (void)state;
    nn_plan *p = plan(NN_FROZEN, false);
    CHECK_OK(nn_plan_set_theta(p, net.theta));
    CHECK_FAILS(nn_plan_forward(p, net.images, 0, logits), LSC_ERR_ARG, "forward of 0 images, the plan is for 1 to 3");
    CHECK_FAILS(nn_plan_forward(p, net.images, 4, logits), LSC_ERR_ARG, "forward of 4 images, the plan is for 1 to 3");
    nn_plan_free(p);
    p = plan(NN_BATCH, false);
    CHECK_OK(nn_plan_set_theta(p, net.theta));
    CHECK_FAILS(nn_plan_forward(p, net.images, 2, logits), LSC_ERR_ARG,
                "forward of 2 images, the plan is for exactly 3");
    CHECK_FAILS(nn_plan_update_statistics(p, net.theta), LSC_ERR_ARG, "update_statistics before a forward");
    nn_plan_free(p);
}

/* Batch norm right behind the images, so that the test can compute the statistics itself. */
static void running_statistics_move_by_the_rule_of_pytorch(void **state)
{
    (void)state;
    enum { B = 4, P = 6 };
    nn_graph *g = NULL;
    nn_plan *p = NULL;
    float images[B * 2 * P];
    double out[B], theta[] = {1,
                              1,
                              0,
                              0,
                              /* head: */ 0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              /* mean, var, count: */ 0.5,
                              -2,
                              1,
                              3,
                              7};
    CHECK_OK(nn_graph_new(&(nn_shape){3, {2, 2, 3}}, &g));
    nn_linear(g, nn_flatten(g, nn_batchnorm(g, 0, "bn")), "head", 1, true);
    CHECK_OK(nn_graph_finish(g));
    CHECK_INT(nn_graph_layout(g)->n, LSC_COUNT(theta));
    for (int i = 0; i < B * 2 * P; i++)
        images[i] = (float)sin(1.7 * i) + (float)(i / P % 2);
    CHECK_OK(nn_plan_new("ref", g, &(nn_plan_options){.batch = B, .statistics = NN_BATCH, .real = NN_F64}, &p));
    CHECK_OK(nn_plan_set_theta(p, theta));
    CHECK_OK(nn_plan_forward(p, images, B, out));
    CHECK_OK(nn_plan_update_statistics(p, theta));
    for (int c = 0; c < 2; c++) {
        double mean = 0, squares = 0, before[2][2] = {{0.5, 1}, {-2, 3}};
        for (int i = 0; i < B * P; i++)
            mean += (double)images[(i / P * 2 + c) * P + i % P] / (B * P);
        for (int i = 0; i < B * P; i++)
            squares += pow((double)images[(i / P * 2 + c) * P + i % P] - mean, 2);
        CHECK_REAL(theta[17 + c], 0.9 * before[c][0] + 0.1 * mean, 1e-15);
        CHECK_REAL(theta[19 + c], 0.9 * before[c][1] + 0.1 * squares / (B * P - 1), 1e-15);
    }
    CHECK_REAL(theta[21], 8, 0);
    nn_plan_free(p);
    nn_graph_free(g);
}

static void gradients_at_a_negative_variance_are_nan(void **state)
{
    (void)state;
    nn_plan *p = plan(NN_FROZEN, true);
    double dlogits[LOGITS] = {1};
    double *g = lsc_calloc((size_t)net.layout->n_learned, sizeof *g);
    double *theta = lsc_calloc((size_t)net.layout->n, sizeof *theta);
    CHECK(g != NULL && theta != NULL);
    memcpy(theta, net.theta, (size_t)net.layout->n * sizeof *theta);
    theta[test_block(net.layout, "norm3.running_var")->offset + 2] = -0.5;
    CHECK_OK(nn_plan_set_theta(p, theta));
    CHECK_OK(nn_plan_forward(p, net.images, 1, logits));
    CHECK(isnan(logits[0]));
    CHECK_OK(nn_plan_backward(p, dlogits, g));
    CHECK(isnan(g[0]) && isnan(g[net.layout->n_learned - 1]));
    g[0] = 0;
    CHECK_OK(nn_plan_forward_r(p, net.v, logits));
    CHECK_OK(nn_plan_backward_r(p, dlogits, dlogits, g));
    CHECK(isnan(g[0]));
    /* It is over as soon as theta is sound again. */
    CHECK_OK(nn_plan_set_theta(p, net.theta));
    CHECK_OK(nn_plan_forward(p, net.images, 1, logits));
    CHECK(isfinite(logits[0]));
    nn_plan_free(p);
    lsc_free(g);
    lsc_free(theta);
}

static lsc_status everything(void *context)
{
    nn_plan_options o = {.batch = 2, .statistics = NN_BATCH, .real = NN_F64, .backward = true};
    const double dlogits[20] = {0};
    nn_graph *g = NULL;
    nn_plan *p = NULL;
    static double theta[600], hv[600], out[20];
    static float images[600];
    lsc_status st = nn_graph_new(&(nn_shape){3, {2, 4, 4}}, &g);
    if (st == LSC_OK) {
        int x = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "conv", 4, 3, 1, 1, false), "bn"));
        nn_linear(g, nn_flatten(g, nn_maxpool(g, x, 2, 2, 0)), "head", 10, true);
        st = nn_graph_finish(g);
    }
    if (st == LSC_OK)
        st = nn_plan_new(context, g, &o, &p);
    if (st == LSC_OK)
        st = nn_plan_set_theta(p, theta);
    if (st == LSC_OK)
        st = nn_plan_forward(p, images, 2, out);
    if (st == LSC_OK)
        st = nn_plan_forward_r(p, theta, out);
    if (st == LSC_OK)
        st = nn_plan_backward_r(p, dlogits, dlogits, hv);
    nn_plan_free(p);
    nn_graph_free(g);
    return st;
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    CHECK(test_torture(everything, (void *)"ref") > 20);
    CHECK(test_torture(everything, (void *)"strict") > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_are_checked),
        TEST(auto_is_the_first_that_has_the_precision),
        TEST(a_backend_that_is_not_there_says_what_to_do),
        TEST(calls_out_of_order_are_errors),
        TEST(batches_of_another_size_are_errors),
        TEST(running_statistics_move_by_the_rule_of_pytorch),
        TEST(gradients_at_a_negative_variance_are_nan),
        TEST(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_net, close_net);
}
