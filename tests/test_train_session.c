/*
 * A session by itself: what it allocates, and what it does when it cannot.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "loader_fixture.h"

static tr_run_options options;

/* Returns new: the fixture's configuration, for this optimizer. */
static tr_config *config(const char *optimizer)
{
    tr_config *c = NULL;
    char setting[64];
    snprintf(setting, sizeof setting, "train.optimizer=%s", optimizer);
    CHECK_OK(tr_config_new(&c));
    CHECK_OK(cfg_load_yaml(test_path("run.yaml"), c->sections, c->n_sections));
    CHECK_OK(cfg_set("test", setting, c->sections, c->n_sections));
    return c;
}

static void begin(void)
{
    train_fixture();
    options = (tr_run_options){.common = {.device = "ref", .threads = 1, .seed = -1}, .command = "test"};
}

static void a_batch_allocates_nothing(void **state)
{
    tr_session *s = NULL;
    tr_loader *l = NULL;
    (void)state;
    begin();
    tr_config *c = config("gac-fas");
    CHECK_OK(cfg_set("test", "loss.feature=supcon", c->sections, c->n_sections));
    CHECK_OK(cfg_set("test", "train.average=ema", c->sections, c->n_sections));
    CHECK_OK(tr_session_new(&options, c, &s));
    CHECK_OK(tr_session_loader(s, &l));
    CHECK_OK(tr_session_step(s, fixture_batch(l))); /* libraries set themselves up */
    const int64_t ours = lsc_alloc_calls();
    test_malloc_begin();
    for (int k = 0; k < 5; k++)
        CHECK_OK(tr_session_step(s, fixture_batch(l)));
    const test_malloc_count count = test_malloc_end();
    CHECK_INT(lsc_alloc_calls(), ours);
    if (count.counted)
        CHECK(count.largest <= 4096);
    tr_loader_free(l);
    tr_session_free(s);
}

static void training_and_evaluation_move_no_other_numbers_than_they_should(void **state)
{
    tr_session *s = NULL;
    tr_loader *l = NULL;
    (void)state;
    begin();
    CHECK_OK(tr_session_new(&options, config("sam"), &s));
    CHECK_OK(tr_session_loader(s, &l));
    CHECK_OK(tr_session_step(s, fixture_batch(l)));
    const tr_sums sums = s->record.sums;
    CHECK_REAL(sums.steps, 1, 0);
    CHECK_REAL(sums.images, 16, 0);
    CHECK_REAL(sums.perturbation, 0.05, 1e-8); /* sam.rho, scaled in float */
    const size_t n = (size_t)s->state->layout->n;
    float *before = lsc_calloc(n, sizeof *before);
    memcpy(before, s->state->theta, n * sizeof *before);
    CHECK_OK(tr_session_evaluate(s));
    CHECK_BYTES(s->state->theta, before, n * sizeof *before);
    CHECK(s->record.metrics.train.loss > 0 && s->record.metrics.held.loss > 0);
    lsc_free(before);
    tr_loader_free(l);
    tr_session_free(s);
}

static void batches_are_balanced_if_asked_for(void **state)
{
    (void)state;
    begin();
    for (int balanced = 0; balanced < 2; balanced++) {
        tr_session *s = NULL;
        tr_loader *l = NULL;
        tr_config *c = config("erm");
        int uneven = 0;
        strcpy(c->train.sampler.s, balanced ? "by-domain" : "shuffled");
        CHECK_OK(tr_session_new(&options, c, &s));
        CHECK_OK(tr_session_loader(s, &l));
        for (const tr_batch *b; (b = fixture_batch(l)) != NULL;) {
            int first = 0;
            for (int64_t i = 0; i < b->n; i++)
                first += b->domains[i] == 0;
            uneven += first != 8; /* of 16 */
        }
        CHECK(balanced ? uneven == 0 : uneven > 0);
        tr_loader_free(l);
        tr_session_free(s);
    }
}

static void evaluation_does_not_depend_on_its_batches(void **state)
{
    tr_session *s = NULL;
    tr_evaluator *e = NULL;
    tr_value value;
    (void)state;
    begin();
    CHECK_OK(tr_session_new(&options, config("erm"), &s));
    CHECK_OK(tr_session_evaluate(s));
    tr_network_options o = {.graph = s->graph, .backend = "ref", .threads = 1, .batch = 7};
    CHECK_OK(nn_loss_find("cross_entropy", &o.loss));
    CHECK_OK(tr_evaluator_new(&o, &e));
    CHECK_OK(tr_evaluate(e, s->state->theta, s->train, s->train_index, s->n_train, &value));
    /* The same losses, added up in another order. */
    CHECK_RELATIVE(value.loss, s->record.metrics.train.loss, 1e-14);
    CHECK_REAL(value.accuracy, s->record.metrics.train.accuracy, 0);
    tr_evaluator_free(e);
    tr_session_free(s);
}

static void sums_begin_anew_with_every_epoch(void **state)
{
    tr_session *s = NULL;
    tr_paths paths;
    (void)state;
    begin();
    CHECK_OK(tr_paths_init(test_folder(), &paths));
    CHECK_OK(tr_session_new(&options, config("erm"), &s));
    CHECK_OK(tr_loop(s, &paths));
    CHECK_INT(s->record.step, 18);
    CHECK_REAL(s->record.sums.steps, 0, 0);
    tr_session_free(s);
    tr_paths_fini(&paths);
}

static lsc_status make_session(void *context)
{
    tr_session *s = NULL;
    tr_config *c = NULL;
    lsc_status st = tr_config_new(&c);
    if (st == LSC_OK)
        st = cfg_load_yaml(context, c->sections, c->n_sections);
    if (st == LSC_OK)
        st = cfg_set("test", "loss.feature=supcon", c->sections, c->n_sections);
    if (st == LSC_OK)
        st = cfg_set("test", "train.average=ema", c->sections, c->n_sections);
    if (st == LSC_OK)
        st = tr_session_new(&options, c, &s);
    else
        tr_config_free(c);
    tr_session_free(s);
    return st;
}

static lsc_status save_and_load(void *context)
{
    lsc_status st = LSC_OK;
    tr_session *s = context;
    tr_record record = {0};
    tr_config *c = NULL;
    char path[256];

    snprintf(path, sizeof path, "%s/run.state", test_folder());
    LSC_TRY(tr_save_state(path, s->config, s->state, &s->record));
    LSC_TRY(tr_config_new(&c));
    LSC_TRY(tr_load_config(path, c));
    LSC_TRY(tr_load_state(path, s->state, &record));
    LSC_TRY(tr_config_same(c, s->config, path));
cleanup:
    tr_record_fini(&record);
    tr_config_free(c);
    return st;
}

static void every_allocation_may_fail(void **state)
{
    tr_session *s = NULL;
    (void)state;
    begin();
    lsc_log_set("test", LSC_LOG_QUIET);
    CHECK(test_torture(make_session, (void *)test_path("run.yaml")) > 20);
    CHECK_OK(tr_session_new(&options, config("gac-fas"), &s));
    CHECK(test_torture(save_and_load, s) > 10);
    tr_session_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_batch_allocates_nothing),
        TEST_IN_FOLDER(training_and_evaluation_move_no_other_numbers_than_they_should),
        TEST_IN_FOLDER(batches_are_balanced_if_asked_for),
        TEST_IN_FOLDER(evaluation_does_not_depend_on_its_batches),
        TEST_IN_FOLDER(sums_begin_anew_with_every_epoch),
        TEST_IN_FOLDER(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
