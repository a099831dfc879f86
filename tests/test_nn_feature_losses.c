/*
 * Losses of features: values by the released code of GAC-FAS for a whole small network of its kind, and derivatives of
 * every row of the table against differences.
 *
 * The network: images are unit vectors [8], so that the weight [3, 8] of its first layer holds the features of image n
 * in column n, and the gradient of the weight is that of the features; behind them a cosine head with one row.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"
#include "support/support.h"

#include <math.h>

enum { N = 8, F = 3, OUTPUTS = 1 + F, LEARNED = F * N + F };

/* Two views of four images: features, groups (domain and class), and the weights of a mean over each of three domains,
 * of which the third is absent. */
static const double features[N][F] = {{1, 2, .5},   {-1, .5, 1},   {.3, -.7, 2},  {2, 1, -1},
                                      {.8, 1.5, 1}, {-.5, 1, 1.2}, {.1, -1, 1.5}, {1.5, 1.2, -.4}};
static const int32_t groups[N] = {1, 0, 11, 1, 1, 0, 11, 1}, labels[N] = {1, 0, 1, 1, 1, 0, 1, 1};
static const double weight[N] = {1. / 18, 1. / 18, 1. / 6, 1. / 18, 1. / 18, 1. / 18, 1. / 6, 1. / 18};
static const double head[F] = {.5, -1, 2};

static nn_plan *plan;
static double theta[LEARNED];
static float images[N * N];
static double scratch[2 * N * N];

static int open_network(void **state)
{
    nn_graph *g = NULL;
    (void)state;
    CHECK_OK(nn_graph_new(&(nn_shape){1, {N}}, &g));
    int z = nn_mark_features(g, nn_linear(g, 0, "z", F, false));
    nn_scale(g, nn_cosine(g, z, "fc", 1), 12);
    nn_append_features(g);
    CHECK_OK(nn_graph_finish(g));
    CHECK_INT(nn_graph_outputs(g), OUTPUTS);
    CHECK_INT(nn_graph_classes(g), 1);
    CHECK_INT(nn_graph_features(g), F);
    CHECK_OK(nn_plan_new("ref", g, &(nn_plan_options){.batch = N, .real = NN_F64, .backward = true}, &plan));
    for (int n = 0; n < N; n++) {
        images[n * N + n] = 1;
        for (int i = 0; i < F; i++)
            theta[i * N + n] = features[n][i];
    }
    memcpy(theta + F * N, head, sizeof head);
    *state = g;
    return 0;
}

static int close_network(void **state)
{
    nn_plan_free(plan);
    nn_graph_free(*state);
    return 0;
}

static const nn_feature_loss *supcon(void)
{
    const nn_feature_loss *l = NULL;
    CHECK_OK(nn_feature_loss_find("supcon", &l));
    return l;
}

/* Logits and features of all images from the plan's rows, and back. */
static void split(const double *rows, double *logits, double *unit)
{
    for (int n = 0; n < N; n++) {
        logits[n] = rows[n * OUTPUTS];
        memcpy(unit + n * F, rows + n * OUTPUTS + 1, F * sizeof *unit);
    }
}

static void join(const double *logits, const double *unit, double *rows)
{
    for (int n = 0; n < N; n++) {
        rows[n * OUTPUTS] = logits[n];
        memcpy(rows + n * OUTPUTS + 1, unit + n * F, F * sizeof *unit);
    }
}

static nn_feature_batch batch_of(const double *unit)
{
    return (nn_feature_batch){.n = N, .f = F, .unit = unit, .group = groups, .temperature = 0.1};
}

/* bce part + lambda * feature loss at theta + h v (v NULL: theta), and its gradient. */
static double total(double bce_part, double lambda, double h, const double *v, double *g)
{
    double point[LEARNED], rows[N * OUTPUTS], logits[N], unit[N * F], each[N], sum = 0;
    double dlogits[N], dunit[N * F], w[N];
    uint8_t correct[N];
    const nn_loss *bce = NULL;
    for (int i = 0; i < LEARNED; i++)
        point[i] = theta[i] + (v ? h * v[i] : 0);
    CHECK_OK(nn_loss_find("bce", &bce));
    CHECK_OK(nn_plan_set_theta(plan, point));
    CHECK_OK(nn_plan_forward(plan, images, N, rows));
    split(rows, logits, unit);
    nn_feature_batch b = batch_of(unit);
    bce->forward(N, 1, logits, labels, each, correct);
    for (int n = 0; n < N; n++) {
        w[n] = bce_part * weight[n];
        sum += w[n] * each[n];
    }
    sum += lambda * supcon()->forward(&b, scratch);
    bce->backward(N, 1, logits, labels, w, dlogits);
    supcon()->backward(&b, lambda, scratch, dunit);
    join(dlogits, dunit, rows);
    CHECK_OK(nn_plan_backward(plan, rows, g));
    return sum;
}

