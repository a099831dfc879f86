/*
 * Learning rates: known answers of each schedule, and what all of them keep to.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "train/run.h"

static tr_config *config(const char *const *settings)
{
    tr_config *c = NULL;
    CHECK_OK(tr_config_new(&c));
    for (; *settings != NULL; settings++)
        CHECK_OK(cfg_set("test", *settings, c->sections, c->n_sections));
    return c;
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STEPS         10 /* of an epoch */

static void check_epochs(const tr_config *c, const double *epochs, const double *rates, int n)
{
    for (int i = 0; i < n; i++)
        CHECK_RELATIVE(tr_config_lr(c, (int64_t)(epochs[i] * STEPS + .5), STEPS), rates[i], 1e-12);
}

static void constant_is_constant(void **state)
{
    (void)state;
    tr_config *c = config(SETTINGS("train.schedule=constant", "train.lr=0.3", "train.epochs=7"));
    check_epochs(c, (const double[]){0, 3.5, 6.9}, (const double[]){.3, .3, .3}, 3);
    tr_config_free(c);
}

/* StepLR of the GAC-FAS configurations: 0.005 * 0.5 ^ floor(e / 40) over 150 epochs ends at 6.25e-4; 0.01 * 0.5 ^
 * floor(e / 5) over 80 at 3.0517578125e-7. */
static void step_halves_as_in_the_published_configurations(void **state)
{
    (void)state;
    tr_config *c =
        config(SETTINGS("train.schedule=step", "train.lr=0.005", "train.epochs=150", "step.size=40", "step.gamma=0.5"));
    check_epochs(c, (const double[]){0, 39.9, 40, 79.9, 80, 149},
                 (const double[]){.005, .005, .0025, .0025, .00125, 6.25e-4}, 6);
    tr_config_free(c);
    c = config(SETTINGS("train.schedule=step", "train.lr=0.01", "train.epochs=80", "step.size=5", "step.gamma=0.5"));
    check_epochs(c, (const double[]){79}, (const double[]){3.0517578125e-7}, 1);
    tr_config_free(c);
}

static void cosine_falls_by_half_a_period(void **state)
{
    (void)state;
    tr_config *c = config(SETTINGS("train.schedule=cosine", "train.lr=0.1", "train.epochs=6", "cosine.floor=0"));
    check_epochs(c, (const double[]){0, 2, 3, 4}, (const double[]){.1, .075, .05, .025}, 4);
    tr_config_free(c);
    c = config(SETTINGS("train.schedule=cosine", "train.lr=0.1", "train.epochs=6", "cosine.floor=0.2"));
    check_epochs(c, (const double[]){0, 3}, (const double[]){.1, .06}, 2);
    tr_config_free(c);
}

static void warm_up_rises_step_by_step_to_the_schedule(void **state)
{
    (void)state;
    tr_config *c =
        config(SETTINGS("train.schedule=constant", "train.lr=0.2", "train.epochs=6", "train.warmup_epochs=2"));
    CHECK_RELATIVE(tr_config_lr(c, 0, STEPS), .2 / 20, 1e-12);
    CHECK_RELATIVE(tr_config_lr(c, 9, STEPS), .1, 1e-12);
    CHECK_RELATIVE(tr_config_lr(c, 19, STEPS), .2, 1e-12);
    CHECK_RELATIVE(tr_config_lr(c, 59, STEPS), .2, 1e-12);
    tr_config_free(c);
}

static void every_schedule_begins_at_the_rate_and_never_exceeds_it(void **state)
{
    const char *name, *text;
    (void)state;
    for (int i = 0; tr_schedule_at(i, &name, &text) != NULL; i++) {
        char setting[64];
        snprintf(setting, sizeof setting, "train.schedule=%s", name);
        tr_config *c = config(SETTINGS(setting, "train.lr=0.1", "train.epochs=50"));
        CHECK_RELATIVE(tr_config_lr(c, 0, STEPS), .1, 1e-12);
        for (int64_t step = 0; step < 50 * STEPS; step++) {
            CHECK(tr_config_lr(c, step, STEPS) <= .1);
            CHECK(tr_config_lr(c, step, STEPS) > 0);
        }
        CHECK(text[0] != 0);
        tr_config_free(c);
    }
}

static void differing_settings_are_listed(void **state)
{
    (void)state;
    tr_config *a = config(SETTINGS("train.lr=0.1", "sam.rho=0.2", "train.optimizer=sam"));
    tr_config *b = config(SETTINGS("train.lr=0.05", "sam.rho=0.1", "train.optimizer=sam"));
    CHECK_OK(tr_config_same(a, a, "outputs/a"));
    CHECK_FAILS(tr_config_same(a, b, "outputs/b"), LSC_ERR_CONFIG, "outputs/b was started with other settings");
    CHECK_HAS(lsc_last_error(), "train.lr is 0.1, it was 0.05; sam.rho is 0.2, it was 0.1; give the same");
    tr_config_free(a);
    tr_config_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(constant_is_constant),
        TEST(step_halves_as_in_the_published_configurations),
        TEST(cosine_falls_by_half_a_period),
        TEST(warm_up_rises_step_by_step_to_the_schedule),
        TEST(every_schedule_begins_at_the_rate_and_never_exceeds_it),
        TEST(differing_settings_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
