/*
 * What every row of formats.def owes: a whole file or an error and none, for any surface.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "support/support.h"
#include "viz/viz.h"
#include "viz_fixture.h"

static lsc_surface *line(void)
{
    return fixture_surface((const lsc_axis[]){{-1, 1, 9}}, 1, fixture_holes);
}

static lsc_surface *dot(void)
{
    return fixture_surface((const lsc_axis[]){{-1, 1, 1}, {-1, 1, 1}}, 2, fixture_bowl);
}

static lsc_surface *oblong(void)
{
    return fixture_surface((const lsc_axis[]){{-1, 1, 9}, {-0.5, 1, 7}}, 2, fixture_bowl);
}

static lsc_surface *holes(void)
{
    return fixture_square(9, 9, fixture_holes);
}

static lsc_surface *steep(void)
{
    return fixture_square(9, 9, fixture_steep);
}

static lsc_surface *never(void)
{
    return fixture_square(3, 3, fixture_never);
}

static lsc_surface *volume(void)
{
    return fixture_surface((const lsc_axis[]){{-1, 1, 5}, {-1, 1, 4}, {-1, 1, 3}}, 3, fixture_bowl);
}

static lsc_surface *(*const kinds_of_surface[])(void) = {line, dot, oblong, holes, steep, never, volume};

static bool draws_only_planes(const viz_format *f)
{
    return strcmp(f->name, "png") == 0;
}

static void every_surface_gives_a_whole_file_or_none(void **state)
{
    const viz_format *f;
    const char *text;

    (void)state;
    for (int i = 0; (f = viz_format_at(i, &text)) != NULL; i++) {
        CHECK(text[0] != '\0');
        for (size_t k = 0; k < LSC_COUNT(kinds_of_surface); k++) {
            const char *path = test_path("%zu.%s", k, f->name), *part = test_path("%zu.%s.part", k, f->name);
            lsc_surface *s = kinds_of_surface[k]();
            const lsc_status st = f->write(s, path, NULL);

            if (st != LSC_OK) {
                CHECK_INT(st, LSC_ERR_ARG);
                CHECK(draws_only_planes(f));
                CHECK_HAS(lsc_last_error(), "picture: ");
            }
            CHECK(lsc_file_exists(path) == (st == LSC_OK));
            CHECK(!lsc_file_exists(part));
            lsc_surface_free(s);
        }
    }
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    const viz_format *f;
    lsc_surface *s = fixture_square(3, 3, fixture_bowl);

    (void)state;
    for (int i = 0; (f = viz_format_at(i, NULL)) != NULL; i++)
        CHECK_FAILS(f->write(s, test_path("no/surface.%s", f->name), NULL), LSC_ERR_IO, "no/surface.");
    lsc_surface_free(s);
}

static void a_path_tells_its_format(void **state)
{
    const viz_format *f = NULL, *found;

    (void)state;
    for (int i = 0; (f = viz_format_at(i, NULL)) != NULL; i++) {
        CHECK_OK(viz_format_of(test_path("a.b/surface.%s", f->name), &found));
        CHECK(found == f);
    }
    CHECK(viz_format_at(-1, NULL) == NULL);
    CHECK_FAILS(viz_format_of("surface.jpg", &f), LSC_ERR_ARG,
                "surface.jpg: the end of the name tells no format (known: .vtp .vti .csv .png)");
    CHECK_FAILS(viz_format_of("runs.vtp/surface", &f), LSC_ERR_ARG, "tells no format");
    CHECK_FAILS(viz_format_of("\x1b[2Jvtp", &f), LSC_ERR_ARG, "\\x1b[2Jvtp");
}

static void a_table_keeps_all_digits(void **state)
{
    const viz_format *csv;
    const char *path = test_path("s.csv");
    const lsc_axis axes[] = {{-1, 1, 4}, {0.1, 0.5, 2}};
    lsc_surface *s = fixture_surface(axes, 2, fixture_bowl);
    const double *loss = lsc_surface_field(s, "loss");

    (void)state;
    CHECK_OK(viz_format_of(path, &csv));
    CHECK_OK(csv->write(s, path, NULL));
    char *text = test_read(path, NULL), *row = text;
    CHECK_HAS(text, "direction_1,direction_2,done,loss,accuracy\n");
    for (int p = 0; p < 8; p++) {
        double x, y, value;
        int done;
        row = strchr(row, '\n') + 1;
        CHECK_INT(sscanf(row, "%lf,%lf,%d,%lf", &x, &y, &done, &value), 4);
        CHECK_REAL(x, lsc_axis_at(&axes[0], p % 4), 0);
        CHECK_REAL(y, lsc_axis_at(&axes[1], p / 4), 0);
        CHECK_REAL(value, loss[p], 0);
        CHECK_INT(done, 1);
    }
    lsc_free(text);
    lsc_surface_free(s);
}

static void a_table_says_what_is_missing(void **state)
{
    const viz_format *csv;
    const char *path = test_path("s.csv");
    lsc_surface *s = fixture_square(5, 5, fixture_holes);

    (void)state;
    CHECK_OK(viz_format_of(path, &csv));
    CHECK_OK(csv->write(s, path, NULL));
    char *text = test_read(path, NULL);
    CHECK_HAS(text, "\n-0.5,-0.5,0,nan,nan\n");
    CHECK_HAS(text, "\n0.5,0.5,1,nan,nan\n");
    CHECK_HAS(text, "\n-0.5,0.5,1,inf,0\n");
    lsc_free(text);
    lsc_surface_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_surface_gives_a_whole_file_or_none),
        TEST_IN_FOLDER(a_folder_that_is_not_there_is_named),
        TEST_IN_FOLDER(a_path_tells_its_format),
        TEST_IN_FOLDER(a_table_keeps_all_digits),
        TEST_IN_FOLDER(a_table_says_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
