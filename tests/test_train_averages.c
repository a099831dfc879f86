/*
 * Averages of theta over steps: which thetas they take and with what weight, and the model that a run with one results
 * in. SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "loader_fixture.h"

#include <math.h>

typedef struct {
    lsc_block block;
    lsc_layout layout;
    void *options;
    tr_state *state;
    tr_oracle oracle;
} problem;

/* A loss of slope -1: with a rate of 1 theta is the number of steps. */
static lsc_status slope(void *self, float *theta, const tr_request *request)
{
    (void)self;
    for (int i = 0; i < request->n_parts; i++) {
        request->parts[i].loss = -(double)theta[0];
        request->parts[i].g[0] = -1;
    }
    return LSC_OK;
}

static const tr_average *find(const char *wanted)
{
    const char *name, *text;
    const tr_average *k;
    for (int i = 0; (k = tr_average_at(i, &name, &text)) != NULL; i++)
        if (strcmp(name, wanted) == 0)
            return k;
    fail_msg("no average %s", wanted);
    return NULL;
}

static void setup(problem *p, const char *name, const char *setting, double epochs)
{
    *p = (problem){.block = {.name = "weight", .role = LSC_WEIGHT, .rank = 1, .shape = {1}}};
    p->layout = (lsc_layout){.blocks = &p->block, .block_size = sizeof p->block, .n_blocks = 1, .n = 1, .n_learned = 1};
    p->oracle = (tr_oracle){.layout = &p->layout, .n_domains = 1, .eval = slope};
    tr_state_options o = {
        .kind = &tr_optimizer_erm, .layout = &p->layout, .n_domains = 1, .average = find(name), .epochs = epochs};
    p->options = lsc_calloc(1, o.average->options_size);
    const cfg_section section = {o.average->fields, o.average->n_fields, p->options};
    cfg_defaults(&section, 1);
    if (setting != NULL)
        CHECK_OK(cfg_set("test", setting, &section, 1));
    o.average_options = p->options;
    CHECK_OK(tr_state_new(&o, &p->state));
    p->state->lr = 1;
}

static void run(problem *p, int steps, int steps_per_epoch)
{
    tr_step_report report;
    for (int k = 0; k < steps; k++) {
        p->state->epoch = (double)k / steps_per_epoch;
        p->state->epoch_after = (double)(k + 1) / steps_per_epoch;
        CHECK_OK(tr_step(p->state, &p->oracle, &report));
    }
}

static void teardown(problem *p)
{
    tr_state_free(p->state);
    lsc_free(p->options);
}

static void swa_is_the_mean_over_the_ends_of_the_last_epochs(void **state)
{
    problem p;
    (void)state;
    setup(&p, "swa", "swa.start=0.5", 4);
    run(&p, 12, 3);
    CHECK_INT(p.state->n_averaged, 3); /* after epochs 2, 3 and 4: theta = 6, 9, 12 */
    CHECK_REAL(p.state->mean[0], 9, 1e-14);
    teardown(&p);
}

static void swa_counts_its_distance_from_the_end(void **state)
{
    problem p;
    (void)state;
    setup(&p, "swa", "swa.every=3", 8);
    CHECK_OK(cfg_set("test", "swa.start=0.2",
                     &(cfg_section){p.state->average->fields, p.state->average->n_fields, p.options}, 1));
    run(&p, 16, 2);
    CHECK_INT(p.state->n_averaged, 3); /* epochs 2, 5 and 8, though 2 and 5 are no multiples of 3 */
    CHECK_REAL(p.state->mean[0], 10, 1e-14);
    teardown(&p);
}

static void ema_begins_with_the_first_step_and_forgets(void **state)
{
    problem p;
    double mean = 1;
    (void)state;
    setup(&p, "ema", "ema.decay=0.9", 2);
    run(&p, 8, 4);
    for (int k = 2; k <= 8; k++)
        mean = .9 * mean + .1 * k;
    CHECK_INT(p.state->n_averaged, 8);
    CHECK_RELATIVE(p.state->mean[0], mean, 1e-14);
    teardown(&p);
}

