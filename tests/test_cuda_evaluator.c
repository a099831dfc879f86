/*
 * Points of a landscape on the emulated device: values of the reference, in each arithmetic; equal bits for any chunks,
 * any number of devices, data that does not fit, and devices that fail on the way; no waiting inside a point; every
 * call failing once. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "cuda/points_fixture.h"

static void usual_values(const fixture *f, double *out)
{
    const nn_evaluator_options o = options_of(f);
    CHECK_OK(values_with(f, "cuda", &o, POINTS, out, NULL));
}

static void values_are_those_of_the_reference_in_each_arithmetic(void **state)
{
    fixture f;
    double want[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    reference_values(&f, &o, want);
    check_arithmetics(&f, o, want, 1e-6);
    close_fixture(&f);
}

/* ---- the same values, equal bits --------------------------------------------------------------------- */

static void chunks_of_any_size_give_the_same_values(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    (void)state;
    open_fixture(&f);
    usual_values(&f, want);
    for (int batch = 1; batch < N; batch += 3) {
        nn_evaluator_options o = options_of(&f);
        o.batch = batch;
        CHECK_OK(values_with(&f, "cuda:0", &o, POINTS, got, NULL));
        check_same(got, want, POINTS, OTHER_ENGINE_FP32);
    }
    close_fixture(&f);
}

/* From the least memory with which it can be opened on: first the images pass through windows. */
static void images_that_do_not_fit_on_the_device_give_equal_bits(void **state)
{
    fixture f;
    double want[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    usual_values(&f, want);
    o.batch = 3;
    CHECK(check_windows(&f, &o, POINTS, want, 1000, 128) > 0);
    close_fixture(&f);
}

static void two_devices_give_the_bits_of_one(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    usual_values(&f, want);
    emulated->devices = 2;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
    CHECK_BYTES(got, want, sizeof want);
    close_fixture(&f);
}

static void several_points_at_once_on_a_device_give_the_same_values(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    usual_values(&f, want);
    o.streams = 3;
    for (int devices = 1; devices <= 2; devices++) {
        if (emulated != NULL)
            emulated->devices = devices;
        CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
        check_same(got, want, POINTS, OTHER_ENGINE_FP32);
    }
    close_fixture(&f);
}

/* The second of three breaks at one of its first calls, every ninth, until it is open; or the last has no memory. */
static void devices_that_cannot_be_opened_are_left_out(void **state)
{
    fixture f;
    nn_evaluator *e = NULL;
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    int left_out = 0;
    (void)state;
    for (emulated->fail_at = 1;; emulated->fail_at += 9, emulated->calls = 0) {
        emulated->devices = 3;
        emulated->fail_device = 1;
        emulated->broken = 1;
        CHECK_OK(nn_evaluator_new("cuda", f.graph, &o, &e));
        const bool all = strstr(nn_evaluator_text(e), "cuda:1") != NULL;
        CHECK_STR(nn_evaluator_text(e), all ? "cuda:0 Emulated 0, cuda:1 Emulated 1, cuda:2 Emulated 2; emulated"
                                            : "cuda:0 Emulated 0, cuda:2 Emulated 2; emulated");
        nn_evaluator_free(e);
        if (all)
            break;
        CHECK_FAILS(nn_evaluator_new("cuda:1", f.graph, &o, &e), LSC_ERR_BACKEND, "cuda:1: emulated: ");
        left_out++;
    }
    CHECK(left_out > 10);
    control_reset(emulated);
    emulated->devices = 2;
    emulated->memory = 10000;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_NOMEM, "cuda:1: emulated: out of memory");
    close_fixture(&f);
}

/* In the least memory in which one finds room. */
static void points_at_once_are_as_many_as_find_room(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    usual_values(&f, want);
    o.streams = 3;
    for (emulated->memory = 10000; values_with(&f, "cuda", &o, POINTS, got, NULL) != LSC_OK; emulated->memory += 256)
        CHECK_HAS(lsc_last_error(), "out of memory");
    CHECK_BYTES(got, want, sizeof want);
    nn_evaluator *e = evaluator_of(&f, &o);
    const int of_one = nn_evaluator_most_points(e);
    nn_evaluator_free(e);
    emulated->memory *= 8;
    e = evaluator_of(&f, &o);
    CHECK_INT(nn_evaluator_most_points(e), 3 * of_one);
    nn_evaluator_free(e);
    close_fixture(&f);
}

