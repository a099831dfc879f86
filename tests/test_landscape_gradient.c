/*
 * Gradients and Hessian-vector products of the adapter from networks to liblosscope: against central differences, on
 * frozen and batch statistics, of fields and selections, with equal bits for any number of threads.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "data_fixture.h"
#include "landscape/objective_nn.h"

enum { N = 12 };

/* A network and the objective over N images. */
typedef struct {
    nn_graph *graph;
    ds_dataset *data;
    const lsc_layout *layout;
    double *theta, *v; /* [n], every element a float; v of parameters alone */
    lsc_objective objective;
} fixture;

/* Where the maps of resnet20 are small, so that the reference is quick. */
enum { PIXELS = 8 };

static const double two_domains[] = {0, 90};

static void open_data(fixture *f, int n_domains)
{
    fixture_idx("train", false, &(idx_fixture){.n = N, .height = PIXELS, .width = PIXELS});
    const ds_options o = {.kind = "idx", .path = test_folder(), .rotations = two_domains, .n_rotations = n_domains};
    CHECK_OK(ds_open(&o, &f->data));
}

static void fill(fixture *f)
{
    float *theta = lsc_calloc((size_t)f->layout->n, sizeof *theta);
    f->theta = lsc_calloc((size_t)f->layout->n, sizeof *f->theta);
    f->v = lsc_calloc((size_t)f->layout->n, sizeof *f->v);
    assert_true(theta && f->theta && f->v);
    nn_graph_init(f->graph, 3, theta);
    for (int64_t i = 0; i < f->layout->n; i++)
        f->theta[i] = (double)theta[i];
    for (int64_t i = 0; i < f->layout->n_learned; i++)
        f->v[i] = (double)(float)(0.05 * lsc_rng_normal((lsc_rng){5, 6}, (uint64_t)i));
    lsc_free(theta);
}

static fixture open_fixture(const char *model, int n_domains)
{
    fixture f = {0};
    nn_shape image = {.rank = 3};
    open_data(&f, n_domains);
    ds_image_shape(f.data, image.dim);
    CHECK_OK(nn_model_graph(model, &image, 10, &f.graph));
    f.layout = nn_graph_layout(f.graph);
    fill(&f);
    return f;
}

static void close_fixture(fixture *f)
{
    if (f->objective.ops != NULL)
        lsc_objective_close(&f->objective);
    lsc_free(f->theta);
    lsc_free(f->v);
    nn_graph_free(f->graph);
    ds_close(f->data);
}

static lsc_status try_objective(fixture *f, objective_nn_options o)
{
    if (f->objective.ops != NULL)
        lsc_objective_close(&f->objective);
    f->objective = (lsc_objective){0};
    o.graph = f->graph;
    o.data = f->data;
    o.model = "a model";
    o.loss = "cross_entropy";
    return objective_nn_open(&o, &f->objective);
}

static void open_objective(fixture *f, objective_nn_options o)
{
    CHECK_OK(try_objective(f, o));
    CHECK_OK(lsc_objective_check(&f->objective));
}

static double *vector(const fixture *f)
{
    double *v = lsc_calloc((size_t)f->layout->n, sizeof *v);
    assert_non_null(v);
    return v;
}

/* theta + r v */
static double *moved(const fixture *f, double r)
{
    double *t = vector(f);
    for (int64_t i = 0; i < f->layout->n; i++)
        t[i] = f->theta[i] + r * f->v[i];
    return t;
}

static double loss_at(fixture *f, double r)
{
    double out[4], *t = moved(f, r);
    CHECK_OK(f->objective.ops->eval(f->objective.self, t, out));
    lsc_free(t);
    return out[0];
}

/* Returns new. */
static double *gradient_at(fixture *f, int field, double r)
{
    double out[4], *t = moved(f, r), *g = vector(f);
    CHECK_OK(f->objective.ops->grad(f->objective.self, field, t, out, g));
    lsc_free(t);
    return g;
}

static double *product(fixture *f, int field)
{
    double *hv = vector(f);
    CHECK_OK(f->objective.ops->hvp(f->objective.self, field, f->theta, f->v, hv));
    return hv;
}

/* |a - b| / |b| */
static double distance(const fixture *f, const double *a, const double *b)
{
    double squares = 0;
    for (int64_t i = 0; i < f->layout->n; i++)
        squares += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(squares / lsc_dot64(b, b, f->layout->n));
}

/* ---- differences ----------------------------------------------------------------------------- */

static const struct {
    const char *model;
    nn_statistics statistics;
    int64_t batch;
} cases[] = {
    {"mlp", NN_FROZEN, 0},
    {"resnet20", NN_FROZEN, 5}, /* a rest of two images */
    {"resnet20", NN_BATCH, 4},
};

