/*
 * What optimizers become at the edges of their settings.
 * Equal within 4e-7 relative: the same numbers, added up in another order of float roundings.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train_quadratic.h"

#include <math.h>

#define SAME 4e-7

static quadratic q;

/* The gradient that one step took, and its report. */
static tr_step_report gradient(const char *name, const char *settings, double g[3])
{
    tr_step_report report;
    tr_state *s = quadratic_state(&q, name, settings);
    CHECK_OK(tr_step(s, &q.oracle, &report));
    for (int j = 0; j < 3; j++)
        g[j] = (double)s->momentum[j];
    quadratic_state_free(s);
    return report;
}

static void sam_with_a_vanishing_radius_is_erm(void **state)
{
    (void)state;
    double sam[3], erm[3];
    quadratic_init(&q, "weight", "bias");
    gradient("sam", "sam.rho=0", sam);
    gradient("erm", NULL, erm);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(sam[j], erm[j], 0);
    tr_step_report report = gradient("sam", "sam.rho=1e-6", sam);
    CHECK_RELATIVE(report.perturbation, 1e-6, SAME);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(sam[j], erm[j], 4e-6); /* rho times the curvature, below 4 */
}

static void sagm_without_alpha_is_the_mean_of_erm_and_sam(void **state)
{
    (void)state;
    double sagm[3], erm[3], sam[3];
    quadratic_init(&q, "weight", "bias");
    gradient("sagm", "sagm.alpha=0", sagm);
    gradient("erm", NULL, erm);
    gradient("sam", NULL, sam);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(sagm[j], (erm[j] + sam[j]) / 2, 2 * SAME);
}

static void asam_scaled_in_no_tensor_is_sam(void **state)
{
    (void)state;
    double asam[3], sam[3];
    quadratic_init(&q, "weight", "bias");
    gradient("asam", "asam.rho=0.05 asam.scope=none", asam);
    gradient("sam", "sam.rho=0.05", sam);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(asam[j], sam[j], 0);
}

/* The feature loss is linear here: it adds .01 to the gradient, and turns the ascent only if it is part of it. */
static void the_feature_loss_stays_out_of_the_perturbation_if_asked_to(void **state)
{
    (void)state;
    static const char *const names[] = {"sam", "asam", "sagm"};
    for (int i = 0; i < 3; i++) {
        double cls[3], total[3], without[3];
        char setting[32];
        snprintf(setting, sizeof setting, "%s.loss=cls", names[i]);
        quadratic_init(&q, "weight", "bias");
        gradient(names[i], NULL, total);
        q.n_calls = 0;
        tr_step_report report = gradient(names[i], setting, cls);
        CHECK_INT(q.n_calls, 2);
        CHECK_REAL(report.loss, quadratic_loss(&q, (const float[]){.8f, -.6f, .3f}), 1e-7);
        q.oracle.has_feature_loss = false;
        q.feature = 0;
        gradient(names[i], setting, without);
        for (int j = 0; j < 3; j++)
            CHECK_REAL(cls[j], without[j] + .01, SAME);
        CHECK(fabs(cls[0] - total[0]) > 1e-6);
    }
}

static void gac_fas_without_ascent_is_twice_the_classification_gradient(void **state)
{
    (void)state;
    double gac[3], erm[3], half[3];
    quadratic_init(&q, "weight", "bias");
    gradient("gac-fas", "gac.rho=0 gac.alpha=0", gac);
    gradient("gac-fas", "gac.rho=0 gac.alpha=0 gac.normalise=mean", half);
    gradient("erm", NULL, erm);
    for (int j = 0; j < 3; j++) {
        CHECK_REAL(gac[j], 2 * (erm[j] - q.feature) + q.feature, 4 * SAME);
        CHECK_REAL(half[j], erm[j], 2 * SAME);
    }
}

static void gac_fas_of_one_domain_adds_erm_and_sam(void **state)
{
    (void)state;
    double gac[3], erm[3], sam[3];
    quadratic_init(&q, "kernel", "shift"); /* no name with "weight" in it: t = 1 */
    quadratic_domains(&q, 1);
    q.feature = 0;
    gradient("gac-fas", "gac.rho=0.05 gac.alpha=0", gac);
    gradient("erm", NULL, erm);
    gradient("sam", "sam.rho=0.05", sam);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(gac[j], erm[j] + sam[j], 4 * SAME);
}

static void alpha_moves_every_point_back_along_the_whole_gradient(void **state)
{
    (void)state;
    double g[3], erm[3];
    quadratic_init(&q, "weight", "bias");
    q.feature = 0;
    gradient("erm", NULL, erm);
    q.n_calls = 0;
    gradient("gac-fas", "gac.rho=0 gac.alpha=0.1", g);
    for (int call = 1; call < 4; call++)
        for (int j = 0; j < 3; j++)
            CHECK_REAL((double)q.seen[call][j], (double)q.seen[0][j] - .1 * erm[j], 1.5e-7);
}

