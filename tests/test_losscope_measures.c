/*
 * Rise and basin on surfaces whose answers are known.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#include "losscope.h"

#define PI 3.14159265358979323846

typedef double (*height)(double x, double y);

/* n x n points over [-1, 1]^2; heights of NaN are done, of -INFINITY are not. */
static lsc_surface *surface_of(height f, int n)
{
    const lsc_axis axes[] = {{-1, 1, n}, {-1, 1, n}};
    lsc_surface *s = NULL;

    CHECK_OK(lsc_surface_new(axes, 2, (const char *[]){"loss"}, 1, &s));
    for (int y = 0; y < n; y++)
        for (int x = 0; x < n; x++) {
            const double v = f(lsc_axis_at(&axes[0], x), lsc_axis_at(&axes[1], y));

            if (v != -INFINITY)
                lsc_surface_put(s, (int64_t)y * n + x, &v);
        }
    return s;
}

static double basin(height f, int n, double rise, bool *open)
{
    lsc_surface *s = surface_of(f, n);
    double area;

    CHECK_OK(lsc_surface_basin(s, rise, &area, open));
    lsc_surface_free(s);
    return area;
}

static double rise(height f, int n, double radius)
{
    lsc_surface *s = surface_of(f, n);
    double r;

    CHECK_OK(lsc_surface_rise(s, radius, &r));
    lsc_surface_free(s);
    return r;
}

static double paraboloid(double x, double y)
{
    return 3 + x * x + y * y;
}

/* The polygon's corners lie on edges at the linear crossing of a parabola, which misses by at most h^2 / (8 |grad|) =
 * h^2 / (16 r); its chords are at most h sqrt(2) long and cut off at most (h sqrt 2)^2 / (12 r) on average. Together
 * less than h^2 / (4 r) along a line of 2 pi r: pi h^2 / 2. */
static void a_paraboloid_holds_a_disk(void **state)
{
    bool open = true;

    (void)state;
    for (int n = 11; n <= 101; n += 10)
        for (double r = 0.25; r < 0.9; r += 0.1) {
            const double h = 2.0 / (n - 1), area = basin(paraboloid, n, r * r, &open);

            CHECK_REAL(area, PI * r * r, PI * h * h / 2);
            CHECK(area <= PI * r * r); /* both errors shrink it */
            CHECK(!open);
        }
}

static double valley(double x, double y)
{
    (void)y;
    return fabs(x);
}

static void a_valley_is_open_at_the_border(void **state)
{
    bool open = false;

    (void)state;
    CHECK_REAL(basin(valley, 21, 0.33, &open), 0.66 * 2, 1e-12); /* linear: exact but for rounding */
    CHECK(open);
}

static double ramp(double x, double y)
{
    return x + y;
}

static void a_plane_is_cut_exactly(void **state)
{
    bool open = false;

    (void)state;
    /* x + y <= 0.3 in the square: all but a triangle with legs 1.7 */
    CHECK_REAL(basin(ramp, 21, 0.3, &open), 4 - 1.7 * 1.7 / 2, 1e-12);
    CHECK(open);
}

/* On 3 x 3 points, all four cells are saddles. */
static double low_corners(double x, double y)
{
    return fabs(x) == 1 && fabs(y) == 1 ? -2 : x == 0 && y == 0 ? -1 : 1;
}

static double high_edges(double x, double y)
{
    return fabs(x) == 1 && fabs(y) == 1 ? -1 : x == 0 && y == 0 ? -1 : 3;
}

static void opposite_corners_are_joined_if_their_mean_is_inside(void **state)
{
    bool open = false;

    (void)state;
    /* Level 0. Each of four cells has -1 and -2 on one diagonal, 1 twice on the other: mean -1/4, a hexagon. The
     * crossings cut off 1/2 and 1/3 of the edges at each high corner: 1 - 2 (1/2 * 1/3 / 2). */
    CHECK_REAL(basin(low_corners, 3, 1, &open), 4 * (1 - 1.0 / 6), 1e-12);
    /* -1, 3, -1, 3: mean 1 is outside, two triangles with legs 1/4. */
    CHECK_REAL(basin(high_edges, 3, 1, &open), 4 * (2 * 0.25 * 0.25 / 2), 1e-12);
}