/* In double, h = 1e-6: rounding errors of 1e-16 / h = 1e-10, and now and then a rectifier that a step crosses. */
static void gradients_are_differences_of_losses(void **state)
{
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        const double h = 1e-6;
        fixture f = open_fixture(cases[i].model, 0);
        open_objective(
            &f, (objective_nn_options){
                    .backend = "ref", .real = NN_F64, .statistics = cases[i].statistics, .batch = cases[i].batch});
        double *g = gradient_at(&f, 0, 0), along = lsc_dot64(g, f.v, f.layout->n);
        CHECK_RELATIVE((loss_at(&f, h) - loss_at(&f, -h)) / (2 * h), along, 1e-6);
        CHECK(fabs(along) > 1e-4);
        for (int64_t j = f.layout->n_learned; j < f.layout->n; j++)
            CHECK_REAL(g[j], 0, 0);
        lsc_free(g);
        close_fixture(&f);
    }
}

/* As above; a rectifier that is crossed moves a gradient by more. */
static void products_are_differences_of_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        const double h = 1e-6;
        fixture f = open_fixture(cases[i].model, 0);
        open_objective(
            &f, (objective_nn_options){
                    .backend = "ref", .real = NN_F64, .statistics = cases[i].statistics, .batch = cases[i].batch});
        double *hv = product(&f, 0), *up = gradient_at(&f, 0, h), *down = gradient_at(&f, 0, -h);
        for (int64_t j = 0; j < f.layout->n; j++)
            up[j] = (up[j] - down[j]) / (2 * h);
        CHECK(distance(&f, hv, up) < 1e-5);
        lsc_free(hv);
        lsc_free(up);
        lsc_free(down);
        close_fixture(&f);
    }
}

/* Rounding errors of floats through twenty layers, and their batch norms over few values. */
static void the_fastest_backend_agrees_with_the_reference_in_double(void **state)
{
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        fixture f = open_fixture(cases[i].model, 0);
        objective_nn_options o = {
            .backend = "ref", .real = NN_F64, .statistics = cases[i].statistics, .batch = cases[i].batch};
        open_objective(&f, o);
        double *g = gradient_at(&f, 0, 0), *hv = product(&f, 0);
        o.backend = "auto";
        o.real = NN_F32;
        open_objective(&f, o);
        double *g32 = gradient_at(&f, 0, 0), *hv32 = product(&f, 0);
        CHECK(distance(&f, g32, g) < 1e-4);
        CHECK(distance(&f, hv32, hv) < 1e-4);
        lsc_free(g);
        lsc_free(hv);
        lsc_free(g32);
        lsc_free(hv32);
        close_fixture(&f);
    }
}

/* ---- fields and samples ------------------------------------------------------------------------ */

/* Halves of equal size: the mean of their gradients is that of all. */
static void gradients_of_domains_have_the_gradient_as_their_mean(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 2);
    open_objective(&f, (objective_nn_options){.backend = "ref", .real = NN_F64});
    double *all = gradient_at(&f, 0, 0), *a = gradient_at(&f, 2, 0), *b = gradient_at(&f, 3, 0);
    double *hv = product(&f, 0), *ha = product(&f, 2), *hb = product(&f, 3);
    CHECK(distance(&f, a, b) > 1e-3);
    for (int64_t j = 0; j < f.layout->n; j++) {
        a[j] = (a[j] + b[j]) / 2;
        ha[j] = (ha[j] + hb[j]) / 2;
    }
    CHECK(distance(&f, a, all) < 1e-12);
    CHECK(distance(&f, ha, hv) < 1e-12);
    double *vectors[] = {all, a, b, hv, ha, hb};
    for (size_t i = 0; i < LSC_COUNT(vectors); i++)
        lsc_free(vectors[i]);
    close_fixture(&f);
}

static void values_come_with_a_gradient(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 2);
    double out[4], with[4], *g = vector(&f);
    open_objective(&f, (objective_nn_options){.backend = "ref", .real = NN_F64});
    CHECK_OK(f.objective.ops->eval(f.objective.self, f.theta, out));
    CHECK_OK(f.objective.ops->grad(f.objective.self, 3, f.theta, with, g));
    CHECK_BYTES(with, out, sizeof out);
    lsc_free(g);
    close_fixture(&f);
}

static void a_selection_has_the_gradient_of_those_samples(void **state)
{
    static const int64_t index[] = {3, 7, 4, 11};
    (void)state;
    fixture f = open_fixture("mlp", 0);
    open_objective(&f, (objective_nn_options){0});
    CHECK_OK(f.objective.ops->select(f.objective.self, index, LSC_COUNT(index)));
    double *selected = gradient_at(&f, 0, 0);
    open_objective(&f, (objective_nn_options){.index = index, .n_index = LSC_COUNT(index)});
    double *alone = gradient_at(&f, 0, 0);
    CHECK(distance(&f, selected, alone) < 1e-6); /* floats, in batches of another size */
    lsc_free(selected);
    lsc_free(alone);
    close_fixture(&f);
}