static void eta_widens_the_ascent_of_weights_only(void **state)
{
    (void)state;
    double g[3];
    quadratic_init(&q, "layer.weight", "layer.bias");
    gradient("gac-fas", "gac.rho=0.1 gac.alpha=0 gac.eta=1e3", g);
    /* With t about 1000 on the weights and 1 on the bias, eps = rho t^2 g / |t g| is about 100 and 0.1 long. */
    CHECK(fabs((double)q.seen[1][1]) > 50);
    CHECK(fabs((double)q.seen[1][2] - .3) < .1);
}

static void an_absent_domain_has_no_point_but_counts_in_the_mean(void **state)
{
    (void)state;
    double all[3], some[3];
    quadratic_init(&q, "weight", "bias");
    q.feature = 0;
    q.absent[1] = true;
    tr_step_report report = gradient("gac-fas", "gac.rho=0 gac.alpha=0", some);
    CHECK_INT(q.n_calls, 3);
    CHECK_INT(report.perturbation == 0, 1);
    /* g_0 and g_2 with their factor 1/3, once at theta and once as the mean over the two points. */
    gradient("erm", NULL, all);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(some[j], 2 * all[j], 4 * SAME);
}

static void the_report_tells_where_the_perturbation_lies(void **state)
{
    (void)state;
    double g[3];
    quadratic_init(&q, "weight", "bias");
    tr_step_report report = gradient("gac-fas", "gac.rho=0.1 gac.alpha=0.02", g);
    double norm = 0, weight = 0, bias = 0;
    for (int call = 1; call < 4; call++) {
        double square[3];
        for (int j = 0; j < 3; j++)
            square[j] = pow((double)q.seen[call][j] - (double)q.seen[0][j], 2);
        norm += sqrt(square[0] + square[1] + square[2]) / 3;
        weight += (square[0] + square[1]) / 3;
        bias += square[2] / 3;
    }
    /* theta + eps - theta has lost 6e-8 of some 0.05. */
    CHECK_RELATIVE(report.perturbation, norm, 2e-6);
    CHECK_RELATIVE(report.squares[LSC_WEIGHT], weight, 4e-6);
    CHECK_RELATIVE(report.squares[LSC_BIAS], bias, 4e-6);
    CHECK_REAL(report.squares[LSC_NORM], 0, 0);
}

static void the_released_form_of_two_domains_differs_in_the_alignment_alone(void **state)
{
    (void)state;
    double paper[3], released[3];
    quadratic_init(&q, "weight", "bias");
    q.absent[0] = true; /* 1 and 2 are the first and the second of those in the batch */
    gradient("gac-fas", "gac.alpha=0", paper);
    gradient("gac-fas", "gac.alpha=0 gac.variant=released", released);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(released[j], paper[j], 4 * SAME);
    q.n_calls = 0;
    gradient("gac-fas", "gac.rho=0 gac.alpha=0.1 gac.variant=released", released);
    for (int j = 0; j < 3; j++) { /* A = 2 g_1 + g_2 */
        const double theta = (double)q.seen[0][j];
        double A = 2 * q.a[1][j] * (theta - q.c[1][j]) / 3 + q.a[2][j] * (theta - q.c[2][j]) / 3;
        CHECK_REAL((double)q.seen[1][j], theta - .1 * A, 1.5e-7);
        CHECK_REAL((double)q.seen[2][j], theta - .1 * A, 1.5e-7);
    }
}

static void group_dro_without_a_step_of_its_weights_is_erm(void **state)
{
    (void)state;
    double dro[3], erm[3];
    quadratic_init(&q, "weight", "bias");
    gradient("group-dro", "dro.eta=0", dro);
    gradient("erm", NULL, erm);
    for (int j = 0; j < 3; j++)
        CHECK_REAL(dro[j], erm[j], SAME);
}

