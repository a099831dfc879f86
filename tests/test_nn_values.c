/*
 * Ops against their definitions written out: differences show that a gradient belongs to a function, this that it is
 * the function meant.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"
#include "support/support.h"

#include <math.h>

enum { MOST = 2048 };

/* Images, theta, outputs and gradients of one op behind the images. */
static float images[MOST];
static double theta[MOST], out[MOST], dout[MOST], g[MOST];

static void fill(void)
{
    for (int i = 0; i < MOST; i++) {
        images[i] = (float)sin(1.3 * i + 0.1);
        theta[i] = cos(2.1 * i);
    }
}

/* Finish with flatten, run n images through it, free it. */
static void run_graph(nn_graph *graph, int64_t n, bool backward)
{
    nn_plan *p = NULL;
    nn_flatten(graph, graph->n_nodes - 1);
    CHECK_OK(nn_graph_finish(graph));
    CHECK(n * nn_graph_classes(graph) <= MOST && nn_graph_layout(graph)->n <= MOST);
    CHECK_OK(nn_plan_new("ref", graph, &(nn_plan_options){.batch = n, .real = NN_F64, .backward = backward}, &p));
    CHECK_OK(nn_plan_set_theta(p, theta));
    CHECK_OK(nn_plan_forward(p, images, n, out));
    if (backward)
        CHECK_OK(nn_plan_backward(p, dout, g));
    nn_plan_free(p);
    nn_graph_free(graph);
}

static nn_graph *graph_of(int64_t c, int64_t h, int64_t w)
{
    nn_graph *graph = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {c, h, w}}, &graph));
    return graph;
}

/* images[n, c, y, x] of [C, H, W]; `outside` beyond the border. */
static double pixel(int64_t c, int64_t h, int64_t w, const int64_t at[4], double outside)
{
    if (at[2] < 0 || at[2] >= h || at[3] < 0 || at[3] >= w)
        return outside;
    return (double)images[((at[0] * c + at[1]) * h + at[2]) * w + at[3]];
}

typedef struct {
    int64_t c, h, w;
    int kernel, stride, pad;
} window;

static const window windows[] = {
    {1, 4, 4, 1, 1, 0}, {3, 5, 7, 3, 1, 1}, {4, 6, 5, 3, 2, 1}, {5, 7, 6, 2, 2, 0}, {2, 8, 9, 4, 3, 2},
    {9, 3, 3, 3, 1, 1}, {2, 9, 4, 4, 4, 0}, {3, 6, 6, 1, 2, 0}, {1, 7, 7, 7, 2, 3}, {2, 3, 2, 2, 1, 1},
};

static double convolved(const window *t, int64_t n, int64_t k, int64_t y, int64_t x)
{
    double sum = 0;
    for (int64_t c = 0; c < t->c; c++)
        for (int i = 0; i < t->kernel; i++)
            for (int j = 0; j < t->kernel; j++) {
                const int64_t at[4] = {n, c, y * t->stride + i - t->pad, x * t->stride + j - t->pad};
                sum += theta[((k * t->c + c) * t->kernel + i) * t->kernel + j] * pixel(t->c, t->h, t->w, at, 0);
            }
    return sum;
}

static void a_convolution_is_the_sum_over_its_window(void **state)
{
    (void)state;
    enum { N = 2, K = 3 };
    fill();
    for (size_t i = 0; i < LSC_COUNT(windows); i++) {
        const window *t = &windows[i];
        int64_t oh = nn_window_count(t->h, t->kernel, t->stride, t->pad);
        int64_t ow = nn_window_count(t->w, t->kernel, t->stride, t->pad), o = 0;
        nn_graph *graph = graph_of(t->c, t->h, t->w);
        nn_conv2d(graph, 0, "conv", K, t->kernel, t->stride, t->pad, true);
        run_graph(graph, N, false);
        for (int64_t n = 0; n < N; n++)
            for (int64_t k = 0; k < K; k++)
                for (int64_t j = 0; j < oh * ow; j++) {
                    double bias = theta[K * t->c * t->kernel * t->kernel + k];
                    CHECK_REAL(out[o++], convolved(t, n, k, j / ow, j % ow) + bias, 1e-13);
                }
    }
}

static double largest(const window *t, int64_t n, int64_t c, int64_t y, int64_t x)
{
    double best = -INFINITY;
    for (int i = 0; i < t->kernel; i++)
        for (int j = 0; j < t->kernel; j++) {
            const int64_t at[4] = {n, c, y * t->stride + i - t->pad, x * t->stride + j - t->pad};
            best = fmax(best, pixel(t->c, t->h, t->w, at, -INFINITY));
        }
    return best;
}

