/*
 * Which epoch's parameters a run ends with, and what it says about them.
 * SPDX-License-Identifier: MIT
 */
#include "loader_fixture.h"
#include "train_fixture.h"

#include "train/run.h"

#include <math.h>
#include <stdlib.h>

#define EPOCHS 6

/* A rate at which accuracies go up and down, so that the best epoch is not the last. */
static void run(test_result *r, const char *select)
{
    char setting[64];
    snprintf(setting, sizeof setting, "train.select=%s", select);
    TRAIN(test_folder(), r, "--config", "run.yaml", "--out", select, "--set", setting, "--set", "train.epochs=6",
          "--set", "train.lr=0.6", "--set", "train.schedule=constant", "--set", "train.trajectory_every=1", "--set",
          "data.validation=0.2");
    if (r->exit_code != 0)
        fail_msg("train: exit %d:\n%s", r->exit_code, r->err);
}

static double number_after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    CHECK(at != NULL);
    return strtod(at + strlen(key), NULL);
}

/* Value of a key in line `epoch` (1, ...) of history.jsonl. */
static double history_value(const char *folder, int epoch, const char *key)
{
    char *text = test_read(test_path("%s/history.jsonl", folder), NULL), *rest = text, *line = NULL;
    for (int i = 0; i < epoch; i++)
        line = strsep(&rest, "\n");
    CHECK(line != NULL);
    const double value = number_after(line, key);
    lsc_free(text);
    return value;
}

/* The last of the epochs with the largest value. */
static int best_epoch(const char *folder, const char *plus, const char *minus)
{
    int best = 0;
    double most = -INFINITY;
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        const double value =
            history_value(folder, epoch, plus) - (minus != NULL ? history_value(folder, epoch, minus) : 0);
        if (value >= most) {
            best = epoch;
            most = value;
        }
    }
    return best;
}

static void check_chosen(const char *folder, int epoch)
{
    char first[256], second[256];
    char *result = test_read(test_path("%s/result.json", folder), NULL);
    CHECK_INT((int)number_after(result, "\"epoch\": "), epoch);
    snprintf(first, sizeof first, "%s/%s/run.bin", test_folder(), folder);
    snprintf(second, sizeof second, "%s/%s/trajectory/epoch_%06d.safetensors", test_folder(), folder, epoch);
    check_same_file(first, second);
    lsc_free(result);
}

static void run_bin_holds_the_epoch_that_was_chosen(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    run(&r, "source_val");
    const int by_validation = best_epoch("source_val", "\"validation_accuracy\": ", NULL);
    check_chosen("source_val", by_validation);
    CHECK_HAS(r.out, "chosen by source_val");
    CHECK_HAS(r.out, "chosen by the held-out labels): training loss ");
    test_result_free(&r);

    run(&r, "target_oracle");
    check_chosen("target_oracle", best_epoch("target_oracle", "\"held_accuracy\": ", NULL));
    CHECK_HAS(r.out, "chosen by target_oracle");
    test_result_free(&r);

    run(&r, "last");
    check_chosen("last", EPOCHS);
    CHECK(strstr(r.out, "chosen by") == NULL);
    test_result_free(&r);
}

static void of_two_classes_auc_less_hter_decides(void **state)
{
    test_result r;
    (void)state;
    train_fixture_of_two_classes();
    run(&r, "source_val");
    check_chosen("source_val", best_epoch("source_val", "\"validation_auc\": ", "\"validation_hter\": "));
    test_result_free(&r);
}

static void without_a_share_a_tenth_is_held_back(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--dry-run", "--set", "train.select=source_val");
    /* Of 48 images of each of 2 domains 4 are held back. */
    CHECK_HAS(r.out, "data        88 training images in 2 domains, 8 for validation, 32 held out");
    test_result_free(&r);
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--dry-run", "--set", "train.select=last");
    CHECK_HAS(r.out, "data        96 training images in 2 domains, 32 held out");
    test_result_free(&r);
}

static double auc_of_file(const char *path, int64_t n)
{
    nn_score_set set = {0};
    nn_roc *roc = NULL;
    CHECK_OK(nn_scores_read(path, &set));
    CHECK_INT(set.n, n);
    CHECK_OK(nn_roc_new(set.rows, set.n, &roc));
    const double auc = nn_roc_auc(roc);
    nn_roc_free(roc);
    nn_score_set_fini(&set);
    return auc;
}

static void scores_and_their_metrics_are_of_the_chosen_parameters(void **state)
{
    test_result r;
    (void)state;
    train_fixture_of_two_classes();
    run(&r, "source_val");
    CHECK_HAS(r.out, "  HTER at the development threshold (");
    CHECK_HAS(r.out, "  HTER at the target's EER (");
    CHECK_HAS(r.out, "FRR = BPCER");
    CHECK_HAS(r.out, "no intervals: score 0 has no subject");
    char *result = test_read(test_path("source_val/result.json"), NULL);
    CHECK_HAS(result, "\"liveness\": {\"live\": 16, \"attacks\": 16, \"auc\": ");
    const double auc = number_after(result, "\"held_auc\": ");
    CHECK_REAL(number_after(strstr(result, "\"liveness\""), "\"auc\": "), auc, 0);
    CHECK_REAL(auc_of_file(test_path("source_val/scores_held.txt"), 32), auc, 0);
    CHECK_REAL(auc_of_file(test_path("source_val/scores_validation.txt"), 18),
               number_after(result, "\"validation_auc\": "), 0);
    lsc_free(result);
    test_result_free(&r);
}

