/*
 * The adapter from networks and data to the seam of liblosscope: equal bits on both routes and for any number of
 * threads, fixed samples, domains, values that are not finite, and no allocation at a point.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "data_fixture.h"
#include "landscape/objective_nn.h"

/* A network, its images and the objective over them. */
typedef struct {
    nn_graph *graph;
    ds_dataset *data;
    lsc_frame *frame;
    float *theta;
    lsc_objective objective;
} fixture;

static const double two_domains[] = {0, 90};

static void open_data(fixture *f, const char *model, int n_images, int n_domains)
{
    fixture_idx("train", false, &(idx_fixture){.n = n_images, .height = 28, .width = 28});
    const ds_options o = {.kind = "idx",
                          .path = test_folder(),
                          .pad = strcmp(model, "mlp") == 0 ? 0 : 2,
                          .rotations = two_domains,
                          .n_rotations = n_domains};
    CHECK_OK(ds_open(&o, &f->data));
}

static void open_network(fixture *f, const char *model)
{
    nn_shape image = {.rank = 3};
    ds_image_shape(f->data, image.dim);
    CHECK_OK(nn_model_graph(model, &image, 10, &f->graph));
    const lsc_layout *layout = nn_graph_layout(f->graph);
    f->theta = lsc_calloc((size_t)layout->n, sizeof *f->theta);
    assert_non_null(f->theta);
    nn_graph_init(f->graph, 3, f->theta);
    CHECK_OK(lsc_frame_new(layout, f->theta, 2, &(lsc_direction_options){0}, &f->frame));
}

static void open_objective(fixture *f, objective_nn_options o)
{
    lsc_objective_close(&f->objective);
    o.graph = f->graph;
    o.data = f->data;
    o.model = "a model";
    o.loss = "cross_entropy";
    CHECK_OK(objective_nn_open(&o, &f->objective));
    CHECK_OK(lsc_objective_check(&f->objective));
    CHECK_OK(f->objective.ops->set_frame(f->objective.self, f->frame->center, (const float *const *)f->frame->dirs, 2));
}

static fixture open_fixture(const char *model, int n_images, int n_domains)
{
    fixture f = {0};
    open_data(&f, model, n_images, n_domains);
    open_network(&f, model);
    return f;
}

static void close_fixture(fixture *f)
{
    if (f->objective.ops != NULL)
        lsc_objective_close(&f->objective);
    lsc_frame_free(f->frame);
    lsc_free(f->theta);
    nn_graph_free(f->graph);
    ds_close(f->data);
}

/* The fields at coordinates (0.25, -0.5), whose products with the directions are rounded. */
static const double coords[2] = {0.3, -0.7};

static void values_at(const fixture *f, double *out)
{
    int done = 0;
    CHECK_OK(f->objective.ops->eval_coords(f->objective.self, coords, 1, out, &done));
    CHECK_INT(done, 1);
}

static void both_routes_give_equal_bits(const char *backend, nn_real real)
{
    fixture f = open_fixture("mlp", 40, 0);
    double direct[2], by_theta[2];
    open_objective(&f, (objective_nn_options){.backend = backend, .real = real});
    double *theta = lsc_calloc((size_t)f.objective.layout->n, sizeof *theta);
    assert_non_null(theta);
    lsc_frame_point(f.frame, coords, theta);
    values_at(&f, direct);
    CHECK_OK(f.objective.ops->eval(f.objective.self, theta, by_theta));
    CHECK_BYTES(direct, by_theta, sizeof direct);
    CHECK(isfinite(direct[0]) && direct[0] > 0);
    lsc_free(theta);
    close_fixture(&f);
}

