/*
 * Runs that are killed or stopped: --resume ends in the bytes of the undisturbed run. Every step is saved
 * (train.save_minutes=0), so that kills fall into epochs too. Command, folder and output have the same names in
 * each run, since run.bin holds the command line.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMAND                                                                                                        \
    "--config", "../run.yaml", "--out", "out", "--resume", "--set", "train.optimizer=gac-fas", "--set",                \
        "train.save_minutes=0", "--set", "train.trajectory_every=1"

static const char *const command[] = {COMMAND, NULL};

static void finish(const char *folder)
{
    test_result r;
    train_run(folder, &r, command);
    if (r.exit_code != 0)
        fail_msg("train: exit %d:\n%s", r.exit_code, r.err);
    test_result_free(&r);
}

static const char *undisturbed(void)
{
    const char *folder = test_path("undisturbed");
    train_fixture();
    CHECK_OK(lsc_mkdirs(folder));
    finish(folder);
    return folder;
}

/* Seconds, the last column, are measured; all else is equal. */
static void check_history(const char *a, const char *b)
{
    char *x = test_read(a, NULL), *y = test_read(b, NULL), *rest_x = x, *rest_y = y;
    char *line_x, *line_y = NULL;
    while ((line_x = strsep(&rest_x, "\n")) != NULL && (line_y = strsep(&rest_y, "\n")) != NULL && *line_x != 0) {
        *strrchr(line_x, ',') = 0;
        *strrchr(line_y, ',') = 0;
        CHECK_STR(line_x, line_y);
    }
    CHECK(line_x != NULL && line_y != NULL && *line_y == 0);
    lsc_free(x);
    lsc_free(y);
}

/* The same file in a run's folder and in the undisturbed one. */
static void compare(const char *folder, const char *name, void (*check)(const char *a, const char *b))
{
    char a[256], b[256];
    snprintf(a, sizeof a, "%s/out/%s", folder, name);
    snprintf(b, sizeof b, "%s/undisturbed/out/%s", test_folder(), name);
    check(a, b);
}

static void check_same_run(const char *folder)
{
    compare(folder, "run.bin", check_same_file);
    compare(folder, "trajectory/epoch_000002.safetensors", check_same_file);
    compare(folder, "history.csv", check_history);
}

/* A folder of the test, made. */
static const char *folder_for(const char *name, int number)
{
    const char *folder = test_path("%s%d", name, number);
    CHECK_OK(lsc_mkdirs(folder));
    return folder;
}

static void killed_at_a_file_call_it_ends_the_same(void **state)
{
    const char *argv[32];
    test_command c;
    (void)state;
    undisturbed();
    bool finished = false;
    for (int at = 1; !finished; at += 9) {
        const char *folder = folder_for("killed", at);
        test_result r;
        train_command(folder, command, argv, &c);
        c.kill_at = at;
        test_run(&c, &r);
        finished = r.exit_code == 0;
        CHECK(finished || r.signal == SIGKILL);
        CHECK(!finished || at > 50); /* it saves at 18 steps: there is enough to be killed at */
        test_result_free(&r);
        finish(folder);
        check_same_run(folder);
    }
}

/* Start the command, send a signal after `seconds`; returns waitpid's status. */
static int disturb(const char *folder, double seconds, int signal_number)
{
    int status;
    const pid_t child = train_start(folder, command);
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
    kill(child, signal_number);
    CHECK_INT(waitpid(child, &status, 0), child);
    return status;
}

/* How long an undisturbed run takes, to aim the signals. */
static double duration(void)
{
    const double started = lsc_seconds();
    undisturbed();
    return lsc_seconds() - started;
}

static void killed_at_random_moments_it_ends_the_same(void **state)
{
    const lsc_rng r = {20, 0};
    int kills = 0;
    (void)state;
    const double whole = duration();
    const char *folder = folder_for("random", 1);
    for (uint64_t i = 0; i < 20; i++) {
        const int status = disturb(folder, whole * (0.05 + 0.6 * lsc_rng_uniform(r, i)), SIGKILL);
        kills += WIFSIGNALED(status);
        if (WIFEXITED(status))
            CHECK_INT(WEXITSTATUS(status), 0); /* it had ended */
    }
    CHECK(kills > 0);
    finish(folder);
    check_same_run(folder);
}

static void stopped_on_request_it_saves_and_goes_on(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    (void)state;
    const double whole = duration();
    for (size_t i = 0; i < LSC_COUNT(signals); i++) {
        const char *folder = folder_for("stopped", signals[i]);
        const char *run_bin = test_path("stopped%d/out/run.bin", signals[i]);
        const char *run_state = test_path("stopped%d/out/run.state", signals[i]);
        int status = 0;
        for (int k = 0; k < 40 && !(WIFEXITED(status) && WEXITSTATUS(status) == 130); k++) {
            status = disturb(folder, whole * 0.5, signals[i]);
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) { /* too late: once more from the beginning */
                unlink(run_state);
                unlink(run_bin);
            }
        }
        CHECK_INT(WEXITSTATUS(status), 130);
        CHECK(lsc_file_exists(run_state));
        CHECK(!lsc_file_exists(run_bin));
        finish(folder);
        check_same_run(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(killed_at_a_file_call_it_ends_the_same),
        TEST_IN_FOLDER(killed_at_random_moments_it_ends_the_same),
        TEST_IN_FOLDER(stopped_on_request_it_saves_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
