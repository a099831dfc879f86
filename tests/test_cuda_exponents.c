/*
 * Networks without shortcuts in 16 bits on the emulated device: each convolution's activations are kept times a power
 * of two that is found at each point, so that points far from the centre have values that a half would not hold.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "cuda/points_fixture.h"

static void open_model(fixture *f, const char *model)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_model_graph(model, &(nn_shape){3, {3, SIDE, SIDE}}, CLASSES, &g));
    open_fixture_of(f, g);
}

/* A smaller one. */
static nn_graph *two_layers(void)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {3, SIDE, SIDE}}, &g));
    int x = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "one", 4, 3, 1, 1, false), "norm1"));
    x = nn_maxpool(g, nn_relu(g, nn_conv2d(g, x, "two", 4, 3, 1, 1, true)), 2, 2, 0);
    nn_linear(g, nn_mapmean(g, x), "head", CLASSES, true);
    CHECK_OK(nn_graph_finish(g));
    return g;
}

/* Filters times a factor, at the centre and in directions: every layer's activations grow by it. */
static void scale_filters(fixture *f, float factor)
{
    const lsc_layout *layout = nn_graph_layout(f->graph);
    for (int b = 0; b + 1 < layout->n_blocks; b++) /* a filter's block is never the last */
        for (int64_t k = layout->blocks[b].offset; layout->blocks[b].rank == 4 && k < layout->blocks[b + 1].offset;
             k++) {
            f->center[k] *= factor;
            for (int d = 0; d < DIRS; d++)
                f->dirs[d][k] = factor * 0.1f * f->dirs[d][k];
        }
}

static void check_all(const double *got, const double *want, double tolerance)
{
    for (int i = 0; i < POINTS * FIELDS; i++)
        if (i % FIELDS != 1)
            CHECK_RELATIVE(got[i], want[i], tolerance);
}

static void far_from_the_centre_16_bits_are_enough_without_shortcuts(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_counts counts;
    (void)state;
    open_model(&f, "resnet20_noshort");
    scale_filters(&f, 4);
    nn_evaluator_options o = options_of(&f);
    reference_values(&f, &o, want);
    for (int p = 0; p < POINTS; p++)
        CHECK(want[p * FIELDS] > 0x1p8 * 65504); /* logits beyond what is held times 2^-8 */
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, got, &counts));
    CHECK_INT(counts.again, 0);
    check_all(got, want, 3e-2); /* factors of 11 bits through twenty layers that magnify */
    close_fixture(&f);
}

/* ... nor do small ones, which would get lost below 2^-24, need more. */
static void activations_that_vanish_are_kept_too(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    (void)state;
    open_model(&f, "resnet20_noshort");
    scale_filters(&f, 0.25f);
    const int64_t n = nn_graph_layout(f.graph)->n_learned;
    for (int64_t j = n - CLASSES * 65; j < n - CLASSES; j++)
        f.center[j] *= 1e9f; /* the head, which makes something of them again */
    nn_evaluator_options o = options_of(&f);
    reference_values(&f, &o, want);
    CHECK(fabs(want[0] - log(CLASSES)) > 1e-3);
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, got, NULL));
    check_all(got, want, 3e-2);
    close_fixture(&f);
}

/* In fp16 all points overflow, and so have the bits of tf32. */
static void check_evaluated_once_more(const fixture *f, nn_evaluator_options o)
{
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_counts counts;
    o.arithmetic = NN_TF32;
    CHECK_OK(values_with(f, "cuda", &o, want, NULL));
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(f, "cuda", &o, got, &counts));
    CHECK_INT(counts.again, POINTS);
    CHECK_BYTES(got, want, sizeof want);
}

static void with_shortcuts_such_a_point_is_evaluated_once_more(void **state)
{
    fixture f;
    (void)state;
    open_model(&f, "resnet20");
    scale_filters(&f, 4);
    nn_evaluator_options o = options_of(&f);
    check_evaluated_once_more(&f, o);
    close_fixture(&f);
}

/* The first image is black and comes to nothing; a chunk is one image. */
static void images_that_come_to_far_more_than_the_first_ones_are_evaluated_once_more(void **state)
{
    fixture f;
    (void)state;
    open_fixture_of(&f, two_layers());
    scale_filters(&f, 1e4f);
    for (int i = 0; i < 3 * 256; i++)
        f.value[i] = (float)(i % 256);
    memset(f.bytes, 0, PIXELS);
    memset(f.coords, 0, sizeof f.coords); /* directions would move biases of batch norm, which are 0 */
    nn_evaluator_options o = options_of(&f);
    o.batch = 1;
    check_evaluated_once_more(&f, o);
    close_fixture(&f);
}

/* Each point has exponents of its own, wherever it is evaluated and whatever was before. */
static void devices_and_calls_do_not_change_a_bit(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[FIELDS];
    nn_evaluator *e = NULL;
    int done = 0;
    (void)state;
    open_fixture_of(&f, two_layers());
    scale_filters(&f, 1e4f);
    f.coords[0] = -20;
    nn_evaluator_options o = options_of(&f);
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, want, NULL));
    if (emulated != NULL)
        emulated->devices = 2;
    CHECK_OK(nn_evaluator_new("cuda", f.graph, &o, &e));
    CHECK_OK(nn_evaluator_set_frame(e, f.center, (const float *const *)f.dirs, DIRS));
    for (int p = POINTS - 1; p >= 0; p--) {
        CHECK_OK(nn_evaluator_points(e, f.coords + p * DIRS, 1, got, &done));
        CHECK_BYTES(got, want + p * FIELDS, sizeof got);
    }
    nn_evaluator_free(e);
    close_fixture(&f);
}

static void images_that_pass_through_the_device_give_equal_bits(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    int64_t streamed = 0;
    (void)state;
    open_fixture_of(&f, two_layers());
    nn_evaluator_options o = options_of(&f);
    o.arithmetic = NN_FP16;
    o.batch = 4;
    CHECK_OK(values_with(&f, "cuda", &o, want, NULL));
    for (emulated->memory = 10000;; emulated->memory += 256) {
        const int64_t pinned = emulated->pinned;
        const lsc_status st = values_with(&f, "cuda", &o, got, NULL);
        if (st == LSC_OK && emulated->pinned == pinned)
            break;
        CHECK(st == LSC_OK || st == LSC_ERR_NOMEM);
        if (st != LSC_OK)
            continue;
        CHECK_BYTES(got, want, sizeof want);
        streamed++;
    }
    CHECK(streamed > 0);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(far_from_the_centre_16_bits_are_enough_without_shortcuts),
        TEST(activations_that_vanish_are_kept_too),
        TEST(with_shortcuts_such_a_point_is_evaluated_once_more),
        TEST(images_that_come_to_far_more_than_the_first_ones_are_evaluated_once_more),
        TEST(devices_and_calls_do_not_change_a_bit),
        TEST(images_that_pass_through_the_device_give_equal_bits),
    };
    /* What holds on any device: with the argument "device", on the one that is found. */
    const struct CMUnitTest anywhere[] = {
        TEST(far_from_the_centre_16_bits_are_enough_without_shortcuts),
        TEST(activations_that_vanish_are_kept_too),
        TEST(with_shortcuts_such_a_point_is_evaluated_once_more),
        TEST(images_that_come_to_far_more_than_the_first_ones_are_evaluated_once_more),
        TEST(devices_and_calls_do_not_change_a_bit),
    };
    if (argc != 2)
        return 1;
    if (strcmp(argv[1], "device") == 0)
        return cmocka_run_group_tests(anywhere, NULL, NULL);
    emulated = control_open(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
