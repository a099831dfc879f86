/*
 * Statistics of batch norm at points on the emulated device, those of each batch and those formed anew: values of the
 * reference in each arithmetic; equal bits for any chunks, devices, and images that do not fit; devices that fail; no
 * waiting inside a point.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "cuda/points_fixture.h"

enum { NORM_IMAGES = 9, NORM_BATCH = 3, BATCH = 4 };

typedef enum { OF_EACH_BATCH, FORMED_ANEW, MODES } mode;

/* The images that statistics are formed from: others, in another order. */
static void read_others(const void *context, const int64_t *which, int64_t n, void *images)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t other = (5 * which[i] + 2) % N;
        read_bytes(context, &other, 1, (uint8_t *)images + i * PIXELS);
    }
}

static nn_evaluator_options options_with(const fixture *f, mode m)
{
    nn_evaluator_options o = options_of(f);
    if (m == OF_EACH_BATCH) {
        o.statistics = NN_BATCH;
        o.batch = BATCH;
    } else {
        o.norm = (nn_samples){.n = NORM_IMAGES, .read = read_others, .context = f};
        o.norm_batch = NORM_BATCH;
    }
    return o;
}

/* out [FIELDS]; counts may be NULL. */
static lsc_status one_point(const fixture *f, const nn_evaluator_options *o, double *out, nn_evaluator_counts *counts)
{
    return values_with(f, "cuda", o, 1, out, counts);
}

/* ---- values ------------------------------------------------------------------------------------------- */

static void values_are_those_of_the_reference_in_each_arithmetic(void **state)
{
    fixture f;
    double want[POINTS * FIELDS], frozen[POINTS * FIELDS];
    (void)state;
    open_fixture(&f);
    const nn_evaluator_options plain = options_of(&f);
    reference_values(&f, &plain, frozen);
    for (int m = 0; m < MODES; m++) {
        const nn_evaluator_options o = options_with(&f, (mode)m);
        reference_values(&f, &o, want);
        CHECK(fabs(want[0] - frozen[0]) > 0.01 * frozen[0]);
        check_arithmetics(&f, o, want, 2e-6);
    }
    close_fixture(&f);
}

static void a_selection_is_evaluated_in_batches_of_its_own(void **state)
{
    static const int64_t index[2 * BATCH] = {11, 3, 7, 0, 5, 1, 8, 2}, first[2] = {0, 1};
    fixture f;
    double all[FIELDS], one[FIELDS], sum = 0;
    nn_evaluator_options o = (open_fixture(&f), options_with(&f, OF_EACH_BATCH));
    nn_evaluator *e = evaluator_of(&f, &o);
    int done = 0;
    (void)state;
    CHECK_OK(nn_evaluator_select(e, index, 2 * BATCH));
    CHECK_OK(nn_evaluator_points(e, f.coords, 1, all, &done));
    for (int batch = 0; batch < 2; batch++) {
        CHECK_OK(nn_evaluator_select(e, index + batch * BATCH, BATCH));
        CHECK_OK(nn_evaluator_points(e, f.coords, 1, one, &done));
        sum += one[0];
    }
    CHECK_RELATIVE(all[0], sum / 2, 1e-14);
    CHECK_FAILS(nn_evaluator_select(e, first, 2), LSC_ERR_ARG, "2 samples are no whole batches of 4");
    nn_evaluator_free(e);
    close_fixture(&f);
}

/* Running variances of the centre are not used. */
static void a_negative_running_variance_is_of_no_account(void **state)
{
    fixture f;
    double got[FIELDS], want[FIELDS];
    nn_evaluator_counts counts;
    (void)state;
    open_fixture(&f);
    for (int m = 0; m < MODES; m++) {
        const nn_evaluator_options o = options_with(&f, (mode)m);
        CHECK_OK(one_point(&f, &o, want, NULL));
        CHECK(isfinite(want[0]));
        *center_of(&f, "norm4.running_var") = m == OF_EACH_BATCH ? -1 : -2;
        CHECK_OK(one_point(&f, &o, got, &counts));
        CHECK_INT(counts.negative, 0);
        check_same(got, want, 1, OTHER_ENGINE_FP32);
    }
    close_fixture(&f);
}

static void a_point_that_overflows_in_16_bits_is_evaluated_once_more(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    scale_stem(&f, 1e7f); /* what it puts out, before its batch norm, is beyond half */
    for (int m = 0; m < MODES; m++)
        check_evaluated_once_more(&f, options_with(&f, (mode)m), 1, OTHER_ENGINE);
    close_fixture(&f);
}

/* ---- the same values, equal bits ------------------------------------------------------------------------- */