static void a_point_by_coordinates_equals_the_point_by_theta(void **state)
{
    (void)state;
    both_routes_give_equal_bits("auto", NN_F32);
    both_routes_give_equal_bits("ref", NN_F32);
    both_routes_give_equal_bits("ref", NN_F64);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    fixture f = open_fixture("resnet20", 34, 0); /* three blocks of 16 in the cpu backend */
    double first[2], values[2];
    for (int threads = 1; threads <= 3; threads++) {
        open_objective(&f, (objective_nn_options){.threads = threads});
        values_at(&f, threads == 1 ? first : values);
        if (threads > 1)
            CHECK_BYTES(values, first, sizeof first);
    }
    close_fixture(&f);
}

static void images_that_do_not_fit_in_memory_give_the_same_values(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 40, 0);
    double kept[2], streamed[2];
    lsc_log_set("test", LSC_LOG_QUIET);
    open_objective(&f, (objective_nn_options){0});
    values_at(&f, kept);
    open_objective(&f, (objective_nn_options){.memory = 39 * 3 * 28 * 28 * sizeof(float)});
    values_at(&f, streamed);
    CHECK_BYTES(streamed, kept, sizeof kept);
    close_fixture(&f);
}

static void a_point_allocates_nothing(void **state)
{
    (void)state;
    fixture f = open_fixture("resnet20", 4, 0);
    double values[2];
    open_objective(&f, (objective_nn_options){.threads = 2});
    values_at(&f, values); /* libraries may make their tables at the first call */
    int64_t before = lsc_alloc_calls();
    test_malloc_begin();
    values_at(&f, values);
    values_at(&f, values);
    test_malloc_count count = test_malloc_end();
    CHECK_INT(lsc_alloc_calls(), before);
    if (count.counted)
        CHECK(count.largest <= 4096);
    close_fixture(&f);
}

/* ---- samples ---------------------------------------------------------------------------------- */

static void fields_are_means_over_samples_and_domains(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 40, 2);
    enum { N = 40 };
    double values[4], sum[2] = {0};
    float loss[N];
    uint8_t correct[N];
    int64_t index[N];
    int n_correct = 0;
    open_objective(&f, (objective_nn_options){0});
    CHECK_INT(f.objective.n_fields, 4);
    CHECK_STR(f.objective.fields[0], "loss");
    CHECK_STR(f.objective.fields[1], "accuracy");
    CHECK_STR(f.objective.fields[2], "loss_domain0");
    CHECK_STR(f.objective.fields[3], "loss_domain1");
    CHECK_INT(f.objective.n_samples, N);
    double *theta = lsc_calloc((size_t)f.objective.layout->n, sizeof *theta);
    assert_non_null(theta);
    lsc_frame_point(f.frame, coords, theta);
    for (int i = 0; i < N; i++)
        index[i] = N - 1 - i;
    CHECK_OK(f.objective.ops->samples(f.objective.self, theta, index, N, loss, correct));
    for (int i = 0; i < N; i++) {
        sum[ds_domains(f.data)[index[i]]] += (double)loss[i];
        n_correct += correct[i];
    }
    values_at(&f, values);
    /* the losses of samples are rounded to float: 2^-24 of each */
    CHECK_RELATIVE(values[0], (sum[0] + sum[1]) / N, 1e-7);
    CHECK_RELATIVE(values[1], (double)n_correct / N, 0);
    CHECK_RELATIVE(values[2], sum[0] / (N / 2), 1e-7);
    CHECK_RELATIVE(values[3], sum[1] / (N / 2), 1e-7);
    lsc_free(theta);
    close_fixture(&f);
}

static void a_selection_equals_an_objective_of_those_samples(void **state)
{
    static const int64_t index[] = {3, 17, 4, 39, 20};
    (void)state;
    fixture f = open_fixture("mlp", 40, 0);
    double all[2], selected[2], alone[2];
    open_objective(&f, (objective_nn_options){0});
    values_at(&f, all);
    CHECK_OK(f.objective.ops->select(f.objective.self, index, LSC_COUNT(index)));
    values_at(&f, selected);
    CHECK(selected[0] != all[0]);
    CHECK_OK(f.objective.ops->select(f.objective.self, NULL, 0));
    values_at(&f, alone);
    CHECK_BYTES(alone, all, sizeof all);
    open_objective(&f, (objective_nn_options){.index = index, .n_index = LSC_COUNT(index)});
    CHECK_INT(f.objective.n_samples, LSC_COUNT(index));
    values_at(&f, alone);
    CHECK_BYTES(alone, selected, sizeof selected);
    close_fixture(&f);
}

