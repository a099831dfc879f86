/*
 * The commands summary and metrics, on results and scores written by hand.
 * SPDX-License-Identifier: MIT
 */
#include "train_program.h"

static void result(const char *folder, const char *optimizer, int seed, double accuracy, const char *more)
{
    char *text =
        lsc_format("{\"run\": \"x\", \"metrics\": {\"held_accuracy\": %g%s}, \"optimizer\": \"%s\", \"seed\": %d, "
                   "\"processor_seconds\": 12.5, \"select\": \"source_val\", \"epoch\": 7, \"target_oracle\": "
                   "{\"epoch\": 9, \"metrics\": "
                   "{\"held_accuracy\": %g}}}\n",
                   accuracy, more, optimizer, seed, accuracy + .05);
    CHECK_OK(lsc_mkdirs(test_path("%s", folder)));
    test_write_text(test_path("%s/result.json", folder), text);
    lsc_free(text);
}

static void runs_of_an_optimizer_have_a_mean_and_a_deviation(void **state)
{
    test_result r;
    (void)state;
    result("a1", "erm", 1, .7, ", \"held_auc\": 0.8");
    result("b1", "sam", 1, .5, "");
    result("a2", "erm", 2, .8, ", \"held_auc\": 0.9");
    RUN(&r, "summary", "a1", "b1", "a2");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "run (rates in %)");
    CHECK_HAS(r.out, "70.00");
    CHECK_HAS(r.out, "mean +- std of 2");
    CHECK_HAS(r.out, "75.00 +- 5.00");
    CHECK_HAS(r.out, "85.00 +- 5.00"); /* AUC, and 80 for the oracle */
    CHECK_HAS(r.out, "80.00 +- 5.00");
    CHECK_HAS(r.out, "12.50 +- 0.00");                              /* seconds are no rates */
    CHECK(strstr(strstr(r.out, "mean +-") + 1, "mean +-") == NULL); /* one run of sam has none */
    test_result_free(&r);
    RUN(&r, "summary", "a1", "b1", "a2", "--json");
    CHECK_HAS(r.out,
              "{\"folder\": \"a2\", \"optimizer\": \"erm\", \"select\": \"source_val\", \"seed\": 2, \"epoch\": 7, ");
    CHECK_HAS(r.out, "{\"optimizer\": \"sam\", \"differs\": {}, \"runs\": 1, \"held_accuracy\": {\"mean\": 0.5, "
                     "\"std\": 0}, \"held_auc\": "
                     "{\"mean\": null, \"std\": null}");
    test_result_free(&r);
}

static void settings(const char *folder, int seed, const char *settings)
{
    char *more = lsc_format("}, \"settings\": {\"train.optimizer\": \"erm\", \"train.seed\": %d, "
                            "\"train.save_minutes\": %d, %s}, \"x\": {",
                            seed, seed, settings);
    result(folder, "erm", seed, seed / 10., more);
    lsc_free(more);
}

static void runs_with_other_settings_have_means_of_their_own(void **state)
{
    test_result r;
    (void)state;
    settings("a1", 1, "\"train.epochs\": 10, \"data.held_domains\": \"msu\"");
    settings("a3", 3, "\"train.epochs\": 10, \"data.held_domains\": \"msu\"");
    settings("b5", 5, "\"train.epochs\": 55, \"data.held_domains\": \"msu\"");
    settings("b9", 9, "\"train.epochs\": 55, \"data.held_domains\": \"msu\"");
    settings("c1", 1, "\"train.epochs\": 10, \"data.held_domains\": \"oulu\"");
    RUN(&r, "summary", "a1", "b5", "c1", "b9", "a3");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "20.00 +- 10.00");
    CHECK_HAS(r.out, "70.00 +- 20.00");
    CHECK_HAS(r.out, "12.50 +- 0.00  train.epochs=10, data.held_domains=\"msu\"\n");
    CHECK_HAS(r.out, "12.50 +- 0.00  train.epochs=55, data.held_domains=\"msu\"\n");
    CHECK_HAS(r.out, "12.50  train.epochs=10, data.held_domains=\"oulu\"\n");
    CHECK(strstr(r.out, "save_minutes") == NULL);
    CHECK_STR(r.err, "");
    test_result_free(&r);
    CHECK_RUN(0, "{\"optimizer\": \"erm\", \"differs\": {\"train.epochs\": 55}, \"runs\": 2, ", "summary", "a1", "a3",
              "b5", "b9", "--json");
    CHECK_RUN(0, "12.50 +- 0.00\n", "summary", "a1", "a3");
}