/* d sum_i q_i L_i, q_i = exp(eta L_i) / sum, after two steps at one theta: exp(2 eta L_i). */
static void group_dro_turns_to_the_worst_domain_step_by_step(void **state)
{
    (void)state;
    const double eta = .3, theta[3] = {.8, -.6, .3};
    double L[3] = {0}, sum = 0, g[3] = {0};
    tr_step_report report;
    quadratic_init(&q, "weight", "bias");
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            L[i] += q.a[i][j] * pow(theta[j] - q.c[i][j], 2) / 2;
        sum += exp(2 * eta * L[i]);
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            g[j] += exp(2 * eta * L[i]) / sum * q.a[i][j] * (theta[j] - q.c[i][j]);
    tr_state *s = quadratic_state(&q, "group-dro", "dro.eta=0.3");
    CHECK_OK(tr_step(s, &q.oracle, &report)); /* s->lr is 0: theta stays */
    CHECK_OK(tr_step(s, &q.oracle, &report));
    CHECK_INT(q.n_calls, 2);
    CHECK_REAL(report.loss, quadratic_loss(&q, s->theta), 1e-7); /* of the mean, as all others report it */
    for (int j = 0; j < 3; j++)
        CHECK_REAL((double)s->momentum[j], g[j] + q.feature, 4 * SAME);
    quadratic_state_free(s);
}

/* d (mean_i L_i + lambda var_i L_i) = (1/n) sum_i (1 + 2 lambda (L_i - mean)) dL_i */
static void v_rex_adds_the_slope_of_the_variance(void **state)
{
    (void)state;
    const double theta[3] = {.8, -.6, .3};
    double L[3] = {0}, g[2][3] = {{0}};
    tr_step_report report;
    quadratic_init(&q, "weight", "bias");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            L[i] += q.a[i][j] * pow(theta[j] - q.c[i][j], 2) / 2;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const double excess = L[i] - (L[0] + L[1] + L[2]) / 3, slope = q.a[i][j] * (theta[j] - q.c[i][j]) / 3;
            g[0][j] += (1 + 2 * 1 * excess) * slope; /* the first step: lambda is 1 */
            g[1][j] += (1 + 2 * 7 * excess) * slope;
        }
    tr_state *s = quadratic_state(&q, "v-rex", "vrex.lambda=7 vrex.anneal_steps=1");
    for (int k = 0; k < 2; k++) {
        CHECK_OK(tr_step(s, &q.oracle, &report));
        for (int j = 0; j < 3; j++)
            CHECK_REAL((double)s->momentum[j], g[k][j] + q.feature, 2e-5); /* floats of up to 125 */
    }
    quadratic_state_free(s);
}

/* Domains 0 and 2 alone: their variance, and no pull from the loss 0 of the other. */
static void v_rex_leaves_absent_domains_out_of_the_variance(void **state)
{
    (void)state;
    double some[3], g;
    const double theta[3] = {.8, -.6, .3};
    double L[3] = {0};
    quadratic_init(&q, "weight", "bias");
    q.absent[1] = true;
    gradient("v-rex", NULL, some);
    for (int i = 0; i < 3; i += 2)
        for (int j = 0; j < 3; j++)
            L[i] += q.a[i][j] * pow(theta[j] - q.c[i][j], 2) / 2;
    for (int j = 0; j < 3; j++) {
        g = q.feature;
        for (int i = 0; i < 3; i += 2)
            g += (1 + 2 * 3. / 2 * (L[i] - (L[0] + L[2]) / 2)) * q.a[i][j] * (theta[j] - q.c[i][j]) / 3;
        CHECK_REAL(some[j], g, 2e-6);
    }
}

static void what_needs_two_domains_advises_against_itself_with_one(void **state)
{
    static const char *const names[] = {"gac-fas", "group-dro", "v-rex"};
    (void)state;
    quadratic_init(&q, "weight", "bias");
    for (size_t i = 0; i < LSC_COUNT(names); i++) {
        tr_state *s = quadratic_state(&q, names[i], NULL);
        CHECK_HAS(s->kind->advice(s->options, 1), "one source domain");
        CHECK(s->kind->advice(s->options, 2) == NULL);
        quadratic_state_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sam_with_a_vanishing_radius_is_erm),
        TEST(sagm_without_alpha_is_the_mean_of_erm_and_sam),
        TEST(asam_scaled_in_no_tensor_is_sam),
        TEST(the_feature_loss_stays_out_of_the_perturbation_if_asked_to),
        TEST(gac_fas_without_ascent_is_twice_the_classification_gradient),
        TEST(gac_fas_of_one_domain_adds_erm_and_sam),
        TEST(alpha_moves_every_point_back_along_the_whole_gradient),
        TEST(eta_widens_the_ascent_of_weights_only),
        TEST(an_absent_domain_has_no_point_but_counts_in_the_mean),
        TEST(the_report_tells_where_the_perturbation_lies),
        TEST(the_released_form_of_two_domains_differs_in_the_alignment_alone),
        TEST(group_dro_without_a_step_of_its_weights_is_erm),
        TEST(group_dro_turns_to_the_worst_domain_step_by_step),
        TEST(v_rex_adds_the_slope_of_the_variance),
        TEST(v_rex_leaves_absent_domains_out_of_the_variance),
        TEST(what_needs_two_domains_advises_against_itself_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
