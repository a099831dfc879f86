/*
 * Points that overflow in 16 bits and are evaluated once more in tf32: their number is kept with the surface, over
 * resumes, too. On the emulated device. SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"
#include "landscape/objective_nn.h"

#define POINTS 5

typedef struct {
    nn_graph *graph;
    ds_dataset *data;
    lsc_frame *frame;
    lsc_plan *plan;
    int stop_at; /* points in the surface; 0: to the end */
    int64_t done;
} fixture;

/* Along the one direction the stem grows ten million times: activations of 1e8, which a half does not hold, at all
 * points but the first. */
static void open_frame(fixture *f)
{
    const lsc_layout *layout = nn_graph_layout(f->graph);
    float *theta = lsc_calloc((size_t)layout->n, sizeof *theta);
    assert_non_null(theta);
    nn_graph_init(f->graph, 3, theta);
    CHECK_OK(lsc_frame_new(layout, theta, 1, NULL, &f->frame));
    memset(f->frame->dirs[0], 0, (size_t)layout->n * sizeof *theta);
    for (int64_t j = 0; j < lsc_block_elements(lsc_layout_block(layout, 0)); j++)
        f->frame->dirs[0][j] = 1e7f * theta[j];
    lsc_free(theta);
}

static fixture open_fixture(void)
{
    fixture f = {0};
    fixture_idx("train", false, &(idx_fixture){.n = 2, .height = 28, .width = 28});
    CHECK_OK(ds_open(&(ds_options){.kind = "idx", .path = test_folder(), .pad = 2}, &f.data));
    CHECK_OK(nn_model_graph("resnet20", &(nn_shape){3, {3, 32, 32}}, 10, &f.graph));
    open_frame(&f);
    CHECK_OK(lsc_plan_new(&(lsc_axis){0, 1, POINTS}, 1, &f.plan));
    return f;
}

static void close_fixture(fixture *f)
{
    lsc_plan_free(f->plan);
    lsc_frame_free(f->frame);
    nn_graph_free(f->graph);
    ds_close(f->data);
}

static bool stop(void *context)
{
    const fixture *f = context;
    return f->stop_at > 0 && f->done >= f->stop_at;
}

static void progress(void *context, const lsc_surface *s)
{
    ((fixture *)context)->done = lsc_surface_n_done(s);
}

/* Each time with an objective of its own, as another process has. */
static lsc_surface *run(fixture *f, nn_arithmetic arithmetic, const char *path, int stop_at, lsc_status want)
{
    lsc_surface *s = NULL;
    lsc_objective objective;
    const objective_nn_options o = {.graph = f->graph,
                                    .data = f->data,
                                    .model = "resnet20",
                                    .loss = "cross_entropy",
                                    .backend = "cuda",
                                    .arithmetic = 1 + (int)arithmetic};
    const lsc_run_options r = {.path = path, .stop = stop, .progress = progress, .context = f};
    f->stop_at = stop_at;
    f->done = 0;
    CHECK_OK(objective_nn_open(&o, &objective));
    CHECK_INT(lsc_run(&objective, f->frame, f->plan, &r, &s), want);
    lsc_objective_close(&objective);
    return s;
}

static void points_repeated_in_tf32_are_counted_over_resumes(void **state)
{
    (void)state;
    fixture f = open_fixture();
    const char *path = test_path("s.h5");
    lsc_surface *s = run(&f, NN_FP16, path, 2, LSC_ERR_STOPPED);
    int64_t done = lsc_surface_n_done(s);
    CHECK(done >= 2 && done < POINTS);
    lsc_surface_free(s);
    lsc_surface_free(run(&f, NN_FP16, path, 0, LSC_OK));
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_STR(lsc_surface_get(s, "objective.precision"), "fp16");
    CHECK_STR(lsc_surface_get(s, "objective.repeated_in_tf32"), "4"); /* all but the first */
    CHECK_STR(lsc_surface_get(s, "objective.negative_variance"), "0");
    lsc_surface_free(s);
    close_fixture(&f);
}

static void none_is_repeated_in_other_precisions(void **state)
{
    (void)state;
    fixture f = open_fixture();
    lsc_surface *s = run(&f, NN_TF32, NULL, 0, LSC_OK);
    CHECK_STR(lsc_surface_get(s, "objective.precision"), "tf32");
    CHECK(lsc_surface_get(s, "objective.repeated_in_tf32") == NULL);
    CHECK_STR(lsc_surface_get(s, "objective.negative_variance"), "0");
    lsc_surface_free(s);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(points_repeated_in_tf32_are_counted_over_resumes),
        TEST_IN_FOLDER(none_is_repeated_in_other_precisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
