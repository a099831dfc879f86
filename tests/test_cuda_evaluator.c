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
    CHECK_OK(values_with(f, "cuda", &o, out, NULL));
}

static void values_are_those_of_the_reference_in_each_arithmetic(void **state)
{
    /* Relative, of the loss: what rounding factors to 24, 11 and 8 bits makes of three layers. */
    static const double tolerance[NN_N_ARITHMETICS] = {
        [NN_TF32] = 3e-3, [NN_FP32] = 1e-6, [NN_FP16] = 3e-3, [NN_BF16] = 3e-2};
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    (void)state;
    reference_values(&f, &o, want);
    for (int a = 0; a < NN_N_ARITHMETICS; a++) {
        o.arithmetic = (nn_arithmetic)a;
        CHECK_OK(values_with(&f, "cuda", &o, got, NULL));
        for (int i = 0; i < POINTS * FIELDS; i++)
            if (i % FIELDS != 1)
                CHECK_RELATIVE(got[i], want[i], tolerance[a]);
            else if (a == NN_FP32)
                CHECK_REAL(got[i], want[i], 1e-15);
    }
    close_fixture(&f);
}

/* ---- equal bits ------------------------------------------------------------------------------------- */

static void chunks_of_any_size_give_equal_bits(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    (void)state;
    open_fixture(&f);
    usual_values(&f, want);
    for (int batch = 1; batch < N; batch += 3) {
        nn_evaluator_options o = options_of(&f);
        o.batch = batch;
        CHECK_OK(values_with(&f, "cuda:0", &o, got, NULL));
        CHECK_BYTES(got, want, sizeof want);
    }
    close_fixture(&f);
}

static void images_that_do_not_fit_on_the_device_give_equal_bits(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_options o;
    int64_t streamed = 0;
    (void)state;
    open_fixture(&f);
    usual_values(&f, want);
    o = options_of(&f);
    o.batch = 3;
    /* From the least memory with which it can be opened on: first the images pass through windows. */
    for (emulated->memory = 1000;; emulated->memory += 128) {
        int64_t pinned = emulated->pinned;
        lsc_status st = values_with(&f, "cuda", &o, got, NULL);
        if (st == LSC_OK && emulated->pinned == pinned)
            break;
        CHECK(st == LSC_OK || st == LSC_ERR_NOMEM);
        if (st != LSC_OK)
            continue;
        CHECK_BYTES(got, want, sizeof want);
        streamed++;
    }
    CHECK(streamed > 0);
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
    CHECK_OK(values_with(&f, "cuda", &o, got, NULL));
    CHECK_BYTES(got, want, sizeof want);
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

/* Whichever call it is at which the second device breaks, the first one does its points, with the same values. */
static void a_device_that_breaks_half_way_loses_no_point(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    nn_evaluator_counts counts;
    int64_t broke = 0;
    (void)state;
    usual_values(&f, want);
    for (int64_t at = 1;; at += 7) {
        control_reset(emulated);
        emulated->devices = 2;
        emulated->fail_device = 1;
        emulated->fail_at = at;
        emulated->broken = 1;
        lsc_status st = values_with(&f, "cuda", &o, got, &counts);
        CHECK_INT(emulated->live, 0);
        if (st != LSC_OK)
            continue; /* it broke while it was opened */
        CHECK_BYTES(got, want, sizeof want);
        broke += counts.lost;
        if (emulated->calls < at)
            break;
    }
    CHECK(broke > 2);
    close_fixture(&f);
}

/* ---- failures ---------------------------------------------------------------------------------------- */

static void every_call_that_fails_once_is_reported_and_leaves_nothing_behind(void **state)
{
    fixture f;
    double got[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    int64_t failures = 0;
    (void)state;
    o.batch = 4;
    o.arithmetic = NN_FP16; /* two nets */
    for (int64_t at = 1;; at++) {
        control_reset(emulated);
        emulated->fail_at = at;
        lsc_status st = values_with(&f, "cuda", &o, got, NULL);
        CHECK_INT(emulated->live, 0);
        if (st == LSC_OK)
            break;
        CHECK(st == LSC_ERR_BACKEND || st == LSC_ERR_ABSENT);
        CHECK_HAS(lsc_last_error(), "emulated: ");
        failures++;
    }
    CHECK(failures > 100);
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

/* Waits of one call for so many points in chunks of this size. */
static int64_t waits(const fixture *f, int64_t batch, int points)
{
    nn_evaluator_options o = options_of(f);
    nn_evaluator *e = NULL;
    double out[64 * FIELDS], coords[64 * DIRS] = {0};
    int done = 0;
    o.batch = batch;
    CHECK_OK(nn_evaluator_new("cuda", f->graph, &o, &e));
    CHECK_OK(nn_evaluator_set_frame(e, f->center, (const float *const *)f->dirs, DIRS));
    for (int n = 1; n <= points; n *= 2) /* calls grow while they are short */
        CHECK_OK(nn_evaluator_points(e, coords, n, out, &done));
    int64_t before = emulated->waits;
    CHECK_OK(nn_evaluator_points(e, coords, points, out, &done));
    CHECK_INT(done, points);
    nn_evaluator_free(e);
    return emulated->waits - before;
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
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    nn_evaluator_counts counts;
    (void)state;
    for (int i = 0; i < 8 * 3 * 9; i++)
        f.center[i] *= 1e7f; /* the stem: activations of 1e8 and more, which a float holds */
    f.coords[0] = f.coords[1] = 0;
    o.arithmetic = NN_TF32;
    CHECK_OK(values_with(&f, "cuda", &o, want, &counts));
    CHECK_INT(counts.again, 0);
    CHECK(isfinite(want[0]));
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, got, &counts));
    CHECK(counts.again >= 1);
    CHECK_BYTES(got, want, FIELDS * sizeof *want);
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
    const lsc_layout *layout = nn_graph_layout(f.graph);
    for (int b = 0; b + 1 < layout->n_blocks; b++) /* a filter's block is never the last */
        for (int64_t k = layout->blocks[b].offset; layout->blocks[b].rank == 4 && k < layout->blocks[b + 1].offset; k++)
            f.center[k] *= 100;
    memset(f.coords, 0, sizeof f.coords);
    CHECK_OK(values_with(&f, "cuda", &o, want, NULL));
    CHECK(isfinite(want[0]));
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(&f, "cuda", &o, got, &counts));
    CHECK_INT(counts.again, 0);
    CHECK_RELATIVE(got[0], want[0], 5e-3);
    close_fixture(&f);
}

