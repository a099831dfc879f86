/*
 * The 5 x 5 surface of tomgoldstein/loss-landscape for a ResNet-20 and 2,000 images of Fashion-MNIST: the program,
 * given that checkpoint and those directions, computes the same. Argument: the row y of the grid, 0 .. 4, so that rows
 * can be tests of their own; "ref": the ref backend in double judges the default one at three points of fewer images;
 * without one, the whole surface.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>

#include "landscape_fixture.h"

#define IMAGES  2000
#define SIDE    5
#define FEW     16 /* of them, for the ref backend */
#define FASHION "/usr/share/datasets/fashion-mnist"

static const char *row = NULL;

/* Fields of the reference in our units, [SIDE * SIDE], row = y. */
static void reference(double *loss, double *accuracy)
{
    lsc_surface *s = NULL;
    CHECK_OK(lsc_surface_load(golden_path("reference-surface/surface.h5"), &s));
    CHECK_INT(lsc_surface_points(s), SIDE * SIDE);
    const double *l = lsc_surface_field(s, "loss"), *a = lsc_surface_field(s, "accuracy");
    assert_non_null(l);
    assert_non_null(a);
    memcpy(loss, l, SIDE * SIDE * sizeof *loss);
    memcpy(accuracy, a, SIDE * SIDE * sizeof *accuracy);
    lsc_surface_free(s);
}

/* Our surface over these axes, of the first `images`. */
static lsc_surface *ours(const char *device, const char *precision, int images, const char *x, const char *y)
{
    lsc_surface *s = NULL;
    char limit[32];
    landscape_options o = landscape_defaults(golden_path("reference-surface/r20.safetensors"));
    snprintf(limit, sizeof limit, "data.limit=%d", images);
    o.common.device = device;
    o.common.sets[0] = limit; /* padding, mean and deviation are the defaults of the keys */
    o.common.n_sets = 1;
    o.precision = precision;
    o.model = "resnet20";
    o.data = "idx:" FASHION;
    o.direction_file = golden_path("reference-surface/directions.h5");
    o.range[0] = x;
    o.range[1] = y;
    o.out = test_path("%s.h5", device);
    o.no_vtp = true;
    CHECK_OK(landscape_program(&o));
    CHECK_OK(lsc_surface_load(o.out, &s));
    return s;
}

/* Direct convolution in float with folded batch norm gives 3e-7, forgetting the eps of batch norm 3e-6 and more; a
 * prediction may flip where two logits are equal to rounding. */
static void check_point(double loss, double accuracy, double wanted_loss, double wanted_accuracy, int images)
{
    CHECK_REAL(loss, wanted_loss, 2e-6 * fmax(1, wanted_loss));
    CHECK_REAL(accuracy * images, wanted_accuracy * images, 2.001);
}

static void the_surface_is_that_of_the_other_tool(void **state)
{
    double loss[SIDE * SIDE], accuracy[SIDE * SIDE];
    char y[32] = "-1:1:5";
    (void)state;
    int first = row != NULL ? atoi(row) : 0;
    if (row != NULL)
        snprintf(y, sizeof y, "%g:%g:1", first * 0.5 - 1, first * 0.5 - 1);
    reference(loss, accuracy);
    lsc_surface *s = ours("auto", NULL, IMAGES, "-1:1:5", y);
    const double *l = lsc_surface_field(s, "loss"), *a = lsc_surface_field(s, "accuracy");
    for (int64_t i = 0; i < lsc_surface_points(s); i++)
        check_point(l[i], a[i], loss[first * SIDE + i], accuracy[first * SIDE + i], IMAGES);
    lsc_surface_free(s);
}

static void the_reference_backend_agrees(void **state)
{
    (void)state;
    lsc_surface *fast = ours("auto", NULL, FEW, "-0.5:0.5:3", "0:0:1");
    lsc_surface *judge = ours("ref", "double", FEW, "-0.5:0.5:3", "0:0:1");
    const double *l = lsc_surface_field(fast, "loss"), *a = lsc_surface_field(fast, "accuracy");
    const double *wanted_l = lsc_surface_field(judge, "loss"), *wanted_a = lsc_surface_field(judge, "accuracy");
    for (int i = 0; i < 3; i++)
        check_point(l[i], a[i], wanted_l[i], wanted_a[i], FEW);
    lsc_surface_free(fast);
    lsc_surface_free(judge);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest surface[] = {TEST_IN_FOLDER(the_surface_is_that_of_the_other_tool)};
    const struct CMUnitTest backend[] = {TEST_IN_FOLDER(the_reference_backend_agrees)};
    lsc_log_set("landscape", LSC_LOG_WARN);
    if (argc > 1 && strcmp(argv[1], "ref") == 0)
        return cmocka_run_group_tests(backend, NULL, NULL);
    row = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(surface, NULL, NULL);
}
