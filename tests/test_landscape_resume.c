/*
 * The program `landscape` interrupted: by Ctrl-C, by a full disk, by a second process on the same output. The same
 * command goes on, and the values are those of an undisturbed run. SPDX-License-Identifier: MIT
 */
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "landscape_fixture.h"

/* Long enough for several saves, the shortest time between which is 100 times what one costs. The ref backend is
 * slow in every build. */
#define GRID       "--points=41", "--device=ref", "--no-vtp", "--save-every=0.001"
#define LARGE_GRID "--points=201", "--device=ref", "--no-vtp", "--save-every=0.001"

/* FOLDER/whole.h5: the undisturbed run. */
static const char *undisturbed(const char *ckpt)
{
    const char *whole = test_path("whole.h5");
    CHECK_LANDSCAPE(0, "1681 points", "--ckpt", ckpt, GRID, "--out", whole);
    return whole;
}

static void ctrl_c_saves_and_the_same_command_goes_on(void **state)
{
    (void)state;
    landscape_data(20);
    const char *ckpt = landscape_checkpoint(""), *path = test_path("surface.h5");
    const char *whole = undisturbed(ckpt);
    int signal;
    pid_t child = landscape_start("--ckpt", ckpt, GRID, NULL);
    landscape_wait_for(path);
    kill(child, SIGINT);
    CHECK_INT(landscape_wait(child, &signal), 130);
    char *said = test_read(test_path("err"), NULL);
    CHECK_HAS(said, "of 1681 points done");
    CHECK_HAS(said, "the same command goes on");
    lsc_free(said);
    CHECK_LANDSCAPE(0, " done)", "--ckpt", ckpt, GRID);
    landscape_check_equal(path, whole);
}

/* Wait until a save has put another file under this name, then halt the process. */
static void halt_after_a_save(pid_t child, const char *path, ino_t *inode)
{
    double deadline = lsc_seconds() + 40;
    struct stat now;
    while (stat(path, &now) != 0 || now.st_ino == *inode) {
        CHECK(lsc_seconds() < deadline);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    kill(child, SIGSTOP);
    *inode = now.st_ino;
}

/* A lock on the file itself would be void after the first rename. The grid is too large to be finished meanwhile. */
static void a_second_process_on_the_same_output_is_refused(void **state)
{
    (void)state;
    landscape_data(20);
    const char *ckpt = landscape_checkpoint(""), *path = test_path("surface.h5");
    int signal;
    ino_t inode = 0;
    pid_t child = landscape_start("--ckpt", ckpt, LARGE_GRID, NULL);
    for (int i = 0; i < 2; i++) {
        halt_after_a_save(child, path, &inode);
        CHECK_LANDSCAPE(74, "in use by process", "--ckpt", ckpt, LARGE_GRID);
        kill(child, SIGCONT);
    }
    kill(child, SIGINT);
    CHECK_INT(landscape_wait(child, &signal), 130);
}

/* ---- full disks ---------------------------------------------------------------------------------- */

static void check_full_disk(const char *ckpt, test_command c)
{
    const char *path = test_path("surface.h5");
    const char *const argv[] = {LANDSCAPE, "--ckpt", ckpt, "--points=5", "--threads=1", "--no-vtp", NULL};
    test_result r;
    c.argv = argv;
    unlink(path);
    test_run(&c, &r);
    CHECK_INT(r.exit_code, 74);
    CHECK_HAS(r.err, "surface.h5");
    test_result_free(&r);
    CHECK(!lsc_file_exists(path));
    CHECK(!lsc_file_exists(test_path("surface.h5.part")));
}

static void a_full_disk_is_reported_and_leaves_nothing_half_written(void **state)
{
    static const int64_t bytes[] = {-1, 1, 100, 2000, 5000};
    (void)state;
    landscape_data(20);
    const char *ckpt = landscape_checkpoint("");
    for (size_t i = 0; i < LSC_COUNT(bytes); i++)
        check_full_disk(ckpt, (test_command){.full_after = bytes[i]});
    check_full_disk(ckpt, (test_command){.file_limit = 1000});
}

static void a_full_disk_keeps_an_older_surface(void **state)
{
    (void)state;
    landscape_data(20);
    const char *ckpt = landscape_checkpoint(""), *path = test_path("surface.h5");
    const char *const argv[] = {LANDSCAPE, "--ckpt", ckpt, "--points=5", "--no-vtp", "--seed=2", "--overwrite", NULL};
    test_result r;
    size_t n, m;
    CHECK_LANDSCAPE(0, "points", "--ckpt", ckpt, "--points=5", "--no-vtp");
    char *before = test_read(path, &n);
    test_run(&(test_command){.argv = argv, .full_after = 1000}, &r);
    CHECK_INT(r.exit_code, 74);
    test_result_free(&r);
    char *after = test_read(path, &m);
    CHECK_INT(m, n);
    CHECK_BYTES(after, before, n);
    lsc_free(before);
    lsc_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(ctrl_c_saves_and_the_same_command_goes_on),
        TEST_IN_FOLDER(a_second_process_on_the_same_output_is_refused),
        TEST_IN_FOLDER(a_full_disk_is_reported_and_leaves_nothing_half_written),
        TEST_IN_FOLDER(a_full_disk_keeps_an_older_surface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
