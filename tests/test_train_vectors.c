/*
 * Steps of SGD, SAM, ASAM, SAGM and GAC-FAS against values computed in float64 with PyTorch 1.13: torch.optim.SGD,
 * davda54's SAM class, and the released class of GAC-FAS executed; SAGM and the paper's form of GAC-FAS by their
 * formulas with autograd's gradients. The problem: a quadratic of three domains and a feature loss (train_quadratic.h)
 * at theta = weight (.8, -.6), bias (.3). Tolerances: points lie below 1 and are rounded to float twice (6e-8 each);
 * gradients lie below 4, are sums of up to five floats (1.2e-7 each) taken at a theta that is itself rounded (3e-8
 * times a curvature of 4). SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train_quadratic.h"

#include <math.h>

#define POINT    1.5e-7
#define GRADIENT 8e-7

static quadratic q;

static void step_once(tr_state *s, const double gradient[3])
{
    tr_step_report report;
    CHECK_OK(tr_step(s, &q.oracle, &report));
    /* Without momentum and decay the momentum buffer is the gradient. */
    for (int j = 0; j < 3; j++)
        CHECK_REAL((double)s->momentum[j], gradient[j], GRADIENT);
    /* TR_TOTAL at theta, by hand: (1/3) sum of the domains' + F */
    CHECK_REAL(report.loss, quadratic_loss(&q, (const float[]){.8f, -.6f, .3f}), 1e-7);
}

static void check_point(int call, double x, double y, double z)
{
    CHECK_REAL((double)q.seen[call][0], x, POINT);
    CHECK_REAL((double)q.seen[call][1], y, POINT);
    CHECK_REAL((double)q.seen[call][2], z, POINT);
}

static void erm_takes_the_gradient_of_the_whole_loss(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "erm", NULL);
    step_once(s, (const double[]){1.943333333333333, -1.39, .193333333333333});
    CHECK_INT(q.n_calls, 1);
    quadratic_state_free(s);
}

static void two_steps_of_sgd_are_those_of_torch(void **state)
{
    (void)state;
    const double after[2][3] = {{.790282933333, -.593049700000, .299033183333},
                                {.771917682192, -.579925220308, .297201871914}};
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "erm", NULL);
    s->sgd = (tr_sgd_options){.momentum = .9, .weight_decay = 1e-4};
    s->lr = .005;
    for (int k = 0; k < 2; k++) {
        tr_step_report report;
        CHECK_OK(tr_step(s, &q.oracle, &report));
        for (int j = 0; j < 3; j++)
            CHECK_REAL((double)s->theta[j], after[k][j], POINT);
    }
    quadratic_state_free(s);
}

static void nesterov_looks_ahead_by_one_momentum(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "erm", NULL);
    s->sgd = (tr_sgd_options){.momentum = .5, .nesterov = true};
    s->lr = .1;
    const float g[2][3] = {{1, 2, -4}, {3, -1, 0}};
    tr_sgd(s, g[0]); /* m = g; theta -= .1 (g + .5 g) */
    tr_sgd(s, g[1]); /* m = .5 (1, 2, -4) + (3, -1, 0) = (3.5, 0, -2); theta -= .1 (g + .5 m) */
    CHECK_REAL((double)s->theta[0], .8 - .15 - .1 * (3 + 1.75), POINT);
    CHECK_REAL((double)s->theta[1], -.6 - .3 - .1 * (-1 + 0), POINT);
    CHECK_REAL((double)s->theta[2], .3 + .6 - .1 * (0 - 1), POINT);
    quadratic_state_free(s);
}

static void sam_descends_along_the_gradient_at_its_point(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "sam", "sam.rho=0.05");
    step_once(s, (const double[]){2.024403982276570, -1.457651579263953, .198038119421234});
    CHECK_INT(q.n_calls, 2);
    check_point(1, .840535324472, -.628993533970, .304032673790);
    quadratic_state_free(s);
}

