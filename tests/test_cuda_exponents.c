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
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, &counts));
    CHECK_INT(counts.again, 0);
    check_losses(got, want, POINTS, 3e-2); /* factors of 11 bits through twenty layers that magnify */
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
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
    check_losses(got, want, POINTS, 3e-2);
    close_fixture(&f);
}

static void with_shortcuts_such_a_point_is_evaluated_once_more(void **state)
{
    fixture f;
    (void)state;
    open_model(&f, "resnet20");
    scale_filters(&f, 4);
    check_evaluated_once_more(&f, options_of(&f), POINTS, 3e-2); /* twenty layers that magnify */
    close_fixture(&f);
}

/* Images of which the first ones are black. */
enum { MANY = 48 };
typedef struct {
    const fixture *f;
    int black;
} late;

static void read_late(const void *context, const int64_t *which, int64_t n, void *images)
{
    const late *l = context;
    for (int64_t i = 0; i < n; i++) {
        const int64_t of = which[i] % N;
        read_bytes(l->f, &of, 1, (uint8_t *)images + i * PIXELS);
        if (which[i] < l->black)
            memset((uint8_t *)images + i * PIXELS, 0, PIXELS);
    }
}

/* With a network whose activations a half holds with exponents alone, but of black images. */
static nn_evaluator_options open_late(fixture *f, const late *l)
{
    static int32_t labels[MANY], domains[MANY];
    open_fixture_of(f, two_layers());
    scale_filters(f, 1e4f);
    for (int i = 0; i < 3 * 256; i++)
        f->value[i] = (float)(i % 256);
    memset(f->coords, 0, sizeof f->coords); /* directions would move biases of batch norm, which are 0 */
    for (int i = 0; i < MANY; i++) {
        labels[i] = i % CLASSES;
        domains[i] = i % DOMAINS;
    }
    nn_evaluator_options o = options_of(f);
    o.samples.n = MANY;
    o.samples.read = read_late;
    o.samples.context = l;
    o.samples.labels = labels;
    o.samples.domains = domains;
    return o;
}

static void images_that_come_to_far_more_than_the_first_ones_are_evaluated_once_more(void **state)
{
    fixture f;
    (void)state;
    nn_evaluator_options o = open_late(&f, &(late){&f, 16});
    for (o.batch = 1; o.batch <= MANY; o.batch += MANY - 1)
        check_evaluated_once_more(&f, o, POINTS, OTHER_ENGINE);
    close_fixture(&f);
}

/* ... but the first 16, always as many, set the exponents. */
static void chunks_of_any_size_give_the_same_values(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_counts counts;
    (void)state;
    nn_evaluator_options o = open_late(&f, &(late){&f, 15});
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, want, &counts));
    CHECK_INT(counts.again, 0);
    for (o.batch = 1; o.batch <= MANY; o.batch = 1 + 3 * o.batch / 2) {
        CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, &counts));
        check_same(got, want, POINTS, OTHER_ENGINE);
        CHECK_INT(counts.again, 0);
    }
    close_fixture(&f);
}

/* Each point has exponents of its own, wherever it is evaluated and whatever was before. */
static void devices_and_calls_do_not_change_values(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[FIELDS];
    int done = 0;
    (void)state;
    open_fixture_of(&f, two_layers());
    scale_filters(&f, 1e4f);
    f.coords[0] = -20;
    nn_evaluator_options o = options_of(&f);
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, want, NULL));
    if (emulated != NULL)
        emulated->devices = 2;
    nn_evaluator *e = evaluator_of(&f, &o);
    for (int p = POINTS - 1; p >= 0; p--) {
        CHECK_OK(nn_evaluator_points(e, f.coords + p * DIRS, 1, got, &done));
        check_same(got, want + p * FIELDS, 1, OTHER_ENGINE);
    }
    nn_evaluator_free(e);
    close_fixture(&f);
}

/* ... nor does it where it is for want of memory that chunks are small, and images pass through the device. */
static void memory_does_not_change_a_bit(void **state)
{
    fixture f;
    double want[POINTS * FIELDS];
    (void)state;
    nn_evaluator_options o = open_late(&f, &(late){&f, 15});
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, 1, want, NULL));
    CHECK(check_windows(&f, &o, 1, want, 10000, 256) > 0);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest anywhere[] = {
        TEST(far_from_the_centre_16_bits_are_enough_without_shortcuts),
        TEST(activations_that_vanish_are_kept_too),
        TEST(with_shortcuts_such_a_point_is_evaluated_once_more),
        TEST(images_that_come_to_far_more_than_the_first_ones_are_evaluated_once_more),
        TEST(chunks_of_any_size_give_the_same_values),
        TEST(devices_and_calls_do_not_change_values),
    };
    const struct CMUnitTest emulated_only[] = {
        TEST(memory_does_not_change_a_bit),
    };
    return RUN_POINTS_TESTS(argc, argv, anywhere, emulated_only);
}
