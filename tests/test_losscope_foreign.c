/*
 * Surface files of tomgoldstein/loss-landscape.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#include "losscope.h"
#include "losscope_h5.h"

static void the_reference_surface_is_read(void **state)
{
    lsc_surface *s = NULL;
    lsc_axis axes[3];

    (void)state;
    CHECK_OK(lsc_surface_load(golden_path("reference-surface/surface.h5"), &s));
    CHECK_INT(lsc_surface_axes(s, axes), 2);
    CHECK(axes[0].min == -1 && axes[0].max == 1 && axes[0].n == 5);
    CHECK_INT(lsc_surface_n_done(s), 25);
    CHECK_INT(lsc_surface_n_fields(s), 2);
    CHECK_STR(lsc_surface_field_name(s, 0), "loss");
    /* Row y = -1 and the center, as its own scripts print them. */
    CHECK_REAL(lsc_surface_field(s, "loss")[1], 24.46219119, 1e-8);
    CHECK_REAL(lsc_surface_field(s, "loss")[12], 0.32830169, 1e-8);
    CHECK_REAL(lsc_surface_field(s, "accuracy")[12], 0.88, 1e-12);
    lsc_surface_free(s);
}

/* 3 x 2 points. */
static hid_t new_file(const char *path)
{
    hid_t file = spoil_new(path);

    spoil_doubles(file, "xcoordinates", 1, (hsize_t[]){3}, (double[]){-1, 0, 1});
    spoil_doubles(file, "ycoordinates", 1, (hsize_t[]){2}, (double[]){0, 0.5});
    spoil_doubles(file, "train_loss", 2, (hsize_t[]){3, 2}, (double[]){1, 2, -1, 4, NAN, 6});
    return file;
}

static lsc_status load(const char *path)
{
    lsc_surface *s = NULL;
    lsc_status st = lsc_surface_load(path, &s);

    lsc_surface_free(s);
    return st;
}

/* Whatever the shape says, x is fastest. */
static void the_flat_order_counts_and_minus_one_is_not_done(void **state)
{
    const char *path = test_path("s.h5");

    (void)state;
    for (int transposed = 0; transposed <= 1; transposed++) {
        hid_t file = new_file(path);
        lsc_surface *s = NULL;

        if (transposed)
            spoil_doubles(file, "train_loss", 2, (hsize_t[]){2, 3}, (double[]){1, 2, -1, 4, NAN, 6});
        H5Fclose(file);
        CHECK_OK(lsc_surface_load(path, &s));
        CHECK_INT(lsc_surface_n_done(s), 5);
        CHECK_DOUBLES(lsc_surface_field(s, "loss"), ((double[]){1, 2, NAN, 4, NAN, 6}), 6, 0);
        CHECK_BYTES(lsc_surface_done(s), ((uint8_t[]){1, 1, 0, 1, 1, 1}), 6);
        lsc_surface_free(s);
    }
}

static void other_arrays_over_the_grid_become_fields(void **state)
{
    const char *path = test_path("s.h5");
    hid_t file = new_file(path);
    lsc_surface *s = NULL;

    (void)state;
    spoil_doubles(file, "test_acc", 2, (hsize_t[]){3, 2}, (double[]){50, -1, 50, 50, 50, 50});
    spoil_doubles(file, "min_eig", 2, (hsize_t[]){3, 2}, (double[]){-1, -2, -3, -4, -5, -6});
    spoil_doubles(file, "name with spaces", 2, (hsize_t[]){3, 2}, (double[6]){0});
    spoil_doubles(file, "of_other_size", 1, (hsize_t[]){5}, (double[5]){0});
    H5Fclose(file);
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_INT(lsc_surface_n_fields(s), 3);
    CHECK_STR(lsc_surface_field_name(s, 0), "loss");
    CHECK_DOUBLES(lsc_surface_field(s, "test_accuracy"), ((double[]){0.5, NAN, NAN, 0.5, 0.5, 0.5}), 6, 0);
    CHECK_DOUBLES(lsc_surface_field(s, "min_eig"), ((double[]){-1, -2, NAN, -4, -5, -6}), 6, 0);
    lsc_surface_free(s);
}

static void a_line_has_no_y(void **state)
{
    const char *path = test_path("s.h5");
    hid_t file = new_file(path);
    lsc_surface *s = NULL;

    (void)state;
    spoil_remove(file, "ycoordinates");
    spoil_doubles(file, "train_loss", 1, (hsize_t[]){3}, (double[]){1, 2, 3});
    H5Fclose(file);
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_INT(lsc_surface_axes(s, (lsc_axis[3]){{0}}), 1);
    CHECK_INT(lsc_surface_points(s), 3);
    lsc_surface_free(s);
}

static void files_that_are_no_surface_are_refused(void **state)
{
    const char *path = test_path("s.h5");
    hid_t file = spoil_new(path);

    (void)state;
    H5Fclose(file);
    CHECK_FAILS(load(path), LSC_ERR_FORMAT, "neither a group losscope nor a data set xcoordinates");
    file = new_file(path);
    spoil_doubles(file, "xcoordinates", 1, (hsize_t[]){3}, (double[]){-1, 0.2, 1});
    H5Fclose(file);
    CHECK_FAILS(load(path), LSC_ERR_FORMAT, "xcoordinates: value 1 is 0.2, which is not a grid of even steps");
    file = new_file(path);
    spoil_doubles(file, "xcoordinates", 1, (hsize_t[]){3}, (double[]){NAN, NAN, NAN});
    H5Fclose(file);
    CHECK_FAILS(load(path), LSC_ERR_FORMAT, "not a grid of even steps");
    file = new_file(path);
    spoil_doubles(file, "xcoordinates", 1, (hsize_t[]){3}, (double[]){1, 0, -1});
    H5Fclose(file);
    CHECK_FAILS(load(path), LSC_ERR_FORMAT, "axis 0: min 1 is not below max -1");
    file = new_file(path);
    spoil_doubles(file, "train_loss", 1, (hsize_t[]){5}, (double[5]){0});
    H5Fclose(file);
    CHECK_FAILS(load(path), LSC_ERR_FORMAT, "no data set has the 6 values that the coordinates ask for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_reference_surface_is_read),
        TEST_IN_FOLDER(the_flat_order_counts_and_minus_one_is_not_done),
        TEST_IN_FOLDER(other_arrays_over_the_grid_become_fields),
        TEST_IN_FOLDER(a_line_has_no_y),
        TEST_IN_FOLDER(files_that_are_no_surface_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