static void check_row(const double *g, int n, const double want[F])
{
    for (int i = 0; i < F; i++)
        CHECK_REAL(g[i * N + n], want[i], 6e-10); /* nine decimals */
}

static void contrast_and_its_gradient_are_those_of_the_released_code(void **state)
{
    (void)state;
    double g[LEARNED];
    CHECK_REAL(total(0, 1, 0, NULL, g), 1.678490049198, 6e-13);
    check_row(g, 0, (double[]){-.365038067, .038513741, .576021169});
    check_row(g, 2, (double[]){-.010572336, .018243707, .007971148});
    check_row(g, 5, (double[]){.256677232, .132741141, -.003668771});
}

static void the_loss_of_all_parts_is_that_of_the_released_code(void **state)
{
    (void)state;
    double g[LEARNED];
    CHECK_REAL(total(1, 0, 0, NULL, g), .910416936183, 6e-13);
    CHECK_REAL(total(1, .2, 0, NULL, g), 1.246114946023, 6e-13);
    check_row(g, 0, (double[]){-.130317049, .085643580, -.081940223});
    check_row(g, 2, (double[]){-.002114988, .003649481, .001594566});
    CHECK_DOUBLES(g + F * N, ((double[]){-.909785038, -.073480493, .190706013}), F, 6e-10);
}

/* With the derivatives of both outputs of the network, against differences of the gradient. */
static void products_with_the_hessian_of_all_parts_agree_with_differences(void **state)
{
    (void)state;
    const nn_loss *bce = NULL;
    double v[LEARNED], hv[LEARNED], plus[LEARNED], minus[LEARNED], rows[N * OUTPUTS], drows[N * OUTPUTS];
    double logits[N], unit[N * F], rlogits[N], runit[N * F], h = 1e-5;
    CHECK_OK(nn_loss_find("bce", &bce));
    for (int i = 0; i < LEARNED; i++)
        v[i] = cos(2.0 * i);
    total(1, .2, h, v, plus);
    total(1, .2, -h, v, minus);
    total(1, .2, 0, NULL, hv);
    CHECK_OK(nn_plan_forward(plan, images, N, rows));
    split(rows, logits, unit);
    CHECK_OK(nn_plan_forward_r(plan, v, rows));
    split(rows, rlogits, runit);
    nn_feature_batch b = batch_of(unit);
    double dlogits[N], dunit[N * F], rdlogits[N], rdunit[N * F];
    bce->backward(N, 1, logits, labels, weight, dlogits);
    supcon()->backward(&b, .2, scratch, dunit);
    join(dlogits, dunit, drows);
    bce->backward_r(N, 1, logits, labels, weight, rlogits, rdlogits);
    supcon()->backward_r(&b, .2, runit, scratch, rdunit);
    join(rdlogits, rdunit, rows);
    CHECK_OK(nn_plan_backward_r(plan, drows, rows, hv));
    /* h^2 f''' / 6 with third derivatives of thousands (scale 12, temperature 0.1): 1e-7. */
    for (int i = 0; i < LEARNED; i++)
        CHECK_REAL((plus[i] - minus[i]) / (2 * h), hv[i], 5e-7);
}

/* ---- every row of the table -------------------------------------------------------------------- */

static void fill_unit(double h, double *unit)
{
    for (int i = 0; i < N * F; i++)
        unit[i] = features[i / F][i % F] / 2 + h * sin(3.0 * i);
}

static void derivatives_agree_with_differences(void **state)
{
    (void)state;
    for (int l = 0; nn_feature_loss_at(l); l++) {
        const nn_feature_loss *loss = nn_feature_loss_at(l);
        double unit[N * F], r[N * F], g[N * F], rg[N * F], plus[N * F], minus[N * F], slope = 0, h = 1e-5;
        nn_feature_batch b = batch_of(unit);
        CHECK(loss->scratch(N) <= (int64_t)LSC_COUNT(scratch));
        fill_unit(h, unit);
        double up = loss->forward(&b, scratch);
        loss->backward(&b, 3, scratch, plus);
        fill_unit(-h, unit);
        double down = loss->forward(&b, scratch);
        loss->backward(&b, 3, scratch, minus);
        fill_unit(0, unit);
        loss->backward(&b, 3, scratch, g);
        for (int i = 0; i < N * F; i++) {
            r[i] = sin(3.0 * i);
            slope += g[i] * r[i];
        }
        loss->backward_r(&b, 3, r, scratch, rg);
        /* h^2 f''' / 6 with third derivatives of thousands (temperature 0.1): 1e-7. */
        CHECK_REAL(3 * (up - down) / (2 * h), slope, 5e-7);
        for (int i = 0; i < N * F; i++)
            CHECK_REAL((plus[i] - minus[i]) / (2 * h), rg[i], 5e-6);
    }
}

