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

/* What was saved once stays: the file can be read and never has fewer points than before. Returns how many. */
static int64_t check_kept(const char *path, int64_t before)
{
    lsc_surface *s = NULL;
    int64_t n;

    if (before == 0 && !lsc_file_exists(path))
        return 0;
    CHECK_OK(lsc_surface_load(path, &s));
    n = lsc_surface_n_done(s);
    CHECK(n > 0 && n >= before);
    lsc_surface_free(s);
    return n;
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
    int64_t n_done = 0;

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
        n_done = check_kept(path, n_done);
    }
    finish_and_compare(path, whole, "45");
    CHECK_INT(test_folder_entries(), 2);
}

/* At each call that changes a file, half-way through a write: the lock, the parts, the renames; first while there is no
 * file yet, then, from the last call to the first, while there is one. */
static void kills_at_every_step_of_saving_cost_nothing_but_time(void **state)
{
    const char *path, *whole;
    int64_t n_done = 0;
    int n_killed = 0;

    (void)state;
    make_folders();
    path = test_path("killed/s.h5");
    whole = test_path("undisturbed/s.h5");
    for (int64_t i = 0; i < 32; i++) {
        const char *const argv[] = {driver, path, "15", "0", "4", NULL};
        test_result r;

        test_run(&(test_command){.argv = argv, .kill_at = i < 16 ? i + 1 : 32 - i}, &r);
        n_killed += r.signal == SIGKILL;
        test_result_free(&r);
        n_done = check_kept(path, n_done);
    }
    CHECK(n_killed >= 10);
    finish_and_compare(path, whole, "15");
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
