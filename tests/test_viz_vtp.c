/*
 * .vtp, .vti and .vtm read back by VTK.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "support/support.h"
#include "viz/viz.h"
#include "viz_fixture.h"
#include "viz_reader.h"

static read_data *written(const lsc_surface *s, const char *name)
{
    const char *path = test_path("%s", name);
    const viz_format *f;

    CHECK_OK(viz_format_of(path, &f));
    CHECK_OK(f->write(s, path, NULL));
    read_data *d = read_vtk(path);
    CHECK(d != NULL);
    return d;
}

static const double *array(const read_data *d, read_where where, const char *name, int64_t wanted)
{
    int64_t n = 0;
    const double *values = read_array(d, where, name, &n);

    CHECK(values != NULL);
    CHECK_INT(n, wanted);
    return values;
}

static void fields_come_back_bit_for_bit(void **state)
{
    static const char *const names[] = {"loss", "accuracy"}, *const files[] = {"s.vtp", "s.vti"};
    lsc_surface *s = fixture_square(11, 7, fixture_bowl);

    (void)state;
    for (int i = 0; i < 2; i++) {
        read_data *d = written(s, files[i]);
        CHECK_INT(read_points(d), 77);
        CHECK_INT(read_cells(d), 60);
        for (int f = 0; f < 2; f++)
            CHECK_BYTES(array(d, READ_POINTS, names[f], 77), lsc_surface_field(s, names[f]), 77 * sizeof(double));
        read_free(d);
    }
    lsc_surface_free(s);
}

static void points_stay_at_their_coordinates(void **state)
{
    const lsc_axis axes[] = {{-1, 1, 9}, {-0.5, 1, 7}};
    lsc_surface *s = fixture_surface(axes, 2, fixture_bowl);
    static const char *const files[] = {"s.vtp", "s.vti"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        read_data *d = written(s, files[i]);
        for (int64_t p = 0; p < 63; p++) {
            double xyz[3];
            read_point(d, p, xyz);
            CHECK_REAL(xyz[0], lsc_axis_at(&axes[0], (int)(p % 9)), 1e-15);
            CHECK_REAL(xyz[1], lsc_axis_at(&axes[1], (int)(p / 9)), 1e-15);
        }
        read_free(d);
    }
    lsc_surface_free(s);
}

static void what_paraview_colours_by_depends_on_the_range(void **state)
{
    lsc_surface *bowl = fixture_square(9, 9, fixture_bowl), *steep = fixture_square(9, 9, fixture_steep);
    read_data *a = written(bowl, "bowl.vtp"), *b = written(steep, "steep.vtp"), *c = written(steep, "steep.vti");
    int64_t n = 0;

    (void)state;
    CHECK_STR(read_active(a), "loss");
    CHECK_STR(read_active(b), "log10_loss");
    CHECK_STR(read_active(c), "log10_loss");
    CHECK(read_has_normals(a));
    const double *loss = read_array(b, READ_POINTS, "loss", &n), *log = read_array(b, READ_POINTS, "log10_loss", &n);
    for (int64_t p = 0; p < n; p++)
        CHECK_REAL(log[p], log10(loss[p]), 0);
    read_free(a);
    read_free(b);
    read_free(c);
    lsc_surface_free(bowl);
    lsc_surface_free(steep);
}

static void no_surface_is_a_needle(void **state)
{
    static double (*const losses[])(const double c[3]) = {fixture_bowl, fixture_steep, fixture_holes, fixture_never};

    (void)state;
    for (size_t i = 0; i < LSC_COUNT(losses); i++) {
        lsc_surface *s = fixture_square(9, 9, losses[i]);
        read_data *d = written(s, "s.vtp");
        double b[6], xyz[3];
        read_bounds(d, b);
        CHECK(!(b[5] - b[4] > 0.5 * (b[1] - b[0]) + 1e-12));
        for (int64_t p = 0; p < read_points(d); p++) {
            read_point(d, p, xyz);
            CHECK(xyz[2] >= 0 && xyz[2] <= 1);
        }
        read_free(d);
        lsc_surface_free(s);
    }
}

static void holes_have_no_cell(void **state)
{
    lsc_surface *s = fixture_square(9, 9, fixture_holes);
    read_data *d = written(s, "s.vtp");

    (void)state;
    CHECK_INT(read_cells(d), 64 - 3 * 4);
    CHECK(isnan(array(d, READ_POINTS, "loss", 81)[6 * 9 + 6]));
    CHECK(isinf(array(d, READ_POINTS, "loss", 81)[6 * 9 + 2]));
    CHECK_STR(read_active(d), "loss");
    read_free(d);
    lsc_surface_free(s);
}

static void the_arrays_of_the_other_tool_are_there(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    read_data *d = written(s, "s.vtp");
    const double *z = array(d, READ_POINTS, "zvalue", 25), *mean = array(d, READ_CELLS, "averaged zvalue", 16);
    double xyz[3];
    int64_t corner[8];

    (void)state;
    for (int64_t p = 0; p < 25; p++) {
        read_point(d, p, xyz);
        CHECK_REAL(z[p], xyz[2], 0);
    }
    for (int64_t c = 0; c < 16; c++) {
        CHECK_INT(read_corners(d, c, corner), 4);
        CHECK_REAL(mean[c], (z[corner[0]] + z[corner[1]] + z[corner[2]] + z[corner[3]]) / 4, 1e-15);
    }
    read_free(d);
    lsc_surface_free(s);
}

static void provenance_survives_whatever_it_says(void **state)
{
    static const char *const hostile[] = {
        "\"/><script>alert(1)</script>",
        "]]>&amp;&lt;",
        "a\nb\tc\x1b[2J\x01",
        "\xff\xfe not UTF-8",
        "'; rm -rf /",
        "",
        "\xe2\x80\xae evil",
        "$\\frac{1}{0}$ | |",
    };
    lsc_surface *s = fixture_square(3, 3, fixture_bowl);
    char key[32];

    (void)state;
    for (size_t i = 0; i < LSC_COUNT(hostile); i++) {
        snprintf(key, sizeof key, "key%zu", i);
        CHECK_OK(lsc_surface_set(s, key, hostile[i]));
    }
    CHECK_OK(lsc_surface_set(s, "a\"<&>\x01\xff", "odd key"));
    static const char *const files[] = {"s.vtp", "s.vti"};
    for (int f = 0; f < 2; f++) {
        read_data *d = written(s, files[f]);
        for (size_t i = 0; i < LSC_COUNT(hostile); i++) {
            snprintf(key, sizeof key, "key%zu", i);
            CHECK_STR(read_text(d, key), hostile[i]);
        }
        CHECK_STR(read_text(d, "a______"), "odd key");
        read_free(d);
    }
    lsc_surface_free(s);
}

static void the_scale_of_heights_is_written_down(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    const viz_height h = {.kind = VIZ_LOSS, .lo = 0.25, .hi = 2, .tall = 3};
    const char *path = test_path("s.vtp");

    (void)state;
    CHECK_OK(viz_write_vtp(s, path, &h));
    read_data *d = read_vtk(path);
    CHECK(d != NULL);
    CHECK_REAL(array(d, READ_FIELD, "height_kind", 1)[0], VIZ_LOSS, 0);
    CHECK_REAL(array(d, READ_FIELD, "height_lo", 1)[0], 0.25, 0);
    CHECK_REAL(array(d, READ_FIELD, "height_hi", 1)[0], 2, 0);
    CHECK_REAL(array(d, READ_FIELD, "height_tall", 1)[0], 3, 0);
    read_free(d);
    lsc_surface_free(s);
}

static void a_curve_stands_up_in_the_first_view(void **state)
{
    lsc_surface *s = fixture_surface((const lsc_axis[]){{-1, 1, 11}}, 1, fixture_bowl);
    read_data *d = written(s, "s.vtp");
    double b[6];

    (void)state;
    CHECK_INT(read_cells(d), 1);
    CHECK_INT(read_points(d), 11);
    read_bounds(d, b);
    CHECK_REAL(b[2], 0, 0);
    CHECK_REAL(b[3], 1, 0);
    CHECK_REAL(b[5] - b[4], 0, 0);
    CHECK_BYTES(array(d, READ_POINTS, "loss", 11), lsc_surface_field(s, "loss"), 11 * sizeof(double));
    read_free(d);
    lsc_surface_free(s);
}

static double hollow(const double c[3])
{
    return c[0] > 0.7 ? NAN : fixture_bowl(c);
}

static void a_volume_becomes_nested_surfaces_of_equal_loss(void **state)
{
    const lsc_axis axes[] = {{-1, 1, 21}, {-1, 1, 11}, {-1, 1, 15}};
    lsc_surface *s = fixture_surface(axes, 3, hollow);
    read_data *d = written(s, "s.vtp"), *grid = written(s, "s.vti");
    int64_t n = 0;
    double b[6];

    (void)state;
    CHECK_STR(read_active(d), "loss");
    CHECK(read_cells(d) > 100);
    CHECK(read_has_normals(d));
    const double *loss = read_array(d, READ_POINTS, "loss", &n);
    for (int64_t p = 0; p < n; p++) {
        double xyz[3];
        read_point(d, p, xyz);
        CHECK(isfinite(xyz[0]) && isfinite(xyz[1]) && isfinite(xyz[2]));
        CHECK_REAL(loss[p], round(loss[p]), 1e-12); /* levels 1, 2, 3, 4 of 0.5 .. 4.5 */
    }
    read_bounds(d, b);
    CHECK(b[1] <= 0.7 + 1e-12 && b[0] >= -1);
    CHECK_INT(read_points(grid), 21 * 11 * 15);
    array(grid, READ_POINTS, "done", 21 * 11 * 15);
    read_free(d);
    read_free(grid);
    lsc_surface_free(s);
}

