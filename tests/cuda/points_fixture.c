/*
 * See points_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/points_fixture.h"

emulated_settings *emulated;

/* ---- the network, its data and a frame ------------------------------------------------------------ */

static double number(uint64_t stream, int64_t i)
{
    return 2 * lsc_rng_uniform((lsc_rng){11, stream}, (uint64_t)i) - 1;
}

/* Everything that is fused, and what is not: a residual block, a norm that stands alone, poolings, channels side by
 * side. */
static nn_graph *network(void)
{
    nn_graph *g = NULL;
    CHECK_OK(nn_graph_new(&(nn_shape){3, {3, SIDE, SIDE}}, &g));
    int x = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, 0, "stem", 8, 3, 1, 1, false), "norm1"));
    int y = nn_relu(g, nn_batchnorm(g, nn_conv2d(g, x, "one", 8, 3, 1, 1, false), "norm2"));
    y = nn_batchnorm(g, nn_conv2d(g, y, "two", 8, 3, 1, 1, true), "norm3");
    x = nn_relu(g, nn_add(g, y, x));
    x = nn_concat(g, nn_maxpool(g, x, 2, 2, 0), nn_relu(g, nn_batchnorm(g, nn_avgpool(g, x, 2, 2, 0), "norm4")));
    nn_linear(g, nn_mapmean(g, x), "head", CLASSES, true);
    CHECK_OK(nn_graph_finish(g));
    return g;
}

void open_fixture_of(fixture *f, nn_graph *g)
{
    *f = (fixture){.graph = g};
    const int64_t n = nn_graph_layout(f->graph)->n;
    f->center = lsc_calloc((size_t)n, sizeof(float));
    CHECK(f->center != NULL);
    nn_graph_init(f->graph, 5, f->center);
    for (int d = 0; d < DIRS; d++) {
        f->dirs[d] = lsc_calloc((size_t)n, sizeof(float));
        CHECK(f->dirs[d] != NULL);
        for (int64_t j = 0; j < nn_graph_layout(f->graph)->n_learned; j++)
            f->dirs[d][j] = (float)(0.3 * number((uint64_t)d, j));
    }
    for (int i = 0; i < N * PIXELS; i++)
        f->bytes[i] = (uint8_t)(127 * (number(7, i) + 1));
    for (int i = 0; i < 3 * 256; i++)
        f->value[i] = (float)((i % 256 - 120.0) / (60 + i / 256));
    for (int i = 0; i < N; i++) {
        f->labels[i] = i % CLASSES;
        f->domains[i] = i % DOMAINS;
    }
    for (int i = 0; i < POINTS * DIRS; i++)
        f->coords[i] = number(9, i);
    if (emulated != NULL)
        control_reset(emulated);
    lsc_log_set("test", LSC_LOG_QUIET);
}

void open_fixture(fixture *f)
{
    open_fixture_of(f, network());
}

void close_fixture(fixture *f)
{
    nn_graph_free(f->graph);
    lsc_free(f->center);
    for (int d = 0; d < DIRS; d++)
        lsc_free(f->dirs[d]);
    if (emulated != NULL)
        CHECK_INT(emulated->live, 0);
}

void read_bytes(const void *context, const int64_t *which, int64_t n, void *images)
{
    const fixture *f = context;
    for (int64_t i = 0; i < n; i++)
        memcpy((uint8_t *)images + i * PIXELS, f->bytes + which[i] * PIXELS, PIXELS);
}

nn_evaluator_options options_of(const fixture *f)
{
    return (nn_evaluator_options){.samples = {.n = N,
                                              .shape = {3, SIDE, SIDE},
                                              .value = f->value,
                                              .channels = 1,
                                              .read = read_bytes,
                                              .context = f,
                                              .labels = f->labels,
                                              .domains = f->domains,
                                              .n_domains = DOMAINS},
                                  .loss = "cross_entropy",
                                  .arithmetic = NN_FP32};
}

/* All points in as many calls as it takes. */
static lsc_status all_points(const fixture *f, nn_evaluator *e, double *out)
{
    lsc_status st = LSC_OK;
    for (int first = 0, done = 0; first < POINTS; first += done) {
        st = nn_evaluator_points(e, f->coords + first * DIRS, POINTS - first, out + first * FIELDS, &done);
        if (st != LSC_OK)
            return st;
        CHECK(done >= 1);
    }
    return LSC_OK;
}

