/*
 * Losses: known values, and derivatives of every row of the table against differences.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"
#include "support/support.h"

#include <math.h>

enum { N = 3, MOST = 4 };
static const double logits[N * MOST] = {0.5, -1, 2, 0, 3, 3, -2, 0.1, -0.7, 0.2, 0.9, 1.1};
static const double weight[N] = {0.2, 0.5, 2};

/* A loss on four classes, or on two where it wants those. */
typedef struct {
    const nn_loss *loss;
    int64_t k;
    int32_t labels[N];
} bench;

static bench bench_of(const nn_loss *l)
{
    bench four = {l, 0, {2, 0, 1}}, two = {l, 0, {1, 0, 1}};
    if (nn_loss_outputs(l, 4, &four.k) == LSC_OK)
        return four;
    CHECK_OK(nn_loss_outputs(l, 2, &two.k));
    return two;
}

static double weighted(const bench *b, const double *z)
{
    double loss[N], sum = 0;
    uint8_t correct[N];
    b->loss->forward(N, b->k, z, b->labels, loss, correct);
    for (int i = 0; i < N; i++)
        sum += weight[i] * loss[i];
    return sum;
}

static void gradients_agree_with_differences(void **state)
{
    (void)state;
    for (int l = 0; nn_loss_at(l); l++) {
        bench b = bench_of(nn_loss_at(l));
        double g[N * MOST], z[N * MOST], h = 1e-4;
        b.loss->backward(N, b.k, logits, b.labels, weight, g);
        for (int i = 0; i < N * b.k; i++) {
            memcpy(z, logits, sizeof z);
            z[i] = logits[i] + h;
            double plus = weighted(&b, z);
            z[i] = logits[i] - h;
            /* h^2 f''' / 6 with f''' below 1: 2e-9; rounding 1e-12. */
            CHECK_REAL((plus - weighted(&b, z)) / (2 * h), g[i], 4e-9);
        }
    }
}