static void check_part(const fixture *f, int part, int parts, const char *devices)
{
    nn_evaluator_options o = options_of(f);
    nn_evaluator *e = NULL;
    o.part = part;
    o.parts = parts;
    CHECK_OK(nn_evaluator_new("cuda", f->graph, &o, &e));
    char *text = lsc_strdup(nn_evaluator_text(e)), *at = text;
    assert_non_null(text);
    for (const char *p = text; (p = strstr(p, "cuda:")) != NULL; p += 5)
        *at++ = p[5]; /* of "cuda:0 the name, cuda:2 the name; ..." the numbers */
    *at = '\0';
    CHECK_STR(text, devices);
    lsc_free(text);
    nn_evaluator_free(e);
}

static void processes_of_a_machine_share_its_devices(void **state)
{
    fixture f;
    nn_evaluator *e = NULL;
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    emulated->devices = 3;
    check_part(&f, 0, 0, "012");
    check_part(&f, 0, 1, "012");
    check_part(&f, 0, 2, "02");
    check_part(&f, 1, 2, "1");
    check_part(&f, 2, 3, "2");
    check_part(&f, 4, 5, "1");
    o.part = o.parts = 2;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "evaluator: part 2 of 2");
    close_fixture(&f);
}

static void a_device_that_breaks_half_way_loses_no_point(void **state)
{
    fixture f;
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    CHECK(check_breaking_device(&f, &o, 17) > 2);
    close_fixture(&f);
}

/* ---- failures ---------------------------------------------------------------------------------------- */

static void every_call_that_fails_once_is_reported_and_leaves_nothing_behind(void **state)
{
    fixture f;
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    o.batch = 4;
    o.arithmetic = NN_FP16; /* two nets */
    CHECK(check_failing_calls(&f, &o, POINTS) > 100);
    close_fixture(&f);
}

static void points_done_before_a_failure_are_given(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    nn_evaluator *e = NULL;
    int done = -1;
    (void)state;
    usual_values(&f, want);
    CHECK_OK(nn_evaluator_new("cuda", f.graph, &o, &e));
    CHECK_FAILS(nn_evaluator_points(e, f.coords, 1, got, &done), LSC_ERR_ARG, "points before set_frame");
    CHECK_OK(nn_evaluator_set_frame(e, f.center, (const float *const *)f.dirs, DIRS));
    CHECK_OK(nn_evaluator_points(e, f.coords, 1, got, &done));
    CHECK_INT(done, 1);
    emulated->fail_at = emulated->calls + 3;
    CHECK_FAILS(nn_evaluator_points(e, f.coords + DIRS, 1, got + FIELDS, &done), LSC_ERR_BACKEND, "cuda:0: emulated: ");
    CHECK_INT(done, 0);
    CHECK_FAILS(nn_evaluator_points(e, f.coords, 1, got, &done), LSC_ERR_BACKEND, "cuda:0: emulated: ");
    CHECK_BYTES(got, want, FIELDS * sizeof *want);
    nn_evaluator_free(e);
    close_fixture(&f);
}

/* ---- what it costs ------------------------------------------------------------------------------------ */

/* In chunks of this size. */
static int64_t waits(const fixture *f, int64_t batch, int points)
{
    nn_evaluator_options o = options_of(f);
    o.batch = batch;
    return waits_of_call(f, &o, points);
}

static void the_host_waits_once_a_call_not_at_points_or_chunks(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    int64_t least = waits(&f, N, 1);
    CHECK(least <= 4); /* coordinates up, state up, notes down, values down */
    CHECK_INT(waits(&f, 2, 1), least);
    CHECK_INT(waits(&f, 2, 4), least);
    close_fixture(&f);
}

/* ---- values that are not finite ------------------------------------------------------------------------ */

static void a_point_that_overflows_in_16_bits_is_evaluated_once_more(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    scale_stem(&f, 1e7f); /* activations of 1e8 and more, which a float holds */
    f.coords[0] = f.coords[1] = 0;
    check_evaluated_once_more(&f, options_of(&f), POINTS, OTHER_ENGINE);
    close_fixture(&f);
}

/* Activations of some 1e6, which a half does not hold, are kept times 2^-8: a twentieth of those that overflow above.
 */
static void activations_that_a_half_does_not_hold_are_scaled(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    nn_evaluator_counts counts;
    (void)state;
    scale_filters(&f, 100);
    memset(f.coords, 0, sizeof f.coords);
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, want, NULL));
    CHECK(isfinite(want[0]));
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, &counts));
    CHECK_INT(counts.again, 0);
    CHECK_RELATIVE(got[0], want[0], 5e-3);
    close_fixture(&f);
}

