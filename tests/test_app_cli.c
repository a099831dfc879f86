/*
 * The command line. This program runs itself as a program with the common options and two of its own:
 *     PROGRAM parse [OPTION...]     prints what it understood
 *     PROGRAM finish STATUS MESSAGE ends as a program ends
 *     PROGRAM help-config           lists a configuration
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include "app/app.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    cli_common common;
    int64_t points;
    double budget;
} arguments;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->common;
        return 0;
    case 'p':
        a->points = cli_int(state, "--points", text, 1, 100);
        return 0;
    case 'b':
        a->budget = cli_real(state, "--budget", text, 0, 1.5);
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static int print_parsed(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"points", 'p', "N", 0, "points", 0}, {"budget", 'b', "X", 0, "budget", 0}, {0}};
    static const struct argp_child children[] = {{&cli_argp, 0, "Common:", 2}, {0}};
    static const struct argp argp = {.options = options, .parser = parse, .children = children};
    arguments a = {.points = 51};

    cli_parse(&argp, argc, argv, &a);
    const cli_common *c = &a.common;
    printf("config=%s device=%s threads=%d seed=%lld json=%d list=%s help=%d dry=%d verbosity=%d points=%lld "
           "budget=%g sets=",
           c->config == NULL ? "-" : c->config, c->device == NULL ? "-" : c->device, c->threads, (long long)c->seed,
           c->json, c->list == NULL ? "-" : c->list, c->help_config, c->dry_run, (int)c->verbosity, (long long)a.points,
           a.budget);
    for (int i = 0; i < c->n_sets; i++)
        printf("%s;", c->sets[i]);
    printf("\n");
    return 0;
}

typedef struct {
    double lr;
    bool flip;
    cfg_text kind, path;
    cfg_reals mean;
} sample;

static int print_help_config(void)
{
    static const cfg_field fields[] = {
        CFG_REAL(sample, lr, "train.lr", "0.1", 0, 1000, "learning rate"),
        CFG_BOOL(sample, flip, "train.flip", "true", "flips"),
        CFG_CHOICE(sample, kind, "data.kind", "idx", "idx cifar10", "data set"),
        CFG_TEXT(sample, path, "data.path", "", "folder"),
        CFG_REALS(sample, mean, "data.mean", "1, 2", -5, 5, "means"),
    };
    cfg_print_help(&(cfg_section){fields, LSC_COUNT(fields), NULL}, 1);
    return 0;
}

static int child(int argc, char **argv)
{
    if (strcmp(argv[1], "parse") == 0)
        return print_parsed(argc - 1, argv + 1);
    if (strcmp(argv[1], "help-config") == 0)
        return print_help_config();
    lsc_status st = (lsc_status)atoi(argv[2]);
    if (st != LSC_OK)
        lsc_fail(st, "%s", argv[3]);
    return cli_finish("landscape", st);
}

#define RUN(r, ...) test_run(&(test_command){.argv = (const char *const[]){"/proc/self/exe", __VA_ARGS__, NULL}}, r)

static void nothing_given_means_the_defaults(void **state)
{
    test_result r;
    (void)state;
    RUN(&r, "parse");
    CHECK_STR(r.out,
              "config=- device=- threads=0 seed=-1 json=0 list=- help=0 dry=0 verbosity=2 points=51 budget=0 sets=\n");
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
}

static void every_common_option_is_understood(void **state)
{
    test_result r;
    (void)state;
    RUN(&r, "parse", "--config", "c.yaml", "--set", "a=1", "--device=cpu", "--threads", "3", "--seed", "7", "--json",
        "--help-config", "--dry-run", "-v", "--set=b=2 3", "--points", "100", "--budget", "1.5");
    CHECK_STR(r.out, "config=c.yaml device=cpu threads=3 seed=7 json=1 list=- help=1 dry=1 verbosity=3 points=100 "
                     "budget=1.5 sets=a=1;b=2 3;\n");
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
}

static void a_list_takes_one_kind_or_none(void **state)
{
    static const char *const rows[][3] = {
        {"--list", "--quiet", " list= "}, {"--list", "models", " list=models "}, {"--quiet", "--list", " list= "}};
    test_result r;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        RUN(&r, "parse", rows[i][0], rows[i][1]);
        CHECK_HAS(r.out, rows[i][2]);
        CHECK_INT(r.exit_code, 0);
        test_result_free(&r);
    }
}

static void bad_usage_names_the_option_and_ends_with_64(void **state)
{
    static const struct {
        const char *option, *said;
    } rows[] = {
        {"--points=0", "--points: '0' is not a whole number in 1..100"},
        {"--points=101", "--points: '101' is not a whole number in 1..100"},
        {"--points=5x", "--points: '5x' is not a whole number in 1..100"},
        {"--points=", "--points: '' is not a whole number in 1..100"},
        {"--points=1e1", "--points: '1e1' is not a whole number in 1..100"},
        {"--points=99999999999999999999", "is not a whole number in 1..100"},
        {"--points=\033[2J", "--points: '\\x1b[2J' is not a whole number"},
        {"--budget=2", "--budget: '2' is not a number in 0..1.5"},
        {"--budget=nan", "--budget: 'nan' is not a number in 0..1.5"},
        {"--budget=1,5", "--budget: '1,5' is not a number in 0..1.5"},
        {"--threads=-1", "--threads: '-1' is not a whole number in 0..4096"},
        {"--seed=-1", "--seed: '-1' is not a whole number in 0..9000000000000000"},
        {"--nonsense", "unrecognized option '--nonsense'"},
        {"extra", "Too many arguments"},
    };
    test_result r;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        RUN(&r, "parse", rows[i].option);
        CHECK_HAS(r.err, rows[i].said);
        CHECK_INT(r.exit_code, 64);
        CHECK_STR(r.out, "");
        test_result_free(&r);
    }
}

/* argv[0] may be a long path; other messages begin with the name alone. */
static void wrong_options_are_told_of_in_the_name_of_the_program(void **state)
{
    test_result r;
    (void)state;
    RUN(&r, "parse", "--nonsense");
    CHECK(strncmp(r.err, "exe: unrecognized option", 24) == 0);
    test_result_free(&r);
}

