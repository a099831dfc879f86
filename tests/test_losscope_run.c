/*
 * lsc_run: values, both routes to them, failures half-way, stopping.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#include "losscope_fixture.h"

static lsc_frame *new_frame(int n_dirs)
{
    float center[FIXTURE_N];
    lsc_frame *frame;

    fixture_center(center);
    CHECK_OK(lsc_frame_new(&fixture_layout, center, n_dirs, NULL, &frame));
    return frame;
}

static lsc_plan *new_plan(int n_axes)
{
    const lsc_axis axes[3] = {{-1, 1, 5}, {-0.5, 1, 4}, {0, 2, 3}};
    lsc_plan *plan;

    CHECK_OK(lsc_plan_new(axes, n_axes, &plan));
    return plan;
}

/* A finished surface in memory. */
static lsc_surface *run_whole(fixture_quadratic *q, bool coords, int n_axes)
{
    const lsc_objective obj = fixture_objective(q, coords);
    lsc_frame *frame = new_frame(n_axes);
    lsc_plan *plan = new_plan(n_axes);
    lsc_surface *s;

    CHECK_OK(lsc_run(&obj, frame, plan, NULL, &s));
    CHECK_INT(lsc_surface_n_done(s), lsc_plan_points(plan));
    lsc_plan_free(plan);
    lsc_frame_free(frame);
    return s;
}

static void values_of_a_quadratic_are_exact(void **state)
{
    fixture_quadratic q = {0};
    lsc_surface *s = run_whole(&q, false, 2);
    lsc_frame *frame = new_frame(2);
    const double *loss = lsc_surface_field(s, "loss");

    (void)state;
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 5; x++) {
            const double cx = -1 + x * 0.5, cy = -0.5 + y * 0.5;
            double want = 0;

            for (int j = 0; j < FIXTURE_N; j++) {
                const double t = (float)(frame->center[j] + cx * frame->dirs[0][j] + cy * frame->dirs[1][j]);
                want += (1 + j % 5) * t * t / 2;
            }
            CHECK_REAL(loss[y * 5 + x], want, 0);
        }
    lsc_frame_free(frame);
    lsc_surface_free(s);
}

static void both_routes_give_equal_bits(void **state)
{
    (void)state;
    for (int n_axes = 1; n_axes <= 3; n_axes++) {
        fixture_quadratic q[2] = {{0}, {0}};
        lsc_surface *theta = run_whole(&q[0], false, n_axes), *coords = run_whole(&q[1], true, n_axes);

        CHECK_INT(q[0].calls, lsc_surface_points(theta));
        CHECK_INT(q[1].calls, (lsc_surface_points(theta) + 6) / 7);
        for (int f = 0; f < 3; f++) {
            const char *name = lsc_surface_field_name(theta, f);
            CHECK_BYTES(lsc_surface_field(coords, name), lsc_surface_field(theta, name),
                        (size_t)lsc_surface_points(theta) * sizeof(double));
        }
        lsc_surface_free(theta);
        lsc_surface_free(coords);
    }
}

static void points_that_a_call_leaves_over_come_in_the_next(void **state)
{
    fixture_quadratic some = {.per_call_max = 3}, all = {0};
    lsc_surface *a = run_whole(&some, true, 2), *b = run_whole(&all, true, 2);

    (void)state;
    CHECK_INT(some.points, 20);
    CHECK_BYTES(lsc_surface_field(a, "loss"), lsc_surface_field(b, "loss"), 20 * sizeof(double));
    lsc_surface_free(a);
    lsc_surface_free(b);
}

static void nan_is_a_result(void **state)
{
    fixture_quadratic q = {.nan_above = 100};
    lsc_surface *s = run_whole(&q, false, 2);
    int n_nan = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        n_nan += isnan(lsc_surface_field(s, "loss")[i]);
    CHECK(n_nan > 0 && n_nan < 20);
    lsc_surface_free(s);
}

static void a_failing_objective_is_quoted_and_its_points_are_kept(void **state)
{
    (void)state;
    for (int coords = 0; coords <= 1; coords++) {
        fixture_quadratic q = {.fail_at = 10};
        const lsc_objective obj = fixture_objective(&q, coords);
        lsc_frame *frame = new_frame(2);
        lsc_plan *plan = new_plan(2);
        const lsc_run_options o = {.path = test_path("failed%d.h5", coords)};
        lsc_surface *s = NULL, *saved = NULL;
        double at[2];
        char where[128];

        lsc_plan_point(plan, 9, at);
        snprintf(where, sizeof where, "%s failed at (%.6g, %.6g): the quadratic was told to fail",
                 coords ? "eval_coords" : "eval", at[0], at[1]);
        CHECK_FAILS(lsc_run(&obj, frame, plan, &o, &s), LSC_ERR_CALLBACK, where);
        CHECK_INT(lsc_surface_n_done(s), 9);
        CHECK_OK(lsc_surface_load(o.path, &saved));
        CHECK_INT(lsc_surface_n_done(saved), 9);
        lsc_surface_free(s);
        lsc_surface_free(saved);
        lsc_plan_free(plan);
        lsc_frame_free(frame);
    }
}

