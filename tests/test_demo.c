/*
 * scripts/demo.sh --quick with the programs of this build: everything it promises is there, a second call
 * finds nothing to do, and a training accuracy that is too low is a failure.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <sys/stat.h>

/* With at least this training accuracy in percent; it must end with this exit code. */
static void run_demo(const char *accuracy, double seconds, int exit_code, test_result *r)
{
    const char *argv[] = {source_path("scripts/demo.sh"),
                          "--quick",
                          "--build-dir",
                          LSC_BINARY_DIR,
                          "--out",
                          test_path("demo"),
                          "--accuracy",
                          accuracy,
                          NULL};
    test_run(&(test_command){.argv = argv, .seconds = seconds}, r);
    if (r->exit_code != exit_code)
        print_message("%s", r->err);
    CHECK_INT(r->exit_code, exit_code);
}

static struct stat info_of(const char *path)
{
    struct stat info = {0};
    if (stat(path, &info) != 0)
        fail_msg("%s is missing", path);
    CHECK(info.st_size > 0);
    return info;
}

static bool same_time(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void check_picture(const char *path)
{
    size_t n = 0;
    char *bytes = test_read(path, &n);
    CHECK(n > 1000); /* not just a header */
    CHECK_BYTES(bytes, "\x89PNG\r\n\x1a\n", 8);
    lsc_free(bytes);
}

static void the_quick_demo_leaves_all_it_promises(void **state)
{
    const char *runs[] = {"erm", "sam", "gacfas"};
    const char *rows[] = {"\nerm ", "\nsam ", "\ngac-fas "};
    const char *files[] = {"run.bin", "run.state", "history.csv", "surface.h5", "surface.vtp", "surface.png"};
    test_result r;
    (void)state;

    run_demo("0", 250, 0, &r);
    CHECK_HAS(r.out, "What to open");
    for (size_t i = 0; i < LSC_COUNT(runs); i++) {
        CHECK_HAS(r.out, rows[i]); /* of the table */
        for (size_t k = 0; k < LSC_COUNT(files); k++)
            info_of(test_path("demo/%s/%s", runs[i], files[k]));
        check_picture(test_path("demo/%s/surface.png", runs[i]));
    }
    check_picture(test_path("demo/compare.png"));
    test_result_free(&r);

    struct stat trained = info_of(test_path("demo/gacfas/run.bin"));
    run_demo("100.5", 45, 1, &r);
    struct stat again = info_of(test_path("demo/gacfas/run.bin"));
    CHECK_HAS(r.err, "the training accuracy of ERM is");
    CHECK_HAS(r.err, "it must be at least 100.5 %");
    CHECK(same_time(&trained, &again));
    test_result_free(&r);

    run_demo("0", 45, 0, &r);
    again = info_of(test_path("demo/gacfas/run.bin"));
    CHECK(same_time(&trained, &again));
    test_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(the_quick_demo_leaves_all_it_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