static void a_list_and_json_do_not_go_together(void **state)
{
    test_result r;
    (void)state;
    RUN(&r, "parse", "--json", "--list=models");
    CHECK_HAS(r.err, "--list prints text: leave out --json\n");
    CHECK_INT(r.exit_code, 64);
    test_result_free(&r);
}

static void more_sets_than_fit_are_refused(void **state)
{
    const char *argv[3 + CLI_SETS_MAX + 2] = {"/proc/self/exe", "parse"};
    test_result r;
    (void)state;
    for (int i = 0; i < CLI_SETS_MAX; i++)
        argv[2 + i] = "--set=a=1";
    test_run(&(test_command){.argv = argv}, &r);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    argv[2 + CLI_SETS_MAX] = "--set=a=1";
    test_run(&(test_command){.argv = argv}, &r);
    CHECK_INT(r.exit_code, 64);
    CHECK_HAS(r.err, "--set: is given more than 64 times; use --config FILE");
    test_result_free(&r);
}

static void help_and_version_are_for_stdout(void **state)
{
    test_result r;
    (void)state;
    RUN(&r, "parse", "--help");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, "--set=KEY=VALUE");
    CHECK_HAS(r.out, "--list[=KINDS]");
    test_result_free(&r);
    RUN(&r, "parse", "--version");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.out, " 0.1.0 (git ");
    CHECK_HAS(r.out, "HDF5 1.");
    test_result_free(&r);
}

static void a_failure_ends_with_its_message_and_code(void **state)
{
    static const struct {
        lsc_status status;
        int exit_code;
    } rows[] = {{LSC_ERR_ARG, 64},      {LSC_ERR_NOMEM, 71},    {LSC_ERR_IO, 74},     {LSC_ERR_FORMAT, 65},
                {LSC_ERR_CONFIG, 78},   {LSC_ERR_SHAPE, 65},    {LSC_ERR_ABSENT, 69}, {LSC_ERR_BACKEND, 70},
                {LSC_ERR_CALLBACK, 70}, {LSC_ERR_STOPPED, 130}, {(lsc_status)99, 70}};
    test_result r;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", (int)rows[i].status);
        RUN(&r, "finish", number, "run.bin: it is broken");
        CHECK_INT(r.exit_code, rows[i].exit_code);
        CHECK_STR(r.err, "landscape: run.bin: it is broken\n");
        CHECK_STR(r.out, "");
        test_result_free(&r);
    }
    RUN(&r, "finish", "0", "");
    CHECK_INT(r.exit_code, 0);
    CHECK_STR(r.err, "");
    test_result_free(&r);
}

