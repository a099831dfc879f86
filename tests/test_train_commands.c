/*
 * The sub-commands of train: the table, what each says of itself, and check-data.
 * SPDX-License-Identifier: MIT
 */
#include "face_fixture.h"
#include "train/command.h"

/* train ARGUMENTS in the folder of the test. */
static void run(test_result *r, const char *const *arguments)
{
    const char *argv[16] = {LSC_BINARY_DIR "/train/train"};
    for (int n = 0; arguments[n] != NULL; n++)
        argv[n + 1] = arguments[n];
    test_run(&(test_command){.argv = argv, .folder = test_folder()}, r);
}
#define RUN(r, ...) run(r, (const char *const[]){__VA_ARGS__, NULL})

static void check_run(int exit_code, const char *text, const char *const *arguments)
{
    test_result r;
    run(&r, arguments);
    CHECK_HAS(exit_code == 0 ? r.out : r.err, text);
    CHECK_INT(r.exit_code, exit_code);
    test_result_free(&r);
}
#define CHECK_RUN(exit_code, text, ...) check_run(exit_code, text, (const char *const[]){__VA_ARGS__, NULL})

static void every_command_is_listed_and_explains_itself_with_examples(void **state)
{
    const char *name, *text;
    char example[64];
    (void)state;
    for (int i = 0; tr_command_at(i, &name, &text) != NULL; i++) {
        snprintf(example, sizeof example, "train %s", name);
        CHECK(tr_command_find(name) == tr_command_at(i, &name, &text));
        CHECK_RUN(0, example, "--help");
        CHECK_RUN(0, "Examples:", name, "--help");
        CHECK_RUN(0, example, name, "--help");
        CHECK_RUN(64, example, name, "--no-such-option");
    }
}

static void a_word_that_is_no_command_is_refused(void **state)
{
    (void)state;
    CHECK_RUN(64, "'check': neither an option nor, as the first word, a command", "check");
}

static void check_data_counts_what_is_there(void **state)
{
    (void)state;
    fixture_domain("data/oulu");
    fixture_domain("data/my");
    fixture_video("data/my/test/live/one_more", 4);
    CHECK_RUN(0,
              "domain           part       live    spoof      crops\n"
              "my               train         2        2         12\n"
              "my               test          3        2         16\n"
              "oulu             train         2        2         12\n"
              "oulu             test          2        2         12\n",
              "check-data", "data", "--pictures");
    CHECK_RUN(0, "{\"domain\": \"my\", \"part\": \"test\", \"live\": 3, \"spoof\": 2, \"crops\": 16}", "check-data",
              "data", "--json");
}

static void check_data_names_everything_that_is_wrong(void **state)
{
    test_result r;
    (void)state;
    fixture_domain("oulu");
    fixture_video("oulu/train/live/v9_spoof", 3);
    fixture_video("oulu/test/live/v9", 1);
    test_write_text(test_path("oulu/train/live/v0/crop_0005.png"), "\x89PNG\r\n\x1a\n...");
    CHECK_OK(lsc_mkdirs(test_path("casia/train")));
    RUN(&r, "check-data", ".", "--pictures");
    CHECK_INT(r.exit_code, 65);
    CHECK_HAS(r.err, "oulu/train/live/v9_spoof: both the words live and spoof");
    CHECK_HAS(r.err, "oulu/test/live/v9: 1 pictures crop_*.jpg or crop_*.png of this video, at least 3 are needed");
    CHECK_HAS(r.err, "oulu/train/live/v0/crop_0005.png: ");
    CHECK_HAS(r.err, "casia/train: no video in it, must hold ANY/VIDEO/crop_*.jpg");
    CHECK_HAS(r.err, "casia/test: no folder of the test part of domain casia");
    CHECK_HAS(r.err, "5 problems");
    CHECK_HAS(r.out, "oulu             train         2        2         12\n");
    test_result_free(&r);
}

static void check_data_says_what_it_needs(void **state)
{
    (void)state;
    CHECK_RUN(64, "name the folder that holds the domains", "check-data");
    CHECK_RUN(64, "one folder is looked through, 'b' is another", "check-data", "a", "b");
    CHECK_RUN(66, "none: cannot list: No such file or directory", "check-data", "none");
    CHECK_RUN(65, "no folder in it, must hold one for each domain", "check-data", ".");
    CHECK_RUN(64, "--domains: '../x' for a domain", "check-data", ".", "--domains", "../x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_command_is_listed_and_explains_itself_with_examples),
        TEST_IN_FOLDER(a_word_that_is_no_command_is_refused),
        TEST_IN_FOLDER(check_data_counts_what_is_there),
        TEST_IN_FOLDER(check_data_names_everything_that_is_wrong),
        TEST_IN_FOLDER(check_data_says_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