static double mean(const window *t, int64_t n, int64_t c, int64_t y, int64_t x)
{
    double sum = 0;
    for (int i = 0; i < t->kernel; i++)
        for (int j = 0; j < t->kernel; j++) {
            const int64_t at[4] = {n, c, y * t->stride + i - t->pad, x * t->stride + j - t->pad};
            sum += pixel(t->c, t->h, t->w, at, 0);
        }
    return sum / (t->kernel * t->kernel);
}

static void check_pool(int (*pool)(nn_graph *, int, int, int, int),
                       double (*want)(const window *, int64_t, int64_t, int64_t, int64_t))
{
    enum { N = 2 };
    fill();
    for (size_t i = 0; i < LSC_COUNT(windows); i++) {
        const window *t = &windows[i];
        int64_t oh = nn_window_count(t->h, t->kernel, t->stride, t->pad);
        int64_t ow = nn_window_count(t->w, t->kernel, t->stride, t->pad), o = 0;
        nn_graph *graph = graph_of(t->c, t->h, t->w);
        pool(graph, 0, t->kernel, t->stride, t->pad);
        run_graph(graph, N, false);
        for (int64_t n = 0; n < N; n++)
            for (int64_t c = 0; c < t->c; c++)
                for (int64_t j = 0; j < oh * ow; j++)
                    CHECK_REAL(out[o++], want(t, n, c, j / ow, j % ow), 1e-15);
    }
}

static void max_pooling_takes_the_largest_and_never_the_padding(void **state)
{
    (void)state;
    check_pool(nn_maxpool, largest);
}

static void average_pooling_counts_the_padding_as_zeros(void **state)
{
    (void)state;
    check_pool(nn_avgpool, mean);
}

static void batch_norm_uses_the_running_statistics(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(2, 1, 2);
    const double all[] = {2, 3, 0.5, -1, /* mean, var: */ 1, -2, 4, 0.25, 0};
    memcpy(theta, all, sizeof all);
    memcpy(images, (float[]){3, 1, -2, 0}, 4 * sizeof *images);
    nn_batchnorm(graph, 0, "bn");
    run_graph(graph, 1, false);
    CHECK_REAL(out[0], 2 * (3 - 1) / sqrt(4 + 1e-5) + 0.5, 1e-14);
    CHECK_REAL(out[1], 0.5, 1e-14);
    CHECK_REAL(out[2], -1, 1e-14);
    CHECK_REAL(out[3], 3 * 2 / sqrt(0.25 + 1e-5) - 1, 1e-14);
}

static void batch_norm_of_vectors_takes_each_feature_over_the_batch(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(2, 1, 1);
    const double all[] = {2, 3, 0.5, -1, 0, 0, 1, 1, 0};
    nn_plan *p = NULL;
    memcpy(theta, all, sizeof all);
    memcpy(images, (float[]){1, 10, 3, 10}, 4 * sizeof *images);
    nn_batchnorm(graph, nn_flatten(graph, 0), "bn");
    CHECK_OK(nn_graph_finish(graph));
    CHECK_OK(nn_plan_new("ref", graph, &(nn_plan_options){.batch = 2, .statistics = NN_BATCH, .real = NN_F64}, &p));
    CHECK_OK(nn_plan_set_theta(p, theta));
    CHECK_OK(nn_plan_forward(p, images, 2, out));
    CHECK_DOUBLES(out, ((double[]){0.5 - 2 / sqrt(1 + 1e-5), -1, 0.5 + 2 / sqrt(1 + 1e-5), -1}), 4, 1e-14);
    nn_plan_free(p);
    nn_graph_free(graph);
}

static void channels_lie_behind_each_other(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(2, 1, 2);
    memcpy(images, (float[]){1, 2, 3, 4, 5, 6, 7, 8}, 8 * sizeof *images);
    nn_concat(graph, nn_scale(graph, 0, -2), nn_dropout(graph, 0, 0.5));
    run_graph(graph, 2, false);
    CHECK_DOUBLES(out, ((double[]){-2, -4, -6, -8, 1, 2, 3, 4, -10, -12, -14, -16, 5, 6, 7, 8}), 16, 0);
}

/* Values by the released face network's code: features, and cosines with one row (.5, -1, 2). */
static void cosines_are_those_of_the_released_face_network(void **state)
{
    (void)state;
    static const float z[] = {1,   2,    .5f, -1,   .5f, 1,    .3f, -.7f, 2,    2,    1,    -1,
                              .8f, 1.5f, 1,   -.5f, 1,   1.2f, .1f, -1,   1.5f, 1.5f, 1.2f, -.4f};
    static const double cosines[] = {-.095238095, .290957187, .989075281, -.356348323,
                                     .199153552,  .306014531, .978963662, -.278035337};
    nn_graph *graph = graph_of(3, 1, 1);
    memcpy(images, z, sizeof z);
    memcpy(theta, (double[]){.5, -1, 2}, 3 * sizeof *theta);
    nn_cosine(graph, nn_flatten(graph, 0), "fc", 1);
    run_graph(graph, 8, false);
    /* Nine digits, and images in float. */
    CHECK_DOUBLES(out, cosines, 8, 3e-8);
}