static void a_run_that_is_given_twice_is_counted_once(void **state)
{
    test_result r;
    (void)state;
    settings("a5", 5, "\"train.lr\": 0.1");
    settings("copy", 5, "\"train.lr\": 0.1");
    settings("a10", 10, "\"train.lr\": 0.1");
    RUN(&r, "summary", "a5", "copy", "a10", "a10", "--json");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "warning: copy has the seed of a5 and, as far as result.json says, its settings: the first is");
    CHECK_HAS(r.err, "warning: a10 has the seed of a10");
    CHECK_HAS(r.out, "\"differs\": {}, \"runs\": 2, \"held_accuracy\": {\"mean\": 0.75, \"std\": 0.25");
    CHECK_HAS(r.out, "\"counted\": false");
    test_result_free(&r);
}

/* Results from before settings were in them; the committed ones of docs/experiments are. */
static void results_without_settings_are_parted_by_their_epochs(void **state)
{
    test_result r;
    (void)state;
    result("a1", "erm", 1, .1, ", \"x\": 1}, \"epochs\": 10, \"y\": {");
    result("a2", "erm", 2, .3, ", \"x\": 1}, \"epochs\": 10, \"y\": {");
    result("b1", "erm", 1, .5, ", \"x\": 1}, \"epochs\": 55, \"y\": {");
    RUN(&r, "summary", "a1", "a2", "b1");
    CHECK_HAS(r.out, "20.00 +- 10.00");
    CHECK_HAS(r.out, "12.50  train.epochs=55\n");
    test_result_free(&r);
}

static void what_is_no_result_is_refused(void **state)
{
    (void)state;
    CHECK_RUN(64, "name the folders of the runs", "summary");
    CHECK_RUN(66, "none/result.json", "summary", "none");
    CHECK_OK(lsc_mkdirs(test_path("bad")));
    test_write_text(test_path("bad/result.json"), "{");
    CHECK_RUN(65, "bad/result.json: not a JSON object", "summary", "bad");
    test_write_text(test_path("bad/result.json"), "{\"metrics\": 3}");
    CHECK_RUN(65, "no 'metrics' or no 'target_oracle' in it: not a result.json of train", "summary", "bad");
}

/* V6 and V7 of test_nn_metrics.c. */
static void scores_of_a_file_are_measured(void **state)
{
    (void)state;
    test_write_text(test_path("test.txt"),
                    ".95 1\n.7 1\n.5 1\n.45 1\n.65 0 print\n.57 0 print\n.2 0 print\n.1 0 print\n"
                    ".58 0 replay\n.3 0 replay\n.25 0 replay\n.05 0 replay\n");
    test_write_text(test_path("dev.txt"), ".9 1\n.85 1\n.6 1\n.55 0\n.5 1\n.35 0\n.3 0\n.2 0\n");
    test_write_text(
        test_path("frames.txt"),
        ".9 1 - 0 1 0\n.4 1 - 0 1 0\n.8 1 - 0 1 0\n.55 1 - 0 2 0\n.35 1 - 0 2 0\n.6 0 - 0 3 0\n.2 0 - 0 3 0\n"
        ".1 0 - 0 3 0\n.45 0 - 0 4 0\n.5 0 - 0 4 0\n.3 0 - 0 5 0\n");
    CHECK_RUN(
        0,
        "  HTER at the development threshold (0.55): 43.75 %; FAR 37.50 %, FRR = BPCER 50.00 %, ACER 50.00 %, APCER "
        "print 50.00 % replay 25.00 %\n",
        "metrics", "test.txt", "--development", "dev.txt");
    CHECK_RUN(0, "  HTER at the target's EER (0.57): 43.75 %", "metrics", "test.txt");
    CHECK_RUN(0, "\"apcer\": {\"print\": 0.5, \"replay\": 0.25}", "metrics", "test.txt", "--json");
    CHECK_RUN(0, "  HTER at the target's EER (0.475): 41.67 %", "metrics", "frames.txt");
    CHECK_RUN(0, "  HTER at the target's EER (0.5): 36.67 %", "metrics", "frames.txt", "--aggregate", "none");
    test_result r;
    test_run(&(test_command){.argv = (const char *[]){LSC_BINARY_DIR "/train/train", "metrics", "/dev/stdin", NULL},
                             .folder = test_folder(),
                             .input = ".9 1\n.1 0\n"},
             &r);
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "HTER at the target's EER");
    test_result_free(&r);
    CHECK_RUN(64, "there is no aggregate 'men'", "metrics", "frames.txt", "--aggregate", "men");
    CHECK_RUN(64, "dev.txt: score 0 has no video", "metrics", "frames.txt", "--development", "dev.txt", "--aggregate",
              "mean");
    CHECK_RUN(66, "none.txt", "metrics", "none.txt");
    CHECK_RUN(64, "name the file of scores", "metrics");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(runs_of_an_optimizer_have_a_mean_and_a_deviation),
        TEST_IN_FOLDER(runs_with_other_settings_have_means_of_their_own),
        TEST_IN_FOLDER(a_run_that_is_given_twice_is_counted_once),
        TEST_IN_FOLDER(results_without_settings_are_parted_by_their_epochs),
        TEST_IN_FOLDER(what_is_no_result_is_refused),
        TEST_IN_FOLDER(scores_of_a_file_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
