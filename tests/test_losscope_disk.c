/*
 * A disk that fills up, wherever it does: the work goes on, the file under its name stays whole, and the end says it.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <stdlib.h>

#include "losscope.h"

static const char *driver;

static void run_driver(const char *path, const char *stop_at, int64_t full_after, int64_t file_limit, test_result *r)
{
    const char *const argv[] = {driver, path, "7", "0", stop_at, NULL};

    test_run(&(test_command){.argv = argv, .full_after = full_after, .file_limit = file_limit}, r);
    CHECK_INT(r->signal, 0);
}

static void check_bytes_of(const char *path, const char *want, size_t n_want)
{
    size_t n;
    char *bytes = test_read(path, &n);

    CHECK_INT(n, n_want);
    CHECK_BYTES(bytes, want, n);
    lsc_free(bytes);
}

static void a_first_save_that_does_not_fit_leaves_nothing(void **state)
{
    const char *path = test_path("s.h5"), *whole_path = test_path("whole.h5");
    const int64_t rooms[] = {-1, 1, 100, 2048, 5000, 9000};
    test_result r;
    size_t n;

    (void)state;
    run_driver(whole_path, NULL, 0, 0, &r);
    CHECK_INT(r.exit_code, LSC_OK);
    test_result_free(&r);
    lsc_free(test_read(whole_path, &n));
    CHECK(n > 9100);
    for (size_t i = 0; i < LSC_COUNT(rooms); i++) {
        run_driver(path, NULL, rooms[i], 0, &r);
        CHECK_INT(r.exit_code, LSC_ERR_IO);
        CHECK_HAS(r.err, "s.h5: cannot write: No space left on device");
        CHECK_STR(r.out, "49 points evaluated, 49 done\n");
        test_result_free(&r);
        CHECK_INT(test_folder_entries(), 1);
    }
}

static void an_older_file_survives_and_is_resumed_when_there_is_room(void **state)
{
    const char *path = test_path("s.h5");
    test_result r;
    size_t n;
    char *before;
    lsc_surface *s = NULL;

    (void)state;
    run_driver(path, "5", 0, 0, &r);
    CHECK_INT(r.exit_code, LSC_ERR_STOPPED);
    test_result_free(&r);
    before = test_read(path, &n);
    for (int64_t room = 1; room < (int64_t)n - 10; room += 997) {
        run_driver(path, NULL, room, 0, &r);
        CHECK_INT(r.exit_code, LSC_ERR_IO);
        CHECK_STR(r.out, "44 points evaluated, 49 done\n");
        test_result_free(&r);
        check_bytes_of(path, before, n);
    }
    run_driver(path, NULL, 0, 0, &r);
    CHECK_INT(r.exit_code, LSC_OK);
    CHECK_STR(r.out, "44 points evaluated, 49 done\n");
    test_result_free(&r);
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_INT(lsc_surface_n_done(s), 49);
    lsc_surface_free(s);
    lsc_free(before);
}

static void a_limit_on_file_sizes_is_a_full_disk_too(void **state)
{
    const char *path = test_path("s.h5");
    test_result r;

    (void)state;
    run_driver(path, NULL, 0, 4096, &r);
    CHECK_INT(r.exit_code, LSC_ERR_IO);
    CHECK_HAS(r.err, "s.h5: cannot write: File too large");
    CHECK_STR(r.out, "49 points evaluated, 49 done\n");
    test_result_free(&r);
    CHECK_INT(test_folder_entries(), 0);
}

static void both_failures_are_told_when_the_run_stops_on_a_full_disk(void **state)
{
    const char *path = test_path("s.h5");
    test_result r;

    (void)state;
    run_driver(path, "5", 100, 0, &r);
    CHECK_INT(r.exit_code, LSC_ERR_STOPPED);
    CHECK_HAS(r.err, "stopped on request with 5 of 49 points done; and what was done could not be saved: ");
    CHECK_HAS(r.err, "No space left on device");
    test_result_free(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_first_save_that_does_not_fit_leaves_nothing),
        TEST_IN_FOLDER(an_older_file_survives_and_is_resumed_when_there_is_room),
        TEST_IN_FOLDER(a_limit_on_file_sizes_is_a_full_disk_too),
        TEST_IN_FOLDER(both_failures_are_told_when_the_run_stops_on_a_full_disk),
    };
    driver = argc > 1 ? argv[1] : "losscope_driver";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
