/*
 * Statistics of batch norm at a displaced point: formed anew from a fixed set of images, as computed by hand; equal
 * bits for any threads and forward passes; and what they do not go with. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "data_fixture.h"
#include "landscape/objective_nn.h"
#include "support/block.h"

enum { IMAGES = 24, SIDE = 8, PIXELS = SIDE * SIDE, CLASSES = 10, BATCH = 6 };

/* A network, its images and the objective over them. */
typedef struct {
    nn_graph *graph;
    ds_dataset *data;
    lsc_frame *frame;
    float *theta;
    lsc_objective objective;
} fixture;

static const double coords[2] = {0.3, -0.7};

/* Batches in which classes are mixed. */
static int64_t mixed[IMAGES];

static void open_data(fixture *f)
{
    fixture_idx("train", false, &(idx_fixture){.n = IMAGES, .height = SIDE, .width = SIDE});
    CHECK_OK(ds_open(&(ds_options){.kind = "idx", .path = test_folder()}, &f->data));
    for (int i = 0; i < IMAGES; i++)
        mixed[i] = (7 * i + 3) % IMAGES;
}

static void open_frame(fixture *f)
{
    const lsc_layout *layout = nn_graph_layout(f->graph);
    f->theta = lsc_calloc((size_t)layout->n, sizeof *f->theta);
    assert_non_null(f->theta);
    nn_graph_init(f->graph, 3, f->theta);
    CHECK_OK(lsc_frame_new(layout, f->theta, 2, &(lsc_direction_options){0}, &f->frame));
}

static fixture open_model(const char *model)
{
    fixture f = {0};
    open_data(&f);
    CHECK_OK(nn_model_graph(model, &(nn_shape){3, {3, SIDE, SIDE}}, CLASSES, &f.graph));
    open_frame(&f);
    return f;
}

static objective_nn_options options_of(const fixture *f, objective_nn_options o)
{
    o.graph = f->graph;
    o.data = f->data;
    o.model = "a model";
    o.loss = "cross_entropy";
    return o;
}

static void open_objective(fixture *f, objective_nn_options o)
{
    o = options_of(f, o);
    lsc_objective_close(&f->objective);
    CHECK_OK(objective_nn_open(&o, &f->objective));
    CHECK_OK(lsc_objective_check(&f->objective));
    CHECK_OK(f->objective.ops->set_frame(f->objective.self, f->frame->center, (const float *const *)f->frame->dirs, 2));
}

static objective_nn_options recalibrated(const char *backend, nn_real real)
{
    return (objective_nn_options){.backend = backend,
                                  .real = real,
                                  .arithmetic = real == NN_F32 ? 1 + NN_FP32 : 0,
                                  .norm_index = mixed,
                                  .n_norm = 18,
                                  .norm_batch = BATCH};
}

static void close_fixture(fixture *f)
{
    lsc_objective_close(&f->objective);
    lsc_frame_free(f->frame);
    lsc_free(f->theta);
    nn_graph_free(f->graph);
    ds_close(f->data);
}

static void values_at(const fixture *f, const double *where, double *out)
{
    int done = 0;
    CHECK_OK(f->objective.ops->eval_coords(f->objective.self, where, 1, out, &done));
    CHECK_INT(done, 1);
}

/* ---- values ----------------------------------------------------------------------------------------- */

/* Means over the batches of the means and unbiased variances of the images' channels. */
static void statistics_by_hand(const fixture *f, double mean[3], double var[3])
{
    static float images[BATCH * 3 * PIXELS];
    for (int batch = 0; batch < 3; batch++) {
        ds_read(f->data, mixed + batch * BATCH, BATCH, images, NULL, NULL);
        for (int c = 0; c < 3; c++) {
            const double m = BATCH * PIXELS;
            double sum = 0, squares = 0;
            for (int i = 0; i < BATCH * PIXELS; i++)
                sum += (double)images[(i / PIXELS * 3 + c) * PIXELS + i % PIXELS];
            for (int i = 0; i < BATCH * PIXELS; i++) {
                double d = (double)images[(i / PIXELS * 3 + c) * PIXELS + i % PIXELS] - sum / m;
                squares += d * d;
            }
            mean[c] += sum / m / 3;
            var[c] += squares / (m - 1) / 3;
        }
    }
}

