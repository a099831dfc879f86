/*
 * What the shell offers behind the names of the programs, and what is installed beside them.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#define TRAIN     LSC_BINARY_DIR "/train/train"
#define LANDSCAPE LSC_BINARY_DIR "/landscape/landscape"

/* What bash offers for the last of the words, in lines; lsc_free. */
static char *offered(const char *program, const char *words)
{
    char script[2048];
    test_result r;

    snprintf(script, sizeof script,
             ". '%s'\nCOMP_WORDS=('%s' %s)\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
             "_losscope '%s' \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
             "printf '<%%s>\\n' \"${COMPREPLY[@]}\"",
             source_path("app/completion.bash"), program, words, program);
    test_run(&(test_command){.argv = (const char *const[]){"bash", "-uc", script, NULL}}, &r);
    if (r.exit_code != 0)
        print_message("%s%s", r.out, r.err);
    CHECK_INT(r.exit_code, 0);
    char *out = lsc_strdup(r.out);
    test_result_free(&r);
    return out;
}

static void check_offer(const char *program, const char *words, const char *wanted, const char *unwanted)
{
    char *out = offered(program, words);
    CHECK_HAS(out, wanted);
    CHECK(unwanted == NULL || strstr(out, unwanted) == NULL);
    lsc_free(out);
}

static void options_come_from_the_help(void **state)
{
    (void)state;
    check_offer(TRAIN, "--dr", "<--dry-run>", "<--out=>");
    check_offer(TRAIN, "--", "<--out=>", NULL);
    check_offer(LANDSCAPE, "--ckpt run.bin --no", "<--normalize=>", "<--dirs=>");
}

static void values_come_from_the_lists(void **state)
{
    (void)state;
    check_offer(TRAIN, "--device ''", "<ref>", "<devices>");
    check_offer(TRAIN, "--device =", "<cuda>", "<devices>");
    check_offer(LANDSCAPE, "--model = resnet5", "<resnet56_noshort>", "<resnet20>");
    check_offer(TRAIN, "--list = opt", "<optimizers>", "<models>");
    check_offer(TRAIN, "--set train.mom", "<train.momentum=>", "<train.lr=>");
}

static void other_words_are_left_to_the_shell(void **state)
{
    (void)state;
    check_offer(TRAIN, "--config co", "<>", "<--");
}

static bool installed(const char *name)
{
    return lsc_file_exists(test_path("prefix/%s", name));
}

static void programs_are_installed_with_their_completion(void **state)
{
    const char *const argv[] = {"cmake", "--install", LSC_BINARY_DIR, "--prefix", test_path("prefix"), NULL};
    test_result r;

    (void)state;
    test_run(&(test_command){.argv = argv}, &r);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    CHECK(installed("bin/train") && installed("bin/landscape") && installed("bin/viz"));
    char *completion = test_read(test_path("prefix/share/bash-completion/completions/landscape"), NULL);
    CHECK_HAS(completion, "complete -o default -F _losscope landscape\n");
    lsc_free(completion);
}

/* Only where help2man is: the build says so. */
static void a_man_page_says_what_the_help_says(void **state)
{
    (void)state;
    if (!lsc_file_exists(LSC_BINARY_DIR "/train/train.1")) {
        print_message("no man pages in this build: help2man is missing\n");
        return;
    }
    char *page = test_read(LSC_BINARY_DIR "/train/train.1", NULL);
    CHECK_HAS(page, "\\fB\\-\\-resume\\fR");
    CHECK_HAS(page, ".SH EXAMPLES");
    lsc_free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_come_from_the_help),
        cmocka_unit_test(values_come_from_the_lists),
        cmocka_unit_test(other_words_are_left_to_the_shell),
        TEST_IN_FOLDER(programs_are_installed_with_their_completion),
        cmocka_unit_test(a_man_page_says_what_the_help_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
