/*
 * The reference backend in double against PyTorch: logits, loss, gradients, Hessian-vector products of whole networks.
 * The model is the argument.
 * SPDX-License-Identifier: MIT
 */
#include "support/oracle.h"
#include "support/support.h"

#include <math.h>

/* Two float64 programs that sum in another order: 1e-9 relative, as the oracle's page says. On batch statistics
 * resnet56_noshort has gradients of thousands and resnet110 two images a batch: 1e-7. So has densenet121, where 4e-9 is
 * seen: math libraries round the formula's sine differently in one of a thousand cases, so that some of its 7 million
 * weights differ by an ulp, each of which moves v.Hv by 1e-7. */
static double tolerance(const char *model, nn_statistics statistics)
{
    bool hard =
        strcmp(model, "resnet56_noshort") == 0 || strcmp(model, "resnet110") == 0 || strcmp(model, "densenet121") == 0;
    return hard && statistics == NN_BATCH ? 1e-7 : 1e-9;
}

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

/* Every parameter's part: |difference| <= tolerance * (its norm) + 1e-3 tolerance * (the norm of the whole). */
static void check_vector(nn_statistics statistics, const char *key, const char *norm_key, const double *vector)
{
    double relative = tolerance(model, statistics), total = 0, want = oracle_value(&o, statistics, norm_key);
    for (int k = 0; k < oracle_parameters(&o); k++) {
        oracle_part got = oracle_got(&o, vector, k), part = oracle_want(&o, statistics, key, k);
        double allowed = relative * part.norm + 1e-3 * relative * want;
        CHECK_REAL(got.norm, part.norm, allowed);
        CHECK_REAL(got.first, part.first, allowed);
        CHECK_REAL(got.last, part.last, allowed);
        total += got.norm * got.norm;
    }
    CHECK_RELATIVE(sqrt(total), want, relative);
}

static void check_product(nn_plan *p, nn_statistics statistics, const double *logits, const double *dlogits, double *hv)
{
    double rlogits[64], rdlogits[64], want = oracle_value(&o, statistics, "vHv"), size;
    int64_t n = o.layout->n_learned;
    const nn_loss *loss = NULL;
    CHECK_OK(nn_loss_find("cross_entropy", &loss));
    CHECK_OK(nn_plan_forward_r(p, o.v, rlogits));
    loss->backward_r(o.batch, o.classes, logits, o.labels, o.weight, rlogits, rdlogits);
    CHECK_OK(nn_plan_backward_r(p, dlogits, rdlogits, hv));
    check_vector(statistics, "hvp", "hvp_norm", hv);
    /* A sum whose terms cancel (resnet18: terms of 459 together, 0.03 remains): by |v| |Hv|, too. */
    size = fabs(want) + 1e-3 * sqrt(lsc_dot64(o.v, o.v, n) * lsc_dot64(hv, hv, n));
    CHECK_REAL(lsc_dot64(o.v, hv, n), want, tolerance(model, statistics) * size);
}

static void check_all(nn_statistics statistics)
{
    nn_plan_options options = {.batch = o.batch, .statistics = statistics, .real = NN_F64, .backward = true};
    double logits[64], dlogits[64];
    double *vector = lsc_calloc((size_t)o.layout->n_learned, sizeof *vector);
    nn_plan *p = NULL;

    CHECK(vector != NULL && o.batch * o.classes <= 64);
    CHECK_OK(nn_plan_new("ref", o.graph, &options, &p));
    CHECK_OK(nn_plan_set_theta(p, o.theta));
    CHECK_OK(nn_plan_forward(p, o.images, o.batch, logits));
    oracle_check_logits(&o, statistics, logits, tolerance(model, statistics));
    CHECK_RELATIVE(oracle_loss(&o, logits, dlogits), oracle_value(&o, statistics, "loss"),
                   tolerance(model, statistics));
    CHECK_OK(nn_plan_backward(p, dlogits, vector));
    check_vector(statistics, "grad", "grad_norm", vector);
    check_product(p, statistics, logits, dlogits, vector);
    nn_plan_free(p);
    lsc_free(vector);
}

static void values_on_running_statistics_are_those_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_FROZEN);
}

static void values_on_batch_statistics_are_those_of_pytorch(void **state)
{
    (void)state;
    check_all(NN_BATCH);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(values_on_running_statistics_are_those_of_pytorch),
        TEST(values_on_batch_statistics_are_those_of_pytorch),
    };
    if (argc < 2)
        return 2;
    model = argv[1];
    return cmocka_run_group_tests_name(model, tests, open_oracle, close_oracle);
}