static void nothing_done_is_a_valid_file_without_cells(void **state)
{
    static const lsc_axis axes[] = {{-1, 1, 3}, {-1, 1, 3}, {-1, 1, 3}};

    (void)state;
    for (int rank = 1; rank <= 3; rank++) {
        lsc_surface *s = fixture_surface(axes, rank, fixture_never);
        read_data *d = written(s, "s.vtp"), *grid = written(s, "s.vti");
        CHECK_INT(read_cells(d), 0);
        CHECK_REAL(array(grid, READ_POINTS, "done", read_points(grid))[0], 0, 0);
        read_free(d);
        read_free(grid);
        lsc_surface_free(s);
    }
}

static void a_scene_holds_the_runs_side_by_side(void **state)
{
    const char *const paths[] = {test_path("a"), test_path("b")};
    const viz_options o = {.output = test_path("both.png"), .cut = NAN};
    lsc_text table = {0};
    double b[6];

    (void)state;
    for (int i = 0; i < 2; i++) {
        lsc_surface *s = fixture_square(5, 5, fixture_bowl);
        CHECK_OK(lsc_surface_set(s, "optimizer", i == 0 ? "erm" : "\"/><&\x01'"));
        CHECK_OK(lsc_mkdirs(paths[i]));
        CHECK_OK(lsc_surface_save(s, NULL, test_path("%s/surface.h5", i == 0 ? "a" : "b")));
        lsc_surface_free(s);
    }
    lsc_log_set("test", LSC_LOG_QUIET);
    CHECK_OK(viz_compare(paths, 2, &o, &table));
    CHECK_OK(lsc_mkdirs(test_path("elsewhere"))); /* paths are relative: scene and pieces move together */
    CHECK_INT(rename(test_path("both.vtm"), test_path("elsewhere/both.vtm")), 0);
    CHECK_INT(rename(test_path("both"), test_path("elsewhere/both")), 0);
    read_data *d = read_vtk(test_path("elsewhere/both.vtm"));
    CHECK(d != NULL);
    CHECK_INT(read_blocks(d), 2);
    CHECK_INT(read_points(d), 25); /* the last block */
    read_bounds(d, b);
    CHECK(b[0] > 1);
    read_free(d);
    lsc_text_free(&table);
}

