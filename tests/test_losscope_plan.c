/*
 * Axes and the order of points.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#include "losscope.h"

static lsc_plan *new_plan(const lsc_axis *axes, int n_axes)
{
    lsc_plan *plan;

    CHECK_OK(lsc_plan_new(axes, n_axes, &plan));
    return plan;
}

/* Every grid index once, with the coordinates of that index. */
static void check_permutation(const lsc_axis *axes, int n_axes)
{
    lsc_plan *plan = new_plan(axes, n_axes);
    const int64_t n = lsc_plan_points(plan);
    uint8_t *seen = lsc_calloc((size_t)n, 1);

    for (int64_t k = 0; k < n; k++) {
        double coords[3];
        int64_t index = lsc_plan_point(plan, k, coords), rest = index;

        CHECK(index >= 0 && index < n && !seen[index]);
        seen[index] = 1;
        for (int a = 0; a < n_axes; a++) {
            CHECK_REAL(coords[a], lsc_axis_at(&axes[a], (int)(rest % axes[a].n)), 0);
            rest /= axes[a].n;
        }
    }
    lsc_free(seen);
    lsc_plan_free(plan);
}

static void every_point_comes_once(void **state)
{
    (void)state;
    for (int n = 1; n <= 70; n++)
        check_permutation(&(lsc_axis){-1, 1, n}, 1);
    check_permutation((lsc_axis[]){{-1, 1, 51}, {-1, 1, 51}}, 2);
    check_permutation((lsc_axis[]){{-1, 1, 8}, {0, 3, 5}}, 2);
    check_permutation((lsc_axis[]){{-1, 1, 4}, {0, 3, 5}, {2, 2, 1}}, 3);
}

static void the_grid_is_covered_coarse_to_fine(void **state)
{
    const lsc_axis axis = {0, 8, 9};
    const int want[] = {4, 0, 8, 2, 6, 1, 3, 5, 7};
    lsc_plan *plan = new_plan(&axis, 1);

    (void)state;
    for (int k = 0; k < 9; k++) {
        double x;
        CHECK_INT(lsc_plan_point(plan, k, &x), want[k]);
    }
    lsc_plan_free(plan);
}

/* After (2^j + 1)^2 points of a 17 x 17 grid, no point is further than half a step of that grid from a done one. */
static void a_plane_is_covered_level_by_level(void **state)
{
    const lsc_axis axes[] = {{0, 16, 17}, {0, 16, 17}};
    lsc_plan *plan = new_plan(axes, 2);
    double c[2];

    (void)state;
    CHECK_INT(lsc_plan_point(plan, 0, c), 8 * 17 + 8);
    for (int j = 1, k = 0; j <= 4; j++) {
        const int side = (1 << j) + 1;
        for (; k < side * side; k++) {
            lsc_plan_point(plan, k, c);
            CHECK_REAL(fmod(c[0], 16 >> j), 0, 0);
            CHECK_REAL(fmod(c[1], 16 >> j), 0, 0);
        }
    }
    lsc_plan_free(plan);
}

static void zero_and_the_ends_are_exact(void **state)
{
    (void)state;
    for (int n = 3; n <= 201; n += 2)
        for (int r = 1; r <= 30; r++) {
            const lsc_axis axis = {-0.1 * r, 0.1 * r, n};

            CHECK_REAL(lsc_axis_at(&axis, 0), axis.min, 0);
            CHECK_REAL(lsc_axis_at(&axis, n - 1), axis.max, 0);
            CHECK_REAL(lsc_axis_at(&axis, (n - 1) / 2), 0, 0);
        }
    CHECK_REAL(lsc_axis_at(&(lsc_axis){-0.3, 0.9, 13}, 3), 0, 0);
    CHECK(lsc_axis_at(&(lsc_axis){1e-12, 1, 5}, 0) == 1e-12);
}

static void one_point_lies_in_the_middle(void **state)
{
    (void)state;
    CHECK_REAL(lsc_axis_at(&(lsc_axis){1, 3, 1}, 0), 2, 0);
    CHECK_REAL(lsc_axis_at(&(lsc_axis){2, 2, 1}, 0), 2, 0);
}

static void a_plan_tells_its_axes(void **state)
{
    const lsc_axis axes[] = {{-1, 1, 5}, {0, 2, 3}};
    lsc_plan *plan = new_plan(axes, 2);
    lsc_axis got[3];

    (void)state;
    CHECK_INT(lsc_plan_axes(plan, got), 2);
    CHECK_INT(lsc_plan_points(plan), 15);
    CHECK_INT(got[1].n, 3);
    CHECK_REAL(got[1].max, 2, 0);
    lsc_plan_free(plan);
    lsc_plan_free(NULL);
}

static void wrong_axes_are_refused(void **state)
{
    const lsc_axis good = {-1, 1, 5};
    lsc_plan *plan = NULL;

    (void)state;
    CHECK_FAILS(lsc_plan_new(&good, 0, &plan), LSC_ERR_ARG, "plan: axes: there are 0, should be 1..3");
    CHECK_FAILS(lsc_plan_new(&good, 4, &plan), LSC_ERR_ARG, "there are 4");
    CHECK_FAILS(lsc_plan_new((lsc_axis[]){good, {-1, 1, 0}}, 2, &plan), LSC_ERR_ARG, "axis 1: 0 points");
    CHECK_FAILS(lsc_plan_new(&(lsc_axis){1, 1, 2}, 1, &plan), LSC_ERR_ARG, "min 1 is not below max 1");
    CHECK_FAILS(lsc_plan_new(&(lsc_axis){2, 1, 2}, 1, &plan), LSC_ERR_ARG, "min 2 is not below max 1");
    CHECK_FAILS(lsc_plan_new(&(lsc_axis){NAN, 1, 2}, 1, &plan), LSC_ERR_ARG, "is not finite");
    CHECK_FAILS(lsc_plan_new(&(lsc_axis){-1e308, 1e308, 2}, 1, &plan), LSC_ERR_ARG, "is not finite");
    CHECK_FAILS(lsc_plan_new((lsc_axis[]){{-1, 1, 65536}, {-1, 1, 32768}}, 2, &plan), LSC_ERR_ARG,
                "more than 2^31 - 1 points");
    CHECK_FAILS(lsc_plan_new((lsc_axis[]){{-1, 1, INT32_MAX}, {-1, 1, INT32_MAX}, {-1, 1, INT32_MAX}}, 3, &plan),
                LSC_ERR_ARG, "more than 2^31 - 1 points");
    CHECK(plan == NULL);
}

static lsc_status make(void *context)
{
    lsc_plan *plan = NULL;
    lsc_status st = lsc_plan_new((lsc_axis[]){{-1, 1, 8}, {0, 3, 5}}, 2, &plan);

    (void)context;
    lsc_plan_free(plan);
    return st;
}

static void a_plan_survives_failing_allocations(void **state)
{
    (void)state;
    CHECK_INT(test_torture(make, NULL), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_point_comes_once),
        TEST(the_grid_is_covered_coarse_to_fine),
        TEST(a_plane_is_covered_level_by_level),
        TEST(zero_and_the_ends_are_exact),
        TEST(one_point_lies_in_the_middle),
        TEST(a_plan_tells_its_axes),
        TEST(wrong_axes_are_refused),
        TEST(a_plan_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