lsc_status values_with(const fixture *f, const char *device, const nn_evaluator_options *o, double *out,
                       nn_evaluator_counts *counts)
{
    nn_evaluator *e = NULL;
    lsc_status st = nn_evaluator_new(device, f->graph, o, &e);
    if (st == LSC_OK)
        st = nn_evaluator_set_frame(e, f->center, (const float *const *)f->dirs, DIRS);
    if (st == LSC_OK)
        st = all_points(f, e, out);
    if (counts != NULL && e != NULL)
        *counts = nn_evaluator_counted(e);
    nn_evaluator_free(e);
    return st;
}

/* ---- the reference --------------------------------------------------------------------------------- */

/* Images `which` of a reader, as values. */
static void reference_images(const fixture *f, const nn_samples *s, int64_t first, int64_t n, float *images)
{
    static uint8_t bytes[N * PIXELS];
    int64_t which[N];
    for (int64_t i = 0; i < n; i++)
        which[i] = first + i;
    s->read(s->context, which, n, bytes);
    for (int64_t i = 0; i < n * 3 * PIXELS; i++)
        images[i] = f->value[i / PIXELS % 3 * 256 + bytes[i / (3 * PIXELS) * PIXELS + i % PIXELS]];
}

static void reference_theta(const fixture *f, const double *coords, double *theta)
{
    for (int64_t j = 0; j < nn_graph_layout(f->graph)->n; j++)
        theta[j] = (double)(float)((double)f->center[j] + coords[0] * (double)f->dirs[0][j] +
                                   coords[1] * (double)f->dirs[1][j]);
}

static nn_plan *reference_plan(const fixture *f, nn_statistics statistics, int64_t batch)
{
    nn_plan *plan = NULL;
    CHECK_OK(nn_plan_new("ref", f->graph, &(nn_plan_options){.batch = batch, .statistics = statistics, .real = NN_F64},
                         &plan));
    return plan;
}

static void reference_statistics(const fixture *f, const nn_evaluator_options *o, double *theta)
{
    static float images[N * 3 * PIXELS];
    double logits[N * CLASSES];
    nn_mean_statistics mean;
    nn_plan *plan = reference_plan(f, NN_BATCH, o->norm_batch);
    CHECK_OK(nn_mean_statistics_init(&mean, nn_graph_layout(f->graph), NN_F64));
    nn_mean_statistics_begin(&mean);
    CHECK_OK(nn_plan_set_theta(plan, theta));
    for (int64_t first = 0; first < o->norm.n; first += o->norm_batch) {
        reference_images(f, &o->norm, first, o->norm_batch, images);
        CHECK_OK(nn_plan_forward(plan, images, o->norm_batch, logits));
        nn_mean_statistics_clear(&mean, theta);
        CHECK_OK(nn_plan_update_statistics(plan, theta));
        nn_mean_statistics_add(&mean, theta);
    }
    nn_mean_statistics_set(&mean, theta);
    nn_mean_statistics_fini(&mean);
    nn_plan_free(plan);
}

static void reference_fields(const fixture *f, const double *logits, double *out)
{
    const nn_loss *kind = NULL;
    double loss[N];
    uint8_t correct[N];
    int count[FIELDS] = {N, N, 0, 0};
    CHECK_OK(nn_loss_find("cross_entropy", &kind));
    kind->forward(N, CLASSES, logits, f->labels, loss, correct);
    memset(out, 0, FIELDS * sizeof *out);
    for (int i = 0; i < N; i++) {
        out[0] += loss[i];
        out[1] += correct[i];
        out[2 + f->domains[i]] += loss[i];
        count[2 + f->domains[i]]++;
    }
    for (int i = 0; i < FIELDS; i++)
        out[i] /= count[i];
}

void reference_values(const fixture *f, const nn_evaluator_options *o, double *out)
{
    const int64_t batch = o->statistics == NN_BATCH ? o->batch : N;
    static float images[N * 3 * PIXELS];
    double *theta = lsc_calloc((size_t)nn_graph_layout(f->graph)->n, sizeof *theta), logits[N * CLASSES];
    nn_plan *plan = reference_plan(f, o->statistics, batch);
    CHECK(theta != NULL);
    for (int p = 0; p < POINTS; p++) {
        reference_theta(f, f->coords + p * DIRS, theta);
        if (o->norm.n > 0)
            reference_statistics(f, o, theta);
        CHECK_OK(nn_plan_set_theta(plan, theta));
        for (int64_t first = 0; first < N; first += batch) {
            reference_images(f, &o->samples, first, batch, images);
            CHECK_OK(nn_plan_forward(plan, images, batch, logits + first * CLASSES));
        }
        reference_fields(f, logits, out + p * FIELDS);
    }
    nn_plan_free(plan);
    lsc_free(theta);
}
