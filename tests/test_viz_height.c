/*
 * The height scale that surfaces share.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "support/support.h"
#include "viz/mesh.h"
#include "viz_fixture.h"

static double sharp(const double c[3])
{
    return 0.5 + 1000 * (c[0] * c[0] + c[1] * c[1]);
}

static double needle(const double c[3])
{
    return fixture_bowl(c) + (c[0] == 1 && c[1] == 1 ? 1e6 : 0);
}

static double plane(const double c[3])
{
    (void)c;
    return 2;
}

static viz_height shared(viz_height_kind kind, double cut, lsc_surface *a, lsc_surface *b, lsc_surface *c)
{
    const lsc_surface *const all[] = {a, b, c};
    viz_height h;

    CHECK_OK(viz_height_shared(all, 1 + (b != NULL) + (c != NULL), kind, cut, &h));
    return h;
}

static void a_bowl_fills_the_box(void **state)
{
    lsc_surface *s = fixture_square(11, 11, fixture_bowl);
    const viz_grid g = viz_grid_of(s);
    const viz_height h = shared(VIZ_RISE, NAN, s, NULL, NULL);

    (void)state;
    CHECK_REAL(h.lo, 0, 0);
    CHECK_REAL(h.hi, 3, 0);
    CHECK_REAL(h.tall, 1, 0);
    CHECK_REAL(viz_height_at(&h, viz_reference(&g), 0.5), 0, 0);
    CHECK_REAL(viz_height_at(&h, viz_reference(&g), 3.5), 1, 0);
    CHECK_REAL(viz_height_at(&h, viz_reference(&g), 0.1), 0, 0);
    lsc_surface_free(s);
}

static void one_high_point_does_not_make_a_needle(void **state)
{
    lsc_surface *s = fixture_square(11, 11, needle);
    const viz_height h = shared(VIZ_RISE, NAN, s, NULL, NULL);

    (void)state;
    CHECK(h.hi < 6);
    lsc_surface_free(s);
}

static void the_middle_run_sets_the_scale(void **state)
{
    lsc_surface *flat = fixture_square(11, 11, fixture_bowl), *steep = fixture_square(11, 11, fixture_steep),
                *worst = fixture_square(11, 11, sharp);
    const double own = shared(VIZ_RISE, NAN, steep, NULL, NULL).hi, low = shared(VIZ_RISE, NAN, flat, NULL, NULL).hi;

    (void)state;
    CHECK_REAL(shared(VIZ_RISE, NAN, worst, flat, steep).hi, own, 1e-9 * own);
    CHECK_RELATIVE(shared(VIZ_RISE, NAN, steep, flat, NULL).hi, sqrt(own * low), 1e-12);
    lsc_surface_free(flat);
    lsc_surface_free(steep);
    lsc_surface_free(worst);
}

static void a_rise_is_counted_from_the_centre_or_the_least_point(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl), *even = fixture_square(4, 4, fixture_bowl);
    const viz_grid g = viz_grid_of(s), off = viz_grid_of(even);

    (void)state;
    CHECK_REAL(viz_reference(&g), 0.5, 0);
    CHECK_INT(viz_grid_centre(&off), -1);
    CHECK_REAL(viz_reference(&off), 0.5 + 1. / 9 + 2. / 9, 1e-15);
    lsc_surface_free(s);
    lsc_surface_free(even);
}

static void a_given_cut_is_taken(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);
    const lsc_surface *const one[] = {s};
    viz_height h;

    (void)state;
    CHECK_REAL(shared(VIZ_RISE, 0.25, s, NULL, NULL).hi, 0.25, 0);
    CHECK_REAL(shared(VIZ_LOSS, 2, s, NULL, NULL).lo, 0.5, 0);
    CHECK_FAILS(viz_height_shared(one, 1, VIZ_LOSS, 0.5, &h), LSC_ERR_ARG,
                "the cut 0.5 is not above the lowest point, 0.5");
    lsc_surface_free(s);
}

static void logarithms_are_not_clipped_and_losses_below_zero_lie_at_the_floor(void **state)
{
    lsc_surface *s = fixture_square(11, 11, fixture_steep);
    const viz_height h = shared(VIZ_LOG, NAN, s, NULL, NULL);

    (void)state;
    CHECK_REAL(h.lo, -2, 1e-12);
    CHECK_REAL(h.hi, log10(800.01), 1e-12);
    CHECK_REAL(viz_height_at(&h, 0, 0), 0, 0);
    CHECK_REAL(viz_height_at(&h, 0, -3), 0, 0);
    lsc_surface_free(s);
}

static void nothing_to_show_and_a_plane_still_have_a_scale(void **state)
{
    lsc_surface *never = fixture_square(3, 3, fixture_never), *even = fixture_square(3, 3, plane);
    const viz_height none = shared(VIZ_RISE, NAN, never, NULL, NULL), flat = shared(VIZ_LOSS, NAN, even, NULL, NULL);

    (void)state;
    CHECK_REAL(none.lo, 0, 0);
    CHECK_REAL(none.hi, 1, 0);
    CHECK_REAL(flat.lo, 2, 0);
    CHECK_REAL(flat.hi, 3, 0);
    lsc_surface_free(never);
    lsc_surface_free(even);
}

static void kinds_have_names(void **state)
{
    viz_height_kind kind = VIZ_RISE;

    (void)state;
    for (int k = VIZ_RISE; k <= VIZ_LOG; k++) {
        CHECK_OK(viz_height_parse(viz_height_name((viz_height_kind)k), &kind));
        CHECK_INT(kind, k);
    }
    CHECK_FAILS(viz_height_parse("high", &kind), LSC_ERR_ARG, "unknown 'high' (known: rise loss log)");
}

static lsc_status share_one(void *s)
{
    viz_height h;
    return viz_height_shared((const lsc_surface *const[]){s}, 1, VIZ_RISE, NAN, &h);
}

static void a_failed_allocation_is_an_error(void **state)
{
    lsc_surface *s = fixture_square(5, 5, fixture_bowl);

    (void)state;
    CHECK_INT(test_torture(share_one, s), 2);
    lsc_surface_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_bowl_fills_the_box),
        TEST(one_high_point_does_not_make_a_needle),
        TEST(the_middle_run_sets_the_scale),
        TEST(a_rise_is_counted_from_the_centre_or_the_least_point),
        TEST(a_given_cut_is_taken),
        TEST(logarithms_are_not_clipped_and_losses_below_zero_lie_at_the_floor),
        TEST(nothing_to_show_and_a_plane_still_have_a_scale),
        TEST(kinds_have_names),
        TEST(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