static void what_has_no_gradient_is_refused(void **state)
{
    static const int64_t first[] = {0};
    (void)state;
    fixture f = open_fixture("mlp", 2);
    double out[4], *g = vector(&f);
    const lsc_objective_ops *ops;
    open_objective(&f, (objective_nn_options){0});
    ops = f.objective.ops;
    CHECK_FAILS(ops->grad(f.objective.self, 1, f.theta, out, g), LSC_ERR_ARG, "'accuracy' has no gradient");
    CHECK_FAILS(ops->hvp(f.objective.self, 1, f.theta, f.v, g), LSC_ERR_ARG, "'accuracy' has no gradient");
    CHECK_FAILS(ops->grad(f.objective.self, 4, f.theta, out, g), LSC_ERR_ARG, "field 4, need 0 .. 3");
    CHECK_OK(ops->select(f.objective.self, first, 1));
    CHECK_FAILS(ops->grad(f.objective.self, 3, f.theta, out, g), LSC_ERR_ARG, "no sample of field 'loss_domain1'");
    lsc_free(g);
    close_fixture(&f);
}

static void batch_statistics_need_whole_batches(void **state)
{
    static const int64_t five[] = {0, 1, 2, 3, 4};
    (void)state;
    fixture f = open_fixture("mlp", 0);
    CHECK_FAILS(try_objective(&f, (objective_nn_options){.statistics = NN_BATCH, .batch = 5}), LSC_ERR_ARG,
                "12 samples are no whole batches of 5");
    open_objective(&f, (objective_nn_options){.statistics = NN_BATCH, .batch = 4});
    CHECK_FAILS(f.objective.ops->select(f.objective.self, five, 5), LSC_ERR_ARG, "5 samples are no whole batches of 4");
    CHECK(strstr(f.objective.settings, "\"batch_norm\": \"batch\", \"batch_norm_batch\": 4") != NULL);
    close_fixture(&f);
}

/* ---- bits and memory ----------------------------------------------------------------------------- */

static void the_number_of_threads_changes_no_bit_of_a_product(void **state)
{
    (void)state;
    fixture f = open_fixture("resnet20", 0);
    size_t bytes = (size_t)f.layout->n * sizeof(double);
    open_objective(&f, (objective_nn_options){.threads = 1});
    double *g = gradient_at(&f, 0, 0), *hv = product(&f, 0);
    for (int threads = 2; threads <= 3; threads++) {
        open_objective(&f, (objective_nn_options){.threads = threads});
        double *g2 = gradient_at(&f, 0, 0), *hv2 = product(&f, 0);
        CHECK_BYTES(g2, g, bytes);
        CHECK_BYTES(hv2, hv, bytes);
        lsc_free(g2);
        lsc_free(hv2);
    }
    lsc_free(g);
    lsc_free(hv);
    close_fixture(&f);
}

static void only_the_first_gradient_and_product_allocate(void **state)
{
    (void)state;
    fixture f = open_fixture("resnet20", 0);
    double out[2], *g = vector(&f);
    const lsc_objective_ops *ops;
    open_objective(&f, (objective_nn_options){.threads = 2});
    ops = f.objective.ops;
    CHECK_OK(ops->hvp(f.objective.self, 0, f.theta, f.v, g));
    int64_t before = lsc_alloc_calls();
    CHECK_OK(ops->grad(f.objective.self, 0, f.theta, out, g));
    CHECK_OK(ops->hvp(f.objective.self, 0, f.theta, f.v, g));
    CHECK_INT(lsc_alloc_calls(), before);
    lsc_free(g);
    close_fixture(&f);
}

static lsc_status open_and_multiply(void *context)
{
    fixture *f = context;
    double *hv = f->theta + f->layout->n; /* the caller's */
    lsc_status st = try_objective(f, (objective_nn_options){.threads = 2});
    return st == LSC_OK ? f->objective.ops->hvp(f->objective.self, 0, f->theta, f->v, hv) : st;
}

static void a_product_survives_every_failing_allocation(void **state)
{
    (void)state;
    fixture f = open_fixture("mlp", 0);
    double *both = lsc_calloc(2 * (size_t)f.layout->n, sizeof *both);
    assert_non_null(both);
    memcpy(both, f.theta, (size_t)f.layout->n * sizeof *both);
    lsc_free(f.theta);
    f.theta = both;
    CHECK(test_torture(open_and_multiply, &f) > 20);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(gradients_are_differences_of_losses),
        TEST_IN_FOLDER(products_are_differences_of_gradients),
        TEST_IN_FOLDER(the_fastest_backend_agrees_with_the_reference_in_double),
        TEST_IN_FOLDER(gradients_of_domains_have_the_gradient_as_their_mean),
        TEST_IN_FOLDER(values_come_with_a_gradient),
        TEST_IN_FOLDER(a_selection_has_the_gradient_of_those_samples),
        TEST_IN_FOLDER(what_has_no_gradient_is_refused),
        TEST_IN_FOLDER(batch_statistics_need_whole_batches),
        TEST_IN_FOLDER(the_number_of_threads_changes_no_bit_of_a_product),
        TEST_IN_FOLDER(only_the_first_gradient_and_product_allocate),
        TEST_IN_FOLDER(a_product_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
