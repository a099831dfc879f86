/*
 * What GAC-FAS and SAM become at the edges of their settings.
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

static void gac_fas_can_begin_as_erm(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_step_report report;
    tr_state *s = quadratic_state(&q, "gac-fas", "gac.warming_epochs=2");
    s->epoch = 1.9;
    CHECK_OK(tr_step(s, &q.oracle, &report));
    CHECK_INT(q.n_calls, 1);
    s->epoch = 2;
    CHECK_OK(tr_step(s, &q.oracle, &report));
    CHECK_INT(q.n_calls, 1 + 4);
    quadratic_state_free(s);
}

static void gac_fas_with_one_domain_advises_against_itself(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "gac-fas", NULL);
    CHECK_HAS(s->kind->advice(s->options, 1), "one source domain");
    CHECK(s->kind->advice(s->options, 2) == NULL);
    quadratic_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sam_with_a_vanishing_radius_is_erm),
        TEST(gac_fas_without_ascent_is_twice_the_classification_gradient),
        TEST(gac_fas_of_one_domain_adds_erm_and_sam),
        TEST(alpha_moves_every_point_back_along_the_whole_gradient),
        TEST(eta_widens_the_ascent_of_weights_only),
        TEST(an_absent_domain_has_no_point_but_counts_in_the_mean),
        TEST(the_report_tells_where_the_perturbation_lies),
        TEST(gac_fas_can_begin_as_erm),
        TEST(gac_fas_with_one_domain_advises_against_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
