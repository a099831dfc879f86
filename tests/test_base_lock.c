/*
 * One process an output. This program runs itself: `lock PATH` tries to lock PATH, `hold PATH` locks it and is
 * killed while it holds the lock.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int child(const char *what, const char *path)
{
    lsc_lock lock = {0};
    if (lsc_lock_open(path, &lock) != LSC_OK) {
        fprintf(stderr, "%s", lsc_last_error());
        return 1;
    }
    if (strcmp(what, "hold") == 0)
        kill(getpid(), SIGKILL);
    lsc_lock_close(&lock);
    return 0;
}

static void run_child(const char *what, const char *path, test_result *r)
{
    const char *const argv[] = {"/proc/self/exe", what, path, NULL};
    test_run(&(test_command){.argv = argv}, r);
}

static void a_second_process_is_refused_across_renames_of_the_output(void **state)
{
    const char *path = test_path("surface.h5");
    char want[128];
    lsc_lock lock = {0};
    test_result r;
    (void)state;
    CHECK_OK(lsc_lock_open(path, &lock));
    snprintf(want, sizeof want, "surface.h5: in use by process %ld; wait for it, or choose another output",
             (long)getpid());
    for (int save = 0; save < 4; save++) {
        run_child("lock", path, &r);
        CHECK_INT(r.exit_code, 1);
        CHECK_HAS(r.err, want);
        test_result_free(&r);
        CHECK_OK(lsc_file_write(path, "a save", 6));
    }
    lsc_lock_close(&lock);
    run_child("lock", path, &r);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    CHECK_INT(test_folder_entries(), 1); /* the output; no lock is left behind */
}

static void a_second_lock_in_one_process_is_refused(void **state)
{
    const char *path = test_path("f");
    lsc_lock lock = {0}, second = {0};
    (void)state;
    CHECK_OK(lsc_lock_open(path, &lock));
    CHECK_FAILS(lsc_lock_open(path, &second), LSC_ERR_IO, "/f: in use by this process already");
    CHECK(second.path == NULL);
    lsc_lock_close(&second);
    lsc_lock_close(&lock);
    CHECK_OK(lsc_lock_open(path, &second));
    lsc_lock_close(&second);
    lsc_lock_close(&second);
}

static void a_killed_holder_leaves_no_lock(void **state)
{
    const char *path = test_path("f");
    lsc_lock lock = {0};
    test_result r;
    (void)state;
    run_child("hold", path, &r);
    CHECK_INT(r.signal, SIGKILL);
    test_result_free(&r);
    CHECK(lsc_file_exists(test_path("f.lock")));
    CHECK_OK(lsc_lock_open(path, &lock));
    char *pid = test_read(test_path("f.lock"), NULL), own[32];
    snprintf(own, sizeof own, "%ld\n", (long)getpid());
    CHECK_STR(pid, own);
    lsc_free(pid);
    lsc_lock_close(&lock);
}

static void a_folder_that_cannot_be_written_is_named(void **state)
{
    lsc_lock lock = {0};
    (void)state;
    CHECK_FAILS(lsc_lock_open(test_path("none/f"), &lock), LSC_ERR_IO, "none/f.lock: cannot open: No such file");
}

/* Many processes fight for one lock, which its holders remove: never two at once. */
static void removing_the_lock_file_lets_no_second_one_in(void **state)
{
    enum { PROCESSES = 8, TURNS = 30 };
    const char *path = test_path("f"), *mark = test_path("mark");
    pid_t children[PROCESSES];
    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        CHECK(children[i] >= 0);
        if (children[i] > 0)
            continue;
        alarm(30); /* if the test fails, nobody waits for its children */
        for (int turn = 0; turn < TURNS;) {
            lsc_lock lock = {0};
            if (lsc_lock_open(path, &lock) != LSC_OK)
                continue;
            if (mkdir(mark, 0700) != 0)
                _exit(1);
            rmdir(mark);
            lsc_lock_close(&lock);
            turn++;
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        CHECK_INT(waitpid(children[i], &status, 0), children[i]);
        CHECK_INT(status, 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_second_process_is_refused_across_renames_of_the_output),
        TEST_IN_FOLDER(a_second_lock_in_one_process_is_refused),
        TEST_IN_FOLDER(a_killed_holder_leaves_no_lock),
        TEST_IN_FOLDER(a_folder_that_cannot_be_written_is_named),
        TEST_IN_FOLDER(removing_the_lock_file_lets_no_second_one_in),
    };
    if (argc == 3)
        return child(argv[1], argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