static void a_negative_variance_makes_the_point_nan_and_is_counted(void **state)
{
    fixture f;
    double got[POINTS * FIELDS];
    const nn_evaluator_options o = (open_fixture(&f), options_of(&f));
    nn_evaluator_counts counts;
    (void)state;
    const lsc_layout *layout = nn_graph_layout(f.graph);
    for (int b = 0; b < layout->n_blocks; b++)
        if (strcmp(layout->blocks[b].name, "norm4.running_var") == 0)
            f.center[layout->blocks[b].offset] = -1e-6f;
    CHECK_OK(values_with(&f, "cuda", &o, got, &counts));
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
    CHECK_OK(nn_evaluator_new("auto", f.graph, &o, &e));
    CHECK_STR(nn_evaluator_backend(e), "cuda");
    CHECK_STR(nn_evaluator_text(e), "cuda:0 Emulated 0; emulated");
    CHECK_FAILS(nn_evaluator_select(e, &beyond, 1), LSC_ERR_ARG, "sample 12 is not in 0 .. 11");
    nn_evaluator_free(e);
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(values_are_those_of_the_reference_in_each_arithmetic),
        TEST(chunks_of_any_size_give_equal_bits),
        TEST(images_that_do_not_fit_on_the_device_give_equal_bits),
        TEST(two_devices_give_the_bits_of_one),
        TEST(processes_of_a_machine_share_its_devices),
        TEST(a_device_that_breaks_half_way_loses_no_point),
        TEST(every_call_that_fails_once_is_reported_and_leaves_nothing_behind),
        TEST(points_done_before_a_failure_are_given),
        TEST(the_host_waits_once_a_call_not_at_points_or_chunks),
        TEST(a_point_that_overflows_in_16_bits_is_evaluated_once_more),
        TEST(activations_that_a_half_does_not_hold_are_scaled),
        TEST(a_negative_variance_makes_the_point_nan_and_is_counted),
        TEST(what_an_evaluator_cannot_do_is_refused),
    };
    /* What holds on any device: with the argument "device", on the one that is found. */
    const struct CMUnitTest anywhere[] = {
        TEST(values_are_those_of_the_reference_in_each_arithmetic),
        TEST(a_point_that_overflows_in_16_bits_is_evaluated_once_more),
        TEST(activations_that_a_half_does_not_hold_are_scaled),
        TEST(a_negative_variance_makes_the_point_nan_and_is_counted),
    };
    if (argc != 2)
        return 1;
    if (strcmp(argv[1], "device") == 0)
        return cmocka_run_group_tests(anywhere, NULL, NULL);
    emulated = control_open(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