/* A float would: it moves by 1e-5 of 1e-3 here, and the next one above 1 is 1.2e-7 away. */
static void a_slow_average_does_not_stand_still(void **state)
{
    problem p;
    (void)state;
    setup(&p, "ema", "ema.decay=0.99999", 1);
    p.state->theta[0] = 1;
    p.state->lr = 0x1p-10;
    run(&p, 2, 2);
    CHECK_RELATIVE(p.state->mean[0] - (1 + 0x1p-10), 1e-5 * 0x1p-10, 1e-6); /* 1e-16 of the mean, and 1 - decay */
    teardown(&p);
}

static void every_average_says_what_it_is_and_begins_with_the_first_theta_that_counts(void **state)
{
    const char *name, *text;
    const tr_average *k;
    (void)state;
    for (int i = 0; (k = tr_average_at(i, &name, &text)) != NULL; i++) {
        problem p;
        CHECK(name[0] != 0 && text[0] != 0 && k->source != NULL);
        setup(&p, name, NULL, 1);
        const int64_t before = lsc_alloc_calls();
        run(&p, 1, 1);
        CHECK_INT(lsc_alloc_calls(), before);
        CHECK_INT(p.state->n_averaged, 1);
        CHECK_REAL(p.state->mean[0], (double)p.state->theta[0], 0);
        teardown(&p);
    }
}

/* ---- in a run ------------------------------------------------------------------------------- */

/* Returns new: a network with batch norm on the fixture's images, two steps an epoch. */
static tr_session *session(const char *average)
{
    char setting[64];
    snprintf(setting, sizeof setting, "train.average=%s", average);
    return fixture_session((const char *const[]){setting, "model.name=resnet20", "data.per_domain=8", "train.batch=8",
                                                 "train.epochs=2", "train.eval_samples=8", "swa.start=0",
                                                 "ema.decay=0.8", NULL});
}

/* Mean over the batches of what their running statistics come to when they move towards them again and again. */
static void wanted_statistics(tr_session *s, const float *model, double *out)
{
    const lsc_layout *layout = s->state->layout;
    const size_t n = (size_t)layout->n;
    const nn_plan_options o = {.batch = 8, .statistics = NN_BATCH, .backward = true, .threads = 1};
    float *theta = lsc_calloc(n, sizeof *theta);
    double *logits = lsc_calloc(8 * 10, sizeof *logits);
    nn_plan *plan = NULL;
    tr_loader *l = NULL;
    CHECK_OK(nn_plan_new("ref", s->graph, &o, &plan));
    CHECK_OK(nn_plan_set_theta(plan, model));
    CHECK_OK(tr_session_loader_for(s, s->steps_per_epoch, &l));
    for (const tr_batch *b; (b = fixture_batch(l)) != NULL;) {
        memcpy(theta, model, n * sizeof *theta);
        CHECK_OK(nn_plan_forward(plan, b->images, b->n, logits));
        for (int k = 0; k < 200; k++) /* 0.9 ^ 200 = 7e-10 is left of the start */
            CHECK_OK(nn_plan_update_statistics(plan, theta));
        for (int64_t j = layout->n_learned; j < layout->n; j++)
            out[j - layout->n_learned] += (double)theta[j] / (double)s->steps_per_epoch;
    }
    tr_loader_free(l);
    nn_plan_free(plan);
    lsc_free(logits);
    lsc_free(theta);
}

