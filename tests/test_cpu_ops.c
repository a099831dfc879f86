/*
 * The cpu backend against the reference in double, on small graphs for every fusion, op and fallback.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_fixture.h"
#include "cpu_graphs.h"
#include "support/block.h"

#include <math.h>

/* One image; fewer than a block of 16; a block; blocks and a rest. */
static const int64_t batches[] = {1, 5, 16, 35};

/* Largest |a_i - b_i| over the largest |b_i|. */
static double distance(const double *a, const double *b, int64_t n)
{
    double largest = 0, difference = 0;
    for (int64_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(b[i]));
        difference = fmax(difference, fabs(a[i] - b[i]));
    }
    return largest > 0 ? difference / largest : difference;
}

static void check_near(const char *what, const cpu_graph *c, const nn_plan_options *o, const double *got,
                       const double *want, int64_t n, double tolerance)
{
    double d = distance(got, want, n);
    if (!(d <= tolerance))
        print_error("%s: %s on %s statistics, batch %lld, %d threads: %g\n", c->name, what,
                    o->statistics == NN_BATCH ? "batch" : "frozen", (long long)o->batch, o->threads, d);
    CHECK(d <= tolerance);
}

/* Tolerances are relative to the largest element. Logits: sums of some hundred products of floats, three to five layers
 * deep, 1e-6 each at most. Gradients: the same again backward, and a batch norm over few values enlarges errors, where
 * the variance of a channel happens to be small. A rectifier whose input is zero within rounding would change a
 * gradient by much more; at these seeds there is none. Derivatives
 * along v: as gradients; 9e-6 is seen, of rlogits of a single image, whose terms cancel. */
static void check_case(const cpu_graph *c, const nn_graph *g, const nn_plan_options *o, const cpu_inputs *in, int64_t n)
{
    nn_plan_options ref = *o;
    cpu_answer got, want;
    ref.real = NN_F64;
    cpu_answer_make(&got, "cpu", g, o, in, n);
    cpu_answer_make(&want, "ref", g, &ref, in, n);
    check_near("logits", c, o, got.logits, want.logits, n * nn_graph_classes(g), 5e-6);
    check_near("gradient", c, o, got.gradient, want.gradient, g->layout.n_learned, 2e-5);
    check_near("statistics", c, o, got.theta, want.theta, g->layout.n, 1e-6);
    check_near("rlogits", c, o, got.rlogits, want.rlogits, n * nn_graph_classes(g), 2e-5);
    check_near("Hv", c, o, got.hv, want.hv, g->layout.n_learned, 2e-5);
    cpu_answer_free(&got);
    cpu_answer_free(&want);
}

static void check_graph(const cpu_graph *c, nn_statistics statistics)
{
    nn_graph *g = cpu_graph_new(c);
    for (size_t i = 0; i < LSC_COUNT(batches); i++) {
        cpu_inputs in;
        cpu_inputs_make(&in, g, batches[i]);
        for (int backward = 0; backward < 2; backward++) {
            nn_plan_options o = {.batch = batches[i], .statistics = statistics, .backward = backward, .threads = 2};
            check_case(c, g, &o, &in, batches[i]);
            if (statistics == NN_FROZEN && batches[i] > 16)
                check_case(c, g, &o, &in, batches[i] - 1);
        }
        cpu_inputs_free(&in);
    }
    nn_graph_free(g);
}

static void every_graph_is_that_of_the_reference_on_frozen_statistics(void **state)
{
    (void)state;
    for (int i = 0; cpu_graph_at(i); i++)
        check_graph(cpu_graph_at(i), NN_FROZEN);
}

static void every_graph_is_that_of_the_reference_on_batch_statistics(void **state)
{
    (void)state;
    for (int i = 0; cpu_graph_at(i); i++)
        check_graph(cpu_graph_at(i), NN_BATCH);
}

/* ---- layers whose output goes nowhere ------------------------------------------------------------ */

static void plain_end(nn_graph *g)
{
    int x = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "a", 16, 3, 1, 1, false), "b"));
    nn_conv2d(g, x, "c", 8, 3, 1, 1, false);
}

static void dead_ends(nn_graph *g)
{
    int x = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "a", 16, 3, 1, 1, false), "b"));
    nn_relu(g, nn_batchnorm(g, nn_conv2d(g, x, "dead", 8, 3, 1, 1, false), "norm"));
    nn_maxpool(g, x, 2, 2, 0);
    nn_conv2d(g, x, "c", 8, 3, 1, 1, false);
}

/* A block of a vector, by name. */
static const double *block(const nn_graph *g, const double *vector, const char *name)
{
    return vector + test_block(&g->layout, name)->offset;
}

static void check_dead_ends(const char *backend)
{
    const cpu_graph plain = {"plain", {3, {3, 8, 8}}, plain_end}, dead = {"dead ends", {3, {3, 8, 8}}, dead_ends};
    static const char *const shared[] = {"a.weight", "b.weight", "b.bias", "c.weight", "head.weight"};
    nn_plan_options o = {.batch = 20, .statistics = NN_BATCH, .backward = true, .threads = 2};
    nn_graph *g = cpu_graph_new(&dead), *h = cpu_graph_new(&plain);
    cpu_inputs in, fewer;
    cpu_answer got, want;

    cpu_inputs_make(&in, g, o.batch);
    cpu_inputs_make(&fewer, h, o.batch);
    cpu_answer_make(&got, backend, g, &o, &in, o.batch);
    cpu_answer_make(&want, backend, h, &o, &fewer, o.batch);
    CHECK_BYTES(got.logits, want.logits, (size_t)o.batch * 3 * sizeof(double));
    for (size_t i = 0; i < LSC_COUNT(shared); i++)
        CHECK_BYTES(block(g, got.gradient, shared[i]), block(h, want.gradient, shared[i]), 8 * sizeof(double));
    CHECK_REAL(block(g, got.gradient, "dead.weight")[0], 0, 0);
    CHECK_REAL(block(g, got.gradient, "norm.bias")[0], 0, 0);
    CHECK_REAL(block(g, got.theta, "norm.num_batches_tracked")[0], 1, 0);
    CHECK(block(g, got.theta, "norm.running_mean")[0] != block(g, in.theta, "norm.running_mean")[0]);
    cpu_answer_free(&got);
    cpu_answer_free(&want);
    cpu_inputs_free(&in);
    cpu_inputs_free(&fewer);
    nn_graph_free(g);
    nn_graph_free(h);
}

static void a_layer_whose_output_goes_nowhere_has_statistics_but_no_gradient(void **state)
{
    (void)state;
    check_dead_ends("cpu");
    check_dead_ends("ref");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_graph_is_that_of_the_reference_on_frozen_statistics),
        TEST(every_graph_is_that_of_the_reference_on_batch_statistics),
        TEST(a_layer_whose_output_goes_nowhere_has_statistics_but_no_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
