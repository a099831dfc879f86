/*
 * Losses: known values, and derivatives of every row of the table against differences.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"
#include "support/support.h"

#include <math.h>

enum { N = 3, K = 4 };
static const double logits[N * K] = {0.5, -1, 2, 0, 3, 3, -2, 0.1, -0.7, 0.2, 0.9, 1.1};
static const int32_t labels[N] = {2, 0, 1};
static const double weight[N] = {0.2, 0.5, 2};

static double weighted(const nn_loss *l, const double *z)
{
    double loss[N], sum = 0;
    uint8_t correct[N];
    l->forward(N, K, z, labels, loss, correct);
    for (int i = 0; i < N; i++)
        sum += weight[i] * loss[i];
    return sum;
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    for (int k = 0; nn_loss_at(k); k++) {
        const nn_loss *l = nn_loss_at(k);
        double g[N * K], z[N * K], h = 1e-4;
        l->backward(N, K, logits, labels, weight, g);
        for (int i = 0; i < N * K; i++) {
            memcpy(z, logits, sizeof z);
            z[i] = logits[i] + h;
            double plus = weighted(l, z);
            z[i] = logits[i] - h;
            /* h^2 f''' / 6 with f''' below 1: 2e-9; rounding 1e-12. */
            CHECK_REAL((plus - weighted(l, z)) / (2 * h), g[i], 4e-9);
        }
    }
}

static void derivatives_of_gradients_agree_with_differences(void **state)
{
    (void)state;
    for (int k = 0; nn_loss_at(k); k++) {
        const nn_loss *l = nn_loss_at(k);
        double r[N * K], plus[N * K], minus[N * K], want[N * K], z[N * K], h = 1e-4;
        if (l->backward_r == NULL)
            continue;
        for (int i = 0; i < N * K; i++)
            r[i] = sin(3.0 * i);
        for (int i = 0; i < N * K; i++)
            z[i] = logits[i] + h * r[i];
        l->backward(N, K, z, labels, weight, plus);
        for (int i = 0; i < N * K; i++)
            z[i] = logits[i] - h * r[i];
        l->backward(N, K, z, labels, weight, minus);
        l->backward_r(N, K, logits, labels, weight, r, want);
        for (int i = 0; i < N * K; i++)
            CHECK_REAL((plus[i] - minus[i]) / (2 * h), want[i], 2e-8);
    }
}

static void cross_entropy_is_the_textbook_one(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    const double z[4] = {0, log(3), 0, log(3)};
    double loss[2];
    uint8_t correct[2];
    CHECK_OK(nn_loss_find("cross_entropy", &l));
    l->forward(2, 2, z, (int32_t[]){0, 1}, loss, correct);
    CHECK_REAL(loss[0], log(4), 1e-15);
    CHECK_REAL(loss[1], log(4.0 / 3), 1e-15);
    CHECK_INT(correct[0], 0);
    CHECK_INT(correct[1], 1);
}

static void large_logits_do_not_overflow(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    const double z[4] = {1e5, -1e5, 1e300, 1};
    double loss[2], g[4];
    uint8_t correct[2];
    CHECK_OK(nn_loss_find("cross_entropy", &l));
    l->forward(2, 2, z, (int32_t[]){1, 0}, loss, correct);
    CHECK_REAL(loss[0], 2e5, 0);
    CHECK_REAL(loss[1], 0, 0);
    l->backward(2, 2, z, (int32_t[]){1, 0}, (double[]){1, 1}, g);
    CHECK_DOUBLES(g, ((double[]){1, -1, 0, 0}), 4, 0);
}

static void the_first_of_equal_logits_counts(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    const double z[4] = {1, 1, 1, 1};
    double loss[2];
    uint8_t correct[2];
    CHECK_OK(nn_loss_find("cross_entropy", &l));
    l->forward(2, 2, z, (int32_t[]){0, 1}, loss, correct);
    CHECK_INT(correct[0], 1);
    CHECK_INT(correct[1], 0);
}

static void nan_is_a_loss_and_never_correct(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    const double z[4] = {NAN, 1, 1, NAN};
    double loss[2];
    uint8_t correct[2];
    CHECK_OK(nn_loss_find("cross_entropy", &l));
    l->forward(2, 2, z, (int32_t[]){0, 0}, loss, correct);
    CHECK(isnan(loss[0]) && isnan(loss[1]));
    CHECK_INT(correct[0] + correct[1], 0);
}

static void an_unknown_loss_is_told_the_known_ones(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    CHECK_FAILS(nn_loss_find("hinge\n", &l), LSC_ERR_ARG, "no loss 'hinge\\x0a' (known: cross_entropy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_agree_with_differences),       TEST(derivatives_of_gradients_agree_with_differences),
        TEST(cross_entropy_is_the_textbook_one),      TEST(large_logits_do_not_overflow),
        TEST(the_first_of_equal_logits_counts),       TEST(nan_is_a_loss_and_never_correct),
        TEST(an_unknown_loss_is_told_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