static double with_hole(double x, double y)
{
    return x > 0.6 && fabs(y) < 0.05 ? -INFINITY : x * x + y * y;
}

static double with_nan(double x, double y)
{
    return x > 0.6 && fabs(y) < 0.05 ? NAN : x * x + y * y;
}

static void points_not_done_count_as_above_and_open_the_basin(void **state)
{
    bool hole = false, nan = true;
    const double whole = basin(paraboloid, 41, 0.49, &(bool){false}), area = basin(with_hole, 41, 0.49, &hole);

    (void)state;
    CHECK(area < whole - 0.005 && area > whole - 0.05);
    CHECK(hole);
    CHECK_REAL(basin(with_nan, 41, 0.49, &nan), area, 0); /* a result, though not a number: nothing is unknown */
    CHECK(!nan);
}

static void a_rise_of_zero_on_flat_ground_is_all_of_it(void **state)
{
    bool open = false;

    (void)state;
    CHECK_REAL(basin(valley, 21, 5, &open), 4, 1e-12);
    CHECK_REAL(basin(paraboloid, 21, 0, &open), 0, 1e-12);
    CHECK(!open);
}

/* |c|^2 lies within (r +- h/2)^2 in the ring, so its mean is within r h + h^2 / 4 of r^2. */
static void a_paraboloid_rises_by_the_square_of_the_radius(void **state)
{
    (void)state;
    for (int n = 11; n <= 51; n += 20)
        for (double r = 0.2; r <= 1; r += 0.2) {
            const double h = 2.0 / (n - 1);
            CHECK_REAL(rise(paraboloid, n, r), r * r, r * h + h * h / 4);
        }
}

static void a_ring_without_points_has_no_rise(void **state)
{
    (void)state;
    CHECK(isnan(rise(paraboloid, 11, 5)));
    CHECK_REAL(rise(with_hole, 21, 0.7), 0.49, 0.7 * 0.1 + 0.0025);
}

static void surfaces_without_a_plane_or_a_center_are_refused(void **state)
{
    const lsc_axis line = {-1, 1, 5}, even[] = {{-1, 1, 4}, {-1, 1, 5}};
    lsc_surface *s = NULL;
    double value;
    bool open;

    (void)state;
    CHECK_OK(lsc_surface_new(&line, 1, (const char *[]){"loss"}, 1, &s));
    CHECK_FAILS(lsc_surface_rise(s, 0.5, &value), LSC_ERR_ARG, "the surface has 1 axes, should have 2");
    CHECK_FAILS(lsc_surface_basin(s, 0.5, &value, &open), LSC_ERR_ARG, "the surface has 1 axes, should have 2");
    lsc_surface_free(s);
    CHECK_OK(lsc_surface_new(even, 2, (const char *[]){"loss"}, 1, &s));
    CHECK_FAILS(lsc_surface_basin(s, 0.5, &value, &open), LSC_ERR_ARG, "the center (0, 0) is not a point of the grid");
    lsc_surface_free(s);
    CHECK_OK(lsc_surface_new((lsc_axis[]){line, line}, 2, (const char *[]){"loss"}, 1, &s));
    CHECK_FAILS(lsc_surface_rise(s, 0.5, &value), LSC_ERR_ARG, "the center (0, 0) is not done");
    lsc_surface_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_paraboloid_holds_a_disk),
        TEST(a_valley_is_open_at_the_border),
        TEST(a_plane_is_cut_exactly),
        TEST(opposite_corners_are_joined_if_their_mean_is_inside),
        TEST(points_not_done_count_as_above_and_open_the_basin),
        TEST(a_rise_of_zero_on_flat_ground_is_all_of_it),
        TEST(a_paraboloid_rises_by_the_square_of_the_radius),
        TEST(a_ring_without_points_has_no_rise),
        TEST(surfaces_without_a_plane_or_a_center_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