/* torch.nn.functional.normalize divides by 1e-12 at least, and its gradient then knows no length. */
static void vectors_without_length_are_divided_by_eps(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(2, 1, 1);
    memcpy(images, (float[]){1, 0}, 2 * sizeof *images);
    memcpy(theta, (double[]){0, 3e-13, 0, 4e-13, /* rows of the head: */ 0, 1, 2, 0}, 8 * sizeof *theta);
    memcpy(dout, (double[]){1, 10}, 2 * sizeof *dout);
    nn_cosine(graph, nn_linear(graph, nn_flatten(graph, 0), "z", 2, false), "fc", 2);
    run_graph(graph, 1, true);
    /* z = (0, 0), at length 0. */
    CHECK_DOUBLES(out, ((double[]){0, 0}), 2, 0);
    CHECK_RELATIVE(g[0], 10e12, 1e-12); /* d out_1 / d z_0 = 1 / eps; the weight's gradient times the image, 1 */
    CHECK_RELATIVE(g[2], 1e12, 1e-12);
    graph = graph_of(2, 1, 1);
    memcpy(theta, (double[]){3e-13, 4e-13}, 2 * sizeof *theta);
    memcpy(images, (float[]){3, 4}, 2 * sizeof *images);
    nn_cosine(graph, nn_flatten(graph, 0), "fc", 1);
    run_graph(graph, 1, true);
    CHECK_RELATIVE(out[0], 0.5, 1e-6); /* a row of length 5e-13 counts as half a unit; 3 and 4 over 5 in float */
    CHECK_RELATIVE(g[0], 0.6e12, 1e-6);
    CHECK_RELATIVE(g[1], 0.8e12, 1e-6);
}

static void nan_passes_through_the_rectifier_and_max_pooling(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(1, 1, 4);
    memcpy(images, (float[]){NAN, -1, 2, -0.0f}, 4 * sizeof *images);
    nn_relu(graph, 0);
    run_graph(graph, 1, false);
    CHECK_DOUBLES(out, ((double[]){NAN, 0, 2, 0}), 4, 0);
    graph = graph_of(1, 2, 2);
    memcpy(images, (float[]){1, 5, NAN, 7}, 4 * sizeof *images);
    nn_maxpool(graph, 0, 2, 2, 0);
    run_graph(graph, 1, false);
    CHECK(isnan(out[0]));
}

/* The bias of a 1 x 1 convolution with weight 1 sees the gradient behind each op. */
static void the_rectifier_has_no_slope_at_zero(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(1, 1, 3);
    memcpy(images, (float[]){0, 2, -2}, 3 * sizeof *images);
    memcpy(theta, (double[]){1, 0}, 2 * sizeof *theta);
    memcpy(dout, (double[]){1, 10, 100}, 3 * sizeof *dout);
    nn_relu(graph, nn_conv2d(graph, 0, "conv", 1, 1, 1, 0, true));
    run_graph(graph, 1, true);
    CHECK_REAL(g[1], 10, 0);
}

/* Of equal elements the first gets the gradient, as in PyTorch; the weight's gradient tells which. */
static void the_first_of_equal_elements_gets_the_gradient(void **state)
{
    (void)state;
    nn_graph *graph = graph_of(2, 2, 2);
    memcpy(images, (float[]){5, 3, 4, 7, 1, 2, 8, 9}, 8 * sizeof *images);
    /* 0 * channel 0 + 0 * channel 1: equal elements, whose inputs differ. */
    memcpy(theta, (double[]){0, 0}, 2 * sizeof *theta);
    dout[0] = 1;
    nn_maxpool(graph, nn_conv2d(graph, 0, "conv", 1, 1, 1, 0, false), 2, 1, 0);
    run_graph(graph, 1, true);
    CHECK_REAL(g[0], 5, 0);
    CHECK_REAL(g[1], 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_convolution_is_the_sum_over_its_window),
        TEST(max_pooling_takes_the_largest_and_never_the_padding),
        TEST(average_pooling_counts_the_padding_as_zeros),
        TEST(batch_norm_uses_the_running_statistics),
        TEST(batch_norm_of_vectors_takes_each_feature_over_the_batch),
        TEST(channels_lie_behind_each_other),
        TEST(cosines_are_those_of_the_released_face_network),
        TEST(vectors_without_length_are_divided_by_eps),
        TEST(nan_passes_through_the_rectifier_and_max_pooling),
        TEST(the_rectifier_has_no_slope_at_zero),
        TEST(the_first_of_equal_elements_gets_the_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
