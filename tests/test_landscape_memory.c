/*
 * Every allocation of the program made to fail in turn: it says so, leaves nothing behind, and goes on the next time.
 * SPDX-License-Identifier: MIT
 */
#include "landscape_fixture.h"

static lsc_status run(void *context)
{
    return landscape_program(context);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    landscape_data(4);
    landscape_options o = landscape_defaults(landscape_checkpoint(""));
    o.common.device = "ref";
    o.common.json = true;
    o.dirs = 1;
    o.points = 2;
    o.samples = 3;
    o.no_vtp = true;
    o.overwrite = true;
    o.move = "weight,bias";
    lsc_log_set("test", LSC_LOG_QUIET);
    CHECK(test_torture(run, &o) > 50);
    CHECK(lsc_file_exists(test_path("surface.h5")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