/* A weight of the stem is NaN, behind which there are rectifiers. */
static void check_nan(fixture *f)
{
    double got[POINTS * FIELDS];
    nn_evaluator_options o = options_of(f);
    *center_of(f, "stem.weight") = NAN;
    for (int a = 0; a < NN_N_ARITHMETICS; a++) {
        o.arithmetic = (nn_arithmetic)a;
        CHECK_OK(values_with(f, "cuda", &o, POINTS, got, NULL));
        for (int p = 0; p < POINTS; p++)
            CHECK(isnan(got[p * FIELDS]));
    }
}

static void nan_goes_through_rectifiers_in_each_arithmetic(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    check_nan(&f);
    close_fixture(&f);
}

/* Or else what overflowed on the way would end as a number. */
static void engines_that_lose_nan_are_used_without_their_rectifier(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, want, NULL));
    emulated->lose = 1;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, NULL));
    CHECK_BYTES(got, want, sizeof want);
    check_nan(&f);
    close_fixture(&f);
}

static void a_negative_variance_makes_the_point_nan_and_is_counted(void **state)
{
    fixture f;
    double got[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    nn_evaluator_counts counts;
    (void)state;
    *center_of(&f, "norm4.running_var") = -1e-6f;
    CHECK_OK(values_with(&f, "cuda", &o, POINTS, got, &counts));
    CHECK_INT(counts.negative, POINTS);
    for (int p = 0; p < POINTS; p++)
        CHECK(isnan(got[p * FIELDS]) && got[p * FIELDS + 1] == 0);
    close_fixture(&f);
}

/* ---- what is asked for wrongly --------------------------------------------------------------------------- */

static void what_an_evaluator_cannot_do_is_refused(void **state)
{
    fixture f;
    nn_evaluator *e = NULL;
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    const int64_t beyond = N;
    (void)state;
    CHECK_FAILS(nn_evaluator_new("ref", f.graph, &o, &e), LSC_ERR_ABSENT, "backend ref does not evaluate on devices");
    CHECK_FAILS(nn_evaluator_new("cuda:3", f.graph, &o, &e), LSC_ERR_ABSENT, "cuda:3: there are only the devices");
    o.loss = "none";
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "none");
    o = options_of(&f);
    o.samples.channels = 2;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "images come with 2 channels, need 1 or 3");
    o = options_of(&f);
    o.samples.shape[2] = SIDE + 1;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ABSENT, "reads other images than the data has");
    o = options_of(&f);
    o.streams = NN_MOST_STREAMS + 1;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "evaluator: 5 points at once, at most 4");
    o = options_of(&f);
    CHECK_OK(nn_evaluator_new("auto", f.graph, &o, &e));
    CHECK_STR(nn_evaluator_backend(e), "cuda");
    CHECK_STR(nn_evaluator_text(e), "cuda:0 Emulated 0; emulated");
    CHECK_FAILS(nn_evaluator_select(e, &beyond, 1), LSC_ERR_ARG, "sample 12 is not in 0 .. 11");
    nn_evaluator_free(e);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest anywhere[] = {
        TEST(values_are_those_of_the_reference_in_each_arithmetic),
        TEST(chunks_of_any_size_give_the_same_values),
        TEST(several_points_at_once_on_a_device_give_the_same_values),
        TEST(a_point_that_overflows_in_16_bits_is_evaluated_once_more),
        TEST(activations_that_a_half_does_not_hold_are_scaled),
        TEST(nan_goes_through_rectifiers_in_each_arithmetic),
        TEST(a_negative_variance_makes_the_point_nan_and_is_counted),
    };
    const struct CMUnitTest emulated_only[] = {
        TEST(images_that_do_not_fit_on_the_device_give_equal_bits),
        TEST(two_devices_give_the_bits_of_one),
        TEST(devices_that_cannot_be_opened_are_left_out),
        TEST(points_at_once_are_as_many_as_find_room),
        TEST(processes_of_a_machine_share_its_devices),
        TEST(a_device_that_breaks_half_way_loses_no_point),
        TEST(every_call_that_fails_once_is_reported_and_leaves_nothing_behind),
        TEST(points_done_before_a_failure_are_given),
        TEST(engines_that_lose_nan_are_used_without_their_rectifier),
        TEST(the_host_waits_once_a_call_not_at_points_or_chunks),
        TEST(what_an_evaluator_cannot_do_is_refused),
    };
    return RUN_POINTS_TESTS(argc, argv, anywhere, emulated_only);
}
