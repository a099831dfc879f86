/*
 * What tests/gpu/judge.sh, check_json and counted.sh make of what a GPU may leave: NaN, missing rows, no time, a report
 * that is cut or has a key twice, tests that were skipped.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#define HEAD  "direction_1,done,loss,accuracy\n"
#define FIRST "-1,1,2.5,0.5\n"
#define LAST  "1,1,0.5,0.75\n"

/* A command of the shell, in the folder of the test, that knows judge.sh: its exit status and all it said. */
static void says(const char *command, int exit_code, const char *text)
{
    char *script = lsc_format(". '%s'; %s 2>&1", source_path("tests/gpu/judge.sh"), command);
    test_result r;
    test_run(&(test_command){.argv = (const char *const[]){"sh", "-c", script, NULL}, .folder = test_folder()}, &r);
    if (r.exit_code != exit_code)
        print_message("%s: %s%s\n", command, r.out, r.err);
    CHECK_INT(r.exit_code, exit_code);
    CHECK_STR(r.err, "");
    CHECK_STR(r.out, text);
    test_result_free(&r);
    lsc_free(script);
}

static void surfaces(const char *a, const char *b)
{
    test_write_text(test_path("a"), a);
    test_write_text(test_path("b"), b);
}

/* Whichever of the two surfaces is the bad one. */
static void refused(const char *bad, const char *why, const char *why_if_first)
{
    surfaces(HEAD FIRST LAST, bad);
    says("difference a b", 1, why);
    surfaces(bad, HEAD FIRST LAST);
    says("difference a b", 1, why_if_first);
    surfaces(bad, bad);
    says("same_bits a b >/dev/null", 1, "");
}

/* ---- surfaces --------------------------------------------------------------------------------------- */

static void the_difference_is_the_largest_relative_one(void **state)
{
    (void)state;
    surfaces(HEAD FIRST LAST, HEAD "-1,1,2.25,0.5\n1,1,0.51,0.75\n");
    says("difference a b", 0, "0.1\n");
    surfaces(HEAD FIRST LAST, HEAD FIRST LAST);
    says("difference a b", 0, "0\n");
    surfaces(HEAD "1,1,0,1\n", HEAD "1,1,0,1\n");
    says("difference a b", 0, "0\n");
}

static void what_is_no_finite_number_is_no_small_difference(void **state)
{
    static const char *const values[] = {"nan", "-nan", "inf", "-inf", "1e999", "", "0x1", "1.5e"};
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(values); i++) {
        char *bad = lsc_format(HEAD FIRST "1,1,%s,0.75\n", values[i]);
        char *of_a = lsc_format("a, row 2: \"%s\" is no finite number\n", values[i]);
        char *of_b = lsc_format("b, row 2: \"%s\" is no finite number\n", values[i]);
        refused(bad, of_b, of_a);
        lsc_free(of_b);
        lsc_free(of_a);
        lsc_free(bad);
    }
    refused(HEAD FIRST "1,1,0.5,nan\n", "b, row 2: \"nan\" is no finite number\n",
            "a, row 2: \"nan\" is no finite number\n");
}

static void missing_rows_and_columns_are_no_small_difference(void **state)
{
    (void)state;
    surfaces(HEAD FIRST LAST, HEAD FIRST);
    says("difference a b", 1, "1 rows, and 2 to compare with\n");
    says("difference b a", 1, "a, row 2: the other surface has no such row\n");
    refused(HEAD FIRST "1,1,0.5\n", "b, row 2: 3 columns, not 4\n", "a, row 2: 3 columns, not 4\n");
    refused("direction_1,done\n-1,1\n", "b, row 0: no column is called loss\n", "a, row 0: no column is called loss\n");
    surfaces(HEAD FIRST, "");
    says("difference a b", 1, "0 rows, and 1 to compare with\n");
    says("difference b a", 1, "0 rows, and 1 to compare with\n");
    surfaces(HEAD, HEAD);
    says("difference a b", 1, "0 rows, and 0 to compare with\n");
    surfaces(HEAD "1,1,0,1\n", HEAD "1,1,0.5,1\n");
    says("difference a b", 1, "b, row 1: no relative difference to a loss of 0\n");
}

static void the_same_bits_are_the_same_finite_text(void **state)
{
    (void)state;
    surfaces(HEAD FIRST LAST, HEAD FIRST LAST);
    says("same_bits a b", 0, "");
    surfaces(HEAD FIRST LAST, HEAD FIRST "1,1,0.5,0.750\n");
    says("same_bits a b >/dev/null", 1, "");
}

/* ---- times ------------------------------------------------------------------------------------------ */

static void a_rate_needs_a_time(void **state)
{
    (void)state;
    test_write_text(test_path("log"),
                    "warning: slow\n{\"status\": \"done\", \"samples\": 180, \"seconds\": 1.5e+01}\n");
    says("number seconds log", 0, "1.5e+01\n");
    says("number samples log", 0, "180\n");
    says("rate 81 100 1.5e+01", 0, "540\n");
    test_write_text(test_path("log"), "{\"seconds\": nan, \"samples\": 1");
    says("number seconds log", 1, "no number under seconds in log\n");
    says("number samples log", 1, "no number under samples in log\n");
    says("rate 81 100 ''", 1, "81 passes over 100 images in  seconds are no rate\n");
    says("rate 81 100 soon", 1, "81 passes over 100 images in soon seconds are no rate\n");
    says("rate 81 100 0", 1, "81 passes over 100 images in 0 seconds are no rate\n");
    says("rate 81 null 2", 1, "81 passes over null images in 2 seconds are no rate\n");
}