static void derivatives_of_gradients_agree_with_differences(void **state)
{
    (void)state;
    for (int l = 0; nn_loss_at(l); l++) {
        bench b = bench_of(nn_loss_at(l));
        double r[N * MOST], plus[N * MOST], minus[N * MOST], want[N * MOST], z[N * MOST], h = 1e-4;
        if (b.loss->backward_r == NULL)
            continue;
        for (int i = 0; i < N * b.k; i++)
            r[i] = sin(3.0 * i);
        for (int i = 0; i < N * b.k; i++)
            z[i] = logits[i] + h * r[i];
        b.loss->backward(N, b.k, z, b.labels, weight, plus);
        for (int i = 0; i < N * b.k; i++)
            z[i] = logits[i] - h * r[i];
        b.loss->backward(N, b.k, z, b.labels, weight, minus);
        b.loss->backward_r(N, b.k, logits, b.labels, weight, r, want);
        for (int i = 0; i < N * b.k; i++)
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

static void binary_cross_entropy_is_cross_entropy_of_a_zero_and_the_logit(void **state)
{
    (void)state;
    const nn_loss *binary = NULL, *softmax = NULL;
    const double z[4] = {-1.5, 0.25, 40, -40}, pairs[8] = {0, -1.5, 0, 0.25, 0, 40, 0, -40};
    const int32_t y[4] = {0, 1, 0, 1};
    double loss[4], want[4];
    uint8_t correct[4], right[4];
    CHECK_OK(nn_loss_find("bce", &binary));
    CHECK_OK(nn_loss_find("cross_entropy", &softmax));
    binary->forward(4, 1, z, y, loss, correct);
    softmax->forward(4, 2, pairs, y, want, right);
    CHECK_DOUBLES(loss, want, 4, 1e-14);
    CHECK_BYTES(correct, right, sizeof right);
}

/* Probabilities 1/4 and 3/4; torch.nn.MSELoss is the mean over samples and classes. */
static void the_squared_error_is_that_of_probabilities(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    const double z[4] = {0, log(3), 0, log(3)};
    double loss[2];
    uint8_t correct[2];
    CHECK_OK(nn_loss_find("mse", &l));
    l->forward(2, 2, z, (int32_t[]){0, 1}, loss, correct);
    CHECK_REAL(loss[0], 9.0 / 16, 1e-15);
    CHECK_REAL(loss[1], 1.0 / 16, 1e-15);
    CHECK_INT(correct[0], 0);
    CHECK_INT(correct[1], 1);
}

static void a_loss_says_how_many_logits_it_needs(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    int64_t k = -1;
    CHECK_OK(nn_loss_find("mse", &l));
    CHECK_OK(nn_loss_outputs(l, 10, &k));
    CHECK_INT(k, 10);
    CHECK_INT(nn_loss_classes(l, 10), 10);
    CHECK_OK(nn_loss_find("bce", &l));
    CHECK_INT(nn_loss_classes(l, 1), 2);
    CHECK_FAILS(nn_loss_outputs(l, 10, &k), LSC_ERR_ARG, "the loss bce is for 2 classes, not 10");
    CHECK_INT(k, 10);
    CHECK_OK(nn_loss_outputs(l, 2, &k));
    CHECK_INT(k, 1);
}

static void large_logits_do_not_overflow(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    const double z[4] = {1e5, -1e5, 1e300, 1};
    double loss[4], g[4];
    uint8_t correct[4];
    CHECK_OK(nn_loss_find("cross_entropy", &l));
    l->forward(2, 2, z, (int32_t[]){1, 0}, loss, correct);
    CHECK_REAL(loss[0], 2e5, 0);
    CHECK_REAL(loss[1], 0, 0);
    l->backward(2, 2, z, (int32_t[]){1, 0}, (double[]){1, 1}, g);
    CHECK_DOUBLES(g, ((double[]){1, -1, 0, 0}), 4, 0);
    CHECK_OK(nn_loss_find("mse", &l));
    l->forward(2, 2, z, (int32_t[]){1, 0}, loss, correct);
    CHECK_DOUBLES(loss, ((double[]){1, 0}), 2, 0);
    CHECK_OK(nn_loss_find("bce", &l));
    l->forward(4, 1, z, (int32_t[]){0, 0, 1, 1}, loss, correct);
    CHECK_DOUBLES(loss, ((double[]){1e5, 0, 0, log1p(exp(-1))}), 4, 1e-15);
    l->backward(4, 1, z, (int32_t[]){0, 0, 0, 1}, (double[]){1, 1, 1, 1}, g);
    CHECK_DOUBLES(g, ((double[]){1, 0, 1, -1 / (1 + exp(1))}), 4, 1e-15);
}

static void the_first_of_equal_logits_counts(void **state)
{
    (void)state;
    static const double z[MOST] = {0};
    for (int l = 0; nn_loss_at(l); l++) {
        int64_t k = 2;
        double loss[2];
        uint8_t correct[2];
        CHECK_OK(nn_loss_outputs(nn_loss_at(l), 2, &k));
        nn_loss_at(l)->forward(2, k, z, (int32_t[]){0, 1}, loss, correct);
        CHECK_INT(correct[0], 1);
        CHECK_INT(correct[1], 0);
    }
}

static void nan_is_a_loss_and_never_correct(void **state)
{
    (void)state;
    for (int l = 0; nn_loss_at(l); l++) {
        int64_t k = 2;
        double loss[2];
        uint8_t correct[2];
        CHECK_OK(nn_loss_outputs(nn_loss_at(l), 2, &k));
        nn_loss_at(l)->forward(2, k, k == 1 ? (double[]){NAN, NAN} : (double[]){NAN, 1, 1, NAN}, (int32_t[]){0, 1},
                               loss, correct);
        CHECK(isnan(loss[0]) && isnan(loss[1]));
        CHECK_INT(correct[0] + correct[1], 0);
    }
}

static void an_unknown_loss_is_told_the_known_ones(void **state)
{
    (void)state;
    const nn_loss *l = NULL;
    CHECK_FAILS(nn_loss_find("hinge\n", &l), LSC_ERR_ARG, "no loss 'hinge\\x0a' (known: cross_entropy bce mse)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_agree_with_differences),
        TEST(derivatives_of_gradients_agree_with_differences),
        TEST(cross_entropy_is_the_textbook_one),
        TEST(binary_cross_entropy_is_cross_entropy_of_a_zero_and_the_logit),
        TEST(the_squared_error_is_that_of_probabilities),
        TEST(a_loss_says_how_many_logits_it_needs),
        TEST(large_logits_do_not_overflow),
        TEST(the_first_of_equal_logits_counts),
        TEST(nan_is_a_loss_and_never_correct),
        TEST(an_unknown_loss_is_told_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
