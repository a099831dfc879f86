/*
 * Ctrl-C and SIGTERM: the step is finished, the run saved, the exit code 130; --resume ends in the same bytes.
 * SPDX-License-Identifier: MIT
 */
#include "train_disturbed.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void stopped_on_request_it_saves_and_goes_on(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM};
    (void)state;
    const double whole = disturbed_begin("ref");
    for (size_t i = 0; i < LSC_COUNT(signals); i++) {
        const char *folder = disturbed_folder("stopped", signals[i]);
        const char *run_bin = test_path("stopped%d/out/run.bin", signals[i]);
        const char *run_state = test_path("stopped%d/out/run.state", signals[i]);
        int status = 0;
        for (int k = 0; k < 40 && !(WIFEXITED(status) && WEXITSTATUS(status) == 130); k++) {
            status = disturbed_by(folder, whole * 0.5, signals[i]);
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) { /* too late: once more from the beginning */
                unlink(run_state);
                unlink(run_bin);
            }
        }
        CHECK_INT(WEXITSTATUS(status), 130);
        CHECK(lsc_file_exists(run_state));
        CHECK(!lsc_file_exists(run_bin));
        disturbed_finish(folder);
        disturbed_check(folder);
    }
}

/* Again and again, a little later each time, so that requests meet steps, saves and evaluations. */
static void stopped_many_times_it_ends_the_same(void **state)
{
    (void)state;
    const double whole = disturbed_begin("ref");
    const char *folder = disturbed_folder("often", 0);
    int status = -1, stops = 0;
    for (int k = 1; k < 60 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0); k++) {
        status = disturbed_by(folder, whole * 0.05 * k, SIGINT);
        stops += WIFEXITED(status) && WEXITSTATUS(status) == 130;
    }
    CHECK(stops > 0);
    disturbed_finish(folder);
    disturbed_check(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(stopped_on_request_it_saves_and_goes_on),
        TEST_IN_FOLDER(stopped_many_times_it_ends_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
