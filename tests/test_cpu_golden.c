/*
 * The cpu backend in float against PyTorch in float64: logits, loss, gradients and products with the Hessian of
 * whole networks.
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

/* Float against float64. Logits: products of 20 to 110 layers, each rounded: 2e-7 to 3e-6 of the largest is seen, but
 * 2e-5 (densenet121, vgg9) on batch statistics of as few images; the reference in float has 2e-6 and 4e-6.
 * Gradients and products: 1e-7 to 3e-5 is seen, but where the input of a rectifier is zero within rounding a gradient
 * jumps: 4e-4 (resnet20) and 1e-2 (resnet110) of a tensor's norm are seen, the latter with two images in the batch.
 * Single ops are tested without this in cpu_ops. resnet56_noshort on batch statistics has gradients of thousands, and
 * enlarges rounding errors by 1e4: the reference in float has 4e-4 in logits and 0.19 in a part of a product, this
 * backend 2e-3 and 0.45. */
typedef struct {
    double logits, loss, total, part;
} tolerances;

static tolerances tolerance(nn_statistics statistics)
{
    bool hard = strcmp(model, "resnet56_noshort") == 0 && statistics == NN_BATCH;
    return hard ? (tolerances){4e-3, 1e-3, 0.05, 0.8} : (tolerances){4e-5, 4e-6, 1e-3, 2e-2};
}

/* key: "grad" or "hvp" */
static void check_vector(nn_statistics statistics, const char *key, const char *norm_key, const double *vector)
{
    double total = 0, norm = oracle_value(&o, statistics, norm_key);
    for (int k = 0; k < oracle_parameters(&o); k++) {
        oracle_part got = oracle_got(&o, vector, k), want = oracle_want(&o, statistics, key, k);
        /* A bias in front of batch norm has no gradient but rounding errors. */
        double allowed = tolerance(statistics).part * want.norm + 1e-6 * norm;
        CHECK_REAL(got.norm, want.norm, allowed);
        CHECK_REAL(got.first, want.first, allowed);
        CHECK_REAL(got.last, want.last, allowed);
        total += got.norm * got.norm;
    }
    CHECK_RELATIVE(sqrt(total), norm, tolerance(statistics).total);
}

static double *as_doubles(const float *vector)
{
    double *out = lsc_calloc((size_t)o.layout->n_learned, sizeof *out);
    CHECK(out != NULL);
    for (int64_t i = 0; i < o.layout->n_learned; i++)
        out[i] = (double)vector[i];
    return out;
}

static void check_gradient(nn_plan *p, nn_statistics statistics, const double *dlogits, float *g)
{
    CHECK_OK(nn_plan_backward(p, dlogits, g));
    double *gradient = as_doubles(g);
    check_vector(statistics, "grad", "grad_norm", gradient);
    lsc_free(gradient);
}

static void check_product(nn_plan *p, nn_statistics statistics, const double *logits, const double *dlogits, float *v)
{
    double rlogits[64], rdlogits[64];
    const nn_loss *loss = NULL;
    CHECK_OK(nn_loss_find("cross_entropy", &loss));
    for (int64_t i = 0; i < o.layout->n_learned; i++)
        v[i] = (float)o.v[i];
    CHECK_OK(nn_plan_forward_r(p, v, rlogits));
    loss->backward_r(o.batch, o.classes, logits, o.labels, o.weight, rlogits, rdlogits);
    CHECK_OK(nn_plan_backward_r(p, dlogits, rdlogits, v));
    double *hv = as_doubles(v);
    check_vector(statistics, "hvp", "hvp_norm", hv);
    lsc_free(hv);
}

/* With and without backward: different kernels. */
static void check_all(nn_statistics statistics, bool backward)
{
    nn_plan_options options = {.batch = o.batch, .statistics = statistics, .backward = backward, .threads = 2};
    double logits[64], dlogits[64];
    float *g = lsc_calloc((size_t)o.layout->n_learned, sizeof *g);
    nn_plan *p = NULL;

    CHECK(g && o.batch * o.classes <= 64);
    CHECK_OK(nn_plan_new("cpu", o.graph, &options, &p));
    CHECK_OK(nn_plan_set_theta(p, o.theta32));
    CHECK_OK(nn_plan_forward(p, o.images, o.batch, logits));
    oracle_check_logits(&o, statistics, logits, tolerance(statistics).logits);
    CHECK_RELATIVE(oracle_loss(&o, logits, dlogits), oracle_value(&o, statistics, "loss"), tolerance(statistics).loss);
    if (backward) {
        check_gradient(p, statistics, dlogits, g);
        check_product(p, statistics, logits, dlogits, g);
    }
    nn_plan_free(p);
    lsc_free(g);
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

static void gradients_and_products_on_running_statistics_are_those_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_FROZEN, true);
}

static void gradients_and_products_on_batch_statistics_are_those_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_BATCH, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(evaluation_on_running_statistics_is_that_of_pytorch),
        TEST(evaluation_on_batch_statistics_is_that_of_pytorch),
        TEST(gradients_and_products_on_running_statistics_are_those_of_pytorch),
        TEST(gradients_and_products_on_batch_statistics_are_those_of_pytorch),
    };
    if (argc < 2)
        return 2;
    model = argv[1];
    return cmocka_run_group_tests_name(model, tests, open_oracle, close_oracle);
}
