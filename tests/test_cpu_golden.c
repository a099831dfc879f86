/*
 * The cpu backend in float against PyTorch in float64: logits, loss and gradients of whole networks.
 * The model is the argument.
 * SPDX-License-Identifier: MIT
 */
#include "support/oracle.h"
#include "support/support.h"

#include <math.h>

static const char *model;
static oracle o;

static int open_oracle(void **state)
{
    (void)state;
    oracle_open(&o, model);
    return 0;
}

static int close_oracle(void **state)
{
    (void)state;
    oracle_close(&o);
    return 0;
}

/* Float against float64. Logits: products of 20 to 110 layers, each rounded: 2e-7 to 2e-6 of the largest is seen, but
 * 3e-6 (densenet121) and 5e-6 (vgg9) on batch statistics of as few images; the reference in float has 2e-6 and 4e-6.
 * Gradients: 1e-7 to 1e-6 is seen, but where the input of a rectifier is zero within rounding the gradient jumps: 4e-4
 * (resnet20) and 8e-3 (resnet110) of a tensor's norm are seen, the latter with two images in the batch. Single ops are
 * tested without this in cpu_ops. resnet56_noshort on batch statistics has gradients of thousands, and enlarges
 * rounding errors by 1e4: the reference in float has errors of the same size. */
typedef struct {
    double logits, loss, total, part;
} tolerances;

static tolerances tolerance(nn_statistics statistics)
{
    bool hard = strcmp(model, "resnet56_noshort") == 0 && statistics == NN_BATCH;
    return hard ? (tolerances){4e-3, 1e-3, 0.05, 0.4} : (tolerances){1e-5, 2e-6, 1e-3, 2e-2};
}

static void check_gradient(nn_statistics statistics, const double *gradient)
{
    double total = 0;
    for (int k = 0; k < oracle_parameters(&o); k++) {
        oracle_part got = oracle_got(&o, gradient, k), want = oracle_want(&o, statistics, "grad", k);
        /* A bias in front of batch norm has no gradient but rounding errors. */
        double allowed = tolerance(statistics).part * want.norm + 1e-6 * oracle_value(&o, statistics, "grad_norm");
        CHECK_REAL(got.norm, want.norm, allowed);
        CHECK_REAL(got.first, want.first, allowed);
        CHECK_REAL(got.last, want.last, allowed);
        total += got.norm * got.norm;
    }
    CHECK_RELATIVE(sqrt(total), oracle_value(&o, statistics, "grad_norm"), tolerance(statistics).total);
}

/* With and without backward: different kernels. */
static void check_all(nn_statistics statistics, bool backward)
{
    nn_plan_options options = {.batch = o.batch, .statistics = statistics, .backward = backward, .threads = 2};
    double logits[64], dlogits[64];
    float *g = lsc_calloc((size_t)o.layout->n_learned, sizeof *g);
    double *gradient = lsc_calloc((size_t)o.layout->n_learned, sizeof *gradient);
    nn_plan *p = NULL;

    CHECK(g && gradient && o.batch * o.classes <= 64);
    CHECK_OK(nn_plan_new("cpu", o.graph, &options, &p));
    CHECK_OK(nn_plan_set_theta(p, o.theta32));
    CHECK_OK(nn_plan_forward(p, o.images, o.batch, logits));
    oracle_check_logits(&o, statistics, logits, tolerance(statistics).logits);
    CHECK_RELATIVE(oracle_loss(&o, logits, dlogits), oracle_value(&o, statistics, "loss"), tolerance(statistics).loss);
    if (backward) {
        CHECK_OK(nn_plan_backward(p, dlogits, g));
        for (int64_t i = 0; i < o.layout->n_learned; i++)
            gradient[i] = (double)g[i];
        check_gradient(statistics, gradient);
    }
    nn_plan_free(p);
    lsc_free(g);
    lsc_free(gradient);
}

static void evaluation_on_running_statistics_is_that_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_FROZEN, false);
}

static void evaluation_on_batch_statistics_is_that_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_BATCH, false);
}

static void gradients_on_running_statistics_are_those_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_FROZEN, true);
}

static void gradients_on_batch_statistics_are_those_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_BATCH, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(evaluation_on_running_statistics_is_that_of_pytorch),
        TEST(evaluation_on_batch_statistics_is_that_of_pytorch),
        TEST(gradients_on_running_statistics_are_those_of_pytorch),
        TEST(gradients_on_batch_statistics_are_those_of_pytorch),
    };
    if (argc < 2)
        return 2;
    model = argv[1];
    return cmocka_run_group_tests_name(model, tests, open_oracle, close_oracle);
}
