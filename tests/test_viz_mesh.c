/*
 * A surface as geometry.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "support/support.h"
#include "viz/mesh.h"
#include "viz_fixture.h"

static const viz_height unit = {.kind = VIZ_LOSS, .lo = 0, .hi = 4, .tall = 1};

static viz_mesh *new_mesh(const lsc_surface *s, const viz_height *h)
{
    const viz_grid g = viz_grid_of(s);
    viz_mesh *m;

    CHECK_OK(viz_mesh_new(&g, h, 0, &m));
    return m;
}

static int corners_of(const viz_mesh *m, int64_t cell)
{
    return (int)(m->offset[cell + 1] - m->offset[cell]);
}

/* Twice the signed area of a cell seen from above. */
static double area2(const viz_mesh *m, int64_t cell)
{
    const int n = corners_of(m, cell);
    double sum = 0;

    for (int k = 0; k < n; k++) {
        const double *a = &m->xyz[3 * m->corner[m->offset[cell] + k]];
        const double *b = &m->xyz[3 * m->corner[m->offset[cell] + (k + 1) % n]];
        sum += a[0] * b[1] - b[0] * a[1];
    }
    return sum;
}

static double total_area(const viz_mesh *m)
{
    double sum = 0;
    for (int64_t c = 0; c < m->n_cells; c++)
        sum += area2(m, c) / 2;
    return sum;
}

