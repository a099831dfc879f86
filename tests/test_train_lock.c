/*
 * Two processes that train into the same folder.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static ino_t wait_for_another_save(ino_t before)
{
    struct stat info = {0};
    for (int i = 0; i < 2000; i++) {
        if (stat(test_path("out/run.state"), &info) == 0 && info.st_ino != before)
            return info.st_ino;
        usleep(5000);
    }
    fail_msg("the first process does not save");
    return 0;
}

static void a_second_process_is_turned_away_across_saves(void **state)
{
    test_result r;
    int status;
    ino_t saved = 0;
    (void)state;
    train_fixture();
    const pid_t first =
        train_start(test_folder(), (const char *const[]){"--config", "run.yaml", "--out", "out", "--set",
                                                         "train.epochs=100000", "--set", "train.save_minutes=0", NULL});
    for (int i = 0; i < 3; i++) {
        saved = wait_for_another_save(saved);
        TRAIN(test_folder(), &r, "--out", "out", "--resume");
        if (r.exit_code != 74)
            kill(first, SIGKILL);
        CHECK_INT(r.exit_code, 74);
        CHECK_HAS(r.err, "out/run: in use by process");
        test_result_free(&r);
    }
    CHECK_INT(waitpid(first, &status, WNOHANG), 0); /* it still runs */
    kill(first, SIGTERM);
    CHECK_INT(waitpid(first, &status, 0), first);
    CHECK_INT(WEXITSTATUS(status), 130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_second_process_is_turned_away_across_saves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