static void the_result_has_statistics_of_its_own(void **state)
{
    tr_parameters result;
    (void)state;
    train_fixture();
    tr_session *s = session("swa");
    const lsc_layout *layout = s->state->layout;
    double *wanted = lsc_calloc((size_t)(layout->n - layout->n_learned), sizeof *wanted);
    fixture_steps(s, 4);
    CHECK_INT(s->state->n_averaged, 2);
    CHECK_OK(tr_session_result(s, &result));
    CHECK_INT(result.n_averaged, 2);
    for (int64_t j = 0; j < layout->n_learned; j++)
        CHECK_REAL((double)result.theta[j], s->state->mean[j], 6e-8 * (fabs(s->state->mean[j]) + 1));
    wanted_statistics(s, result.theta, wanted);
    for (int b = 0; b < layout->n_blocks; b++)
        for (int64_t j = layout->blocks[b].offset;
             layout->blocks[b].role == LSC_BUFFER && j < lsc_block_past(layout, b); j++) {
            const double is = (double)result.theta[j], want = wanted[j - layout->n_learned];
            /* 200 roundings to float, of which one in ten counts. */
            CHECK_REAL(is, layout->blocks[b].rank == 0 ? 2 : want, 2e-6 * (fabs(want) + 1));
        }
    lsc_free(wanted);
    tr_session_free(s);
}

static void what_is_evaluated_is_what_run_bin_holds(void **state)
{
    tr_parameters result;
    tr_value plain;
    tr_paths paths;
    nn_tensors *t = NULL;
    (void)state;
    train_fixture();
    CHECK_OK(tr_paths_init(test_folder(), &paths));
    tr_session *s = session("ema");
    const int64_t n = s->state->layout->n;
    float *theta = lsc_calloc((size_t)n, sizeof *theta);
    CHECK_OK(tr_loop(s, &paths));
    CHECK_OK(nn_tensors_read(paths.bin, &t));
    CHECK_OK(nn_checkpoint_fill(t, paths.bin, s->state->layout, theta));
    CHECK_OK(tr_session_result(s, &result));
    CHECK_BYTES(theta, result.theta, (size_t)n * sizeof *theta);
    CHECK_STR(nn_tensors_meta(t, "average"), "{\"kind\": \"ema\", \"points\": 4}");
    CHECK_OK(tr_evaluate(s->evaluator, theta, s->train, s->train_index, s->n_train, &plain));
    CHECK_REAL(s->record.metrics.train.loss, plain.loss, 0);
    CHECK_OK(tr_evaluate(s->evaluator, s->state->theta, s->train, s->train_index, s->n_train, &plain));
    CHECK(fabs(s->record.metrics.train.loss - plain.loss) > 1e-6);
    nn_tensors_free(t);
    lsc_free(theta);
    tr_session_free(s);
    tr_paths_fini(&paths);
}

static lsc_status make_result(void *context)
{
    tr_session *s = context;
    tr_parameters result;
    s->result_step = -1;
    return tr_session_result(s, &result);
}

static void every_allocation_of_a_result_may_fail(void **state)
{
    (void)state;
    train_fixture();
    tr_session *s = session("ema");
    fixture_steps(s, 1);
    CHECK(test_torture(make_result, s) > 3);
    tr_session_free(s);
}

/* Before an average has begun the result is theta, and training never sees the average. */
static void averaging_does_not_touch_training(void **state)
{
    tr_parameters result;
    (void)state;
    train_fixture();
    tr_session *plain = session("none"), *averaged = session("ema");
    const size_t size = (size_t)plain->state->layout->n * sizeof(float);
    CHECK_OK(tr_session_result(averaged, &result));
    CHECK(result.theta == averaged->state->theta);
    fixture_steps(plain, 3);
    fixture_steps(averaged, 2);
    CHECK_OK(tr_session_evaluate(averaged));
    fixture_steps(averaged, 1);
    CHECK_BYTES(averaged->state->theta, plain->state->theta, size);
    tr_session_free(plain);
    tr_session_free(averaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(swa_is_the_mean_over_the_ends_of_the_last_epochs),
        TEST(swa_counts_its_distance_from_the_end),
        TEST(ema_begins_with_the_first_step_and_forgets),
        TEST(a_slow_average_does_not_stand_still),
        TEST(every_average_says_what_it_is_and_begins_with_the_first_theta_that_counts),
        TEST_IN_FOLDER(the_result_has_statistics_of_its_own),
        TEST_IN_FOLDER(what_is_evaluated_is_what_run_bin_holds),
        TEST_IN_FOLDER(every_allocation_of_a_result_may_fail),
        TEST_IN_FOLDER(averaging_does_not_touch_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
