/*
 * A surface in memory: fields, the mask, settings.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#include "losscope.h"

static const char *const two_fields[] = {"loss", "accuracy"};

static lsc_surface *new_surface(void)
{
    const lsc_axis axes[] = {{-1, 1, 3}, {0, 1, 2}};
    lsc_surface *s;

    CHECK_OK(lsc_surface_new(axes, 2, two_fields, 2, &s));
    return s;
}

static void a_new_surface_has_nothing_done(void **state)
{
    lsc_surface *s = new_surface();
    lsc_axis axes[3];

    (void)state;
    CHECK_INT(lsc_surface_points(s), 6);
    CHECK_INT(lsc_surface_n_done(s), 0);
    CHECK_INT(lsc_surface_n_fields(s), 2);
    CHECK_STR(lsc_surface_field_name(s, 1), "accuracy");
    CHECK(lsc_surface_field_name(s, 2) == NULL);
    CHECK(lsc_surface_field(s, "other") == NULL);
    CHECK_INT(lsc_surface_axes(s, axes), 2);
    CHECK_INT(axes[1].n, 2);
    for (int i = 0; i < 6; i++)
        CHECK(isnan(lsc_surface_field(s, "loss")[i]) && lsc_surface_done(s)[i] == 0);
    lsc_surface_free(s);
    lsc_surface_free(NULL);
}

static void a_point_is_counted_once(void **state)
{
    lsc_surface *s = new_surface();

    (void)state;
    lsc_surface_put(s, 4, (double[]){1, 0.5});
    lsc_surface_put(s, 4, (double[]){NAN, 0.25});
    CHECK_INT(lsc_surface_n_done(s), 1);
    CHECK_INT(lsc_surface_done(s)[4], 1);
    CHECK(isnan(lsc_surface_field(s, "loss")[4]));
    CHECK_REAL(lsc_surface_field(s, "accuracy")[4], 0.25, 0);
    lsc_surface_free(s);
}

static void settings_keep_the_order_of_first_mention(void **state)
{
    lsc_surface *s = new_surface();
    char key[16];

    (void)state;
    for (int i = 99; i >= 0; i--) {
        snprintf(key, sizeof key, "key%d", i);
        CHECK_OK(lsc_surface_set(s, key, "old"));
    }
    CHECK_OK(lsc_surface_set(s, "key50", "new"));
    CHECK_INT(lsc_surface_n_settings(s), 100);
    CHECK_STR(lsc_surface_setting(s, 0).key, "key99");
    CHECK_STR(lsc_surface_setting(s, 49).value, "new");
    CHECK_STR(lsc_surface_get(s, "key50"), "new");
    CHECK(lsc_surface_get(s, "key100") == NULL);
    lsc_surface_free(s);
}

static void keys_that_cannot_be_stored_are_refused(void **state)
{
    lsc_surface *s = new_surface();

    (void)state;
    CHECK_FAILS(lsc_surface_set(s, "a/b", "x"), LSC_ERR_ARG, "the key 'a/b'");
    CHECK_FAILS(lsc_surface_set(s, "", "x"), LSC_ERR_ARG, "the key ''");
    CHECK_FAILS(lsc_surface_set(s, ".", "x"), LSC_ERR_ARG, "the key '.'");
    CHECK_FAILS(lsc_surface_set(s, NULL, "x"), LSC_ERR_ARG, "the key ''");
    CHECK_FAILS(lsc_surface_set(s, "a", NULL), LSC_ERR_ARG, "the value of a is NULL");
    CHECK_INT(lsc_surface_n_settings(s), 0);
    lsc_surface_free(s);
}

static void wrong_grids_and_fields_are_refused(void **state)
{
    const lsc_axis good = {-1, 1, 3}, wide[] = {{0, 1, 20000}, {0, 1, 20000}};
    lsc_surface *s = NULL;

    (void)state;
    CHECK_FAILS(lsc_surface_new(&good, 0, two_fields, 2, &s), LSC_ERR_ARG, "surface: axes: there are 0");
    CHECK_FAILS(lsc_surface_new(&good, 1, two_fields, 0, &s), LSC_ERR_ARG, "surface: n_fields is 0");
    CHECK_FAILS(lsc_surface_new(&good, 1, (const char *[]){"a b"}, 1, &s), LSC_ERR_ARG, "field 0 is named 'a b'");
    CHECK_FAILS(lsc_surface_new(wide, 2, two_fields, 2, &s), LSC_ERR_ARG,
                "400000000 points of 2 fields are more than 268435456 values");
    CHECK(s == NULL);
}

static lsc_status make(void *context)
{
    lsc_status st = LSC_OK;
    lsc_surface *s = NULL;

    (void)context;
    LSC_TRY(lsc_surface_new(&(lsc_axis){-1, 1, 3}, 1, two_fields, 2, &s));
    LSC_TRY(lsc_surface_set(s, "key", "value"));
cleanup:
    lsc_surface_free(s);
    return st;
}

static void a_surface_survives_failing_allocations(void **state)
{
    (void)state;
    CHECK_INT(test_torture(make, NULL), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_surface_has_nothing_done),           TEST(a_point_is_counted_once),
        TEST(settings_keep_the_order_of_first_mention), TEST(keys_that_cannot_be_stored_are_refused),
        TEST(wrong_grids_and_fields_are_refused),       TEST(a_surface_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