static void samples_that_are_not_there_are_refused(void **state)
{
    static const int64_t beyond[] = {0, 40}, below[] = {-1};
    (void)state;
    fixture f = open_fixture("mlp", 40, 0);
    lsc_objective none;
    open_objective(&f, (objective_nn_options){0});
    CHECK_FAILS(f.objective.ops->select(f.objective.self, beyond, 2), LSC_ERR_ARG, "sample 40 is not in 0 .. 39");
    CHECK_FAILS(f.objective.ops->select(f.objective.self, below, 1), LSC_ERR_ARG, "sample -1 is not in 0 .. 39");
    CHECK_FAILS(f.objective.ops->select(f.objective.self, beyond, 0), LSC_ERR_ARG, "0 samples, need 1 .. 40");
    CHECK_FAILS(objective_nn_open(&(objective_nn_options){.graph = f.graph,
                                                          .data = f.data,
                                                          .model = "mlp",
                                                          .loss = "cross_entropy",
                                                          .index = beyond,
                                                          .n_index = 2},
                                  &none),
                LSC_ERR_ARG, "image 40 is not in 0 .. 39");
    close_fixture(&f);
}

/* ---- what does not fit ---------------------------------------------------------------------------- */

static void a_model_with_fewer_classes_than_labels_is_refused(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 40, 0);
    nn_graph *two = NULL;
    lsc_objective none;
    CHECK_OK(nn_model_graph("mlp", nn_graph_input(f.graph), 2, &two));
    CHECK_FAILS(
        objective_nn_open(
            &(objective_nn_options){.graph = two, .data = f.data, .model = "mlp", .loss = "cross_entropy"}, &none),
        LSC_ERR_SHAPE, "image 2 has label 2, but the model knows the classes 0 .. 1");
    nn_graph_free(two);
    close_fixture(&f);
}

static void one_logit_is_enough_for_two_labels_of_a_binary_loss(void **state)
{
    (void)state;
    fixture f = {0};
    double values[2];
    for (int images = 2; images <= 3; images++) { /* labels 0, 1 and then 2 */
        open_data(&f, "mlp", images, 0);
        CHECK_OK(nn_model_graph("mlp", &(nn_shape){3, {3, 28, 28}}, 1, &f.graph));
        f.theta = lsc_calloc((size_t)nn_graph_layout(f.graph)->n, sizeof *f.theta);
        assert_non_null(f.theta);
        CHECK_OK(lsc_frame_new(nn_graph_layout(f.graph), f.theta, 2, &(lsc_direction_options){0}, &f.frame));
        const objective_nn_options o = {.graph = f.graph, .data = f.data, .model = "mlp", .loss = "bce"};
        if (images == 2) {
            CHECK_OK(objective_nn_open(&o, &f.objective));
            CHECK_OK(f.objective.ops->set_frame(f.objective.self, f.theta, (const float *const *)f.frame->dirs, 2));
            values_at(&f, values);
            CHECK(isfinite(values[0]));
        } else {
            CHECK_FAILS(objective_nn_open(&o, &f.objective), LSC_ERR_SHAPE, "label 2, but the model knows");
        }
        close_fixture(&f);
        f = (fixture){0};
    }
}

static void images_of_another_shape_are_refused(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 40, 0);
    nn_graph *wide = NULL;
    lsc_objective none;
    CHECK_OK(nn_model_graph("mlp", &(nn_shape){3, {3, 32, 32}}, 10, &wide));
    CHECK_FAILS(
        objective_nn_open(
            &(objective_nn_options){.graph = wide, .data = f.data, .model = "mlp", .loss = "cross_entropy"}, &none),
        LSC_ERR_SHAPE, "the model reads images of [3, 32, 32], the data has [3, 28, 28]");
    nn_graph_free(wide);
    close_fixture(&f);
}