/* Beside PyTorch by the formula in 40 decimal digits: the point is theta + .5 theta^2 g / |theta g| with ERM's gradient
 * g above, the gradient there mean_i A_ij (point_j - C_ij) + .01 = (2.64792082647827472, -1.72072859549047233,
 * .19908341083286792). */
static void asam_on_all_tensors_is_the_adaptive_form_of_sam(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "asam", "asam.rho=0.5 asam.eta=0 asam.scope=all");
    step_once(s, (const double[]){2.647920826478275, -1.720728595490472, .199083410832868});
    CHECK_INT(q.n_calls, 2);
    check_point(1, 1.152293746572, -.741740826639, .304928637857);
    quadratic_state_free(s);
}

/* By its formula, t = |theta| + eta on the weight and 1 on the bias, from ERM's gradient and the curvature, which is
 * the mean of the domains' A. */
static void asam_leaves_biases_to_themselves_where_its_scope_is_weights(void **state)
{
    (void)state;
    const double g[3] = {1.943333333333333, -1.39, .193333333333333}, t[3] = {.81, .61, 1},
                 curvature[3] = {2, 7. / 3, 3.5 / 3};
    double norm = 0, eps[3], gradient[3];
    for (int j = 0; j < 3; j++)
        norm += t[j] * g[j] * t[j] * g[j];
    for (int j = 0; j < 3; j++) {
        eps[j] = .5 * t[j] * t[j] * g[j] / sqrt(norm);
        gradient[j] = g[j] + curvature[j] * eps[j];
    }
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "asam", "asam.rho=0.5 asam.eta=0.01");
    step_once(s, gradient);
    check_point(1, .8 + eps[0], -.6 + eps[1], .3 + eps[2]);
    quadratic_state_free(s);
}

static void sagm_takes_the_mean_of_both_gradients(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "sagm", "sagm.rho=0.05 sagm.alpha=0.001");
    step_once(s, (const double[]){1.981925324471619, -1.422204122965310, .195572948599507});
    CHECK_INT(q.n_calls, 2);
    quadratic_state_free(s);
}

static void gac_fas_takes_the_form_of_the_paper(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "gac-fas", "gac.rho=0.1 gac.eta=0 gac.alpha=0.02 gac.normalise=sum");
    step_once(s, (const double[]){3.868191956118562, -2.763867184894554, .392961516472773});
    CHECK_INT(q.n_calls, 4);
    check_point(1, .752817392607, -.629482599905, .269721018563);
    check_point(2, .836537551358, -.592367809048, .299597405296);
    check_point(3, .797932990213, -.544550257340, .372582618500);
    quadratic_state_free(s);
}

static void gac_fas_takes_the_form_of_the_released_class_if_asked_for(void **state)
{
    (void)state;
    quadratic_init(&q, "weight", "bias");
    tr_state *s = quadratic_state(&q, "gac-fas", "gac.rho=0.1 gac.eta=0 gac.alpha=0.02 gac.variant=released");
    step_once(s, (const double[]){3.791632620084930, -2.632024731178597, .388198500601543});
    CHECK_INT(q.n_calls, 4);
    check_point(1, .719484059273, -.580149266571, .274054351896);
    check_point(2, .803204218025, -.543034475715, .303930738630);
    check_point(3, .749760652829, -.473705197801, .351668196736);
    quadratic_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(erm_takes_the_gradient_of_the_whole_loss),
        TEST(two_steps_of_sgd_are_those_of_torch),
        TEST(nesterov_looks_ahead_by_one_momentum),
        TEST(sam_descends_along_the_gradient_at_its_point),
        TEST(asam_on_all_tensors_is_the_adaptive_form_of_sam),
        TEST(asam_leaves_biases_to_themselves_where_its_scope_is_weights),
        TEST(sagm_takes_the_mean_of_both_gradients),
        TEST(gac_fas_takes_the_form_of_the_paper),
        TEST(gac_fas_takes_the_form_of_the_released_class_if_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