/* Returns new: the fixture, choosing by source validation. */
static tr_session *session(void)
{
    return fixture_session((const char *const[]){"train.select=source_val", NULL});
}

static void a_resumed_run_remembers_the_best_epoch(void **state)
{
    (void)state;
    train_fixture();
    tr_session *s = session(), *resumed = session();
    CHECK_OK(tr_session_evaluate(s));
    CHECK_OK(tr_session_select(s, 1));
    CHECK_BYTES(s->record.best, s->state->theta, (size_t)s->record.n_best * sizeof(float));
    s->record.chosen.merit = s->record.oracle.merit = 2; /* nothing will be better */
    s->state->theta[0] += 1;
    CHECK_OK(tr_session_select(s, 2));
    CHECK_REAL(s->record.chosen.epoch, 1, 0);
    CHECK_OK(tr_save_state(test_path("run.state"), s->config, s->state, &s->record));
    CHECK_OK(tr_load_state(test_path("run.state"), resumed->state, &resumed->record));
    CHECK_BYTES(resumed->record.best, s->record.best, (size_t)s->record.n_best * sizeof(float));
    CHECK_BYTES(&resumed->record.chosen, &s->record.chosen, sizeof(tr_choice));
    CHECK_BYTES(&resumed->record.oracle, &s->record.oracle, sizeof(tr_choice));
    CHECK(resumed->record.best[0] != resumed->state->theta[0]);
    tr_session_free(s);
    tr_session_free(resumed);
}

static void the_last_evaluations_are_summarized(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "out", "--set", "train.epochs=6", "--set",
          "train.eval_every=4", "--set", "train.eval_last=2");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "  held_accuracy over the last 2 evaluations: ");
    char *result = test_read(test_path("out/result.json"), NULL);
    const double a = history_value("out", 5, "\"held_accuracy\": "), b = history_value("out", 6, "\"held_accuracy\": ");
    CHECK_REAL(number_after(result, "\"held_accuracy\": {\"mean\": "), (a + b) / 2, 1e-9);
    CHECK_REAL(number_after(result, "\"std\": "), fabs(a - b) / 2, 1e-9);
    char *history = test_read(test_path("out/history.jsonl"), NULL);
    CHECK_HAS(history, "{\"epoch\": 3, \"lr\": ");
    CHECK_HAS(strstr(history, "{\"epoch\": 3, "),
              "\"train_loss\": null, \"train_accuracy\": null, \"held_loss\": null");
    CHECK(history_value("out", 4, "\"train_loss\": ") > 0);
    lsc_free(history);
    lsc_free(result);
    test_result_free(&r);
}

static void a_spread_is_over_rows_that_are_not_empty(void **state)
{
    (void)state;
    const char text[] = "epoch,a,b\n1,5,\n2,,\n3,1,\n4,2,7\n";
    const lsc_text history = {.text = (char *)text, .length = sizeof text - 1};
    tr_spread s = tr_history_last(&history, "a", 2);
    CHECK_INT(s.n, 2);
    CHECK_REAL(s.mean, 1.5, 0);
    CHECK_REAL(s.deviation, .5, 0);
    s = tr_history_last(&history, "a", 10);
    CHECK_INT(s.n, 3);
    CHECK_REAL(tr_history_last(&history, "b", 10).mean, 7, 0);
    CHECK_REAL(tr_history_last(&history, "epoch", 1).mean, 4, 0);
    CHECK_INT(tr_history_last(&history, "c", 10).n, 0);
    CHECK_INT(tr_history_last(&(lsc_text){0}, "a", 10).n, 0);
    CHECK_REAL(tr_history_sum(&history, "a"), 8, 0);
    CHECK_REAL(tr_history_sum(&history, "c"), 0, 0);
}

static void data_too_small_to_hold_back_from_name_the_key_and_what_needs_none(void **state)
{
    test_result r;
    (void)state;
    train_fixture();
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "out", "--set", "data.per_domain=1", "--set",
          "train.batch=2", "--set", "data.validation=0.5");
    CHECK_INT(r.exit_code, 64);
    CHECK_HAS(r.err, "train: data.validation: no domain (of 2) has a second image to hold back for validation: take "
                     "more data, or train.select last without data.validation");
    test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(run_bin_holds_the_epoch_that_was_chosen),
        TEST_IN_FOLDER(of_two_classes_auc_less_hter_decides),
        TEST_IN_FOLDER(without_a_share_a_tenth_is_held_back),
        TEST_IN_FOLDER(scores_and_their_metrics_are_of_the_chosen_parameters),
        TEST_IN_FOLDER(a_resumed_run_remembers_the_best_epoch),
        TEST_IN_FOLDER(the_last_evaluations_are_summarized),
        TEST_IN_FOLDER(a_spread_is_over_rows_that_are_not_empty),
        TEST_IN_FOLDER(data_too_small_to_hold_back_from_name_the_key_and_what_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
