/*
 * See points_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/points_fixture.h"

#include <math.h>

#include "support/block.h"

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

float *center_of(fixture *f, const char *name)
{
    return f->center + test_block(nn_graph_layout(f->graph), name)->offset;
}

void scale_stem(fixture *f, float factor)
{
    float *stem = center_of(f, "stem.weight");
    for (int64_t i = 0; i < lsc_block_elements(test_block(nn_graph_layout(f->graph), "stem.weight")); i++)
        stem[i] *= factor;
}

void scale_filters(fixture *f, float factor)
{
    const lsc_layout *layout = nn_graph_layout(f->graph);
    for (int b = 0; b < layout->n_blocks; b++)
        for (int64_t k = layout->blocks[b].offset; layout->blocks[b].rank == 4 && k < lsc_block_past(layout, b); k++) {
            f->center[k] *= factor;
            for (int d = 0; d < DIRS; d++)
                f->dirs[d][k] = factor * 0.1f * f->dirs[d][k];
        }
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

/* In as many calls as it takes. */
static lsc_status first_points(const fixture *f, nn_evaluator *e, int points, double *out)
{
    lsc_status st = LSC_OK;
    for (int first = 0, done = 0; first < points; first += done) {
        st = nn_evaluator_points(e, f->coords + first * DIRS, points - first, out + first * FIELDS, &done);
        if (st != LSC_OK)
            return st;
        CHECK(done >= 1);
    }
    return LSC_OK;
}

lsc_status values_with(const fixture *f, const char *device, const nn_evaluator_options *o, int points, double *out,
                       nn_evaluator_counts *counts)
{
    nn_evaluator *e = NULL;
    memset(out, 0xff, (size_t)(points * FIELDS) * sizeof *out); /* NaN */
    lsc_status st = nn_evaluator_new(device, f->graph, o, &e);
    if (st == LSC_OK)
        st = nn_evaluator_set_frame(e, f->center, (const float *const *)f->dirs, DIRS);
    if (st == LSC_OK)
        st = first_points(f, e, points, out);
    if (counts != NULL && e != NULL)
        *counts = nn_evaluator_counted(e);
    nn_evaluator_free(e);
    return st;
}