static void a_ratio_needs_both(void **state)
{
    (void)state;
    says("ratio 3 2; ratio 3 null; ratio null 3; ratio 3 0; ratio '' 2", 0, "1.5\nnull\nnull\nnull\nnull\n");
    says("at_most 1e-6 1e-5", 0, "");
    says("at_most 1e-4 1e-5", 1, "");
}

/* ---- reports ---------------------------------------------------------------------------------------- */

static void json(const char *text, int exit_code, const char *why)
{
    test_write_text(test_path("report"), text);
    says(LSC_BINARY_DIR "/tests/check_json report", exit_code, why);
}

static void a_report_is_whole_json_and_has_no_key_twice(void **state)
{
    (void)state;
    json("{\"a\": {\"x\": 1, \"y\": [null, {\"x\": 2}]}, \"b\": {\"x\": 3e-7}}\n", 0, "");
    json("{\"a\": inf}", 1, "check_json: report: not JSON from byte 6 on\n");
    json("{\"a\": nan}", 1, "check_json: report: not JSON from byte 6 on\n");
    json("{\"a\": }", 1, "check_json: report: not JSON from byte 6 on\n");
    json("{\"a\": 1", 1, "check_json: report: not JSON from byte 7 on\n");
    json("{\"a\": 1} {", 1, "check_json: report: not JSON from byte 9 on\n");
    json("", 1, "check_json: report: not JSON from byte 0 on\n");
    json("{\"a\": 1, \"b\": 2, \"a\": 1}", 1, "check_json: report: 'a' is there twice\n");
    json("{\"a\": [0, {\"b\": 2, \"b\": 2}]}", 1, "check_json: report: 'b' is there twice\n");
}

static void engines_are_those_of_the_kept_plans(void **state)
{
    (void)state;
    says("engines .; properties .", 0, "\nnull\n");
    test_write_text(test_path("1.plan"), "losscope plan 1\ncuDNN 9; card 9.0; f32 n6 c3; graph 1; fastest\n0a\n"
                                         "{\"engineId\":37,\"GPUProfile\":{\"warpSize\": 32},\"engineId\":1}");
    test_write_text(test_path("2.plan"), "losscope plan 1\ncuDNN 9; card 9.0; f16 n6 c3; graph 1; fastest\n0a\n{}");
    test_write_text(test_path("3.plan"), "losscope plan 2\nanother key\n0a\n{}");
    says("engines .; properties .", 0,
         "\"3.plan\": null,\n    \"f16 n6 c3\": null,\n    \"f32 n6 c3\": 37\n{\"warpSize\": 32}\n");
}

static void text_fits_between_quotation_marks(void **state)
{
    (void)state;
    says("plain 'a \"b\" \\ c\n\td'", 0, "a b  c  d");
}

/* ---- tests that were skipped -------------------------------------------------------------------------- */

static void counts(const char *skipped, const char *absent, int exit_code, const char *line)
{
    char *command =
        lsc_format("{ echo '  Test  #7: cuda_half'; echo '  Test #12: cuda_hardware'; echo; echo 'Total Tests: 2'; } |"
                   " '%s' log absent",
                   source_path("tests/gpu/counted.sh"));
    test_write_text(test_path("log"), skipped);
    test_write_text(test_path("absent"), absent);
    says(command, exit_code, line);
    lsc_free(command);
}

static void what_was_skipped_is_counted_with_its_reason(void **state)
{
    (void)state;
    counts("all passed\n", "0 skipped\n", 0, "gpu: 2 run, 0 skipped\n");
    counts("\t 12 - cuda_hardware (Skipped)\n", "0 skipped\n", 0,
           "gpu: 1 run, 1 skipped (cuda_hardware: no report of a card for these sources)\n");
    counts("\t 12 - cuda_hardware (Skipped)\n", "23 skipped (no nvcc)\n", 0,
           "gpu: 1 run, 24 skipped (23 of them: no nvcc; cuda_hardware: no report of a card for these sources)\n");
    counts("", "all skipped (LSC_WITH_CUDA=OFF)\n", 0, "gpu: 0 run, all skipped (LSC_WITH_CUDA=OFF)\n");
}

static void another_test_may_not_be_skipped_where_all_could_be_built(void **state)
{
    const char *log = "\t 7 - cuda_half (Skipped)\n\t 12 - cuda_hardware (Skipped)\n";
    (void)state;
    counts(log, "0 skipped\n", 1,
           "gpu: 0 run, 2 skipped (cuda_half: skipped itself; cuda_hardware: no report of a card for these sources)\n");
    counts(log, "23 skipped (no nvcc)\n", 0,
           "gpu: 0 run, 25 skipped (23 of them: no nvcc; cuda_half: skipped itself; cuda_hardware: no report of a card "
           "for "
           "these sources)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(the_difference_is_the_largest_relative_one),
        TEST_IN_FOLDER(what_is_no_finite_number_is_no_small_difference),
        TEST_IN_FOLDER(missing_rows_and_columns_are_no_small_difference),
        TEST_IN_FOLDER(the_same_bits_are_the_same_finite_text),
        TEST_IN_FOLDER(a_rate_needs_a_time),
        TEST_IN_FOLDER(a_ratio_needs_both),
        TEST_IN_FOLDER(a_report_is_whole_json_and_has_no_key_twice),
        TEST_IN_FOLDER(engines_are_those_of_the_kept_plans),
        TEST_IN_FOLDER(text_fits_between_quotation_marks),
        TEST_IN_FOLDER(what_was_skipped_is_counted_with_its_reason),
        TEST_IN_FOLDER(another_test_may_not_be_skipped_where_all_could_be_built),
    };
    return cmocka_run_group_tests_name("gpu_judge", tests, NULL, NULL);
}