static void chunks_of_any_size_give_the_same_values_on_statistics_formed_anew(void **state)
{
    fixture f;
    double want[FIELDS], got[FIELDS];
    (void)state;
    open_fixture(&f);
    nn_evaluator_options o = options_with(&f, FORMED_ANEW);
    CHECK_OK(one_point(&f, &o, want, NULL));
    for (int batch = 1; batch < N; batch += 3) {
        o.batch = batch;
        CHECK_OK(one_point(&f, &o, got, NULL));
        check_same(got, want, 1, OTHER_ENGINE_FP32);
    }
    close_fixture(&f);
}

/* Memory with which it cannot be opened, nearly enough. */
static int64_t too_little_memory(const fixture *f, const nn_evaluator_options *o)
{
    enum { STEP = 2048 };
    nn_evaluator *e = NULL;
    for (emulated->memory = STEP; nn_evaluator_new("cuda", f->graph, o, &e) != LSC_OK; emulated->memory += STEP)
        CHECK(emulated->memory < (int64_t)1 << 24);
    nn_evaluator_free(e);
    return emulated->memory - STEP;
}

/* From the least memory with which it can be opened on: first the images pass through windows. */
static void images_that_do_not_fit_on_the_device_give_equal_bits(void **state)
{
    fixture f;
    double want[FIELDS];
    (void)state;
    open_fixture(&f);
    for (int m = 0; m < MODES; m++) {
        nn_evaluator_options o = options_with(&f, (mode)m);
        control_reset(emulated);
        o.batch = BATCH;
        CHECK_OK(one_point(&f, &o, want, NULL));
        CHECK(check_windows(&f, &o, 1, want, too_little_memory(&f, &o), 256) > 0);
    }
    close_fixture(&f);
}

/* ... and whichever call it is at which the second one breaks. */
static void two_devices_give_the_bits_of_one(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    for (int m = 0; m < MODES; m++) {
        const nn_evaluator_options o = options_with(&f, (mode)m);
        CHECK(check_breaking_device(&f, &o, 59) > 0);
    }
    close_fixture(&f);
}

/* ---- failures, cost, mistakes ------------------------------------------------------------------------------ */

static void every_call_that_fails_once_is_reported_and_leaves_nothing_behind(void **state)
{
    fixture f;
    const nn_evaluator_options o = (open_fixture(&f), options_with(&f, FORMED_ANEW));
    (void)state;
    CHECK(check_failing_calls(&f, &o, 1) > 100);
    close_fixture(&f);
}

/* Of statistics from so many images. */
static int64_t waits(const fixture *f, int64_t norm_images, int points)
{
    nn_evaluator_options o = options_with(f, FORMED_ANEW);
    o.norm.n = norm_images;
    return waits_of_call(f, &o, points);
}

static void the_host_does_not_wait_for_statistics(void **state)
{
    fixture f;
    (void)state;
    open_fixture(&f);
    CHECK_INT(waits(&f, NORM_BATCH, 1), 4); /* coordinates up, state up, notes down, values down */
    CHECK_INT(waits(&f, NORM_IMAGES, 1), 4);
    CHECK_INT(waits(&f, NORM_IMAGES, 4), 4);
    close_fixture(&f);
}

static void what_does_not_go_together_is_refused(void **state)
{
    fixture f;
    nn_evaluator *e = NULL;
    nn_evaluator_options o = (open_fixture(&f), options_with(&f, OF_EACH_BATCH));
    (void)state;
    o.batch = 5;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "12 samples are no whole batches of 5");
    o = options_with(&f, FORMED_ANEW);
    o.norm.n = 8;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "statistics from 8 images, in batches of 3");
    o = options_with(&f, FORMED_ANEW);
    o.statistics = NN_BATCH;
    o.batch = BATCH;
    CHECK_FAILS(nn_evaluator_new("cuda", f.graph, &o, &e), LSC_ERR_ARG, "and of each batch of samples");
    close_fixture(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest anywhere[] = {
        TEST(values_are_those_of_the_reference_in_each_arithmetic),
        TEST(a_selection_is_evaluated_in_batches_of_its_own),
        TEST(a_negative_running_variance_is_of_no_account),
        TEST(a_point_that_overflows_in_16_bits_is_evaluated_once_more),
        TEST(chunks_of_any_size_give_the_same_values_on_statistics_formed_anew),
    };
    const struct CMUnitTest emulated_only[] = {
        TEST(images_that_do_not_fit_on_the_device_give_equal_bits),
        TEST(two_devices_give_the_bits_of_one),
        TEST(every_call_that_fails_once_is_reported_and_leaves_nothing_behind),
        TEST(the_host_does_not_wait_for_statistics),
        TEST(what_does_not_go_together_is_refused),
    };
    return RUN_POINTS_TESTS(argc, argv, anywhere, emulated_only);
}