typedef struct {
    const lsc_surface *s;
    const char *path;
} written_again;

static lsc_status write_again(void *context)
{
    const written_again *w = context;
    return viz_write_vtp(w->s, w->path, NULL);
}

static void a_failed_allocation_is_an_error(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    written_again w = {s, test_path("again.vtp")};

    (void)state;
    CHECK_OK(lsc_surface_set(s, "optimizer", "sam"));
    CHECK(test_torture(write_again, &w) > 15);
    CHECK_INT(test_folder_entries(), 1);
    lsc_surface_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(fields_come_back_bit_for_bit),
        TEST_IN_FOLDER(points_stay_at_their_coordinates),
        TEST_IN_FOLDER(what_paraview_colours_by_depends_on_the_range),
        TEST_IN_FOLDER(no_surface_is_a_needle),
        TEST_IN_FOLDER(holes_have_no_cell),
        TEST_IN_FOLDER(the_arrays_of_the_other_tool_are_there),
        TEST_IN_FOLDER(provenance_survives_whatever_it_says),
        TEST_IN_FOLDER(the_scale_of_heights_is_written_down),
        TEST_IN_FOLDER(a_curve_stands_up_in_the_first_view),
        TEST_IN_FOLDER(a_volume_becomes_nested_surfaces_of_equal_loss),
        TEST_IN_FOLDER(nothing_done_is_a_valid_file_without_cells),
        TEST_IN_FOLDER(a_scene_holds_the_runs_side_by_side),
        TEST_IN_FOLDER(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