static void a_grid_that_is_not_square_gives_every_quad_once(void **state)
{
    lsc_surface *s = fixture_square(11, 7, fixture_bowl);
    viz_mesh *m = new_mesh(s, &unit);

    (void)state;
    CHECK_INT(m->kind, VIZ_POLYGONS);
    CHECK_INT(m->n_points, 77);
    CHECK_INT(m->n_cells, 60);
    CHECK_REAL(total_area(m), 4, 1e-12);
    for (int64_t c = 0; c < m->n_cells; c++) {
        CHECK_INT(corners_of(m, c), 4);
        CHECK(area2(m, c) > 0); /* counter-clockwise: normals point up */
    }
    CHECK_REAL(m->xyz[3 * (2 + 11 * 3)], -0.6, 1e-15);
    CHECK_REAL(m->xyz[3 * (2 + 11 * 3) + 1], 0, 0);
    CHECK_REAL(m->xyz[3 * (2 + 11 * 3) + 2], (0.5 + 0.36) / 4, 1e-15);
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static void cells_at_a_point_that_is_not_shown_are_left_out(void **state)
{
    lsc_surface *s = fixture_square(9, 9, fixture_holes);
    viz_mesh *m = new_mesh(s, &unit);

    (void)state;
    CHECK_INT(m->n_cells, 64 - 3 * 4);
    for (int64_t i = 0; i < 3 * m->n_points; i++)
        CHECK(isfinite(m->xyz[i]) && isfinite(m->normals[i]));
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static void the_cut_follows_the_level_line(void **state)
{
    const viz_height cut = {.kind = VIZ_LOSS, .lo = 0, .hi = 1.5, .tall = 1};
    lsc_surface *s = fixture_square(81, 81, fixture_bowl);
    const viz_grid g = viz_grid_of(s);
    viz_mesh *m = new_mesh(s, &cut);
    double *loss, top = 0;

    (void)state;
    CHECK_OK(viz_mesh_values(m, g.loss, &loss));
    CHECK(m->n_points > m->n_grid);
    for (int64_t p = m->n_grid; p < m->n_points; p++) {
        CHECK_REAL(m->xyz[3 * p + 2], 1, 0);
        CHECK_REAL(loss[p], 1.5, 1e-12);
    }
    for (int64_t p = 0; p < m->n_points; p++)
        top = fmax(top, m->xyz[3 * p + 2]);
    CHECK_REAL(top, 1, 0);
    /* {x^2 + 2 y^2 <= 1} is an ellipse of area pi / sqrt(2); chords of a grid of 1/40 lose less than 0.2 % */
    CHECK_RELATIVE(total_area(m), M_PI / sqrt(2), 2e-3);
    lsc_free(loss);
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static double saddle(const double c[3])
{
    return c[0] * c[1] > 0 ? 0 : 8;
}

static void a_saddle_keeps_both_of_its_low_corners(void **state)
{
    lsc_surface *s = fixture_square(2, 2, saddle);
    viz_mesh *m = new_mesh(s, &unit);

    (void)state;
    CHECK_INT(m->n_cells, 1);
    CHECK_INT(corners_of(m, 0), 6);
    CHECK_INT(m->n_points, 8);
    CHECK_REAL(total_area(m), 3, 1e-15); /* 4 less two triangles of half an edge */
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static void a_surface_above_the_cut_has_no_cell(void **state)
{
    const viz_height low = {.kind = VIZ_LOSS, .lo = 0, .hi = 0.1, .tall = 1};
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    viz_mesh *m = new_mesh(s, &low);

    (void)state;
    CHECK_INT(m->n_cells, 0);
    CHECK_INT(m->n_corners, 0);
    CHECK_INT(m->n_points, 25);
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static void a_flat_mesh_is_whole_and_at_zero(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_steep);
    viz_mesh *m = new_mesh(s, NULL);

    (void)state;
    CHECK_INT(m->n_cells, 16);
    for (int64_t p = 0; p < m->n_points; p++) {
        CHECK_REAL(m->xyz[3 * p + 2], 0, 0);
        CHECK_REAL(m->normals[3 * p + 2], 1, 0);
    }
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static double tilted(const double c[3])
{
    return 2 + c[0] - c[1] / 2;
}

static void normals_are_those_of_the_heights(void **state)
{
    lsc_surface *s = fixture_square(5, 5, tilted);
    viz_mesh *m = new_mesh(s, &unit); /* z = loss / 4: slopes 1/4 and -1/8 */
    const double length = sqrt(1 + 1. / 16 + 1. / 64);

    (void)state;
    for (int64_t p = 0; p < m->n_points; p++) {
        /* floats: 1e-6 */
        CHECK_REAL(m->normals[3 * p], -0.25 / length, 1e-6);
        CHECK_REAL(m->normals[3 * p + 1], 0.125 / length, 1e-6);
        CHECK_REAL(m->normals[3 * p + 2], 1 / length, 1e-6);
    }
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static double huge(const double c[3])
{
    return c[0] > 0 ? 1e308 : c[0] < 0 ? -1e308 : 1;
}

static void huge_losses_leave_finite_geometry(void **state)
{
    lsc_surface *s = fixture_square(5, 5, huge);
    viz_mesh *m = new_mesh(s, &unit);

    (void)state;
    for (int64_t i = 0; i < 3 * m->n_points; i++)
        CHECK(isfinite(m->xyz[i]) && isfinite(m->normals[i]));
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static double broken_line(const double c[3])
{
    return fabs(c[0] - 0.2) < 1e-9 ? NAN : 10 * c[0] * c[0];
}

static void a_curve_is_cut_and_broken_where_it_must_be(void **state)
{
    lsc_surface *s = fixture_surface((const lsc_axis[]){{-1, 1, 11}}, 1, broken_line);
    viz_mesh *m = new_mesh(s, &unit);

    /* x = -0.6 .. 0 and x = 0.4, 0.6 are below 4, 0.2 is NaN; the edges (-0.8, -0.6) and (0.6, 0.8) are cut */
    (void)state;
    CHECK_INT(m->kind, VIZ_LINES);
    CHECK_INT(m->n_cells, 2);
    CHECK_INT(corners_of(m, 0), 5);
    CHECK_INT(corners_of(m, 1), 3);
    CHECK_REAL(m->xyz[3 * m->corner[0] + 1], 1, 0); /* the height is y */
    CHECK_REAL(m->xyz[3 * m->corner[0] + 2], 0, 0);
    CHECK_INT(m->corner[1], 2);
    CHECK_INT(m->n_points, 13);
    viz_mesh_free(m);
    lsc_surface_free(s);
}

static void an_axis_of_one_point_does_not_count(void **state)
{
    const lsc_axis row[] = {{-1, 1, 5}, {0, 0, 1}}, column[] = {{0, 0, 1}, {-1, 1, 5}}, dot[] = {{0, 0, 1}, {0, 0, 1}};
    lsc_surface *r = fixture_surface(row, 2, fixture_bowl), *c = fixture_surface(column, 2, fixture_bowl),
                *d = fixture_surface(dot, 2, fixture_bowl);
    viz_mesh *mr = new_mesh(r, &unit), *mc = new_mesh(c, &unit), *md = new_mesh(d, &unit);

    (void)state;
    CHECK_INT(mr->n_cells, 1);
    CHECK_INT(mc->n_cells, 1);
    CHECK_REAL(mc->xyz[0], -1, 0);
    CHECK_INT(md->kind, VIZ_VERTICES);
    CHECK_INT(md->n_cells, 1);
    viz_mesh_free(mr);
    viz_mesh_free(mc);
    viz_mesh_free(md);
    lsc_surface_free(r);
    lsc_surface_free(c);
    lsc_surface_free(d);
}

static void a_volume_is_not_a_mesh(void **state)
{
    lsc_surface *s = fixture_surface((const lsc_axis[]){{-1, 1, 3}, {-1, 1, 3}, {-1, 1, 3}}, 3, fixture_bowl);
    const viz_grid g = viz_grid_of(s);
    viz_mesh *m = NULL;

    (void)state;
    CHECK_FAILS(viz_mesh_new(&g, &unit, 0, &m), LSC_ERR_ARG, "3 axes has no height");
    CHECK(m == NULL);
    lsc_surface_free(s);
}

static lsc_status make_and_free(void *grid)
{
    viz_mesh *m = NULL;
    const lsc_status st = viz_mesh_new(grid, &unit, 0, &m);
    viz_mesh_free(m);
    return st;
}

static void a_failed_allocation_is_an_error(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    viz_grid g = viz_grid_of(s);

    (void)state;
    CHECK_INT(test_torture(make_and_free, &g), 9);
    lsc_surface_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_grid_that_is_not_square_gives_every_quad_once),
        TEST(cells_at_a_point_that_is_not_shown_are_left_out),
        TEST(the_cut_follows_the_level_line),
        TEST(a_saddle_keeps_both_of_its_low_corners),
        TEST(a_surface_above_the_cut_has_no_cell),
        TEST(a_flat_mesh_is_whole_and_at_zero),
        TEST(normals_are_those_of_the_heights),
        TEST(huge_losses_leave_finite_geometry),
        TEST(a_curve_is_cut_and_broken_where_it_must_be),
        TEST(an_axis_of_one_point_does_not_count),
        TEST(a_volume_is_not_a_mesh),
        TEST(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