/* A linear layer on normalized images: logits by hand, with the weights at the point. */
static double loss_by_hand(const fixture *f, const double *theta, const double mean[3], const double var[3])
{
    const lsc_layout *layout = nn_graph_layout(f->graph);
    const double *g = theta + layout->blocks[0].offset, *b = theta + layout->blocks[1].offset;
    const double *w = theta + layout->blocks[2].offset, *own = theta + layout->blocks[3].offset;
    static float image[3 * PIXELS];
    double sum = 0;
    for (int64_t i = 0; i < IMAGES; i++) {
        double z[CLASSES], exps = 0;
        int32_t label;
        ds_read(f->data, &i, 1, image, &label, NULL);
        for (int k = 0; k < CLASSES; k++) {
            z[k] = own[k];
            for (int j = 0; j < 3 * PIXELS; j++) {
                int c = j / PIXELS;
                z[k] += w[k * 3 * PIXELS + j] * (g[c] * ((double)image[j] - mean[c]) / sqrt(var[c] + 1e-5) + b[c]);
            }
            exps += exp(z[k]);
        }
        sum += log(exps) - z[label];
    }
    return sum / IMAGES;
}

static void statistics_formed_anew_are_those_computed_by_hand(void **state)
{
    (void)state;
    fixture f = {0};
    double values[2], mean[3] = {0}, var[3] = {0};
    open_data(&f);
    CHECK_OK(nn_graph_new(&(nn_shape){3, {3, SIDE, SIDE}}, &f.graph));
    nn_linear(f.graph, nn_flatten(f.graph, nn_batchnorm(f.graph, 0, "norm")), "head", CLASSES, true);
    CHECK_OK(nn_graph_finish(f.graph));
    open_frame(&f);
    double *theta = lsc_calloc((size_t)nn_graph_layout(f.graph)->n, sizeof *theta);
    assert_non_null(theta);
    lsc_frame_point(f.frame, coords, theta);
    statistics_by_hand(&f, mean, var);
    const double want = loss_by_hand(&f, theta, mean, var);
    open_objective(&f, recalibrated("ref", NN_F64));
    values_at(&f, coords, values);
    CHECK_RELATIVE(values[0], want, 1e-12);
    CHECK_OK(f.objective.ops->eval(f.objective.self, theta, values));
    CHECK_RELATIVE(values[0], want, 1e-12);
    open_objective(&f, recalibrated("auto", NN_F32)); /* statistics and sums in float */
    values_at(&f, coords, values);
    CHECK_RELATIVE(values[0], want, 1e-5);
    open_objective(&f, (objective_nn_options){.backend = "ref", .real = NN_F64});
    values_at(&f, coords, values);
    CHECK(fabs(values[0] - want) > 1e-3 * want); /* on the statistics of the centre */
    lsc_free(theta);
    close_fixture(&f);
}