/* ---- values that are not finite ------------------------------------------------------------------- */

static int64_t negative_variances(const fixture *f)
{
    int64_t counts[2] = {0};
    CHECK_STR(f->objective.counts[0], "negative_variance");
    f->objective.ops->counts(f->objective.self, counts);
    return counts[0];
}

static void a_negative_variance_is_a_value_and_is_counted(void **state)
{
    (void)state;
    fixture f = open_fixture("resnet20", 4, 0);
    double values[2];
    open_objective(&f, (objective_nn_options){0});
    values_at(&f, values);
    CHECK(isfinite(values[0]));
    CHECK_INT(negative_variances(&f), 0);
    for (int b = 0; b < f.objective.layout->n_blocks; b++) {
        const lsc_block *block = lsc_layout_block(f.objective.layout, b);
        if (strcmp(block->name, "bn1.running_var") == 0)
            f.frame->center[block->offset + 5] = -0.5f;
    }
    CHECK_OK(f.objective.ops->set_frame(f.objective.self, f.frame->center, (const float *const *)f.frame->dirs, 2));
    values_at(&f, values);
    CHECK(isnan(values[0]));
    CHECK(values[1] == 0);
    CHECK_INT(negative_variances(&f), 1);
    close_fixture(&f);
}

static void the_settings_say_what_a_value_depends_on(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 40, 0);
    open_objective(&f, (objective_nn_options){.backend = "ref", .real = NN_F64});
    const char *settings = f.objective.settings;
    CHECK_HAS(settings, "\"model\": \"a model\"");
    CHECK_HAS(settings, "\"loss\": \"cross_entropy\"");
    CHECK_HAS(settings, ds_hash(f.data));
    CHECK_HAS(settings, "\"samples\": 40");
    CHECK_HAS(settings, "\"batch_norm\": \"frozen\"");
    CHECK_HAS(settings, "\"precision\": \"double\"");
    CHECK_HAS(settings, "\"device\": \"ref\"");
    close_fixture(&f);
}

/* ---- failing allocations ---------------------------------------------------------------------------- */

static lsc_status open_and_close(void *context)
{
    const fixture *f = context;
    lsc_objective o = {0};
    lsc_status st = objective_nn_open(&(objective_nn_options){.graph = f->graph,
                                                              .data = f->data,
                                                              .model = "mlp",
                                                              .loss = "cross_entropy",
                                                              .backend = "ref",
                                                              .threads = 1},
                                      &o);
    if (st == LSC_OK)
        lsc_objective_close(&o);
    return st;
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 20, 2);
    CHECK(test_torture(open_and_close, &f) > 10);
    close_fixture(&f);
}

/* An argument: a pattern of tests to leave out. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_point_by_coordinates_equals_the_point_by_theta),
        TEST_IN_FOLDER(the_number_of_threads_changes_no_bit),
        TEST_IN_FOLDER(images_that_do_not_fit_in_memory_give_the_same_values),
        TEST_IN_FOLDER(a_point_allocates_nothing),
        TEST_IN_FOLDER(fields_are_means_over_samples_and_domains),
        TEST_IN_FOLDER(a_selection_equals_an_objective_of_those_samples),
        TEST_IN_FOLDER(samples_that_are_not_there_are_refused),
        TEST_IN_FOLDER(a_model_with_fewer_classes_than_labels_is_refused),
        TEST_IN_FOLDER(one_logit_is_enough_for_two_labels_of_a_binary_loss),
        TEST_IN_FOLDER(images_of_another_shape_are_refused),
        TEST_IN_FOLDER(a_negative_variance_is_a_value_and_is_counted),
        TEST_IN_FOLDER(the_settings_say_what_a_value_depends_on),
        TEST_IN_FOLDER(every_failed_allocation_is_reported),
    };
    if (argc > 1)
        cmocka_set_skip_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