static void a_row_alone_in_its_group_adds_nothing(void **state)
{
    (void)state;
    const double unit[6] = {1, 0, 0, 1, -1, 0};
    double with[12], s[18];
    nn_feature_batch b = {.n = 2, .f = 2, .unit = unit, .group = (int32_t[]){5, 7}, .temperature = 0.1};
    CHECK_REAL(supcon()->forward(&b, s), 0, 0);
    supcon()->backward(&b, 1, s, with);
    CHECK_DOUBLES(with, ((double[]){0, 0, 0, 0}), 4, 0);
    /* Of three rows two attract each other, and the third repels both: mean over 3 of the two terms. */
    b.n = 3;
    b.group = (int32_t[]){5, 5, 7};
    double want = 0.1 / 0.07 / 3 * (log(1 + exp(-10)) + log(1 + exp(0)));
    CHECK_REAL(supcon()->forward(&b, s), want, 1e-14);
}

static void nan_is_a_loss(void **state)
{
    (void)state;
    const double unit[4] = {NAN, 0, 0, 1};
    double s[8];
    nn_feature_batch b = {.n = 2, .f = 2, .unit = unit, .group = (int32_t[]){1, 1}, .temperature = 0.1};
    CHECK(isnan(supcon()->forward(&b, s)));
}

/* ---- graphs with features ------------------------------------------------------------------------ */

static void a_model_gives_its_features_behind_its_logits(void **state)
{
    (void)state;
    for (int i = 0; nn_model_at(i); i++) {
        const char *name = nn_model_at(i)->name;
        nn_graph *plain = NULL, *with = NULL;
        CHECK_OK(nn_model_graph(name, NULL, 5, &plain));
        CHECK_OK(
            nn_model_graph_with(name, &(nn_model_options){.classes = 5, .features = true, .logit_scale = 2}, &with));
        CHECK_INT(nn_graph_classes(with), 5);
        CHECK(nn_graph_features(with) > 0);
        CHECK_INT(nn_graph_features(plain), 0);
        CHECK_INT(nn_graph_outputs(plain), 5);
        CHECK_INT(nn_graph_outputs(with), 5 + nn_graph_features(with));
        CHECK_INT(nn_graph_layout(with)->n, nn_graph_layout(plain)->n);
        nn_graph_free(plain);
        nn_graph_free(with);
    }
}

static void every_backend_gives_features_behind_logits(void **state)
{
    const nn_graph *g = *state;
    const char *name, *remedy;
    float theta32[LEARNED];
    double want[N * OUTPUTS], got[N * OUTPUTS];
    CHECK_OK(nn_plan_set_theta(plan, theta));
    CHECK_OK(nn_plan_forward(plan, images, N, want));
    for (int i = 0; i < LEARNED; i++)
        theta32[i] = (float)theta[i];
    for (int i = 0; (name = nn_backend_name(i, NULL, &remedy)); i++) {
        nn_plan *p = NULL;
        if (remedy != NULL)
            continue;
        CHECK_OK(nn_plan_new(name, g, &(nn_plan_options){.batch = N, .threads = 1}, &p));
        CHECK_OK(nn_plan_set_theta(p, theta32));
        CHECK_OK(nn_plan_forward(p, images, N, got));
        CHECK_DOUBLES(got, want, N * OUTPUTS, 1e-5); /* float, logits up to 12 */
        nn_plan_free(p);
    }
}

static void features_must_be_marked_and_flat(void **state)
{
    (void)state;
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){1, {4}}, &g));
    nn_linear(g, 0, "fc", 2, true);
    CHECK_INT(nn_append_features(g), -1);
    CHECK_FAILS(nn_graph_finish(g), LSC_ERR_ABSENT, "no node is marked as the features");
    nn_graph_free(g);
    CHECK_OK(nn_graph_new(&(nn_shape){3, {1, 2, 2}}, &g));
    nn_flatten(g, nn_mark_features(g, nn_relu(g, 0)));
    nn_append_features(g);
    CHECK_FAILS(nn_graph_finish(g), LSC_ERR_SHAPE, "l2norm: the input is [1, 2, 2], needs [F]");
    nn_graph_free(g);
}

static void an_unknown_loss_is_told_the_known_ones(void **state)
{
    (void)state;
    const nn_feature_loss *l = NULL;
    CHECK_FAILS(nn_feature_loss_find("triplet", &l), LSC_ERR_ARG, "no feature loss 'triplet' (known: supcon)");
    CHECK(nn_feature_loss_at(-1) == NULL && nn_feature_loss_at(100) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(contrast_and_its_gradient_are_those_of_the_released_code),
        TEST(the_loss_of_all_parts_is_that_of_the_released_code),
        TEST(products_with_the_hessian_of_all_parts_agree_with_differences),
        TEST(derivatives_agree_with_differences),
        TEST(a_row_alone_in_its_group_adds_nothing),
        TEST(nan_is_a_loss),
        TEST(a_model_gives_its_features_behind_its_logits),
        TEST(every_backend_gives_features_behind_logits),
        TEST(features_must_be_marked_and_flat),
        TEST(an_unknown_loss_is_told_the_known_ones),
    };
    return cmocka_run_group_tests(tests, open_network, close_network);
}
