/*
 * Runs that are killed end, by --resume, in the bytes of the undisturbed run.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"
#include "train_disturbed.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void killed_at_a_file_call_it_ends_the_same(void **state)
{
    const char *argv[32];
    test_command c;
    (void)state;
    disturbed_begin("ref");
    bool finished = false;
    for (int at = 1; !finished; at += 23) {
        const char *folder = disturbed_folder("killed", at);
        test_result r;
        disturbed_command(folder, argv, &c);
        c.kill_at = at;
        test_run(&c, &r);
        finished = r.exit_code == 0;
        CHECK(finished || r.signal == SIGKILL);
        CHECK(!finished || at > 50); /* it saves at 18 steps: there is enough to be killed at */
        test_result_free(&r);
        disturbed_finish(folder);
        disturbed_check(folder);
    }
}

static void killed_at_random_moments_it_ends_the_same(void **state)
{
    const lsc_rng r = {20, 0};
    (void)state;
    const double whole = disturbed_begin("ref");
    const char *folder = disturbed_folder("random", 1);
    const char *run_bin = test_path("random1/out/run.bin"), *run_state = test_path("random1/out/run.state");
    int kills = 0;
    for (uint64_t i = 0; kills < 20; i++) {
        CHECK(i < 100);
        const int status = disturbed_by(folder, whole * (0.05 + 0.6 * lsc_rng_uniform(r, i)), SIGKILL);
        kills += WIFSIGNALED(status);
        if (WIFEXITED(status)) { /* it had come to its end: once more from the beginning */
            CHECK_INT(WEXITSTATUS(status), 0);
            disturbed_check(folder);
            unlink(run_bin);
            unlink(run_state);
        }
    }
    disturbed_finish(folder);
    disturbed_check(folder);
}

static bool have(const char *device)
{
    const char *name, *text, *remedy = NULL;
    for (int i = 0; (name = nn_backend_name(i, &text, &remedy)) != NULL; i++)
        if (strcmp(name, device) == 0)
            return remedy == NULL;
    return false;
}

static void so_it_does_on_the_cpu_backend(void **state)
{
    (void)state;
    if (!have("cpu"))
        skip();
    const double whole = disturbed_begin("cpu");
    for (int k = 1; k <= 3; k++) {
        const char *folder = disturbed_folder("cpu", k);
        disturbed_by(folder, whole * k / 4, SIGKILL);
        disturbed_finish(folder);
        disturbed_check(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(killed_at_a_file_call_it_ends_the_same),
        TEST_IN_FOLDER(killed_at_random_moments_it_ends_the_same),
        TEST_IN_FOLDER(so_it_does_on_the_cpu_backend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
