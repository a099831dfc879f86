/*
 * The program `landscape` killed: twenty times at random moments, and at each step of a save. The same command goes on,
 * and the values are those of an undisturbed run.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "landscape_fixture.h"

/* Long enough for several saves, the shortest time between which is 100 times what one costs. The ref backend is
 * slow in every build. */
#define GRID   "--points=41", "--device=ref", "--no-vtp", "--save-every=0.001"
#define POINTS 1681

/* FOLDER/whole.h5: the undisturbed run. */
static const char *undisturbed(const char *ckpt)
{
    const char *whole = test_path("whole.h5");
    CHECK_LANDSCAPE(0, "1681 points", "--ckpt", ckpt, GRID, "--out", whole);
    return whole;
}

/* Up to `most`, seeded. */
static void wait_a_moment(int kill_number, double most)
{
    double seconds = most * lsc_rng_uniform((lsc_rng){20, lsc_rng_stream("kills", 0, 0)}, (uint64_t)kill_number);
    double whole = floor(seconds);
    nanosleep(&(struct timespec){(time_t)whole, (long)((seconds - whole) * 1e9)}, NULL);
}

/* Points in the file, which is whole at any moment; 0 if there is none yet. */
static int64_t points_saved(const char *path)
{
    lsc_surface *s = NULL;
    if (!lsc_file_exists(path))
        return 0;
    CHECK_OK(lsc_surface_load(path, &s));
    int64_t done = lsc_surface_n_done(s);
    lsc_surface_free(s);
    return done;
}

static void twenty_kills_change_no_value(void **state)
{
    (void)state;
    landscape_data(20);
    const char *ckpt = landscape_checkpoint(""), *path = test_path("surface.h5");
    double started = lsc_seconds();
    const char *whole = undisturbed(ckpt);
    double most = 0.25 * (lsc_seconds() - started);
    int signal, killed = 0, within = 0;
    for (int i = 0; killed < 20; i++) {
        pid_t child = landscape_start("--ckpt", ckpt, GRID, NULL);
        wait_a_moment(i, most);
        kill(child, SIGKILL);
        landscape_wait(child, &signal);
        killed += signal == SIGKILL;
        int64_t done = points_saved(path);
        within += done > 0 && done < POINTS;
        if (done == POINTS) { /* once more from the start */
            landscape_check_equal(path, whole);
            unlink(path);
        }
    }
    print_message("%d of %d kills left a surface half done\n", within, killed);
    CHECK(within > 0);
    CHECK_LANDSCAPE(0, "", "--ckpt", ckpt, GRID);
    landscape_check_equal(path, whole);
}

/* The n-th call that changes a file is the last of the process: in the middle of a save, before and after renames. */
static void a_kill_within_a_save_leaves_a_whole_file(void **state)
{
    (void)state;
    landscape_data(20);
    const char *ckpt = landscape_checkpoint(""), *path = test_path("surface.h5");
    const char *const argv[] = {LANDSCAPE, "--ckpt", ckpt, "--points=5", "--threads=1", "--no-vtp", NULL};
    const char *const whole[] = {
        LANDSCAPE, "--ckpt", ckpt, "--points=5", "--threads=1", "--no-vtp", "--out", test_path("whole.h5"), NULL};
    test_result r;
    test_run(&(test_command){.argv = whole}, &r);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    int n = 1;
    for (bool killed = true; killed; n += 1 + n / 4) {
        unlink(path);
        test_run(&(test_command){.argv = argv, .kill_at = n}, &r);
        killed = r.signal == SIGKILL;
        test_result_free(&r);
        test_run(&(test_command){.argv = argv}, &r);
        CHECK_INT(r.exit_code, 0);
        test_result_free(&r);
        landscape_check_equal(path, test_path("whole.h5"));
    }
    CHECK(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(twenty_kills_change_no_value),
        TEST_IN_FOLDER(a_kill_within_a_save_leaves_a_whole_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