nn_evaluator *evaluator_of(const fixture *f, const nn_evaluator_options *o)
{
    nn_evaluator *e = NULL;
    CHECK_OK(nn_evaluator_new("cuda", f->graph, o, &e));
    CHECK_OK(nn_evaluator_set_frame(e, f->center, (const float *const *)f->dirs, DIRS));
    return e;
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

/* ---- checks ------------------------------------------------------------------------------------------ */

void check_losses(const double *got, const double *want, int points, double tolerance)
{
    for (int i = 0; i < points * FIELDS; i++)
        if (i % FIELDS != 1)
            CHECK_RELATIVE(got[i], want[i], tolerance);
}

/* Three layers. tf32: a factor that is cut after 10 bits is less than 2^-10 too small, of all mantissas 0.72 x 2^-11 on
 * average, and always towards 0, so that layers add up: 3 x 0.72 x 2^-11 = 1.1e-3 where weights are rounded before and
 * activations are cut; sums that tensor cores cut are off by 2^-23 a step. Rounding is off by up to 2^-11 either way,
 * which averages out. 3e-3 is for a loss that doubles what becomes of its logits. Here 1.6e-4 rounding, 6.4e-4 cutting.
 * fp16 rounds as tf32 does, bf16 eight times as coarsely. */
void check_arithmetics(const fixture *f, nn_evaluator_options o, const double *want, double fp32)
{
    const double tolerance[NN_N_ARITHMETICS] = {
        [NN_TF32] = 3e-3, [NN_FP32] = emulated != NULL ? fp32 : OTHER_ENGINE_FP32, [NN_FP16] = 3e-3, [NN_BF16] = 3e-2};
    double got[POINTS * FIELDS];
    for (int a = 0; a < NN_N_ARITHMETICS; a++) {
        o.arithmetic = (nn_arithmetic)a;
        CHECK_OK(values_with(f, "cuda", &o, POINTS, got, NULL));
        check_losses(got, want, POINTS, tolerance[a]);
        for (int p = 0; a == NN_FP32 && p < POINTS; p++)
            CHECK_REAL(got[p * FIELDS + 1], want[p * FIELDS + 1], 1e-15);
    }
}

void check_same(const double *got, const double *want, int points, double tolerance)
{
    if (emulated != NULL)
        CHECK_BYTES(got, want, (size_t)(points * FIELDS) * sizeof *want);
    else
        check_losses(got, want, points, tolerance);
}

void check_evaluated_once_more(const fixture *f, nn_evaluator_options o, int points, double tolerance)
{
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_counts counts;
    o.arithmetic = NN_TF32;
    CHECK_OK(values_with(f, "cuda", &o, points, want, &counts));
    CHECK_INT(counts.again, 0);
    CHECK(isfinite(want[0]));
    o.arithmetic = NN_FP16;
    CHECK_OK(values_with(f, "cuda", &o, points, got, &counts));
    CHECK_INT(counts.again, points);
    check_same(got, want, points, tolerance);
}

int64_t check_windows(const fixture *f, const nn_evaluator_options *o, int points, const double *want, int64_t memory,
                      int64_t step)
{
    double got[POINTS * FIELDS];
    int64_t windows = 0;
    for (emulated->memory = memory;; emulated->memory += step) {
        const int64_t pinned = emulated->pinned;
        const lsc_status st = values_with(f, "cuda", o, points, got, NULL);
        if (st != LSC_OK) {
            CHECK_INT(st, LSC_ERR_NOMEM);
            continue;
        }
        CHECK_BYTES(got, want, (size_t)(points * FIELDS) * sizeof *want);
        if (emulated->pinned == pinned)
            return windows;
        windows++;
    }
}

int64_t check_failing_calls(const fixture *f, const nn_evaluator_options *o, int points)
{
    double got[POINTS * FIELDS];
    for (int64_t at = 1;; at++) {
        control_reset(emulated);
        emulated->fail_at = at;
        const lsc_status st = values_with(f, "cuda", o, points, got, NULL);
        CHECK_INT(emulated->live, 0);
        if (st == LSC_OK) {
            CHECK_INT(emulated->calls, at - 1);
            return at - 1;
        }
        CHECK(st == LSC_ERR_BACKEND || st == LSC_ERR_ABSENT);
        CHECK_HAS(lsc_last_error(), "emulated: ");
    }
}

/* A second device that breaks at this call on it. */
static void add_breaking_device(int64_t at)
{
    control_reset(emulated);
    emulated->devices = 2;
    emulated->fail_device = 1;
    emulated->fail_at = at;
    emulated->broken = 1;
}

int64_t check_breaking_device(const fixture *f, const nn_evaluator_options *o, int64_t step)
{
    double want[POINTS * FIELDS], got[POINTS * FIELDS];
    nn_evaluator_counts counts;
    int64_t lost = 0;
    control_reset(emulated);
    CHECK_OK(values_with(f, "cuda", o, POINTS, want, NULL));
    for (int64_t at = 1;; at += step) {
        add_breaking_device(at);
        CHECK_OK(values_with(f, "cuda", o, POINTS, got, &counts));
        CHECK_INT(emulated->live, 0);
        CHECK_BYTES(got, want, sizeof want);
        lost += counts.lost;
        if (emulated->calls < at)
            return lost;
    }
}

int64_t waits_of_call(const fixture *f, const nn_evaluator_options *o, int points)
{
    double out[POINTS * FIELDS];
    int done = 0;
    nn_evaluator *e = evaluator_of(f, o);
    for (int n = 1; n <= points; n *= 2) /* calls grow while they are short */
        CHECK_OK(nn_evaluator_points(e, f->coords, n, out, &done));
    const int64_t before = emulated->waits;
    CHECK_OK(nn_evaluator_points(e, f->coords, points, out, &done));
    nn_evaluator_free(e);
    return emulated->waits - before;
}

bool choose_device(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "device") != 0)
        emulated = control_open(argv[1]);
    return argc == 2;
}
