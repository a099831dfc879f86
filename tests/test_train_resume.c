/*
 * run.state holds all that a run carries from step to step, for every optimizer and every average; and what it refuses.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include "loader_fixture.h"

#include <math.h>

/* Returns new: the fixture with an optimizer, an average and a loss of features. */
static tr_session *session(const char *optimizer, const char *average, const char *feature)
{
    char choice[3][64];
    snprintf(choice[0], sizeof choice[0], "train.optimizer=%s", optimizer);
    snprintf(choice[1], sizeof choice[1], "train.average=%s", average);
    snprintf(choice[2], sizeof choice[2], "loss.feature=%s", feature);
    return fixture_session(
        (const char *const[]){choice[0], choice[1], choice[2], "swa.start=0", "vrex.anneal_steps=9", NULL});
}

static void check_equal(const tr_state *a, const tr_state *b)
{
    const size_t n_learned = (size_t)a->layout->n_learned;
    CHECK_BYTES(a->theta, b->theta, (size_t)a->layout->n * sizeof *a->theta);
    CHECK_BYTES(a->momentum, b->momentum, n_learned * sizeof *a->momentum);
    for (int i = 0; i < a->n_kept; i++)
        CHECK_REAL(a->kept[i], b->kept[i], 0);
    CHECK_INT(a->n_averaged, b->n_averaged);
    if (a->mean != NULL)
        CHECK_BYTES(a->mean, b->mean, n_learned * sizeof *a->mean);
}

/* Saved within the second epoch of 6 steps, in front of what comes with the third. */
static void goes_on_bit_for_bit(const char *optimizer, const char *average, const char *feature)
{
    const char *path = test_path("%s_%s_%s.state", optimizer, average, feature);
    tr_session *whole = session(optimizer, average, feature), *second = session(optimizer, average, feature);
    fixture_steps(whole, 8);
    CHECK_OK(tr_save_state(path, whole->config, whole->state, &whole->record));
    CHECK_OK(tr_load_state(path, second->state, &second->record));
    check_equal(second->state, whole->state);
    fixture_steps(whole, 6);
    fixture_steps(second, 6);
    check_equal(second->state, whole->state);
    tr_session_free(whole);
    tr_session_free(second);
}

static void every_optimizer_goes_on_bit_for_bit(void **state)
{
    const char *name, *text;
    (void)state;
    train_fixture();
    for (int i = 0; tr_optimizer_at(i, &name, &text) != NULL; i++)
        goes_on_bit_for_bit(name, "none", "none");
}

static void every_average_goes_on_bit_for_bit(void **state)
{
    const char *name, *text;
    (void)state;
    train_fixture();
    for (int i = 0; tr_average_at(i, &name, &text) != NULL; i++)
        goes_on_bit_for_bit("sam", name, "none");
}

static void a_run_with_two_views_of_each_image_goes_on_bit_for_bit(void **state)
{
    (void)state;
    train_fixture();
    goes_on_bit_for_bit("gac-fas", "ema", "supcon");
}

static void a_state_without_what_is_needed_is_refused(void **state)
{
    const char *path = test_path("run.state");
    (void)state;
    train_fixture();
    tr_session *plain = session("erm", "none", "none"), *dro = session("group-dro", "none", "none"),
               *swa = session("erm", "swa", "none");
    CHECK_OK(tr_save_state(path, plain->config, plain->state, &plain->record));
    CHECK_FAILS(tr_load_state(path, dro->state, &dro->record), LSC_ERR_FORMAT, "no tensor 'kept'");
    CHECK_FAILS(tr_load_state(path, swa->state, &swa->record), LSC_ERR_FORMAT, "no tensor 'average'");
    dro->state->kept[1] = NAN;
    CHECK_OK(tr_save_state(path, dro->config, dro->state, &dro->record));
    CHECK_FAILS(tr_load_state(path, dro->state, &dro->record), LSC_ERR_FORMAT, "what the optimizer keeps");
    swa->state->mean[3] = INFINITY;
    CHECK_OK(tr_save_state(path, swa->config, swa->state, &swa->record));
    CHECK_FAILS(tr_load_state(path, swa->state, &swa->record), LSC_ERR_FORMAT, "the average, is not finite");
    tr_session_free(plain);
    tr_session_free(dro);
    tr_session_free(swa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_optimizer_goes_on_bit_for_bit),
        TEST_IN_FOLDER(every_average_goes_on_bit_for_bit),
        TEST_IN_FOLDER(a_run_with_two_views_of_each_image_goes_on_bit_for_bit),
        TEST_IN_FOLDER(a_state_without_what_is_needed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
