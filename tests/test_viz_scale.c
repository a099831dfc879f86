/*
 * Ranges, levels and their text.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "support/support.h"
#include "viz/scale.h"
#include "viz_fixture.h"

static void check_levels(double lo, double hi, bool log, int want, const char *expected)
{
    double levels[VIZ_LEVELS_MAX];
    char number[32];
    lsc_text t = {0};
    const int n = viz_levels(lo, hi, log, want, levels);

    lsc_text_add(&t, "%s", "");
    for (int i = 0; i < n; i++)
        lsc_text_add(&t, "%s%s", i > 0 ? " " : "", viz_number(levels[i], number, sizeof number));
    CHECK_STR(t.text, expected);
    lsc_text_free(&t);
}

static void linear_levels_are_multiples_of_1_2_5(void **state)
{
    (void)state;
    check_levels(-1, 1, false, 5, "-1 -0.5 0 0.5 1");
    check_levels(0, 37, false, 5, "0 10 20 30");
    check_levels(2.2992, 2.3006, false, 4, "2.2995 2.3 2.3005");
    check_levels(0, 2500, false, 6, "0 500 1000 1500 2000 2500");
    check_levels(0.031, 0.034, false, 8, "0.031 0.0315 0.032 0.0325 0.033 0.0335 0.034");
    check_levels(-3e-7, 2e-7, false, 6, "-3e-7 -2e-7 -1e-7 0 1e-7 2e-7");
}

static void logarithmic_levels_thin_out_to_decades(void **state)
{
    (void)state;
    check_levels(0.03, 20, true, 12, "0.05 0.1 0.2 0.5 1 2 5 10 20");
    check_levels(0.03, 20, true, 5, "0.1 1 10");
    check_levels(1e-9, 1e9, true, 5, "1e-8 1e-4 1 1e4 1e8");
}

static void a_range_without_extent_has_no_levels(void **state)
{
    (void)state;
    check_levels(1, 1, false, 5, "");
    check_levels(2, 1, false, 5, "");
    check_levels(0, INFINITY, false, 5, "");
    check_levels(NAN, 1, false, 5, "");
    check_levels(1, 1, true, 5, "");
}

static void a_ratio_above_30_asks_for_logarithms(void **state)
{
    (void)state;
    CHECK(!viz_wants_log(1, 30));
    CHECK(viz_wants_log(1, 30.1));
    CHECK(!viz_wants_log(0, 30));
    CHECK(!viz_wants_log(-1, 30));
}

static void the_range_skips_what_is_not_shown(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_holes), *never = fixture_square(3, 3, fixture_never);
    const viz_grid g = viz_grid_of(s), none = viz_grid_of(never);
    double least = 0, largest = 0;

    (void)state;
    CHECK(viz_loss_range(&g, &least, &largest));
    CHECK_REAL(least, 0.5, 0);
    CHECK_REAL(largest, 3.5, 0);
    CHECK(!viz_loss_range(&none, &least, &largest));
    lsc_surface_free(s);
    lsc_surface_free(never);
}

static void colours_grow_lighter_all_the_way(void **state)
{
    double rgb[VIZ_COLORS][3], before = -1;

    (void)state;
    viz_colors(rgb);
    for (int i = 0; i < VIZ_COLORS; i++) {
        const double luma = 0.2126 * rgb[i][0] + 0.7152 * rgb[i][1] + 0.0722 * rgb[i][2];
        CHECK(luma > before);
        before = luma;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(linear_levels_are_multiples_of_1_2_5), TEST(logarithmic_levels_thin_out_to_decades),
        TEST(a_range_without_extent_has_no_levels), TEST(a_ratio_above_30_asks_for_logarithms),
        TEST(the_range_skips_what_is_not_shown),    TEST(colours_grow_lighter_all_the_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
