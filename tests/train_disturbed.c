/*
 * See train_disturbed.h.
 * SPDX-License-Identifier: MIT
 */
#include "train_disturbed.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const char *command[] = {"--config",
                                "../run.yaml",
                                "--out",
                                "out",
                                "--resume",
                                "--set",
                                "train.optimizer=gac-fas",
                                "--set",
                                "train.save_minutes=0",
                                "--set",
                                "train.trajectory_every=1",
                                "--set",
                                "train.select=source_val",
                                "--set",
                                "train.average=ema",
                                "--device",
                                NULL, /* disturbed_begin sets it */
                                NULL};

void disturbed_finish(const char *folder)
{
    test_result r;
    train_run(folder, &r, command);
    if (r.exit_code != 0)
        fail_msg("train: exit %d:\n%s", r.exit_code, r.err);
    test_result_free(&r);
}

/* The same file in a run's folder and in the undisturbed one. */
static void compare(const char *folder, const char *name, void (*check)(const char *a, const char *b))
{
    char a[256], b[256];
    snprintf(a, sizeof a, "%s/out/%s", folder, name);
    snprintf(b, sizeof b, "%s/undisturbed/out/%s", test_folder(), name);
    check(a, b);
}

void disturbed_check(const char *folder)
{
    compare(folder, "run.bin", check_same_file);
    compare(folder, "trajectory/epoch_000002.safetensors", check_same_file);
    compare(folder, "history.csv", check_same_history);
}

const char *disturbed_folder(const char *name, int number)
{
    const char *folder = test_path("%s%d", name, number);
    CHECK_OK(lsc_mkdirs(folder));
    return folder;
}

int disturbed_by(const char *folder, double seconds, int signal_number)
{
    int status;
    const pid_t child = train_start(folder, command);
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
    kill(child, signal_number);
    CHECK_INT(waitpid(child, &status, 0), child);
    return status;
}

double disturbed_begin(const char *device)
{
    command[LSC_COUNT(command) - 2] = device;
    const char *folder = test_path("undisturbed");
    train_fixture();
    CHECK_OK(lsc_mkdirs(folder));
    const double started = lsc_seconds();
    disturbed_finish(folder);
    return lsc_seconds() - started;
}

void disturbed_command(const char *folder, const char **argv, test_command *out)
{
    train_command(folder, command, argv, out);
}
