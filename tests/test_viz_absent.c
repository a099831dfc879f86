/*
 * A build without VTK: everything is there, and what needs VTK says how to get it. Linked with the stand-ins.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"
#include "viz/viz.h"
#include "viz_fixture.h"

static const char remedy[] = "VTK is not in this build: configure with -DLSC_WITH_VTK=ON";

static void files_and_pictures_say_how_to_get_vtk(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl),
                *volume = fixture_surface((const lsc_axis[]){{-1, 1, 3}, {-1, 1, 3}, {-1, 1, 3}}, 3, fixture_bowl);
    const viz_run run = {s, "erm"};
    const viz_format *vti;

    (void)state;
    CHECK_FAILS(viz_write_vtp(s, test_path("s.vtp"), NULL), LSC_ERR_ABSENT, remedy);
    CHECK_FAILS(viz_write_vtp(volume, test_path("s.vtp"), NULL), LSC_ERR_ABSENT, remedy);
    CHECK_FAILS(viz_write_png(&run, 1, test_path("s.png"), NULL), LSC_ERR_ABSENT, remedy);
    CHECK_OK(viz_format_of("s.vti", &vti));
    CHECK_FAILS(vti->write(s, test_path("s.vti"), NULL), LSC_ERR_ABSENT, remedy);
    CHECK_INT(test_folder_entries(), 0);
    lsc_surface_free(s);
    lsc_surface_free(volume);
}

static void tables_need_no_vtk(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    const viz_run run = {s, "erm"};
    const viz_format *csv;
    lsc_text t = {0};

    (void)state;
    CHECK_OK(viz_format_of("s.csv", &csv));
    CHECK_OK(csv->write(s, test_path("s.csv"), NULL));
    viz_table_text(&run, 1, &t);
    CHECK_HAS(t.text, "erm");
    lsc_text_free(&t);
    lsc_surface_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(files_and_pictures_say_how_to_get_vtk),
        TEST_IN_FOLDER(tables_need_no_vtk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