/* The running statistics of this network become those of its images: as after training. */
static void settle_statistics(fixture *f)
{
    nn_mean_statistics mean;
    nn_plan *plan = NULL;
    static float images[IMAGES * 3 * PIXELS];
    double logits[IMAGES * CLASSES];
    int64_t all[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        all[i] = i;
    ds_read(f->data, all, IMAGES, images, NULL, NULL);
    CHECK_OK(nn_plan_new("ref", f->graph, &(nn_plan_options){.batch = IMAGES, .statistics = NN_BATCH}, &plan));
    CHECK_OK(nn_plan_set_theta(plan, f->theta));
    CHECK_OK(nn_plan_forward(plan, images, IMAGES, logits));
    CHECK_OK(nn_mean_statistics_init(&mean, nn_graph_layout(f->graph), NN_F32));
    nn_mean_statistics_begin(&mean);
    nn_mean_statistics_clear(&mean, f->theta);
    CHECK_OK(nn_plan_update_statistics(plan, f->theta));
    nn_mean_statistics_add(&mean, f->theta);
    nn_mean_statistics_set(&mean, f->theta);
    memcpy(f->frame->center, f->theta, (size_t)nn_graph_layout(f->graph)->n * sizeof *f->theta);
    nn_mean_statistics_fini(&mean);
    nn_plan_free(plan);
}

static void at_the_centre_the_loss_is_nearly_that_on_the_running_statistics(void **state)
{
    static const double centre[2] = {0, 0};
    (void)state;
    fixture f = open_model("resnet20");
    double frozen[2], anew[2], displaced[2][2];
    settle_statistics(&f);
    open_objective(&f, (objective_nn_options){0});
    values_at(&f, centre, frozen);
    values_at(&f, coords, displaced[0]);
    open_objective(&f, recalibrated("auto", NN_F32));
    values_at(&f, centre, anew);
    values_at(&f, coords, displaced[1]);
    /* 18 of the 24 images, in batches of six: other statistics by a few percent */
    CHECK_RELATIVE(anew[0], frozen[0], 0.05);
    CHECK(anew[0] != frozen[0]);
    CHECK(isfinite(displaced[1][0]) && displaced[1][0] < displaced[0][0]);
    close_fixture(&f);
}

/* In float on the fastest backend and in double on the reference. */
static void backends_agree(void **state)
{
    (void)state;
    fixture f = open_model("resnet20");
    double fast[2], want[2];
    open_objective(&f, recalibrated("auto", NN_F32));
    values_at(&f, coords, fast);
    open_objective(&f, recalibrated("ref", NN_F64));
    values_at(&f, coords, want);
    CHECK_RELATIVE(fast[0], want[0], 1e-4); /* floats through twenty layers and their batch norms */
    close_fixture(&f);
}

/* ---- bits and memory ---------------------------------------------------------------------------------- */

static void neither_threads_nor_images_of_a_forward_change_a_bit(void **state)
{
    (void)state;
    fixture f = open_model("resnet20");
    double first[2], values[2];
    objective_nn_options o = recalibrated("auto", NN_F32);
    for (int threads = 1; threads <= 3; threads++) {
        o.threads = threads;
        o.batch = 5 * threads;
        open_objective(&f, o);
        values_at(&f, coords, threads == 1 ? first : values);
        if (threads > 1)
            CHECK_BYTES(values, first, sizeof first);
    }
    values_at(&f, (const double[]){-0.9, 0.9}, values); /* nothing is left of another point */
    values_at(&f, coords, values);
    CHECK_BYTES(values, first, sizeof first);
    o.memory = 1; /* images are normalized anew */
    lsc_log_set("test", LSC_LOG_QUIET);
    open_objective(&f, o);
    values_at(&f, coords, values);
    CHECK_BYTES(values, first, sizeof first);
    close_fixture(&f);
}

static void a_point_allocates_nothing(void **state)
{
    (void)state;
    fixture f = open_model("resnet20");
    double values[2];
    open_objective(&f, recalibrated("auto", NN_F32));
    values_at(&f, coords, values); /* libraries may make their tables at the first call */
    int64_t before = lsc_alloc_calls();
    values_at(&f, coords, values);
    CHECK_INT(lsc_alloc_calls(), before);
    close_fixture(&f);
}

static lsc_status open_and_close(void *context)
{
    const fixture *f = context;
    const objective_nn_options o = options_of(f, recalibrated("ref", NN_F32));
    lsc_objective objective = {0};
    lsc_status st = objective_nn_open(&o, &objective);
    lsc_objective_close(&objective);
    return st;
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    fixture f = open_model("resnet20");
    CHECK(test_torture(open_and_close, &f) > 20);
    close_fixture(&f);
}

/* ---- what it goes with ---------------------------------------------------------------------------------- */

static void a_negative_running_variance_is_of_no_account_where_it_is_not_used(void **state)
{
    (void)state;
    fixture f = open_model("resnet20");
    const objective_nn_options with[] = {{0}, {.statistics = NN_BATCH, .batch = BATCH}, recalibrated("auto", NN_F32)};
    double values[2];
    int64_t counts[2] = {0};
    f.frame->center[test_block(nn_graph_layout(f.graph), "bn1.running_var")->offset] = -1;
    for (size_t i = 0; i < LSC_COUNT(with); i++) {
        open_objective(&f, with[i]);
        values_at(&f, coords, values);
        CHECK_INT(isnan(values[0]), i == 0);
        f.objective.ops->counts(f.objective.self, counts);
        CHECK_INT(counts[0], i == 0);
    }
    close_fixture(&f);
}

static void there_are_no_gradients_through_statistics_formed_anew(void **state)
{
    (void)state;
    fixture f = open_model("mlp");
    const int64_t n = nn_graph_layout(f.graph)->n;
    double out[2], *theta = lsc_calloc((size_t)n, sizeof *theta), *g = lsc_calloc((size_t)n, sizeof *g);
    open_objective(&f, recalibrated("auto", NN_F32));
    CHECK_FAILS(f.objective.ops->grad(f.objective.self, 0, theta, out, g), LSC_ERR_ABSENT,
                "no gradients where statistics are formed anew at each point");
    CHECK_FAILS(f.objective.ops->hvp(f.objective.self, 0, theta, theta, g), LSC_ERR_ABSENT, "no gradients");
    lsc_free(theta);
    lsc_free(g);
    close_fixture(&f);
}

static void refused(const fixture *f, objective_nn_options o, const char *text)
{
    lsc_objective none;
    o = options_of(f, o);
    CHECK_FAILS(objective_nn_open(&o, &none), LSC_ERR_ARG, text);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    static const int64_t beyond[] = {0, IMAGES};
    (void)state;
    fixture f = open_model("mlp");
    objective_nn_options o = recalibrated("auto", NN_F32);
    o.n_norm = 17;
    refused(&f, o, "statistics from 17 images, which are no whole batches of 6");
    o = recalibrated("auto", NN_F32);
    o.statistics = NN_BATCH;
    refused(&f, o, "those of each batch, or formed anew at each point, not both");
    refused(&f, (objective_nn_options){.norm_index = beyond, .n_norm = 2, .norm_batch = 1},
            "image 24 is not in 0 .. 23");
    close_fixture(&f);
}

static void the_settings_say_which_images_and_how_many_together(void **state)
{
    (void)state;
    fixture f = open_model("mlp");
    open_objective(&f, recalibrated("auto", NN_F32));
    CHECK_HAS(f.objective.settings, "\"batch_norm\": \"recalibrated\", \"batch_norm_batch\": 6, "
                                    "\"batch_norm_images\": 18, \"batch_norm_sha256\": \"");
    CHECK_INT(objective_nn_norm_images(&f.objective), 18);
    CHECK_INT(objective_nn_unit(&f.objective), 1);
    open_objective(&f, (objective_nn_options){.statistics = NN_BATCH, .batch = BATCH});
    CHECK_HAS(f.objective.settings, "\"batch_norm\": \"batch\", \"batch_norm_batch\": 6, ");
    CHECK_INT(objective_nn_norm_images(&f.objective), 0);
    CHECK_INT(objective_nn_unit(&f.objective), BATCH);
    close_fixture(&f);
}

/* An argument: a pattern of tests to leave out. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(statistics_formed_anew_are_those_computed_by_hand),
        TEST_IN_FOLDER(at_the_centre_the_loss_is_nearly_that_on_the_running_statistics),
        TEST_IN_FOLDER(backends_agree),
        TEST_IN_FOLDER(neither_threads_nor_images_of_a_forward_change_a_bit),
        TEST_IN_FOLDER(a_point_allocates_nothing),
        TEST_IN_FOLDER(every_failed_allocation_is_reported),
        TEST_IN_FOLDER(a_negative_running_variance_is_of_no_account_where_it_is_not_used),
        TEST_IN_FOLDER(there_are_no_gradients_through_statistics_formed_anew),
        TEST_IN_FOLDER(what_does_not_fit_together_is_refused),
        TEST_IN_FOLDER(the_settings_say_which_images_and_how_many_together),
    };
    if (argc > 1)
        cmocka_set_skip_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