static bool stop_after_five(void *context)
{
    return ((fixture_quadratic *)context)->points >= 5;
}

static void a_stopped_run_is_saved(void **state)
{
    fixture_quadratic q = {0};
    const lsc_objective obj = fixture_objective(&q, false);
    lsc_frame *frame = new_frame(2);
    lsc_plan *plan = new_plan(2);
    const lsc_run_options o = {.path = test_path("s.h5"), .stop = stop_after_five, .context = &q};
    lsc_surface *s = NULL, *saved = NULL;

    (void)state;
    CHECK_FAILS(lsc_run(&obj, frame, plan, &o, &s), LSC_ERR_STOPPED, "stopped on request with 5 of 20 points done");
    CHECK_OK(lsc_surface_load(o.path, &saved));
    CHECK_INT(lsc_surface_n_done(s), 5);
    CHECK_INT(lsc_surface_n_done(saved), 5);
    CHECK_INT(test_folder_entries(), 1);
    lsc_surface_free(s);
    lsc_surface_free(saved);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
}

static void an_objective_may_stop_the_run_itself(void **state)
{
    fixture_quadratic q = {.fail_at = 4, .fail_with = LSC_ERR_STOPPED};
    const lsc_objective obj = fixture_objective(&q, true);
    lsc_frame *frame = new_frame(1);
    lsc_plan *plan = new_plan(1);
    lsc_surface *s = NULL;

    (void)state;
    CHECK_FAILS(lsc_run(&obj, frame, plan, NULL, &s), LSC_ERR_STOPPED, "stopped by the objective");
    CHECK_INT(lsc_surface_n_done(s), 3);
    lsc_surface_free(s);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
}

static void count_call(void *context, const lsc_surface *s)
{
    int64_t *seen = context;

    CHECK(lsc_surface_n_done(s) > seen[1]);
    seen[0]++;
    seen[1] = lsc_surface_n_done(s);
}

static void progress_is_told_after_every_call(void **state)
{
    fixture_quadratic q = {0};
    const lsc_objective obj = fixture_objective(&q, true);
    lsc_frame *frame = new_frame(2);
    lsc_plan *plan = new_plan(2);
    int64_t seen[2] = {0};
    const lsc_run_options o = {.progress = count_call, .context = seen};
    lsc_surface *s = NULL;

    (void)state;
    CHECK_OK(lsc_run(&obj, frame, plan, &o, &s));
    CHECK_INT(seen[0], q.calls);
    CHECK_INT(seen[1], 20);
    lsc_surface_free(s);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
}

static void frame_and_plan_must_fit_the_objective(void **state)
{
    fixture_quadratic q = {0};
    lsc_objective obj = fixture_objective(&q, false);
    const lsc_block other_block = {.name = "w", .role = LSC_WEIGHT, .rank = 1, .shape = {FIXTURE_N}};
    const lsc_layout other = {&other_block, sizeof other_block, 1, FIXTURE_N, FIXTURE_N};
    lsc_frame *frame = new_frame(2);
    lsc_plan *plan = new_plan(1);
    lsc_surface *s = NULL;

    (void)state;
    CHECK_FAILS(lsc_run(&obj, frame, plan, NULL, &s), LSC_ERR_SHAPE, "the frame has 2 directions, the plan 1 axes");
    CHECK(s == NULL);
    obj.layout = &other;
    CHECK_FAILS(lsc_run(&obj, frame, plan, NULL, &s), LSC_ERR_SHAPE, "the layouts of objective and frame differ");
    lsc_plan_free(plan);
    lsc_frame_free(frame);
}

static void a_folder_that_is_not_there_is_noticed_before_the_first_point(void **state)
{
    fixture_quadratic q = {0};
    const lsc_objective obj = fixture_objective(&q, false);
    lsc_frame *frame = new_frame(2);
    lsc_plan *plan = new_plan(2);
    const lsc_run_options o = {.path = test_path("no/such/s.h5")};
    lsc_surface *s = NULL;

    (void)state;
    CHECK_FAILS(lsc_run(&obj, frame, plan, &o, &s), LSC_ERR_IO, "No such file or directory");
    CHECK(s == NULL);
    CHECK_INT(q.calls, 0);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_of_a_quadratic_are_exact),
        TEST(both_routes_give_equal_bits),
        TEST(points_that_a_call_leaves_over_come_in_the_next),
        TEST(nan_is_a_result),
        TEST_IN_FOLDER(a_failing_objective_is_quoted_and_its_points_are_kept),
        TEST_IN_FOLDER(a_stopped_run_is_saved),
        TEST(an_objective_may_stop_the_run_itself),
        TEST(progress_is_told_after_every_call),
        TEST(frame_and_plan_must_fit_the_objective),
        TEST_IN_FOLDER(a_folder_that_is_not_there_is_noticed_before_the_first_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
