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
    CHECK_HAS(r.out,
              "{\"optimizer\": \"sam\", \"runs\": 1, \"held_accuracy\": {\"mean\": 0.5, \"std\": 0}, \"held_auc\": "
              "{\"mean\": null, \"std\": null}");
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
        TEST_IN_FOLDER(what_is_no_result_is_refused),
        TEST_IN_FOLDER(scores_of_a_file_are_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