static void input_that_is_missing_or_of_another_kind_has_a_code_of_its_own(void **state)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    (void)state;
    CHECK_FAILS(lsc_file_read(test_path("none"), 1, &bytes, &n), LSC_ERR_IO, "none: cannot open");
    CHECK_INT(cli_exit_code(LSC_ERR_IO), 66);
    CHECK_FAILS(lsc_file_read(test_folder(), 1, &bytes, &n), LSC_ERR_IO, "it is a folder");
    CHECK_INT(cli_exit_code(LSC_ERR_IO), 66);
    CHECK_FAILS(lsc_file_read("/dev/null", 1, &bytes, &n), LSC_ERR_IO, "is not a regular file");
    CHECK_INT(cli_exit_code(LSC_ERR_IO), 66);
    test_write_text(test_path("file"), "");
    CHECK_FAILS(lsc_file_read(test_path("file/x"), 1, &bytes, &n), LSC_ERR_IO, "Not a directory");
    CHECK_INT(cli_exit_code(LSC_ERR_IO), 66);
    CHECK_FAILS(lsc_mkdirs(test_path("file/x")), LSC_ERR_IO, "File exists");
    CHECK_INT(cli_exit_code(LSC_ERR_IO), 74);
    CHECK_INT(cli_exit_code(LSC_ERR_CONFIG), 78);
}

static void the_list_of_keys_says_type_range_and_default(void **state)
{
    test_result r;
    (void)state;
    RUN(&r, "help-config");
    CHECK_HAS(r.out, "  train.lr                 learning rate\n");
    CHECK_HAS(r.out, " number, 0..1000; default 0.1\n");
    CHECK_HAS(r.out, " true or false; default true\n");
    CHECK_HAS(r.out, " text: one of idx cifar10; default idx\n");
    CHECK_HAS(r.out, " text; default empty\n");
    CHECK_HAS(r.out, " list of numbers, -5..5; default 1, 2\n");
    test_result_free(&r);
}

static void a_command_line_can_be_given_to_a_shell_again(void **state)
{
    static char *words[] = {"landscape", "--set",     "data.path=a b", "it's",
                            "",          "$HOME`ls`", "plain-1.5,x=y", "two\nlines"};
    char *command = cli_command(LSC_COUNT(words), words);
    char *script = lsc_format("printf '<%%s>' %s", command);
    test_result r;
    (void)state;
    CHECK_STR(command, "landscape --set 'data.path=a b' 'it'\\''s' '' '$HOME`ls`' plain-1.5,x=y 'two\nlines'");
    test_run(&(test_command){.argv = (const char *const[]){"sh", "-c", script, NULL}}, &r);
    CHECK_STR(r.out, "<landscape><--set><data.path=a b><it's><><$HOME`ls`><plain-1.5,x=y><two\nlines>");
    test_result_free(&r);
    lsc_free(command);
    lsc_free(script);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_given_means_the_defaults),
        TEST(every_common_option_is_understood),
        TEST(wrong_options_are_told_of_in_the_name_of_the_program),
        TEST(a_list_and_json_do_not_go_together),
        TEST(a_list_takes_one_kind_or_none),
        TEST(bad_usage_names_the_option_and_ends_with_64),
        TEST(more_sets_than_fit_are_refused),
        TEST(help_and_version_are_for_stdout),
        TEST(a_failure_ends_with_its_message_and_code),
        TEST_IN_FOLDER(input_that_is_missing_or_of_another_kind_has_a_code_of_its_own),
        TEST(the_list_of_keys_says_type_range_and_default),
        TEST(a_command_line_can_be_given_to_a_shell_again),
    };
    if (argc > 1)
        return child(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
