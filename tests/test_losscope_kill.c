/*
 * kill -9: whenever it comes, the file under its name is whole, and the same command ends in the same bytes.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "losscope.h"

extern char **environ;

static const char *driver;

/* What is there can be read and holds points with values. */
static void check_readable(const char *path)
{
    lsc_surface *s = NULL;

    if (!lsc_file_exists(path))
        return;
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK(lsc_surface_n_done(s) > 0);
    lsc_surface_free(s);
}

static void finish_and_compare(const char *killed, const char *undisturbed, const char *side)
{
    const char *paths[] = {killed, undisturbed};
    char *bytes[2];
    size_t n[2];

    for (int i = 0; i < 2; i++) {
        const char *const argv[] = {driver, paths[i], side, "0", NULL};
        test_result r;

        test_run(&(test_command){.argv = argv}, &r);
        CHECK_INT(r.exit_code, 0);
        test_result_free(&r);
        bytes[i] = test_read(paths[i], &n[i]);
    }
    CHECK_INT(n[0], n[1]);
    CHECK_BYTES(bytes[0], bytes[1], n[0]);
    lsc_free(bytes[0]);
    lsc_free(bytes[1]);
}

static void make_folders(void)
{
    CHECK_OK(lsc_mkdirs(test_path("killed")));
    CHECK_OK(lsc_mkdirs(test_path("undisturbed")));
}

static void kills_at_random_moments_cost_nothing_but_time(void **state)
{
    const char *path, *whole;
    const lsc_rng rng = {1, lsc_rng_stream("kill", 0, 0)};

    (void)state;
    make_folders();
    path = test_path("killed/s.h5");
    whole = test_path("undisturbed/s.h5");
    for (uint64_t i = 0; i < 20; i++) {
        char *const argv[] = {(char *)driver, (char *)path, "45", "1000", NULL};
        pid_t child;
        int status;

        CHECK_INT(posix_spawn(&child, driver, NULL, NULL, argv, environ), 0);
        usleep((useconds_t)(20000 + 400000 * lsc_rng_uniform(rng, i)));
        kill(child, SIGKILL);
        CHECK_INT(waitpid(child, &status, 0), child);
        check_readable(path);
    }
    finish_and_compare(path, whole, "45");
    CHECK_INT(test_folder_entries(), 2);
}

/* At each call that changes a file, half-way through a write: the lock, the parts, the renames. */
static void kills_at_every_step_of_saving_cost_nothing_but_time(void **state)
{
    const char *path, *whole;
    int n_killed = 0;

    (void)state;
    make_folders();
    path = test_path("killed/s.h5");
    whole = test_path("undisturbed/s.h5");
    for (int64_t at = 1; at <= 16; at++) {
        const char *const argv[] = {driver, path, "9", "0", "4", NULL};
        test_result r;

        test_run(&(test_command){.argv = argv, .kill_at = at}, &r);
        n_killed += r.signal == SIGKILL;
        test_result_free(&r);
        check_readable(path);
    }
    CHECK(n_killed >= 5);
    finish_and_compare(path, whole, "9");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(kills_at_random_moments_cost_nothing_but_time),
        TEST_IN_FOLDER(kills_at_every_step_of_saving_cost_nothing_but_time),
    };
    driver = argc > 1 ? argv[1] : "losscope_driver";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
