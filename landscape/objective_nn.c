/*
 * A network, its data and its loss as an lsc_objective.
 *
 * Sample i of the objective is image index[i] of the data set. The losses of all samples are kept in double and
 * summed in index order in fixed blocks, so that a value depends neither on the batch nor on the threads.
 * N samples, E elements of an image, K classes, B images of one forward.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/objective_nn_self.h"

#include <math.h>
#include <string.h>

#include "base/base.h"

enum {
    BATCH = 512
}; /* images of one forward: enough blocks for many cores; on frozen statistics no result depends on it */
static const size_t DEFAULT_MEMORY = (size_t)4 << 30;

/* ---- samples -> losses -------------------------------------------------------------------- */

/* Losses and correctness of n samples at the theta that is set. */
static lsc_status evaluate(objective_nn *o, const int64_t *sample, int64_t n)
{
    for (int64_t first = 0; first < n; first += o->samples.batch) {
        int64_t m = n - first < o->samples.batch ? n - first : o->samples.batch;
        const int32_t *labels;
        const float *images = landscape_samples_batch(&o->samples, sample, first, m, &labels);
        lsc_status st = nn_plan_forward(o->plan, images, m, o->logits);
        if (st != LSC_OK)
            return st;
        o->loss->forward(m, o->classes, o->logits, labels, o->losses + first, o->correct + first);
    }
    return LSC_OK;
}

static double domain_mean(objective_nn *o, int domain, const int64_t *sample, int64_t n)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (o->samples.domains[sample != NULL ? sample[i] : i] == domain)
            o->domain_losses[m++] = o->losses[i];
    return m > 0 ? lsc_sum(o->domain_losses, m) / (double)m : NAN;
}

const int64_t *objective_selected(const objective_nn *o, int64_t *n)
{
    *n = o->all ? o->samples.n : o->n_selected;
    return o->all ? NULL : o->selected;
}

void objective_fields(objective_nn *o, double *out)
{
    int64_t n, n_correct = 0;
    const int64_t *sample = objective_selected(o, &n);
    for (int64_t i = 0; i < n; i++)
        n_correct += o->correct[i] && !isnan(o->losses[i]);
    out[0] = lsc_sum(o->losses, n) / (double)n;
    out[1] = (double)n_correct / (double)n;
    for (int d = 0; d + 2 < o->n_fields; d++)
        out[2 + d] = domain_mean(o, d, sample, n);
}

static lsc_status fields_at_theta(objective_nn *o, double *out)
{
    int64_t n;
    const int64_t *sample = objective_selected(o, &n);
    lsc_status st = evaluate(o, sample, n);
    if (st == LSC_OK)
        objective_fields(o, out);
    return st;
}

static const char *const count_names[] = {"negative_variance", "repeated_in_tf32"};

/* Whether points may have to be repeated. */
static bool repeats(const objective_nn *o)
{
    return o->evaluator != NULL && o->arithmetic == NN_FP16;
}

/* ---- the objective's functions ------------------------------------------------------------ */

static lsc_status eval(void *self, const double *theta, double *out)
{
    objective_nn *o = self;
    if (o->evaluator != NULL)
        return objective_device_theta(o, theta, out);
    lsc_status st = objective_set_theta(o, o->plan, theta);
    return st == LSC_OK ? fields_at_theta(o, out) : st;
}

static lsc_status set_frame(void *self, const float *center, const float *const *dirs, int n_dirs)
{
    objective_nn *o = self;
    if (n_dirs < 0 || n_dirs > OBJECTIVE_MAX_DIRS)
        return lsc_fail(LSC_ERR_ARG, "set_frame: %d directions, need 0 .. %d", n_dirs, OBJECTIVE_MAX_DIRS);
    o->center = center;
    for (int i = 0; i < n_dirs; i++)
        o->dirs[i] = dirs[i];
    o->n_dirs = n_dirs;
    o->frame_there = false;
    return LSC_OK;
}

static lsc_status eval_coords(void *self, const double *coords, int n_points, double *out, int *n_done)
{
    objective_nn *o = self;
    *n_done = 0;
    if (o->center == NULL)
        return lsc_fail(LSC_ERR_ARG, "eval_coords: set_frame comes first");
    if (o->evaluator != NULL)
        return objective_device_points(o, coords, n_points, out, n_done);
    for (int p = 0; p < n_points; p++) {
        lsc_status st = objective_set_point(o, coords + (int64_t)p * o->n_dirs);
        if (st == LSC_OK)
            st = fields_at_theta(o, out + (int64_t)p * o->n_fields);
        if (st != LSC_OK)
            return st;
        *n_done = p + 1;
    }
    return LSC_OK;
}

static lsc_status check_samples(const objective_nn *o, const int64_t *index, int64_t n)
{
    if (n < 1 || n > o->samples.n)
        return lsc_fail(LSC_ERR_ARG, "objective: %lld samples, need 1 .. %lld", (long long)n, (long long)o->samples.n);
    if (o->statistics == NN_BATCH && n % o->samples.batch != 0)
        return lsc_fail(LSC_ERR_ARG, "objective: %lld samples are no whole batches of %lld, whose statistics are used",
                        (long long)n, (long long)o->samples.batch);
    for (int64_t i = 0; index != NULL && i < n; i++)
        if (index[i] < 0 || index[i] >= o->samples.n)
            return lsc_fail(LSC_ERR_ARG, "objective: sample %lld is not in 0 .. %lld", (long long)index[i],
                            (long long)o->samples.n - 1);
    return LSC_OK;
}

static lsc_status select_samples(void *self, const int64_t *index, int64_t n)
{
    objective_nn *o = self;
    if (index != NULL) {
        lsc_status st = check_samples(o, index, n);
        if (st != LSC_OK)
            return st;
        memcpy(o->selected, index, (size_t)n * sizeof *index);
        o->n_selected = n;
    }
    o->all = index == NULL;
    return o->evaluator != NULL ? nn_evaluator_select(o->evaluator, index, n) : LSC_OK;
}

static lsc_status samples(void *self, const double *theta, const int64_t *index, int64_t n, float *loss,
                          uint8_t *correct)
{
    objective_nn *o = self;
    lsc_status st = LSC_OK;
    LSC_TRY(check_samples(o, index, n));
    if (o->evaluator != NULL) {
        LSC_TRY(objective_device_losses(o, theta, index, n));
    } else {
        LSC_TRY(objective_set_theta(o, o->plan, theta));
        LSC_TRY(evaluate(o, index, n));
    }
    for (int64_t i = 0; i < n; i++) {
        loss[i] = (float)o->losses[i];
        correct[i] = o->correct[i];
    }
cleanup:
    return st;
}

/* In the order of count_names. */
static void counts(const void *self, int64_t *out)
{
    const objective_nn *o = self;
    nn_evaluator_counts n = o->evaluator != NULL ? nn_evaluator_counted(o->evaluator) : (nn_evaluator_counts){0};
    out[0] = o->negative_variances + n.negative;
    if (repeats(o))
        out[1] = n.again;
}

static const char *error_text(void *self)
{
    (void)self;
    return lsc_last_error();
}

static void destroy(void *self)
{
    objective_nn *o = self;
    if (o == NULL)
        return;
    nn_plan_free(o->plan);
    nn_evaluator_free(o->evaluator);
    objective_gradient_fini(&o->gradient);
    objective_norm_fini(&o->norm);
    for (int f = 0; o->fields != NULL && f < o->n_fields; f++)
        lsc_free(o->fields[f]);
    lsc_free(o->fields);
    lsc_free(o->settings);
    lsc_free(o->device);
    landscape_samples_fini(&o->samples);
    lsc_free(o->selected);
    lsc_free(o->logits);
    lsc_free(o->theta);
    lsc_free(o->losses);
    lsc_free(o->correct);
    lsc_free(o->domain_losses);
    lsc_free(o);
}

/* ---- opening ------------------------------------------------------------------------------ */

static lsc_status check_image_shape(const ds_dataset *data, const nn_graph *graph)
{
    int64_t c[3];
    ds_image_shape(data, c);
    const nn_shape *in = nn_graph_input(graph);
    if (in->rank == 3 ? memcmp(in->dim, c, sizeof c) == 0 : in->dim[0] == c[0] * c[1] * c[2])
        return LSC_OK;
    return lsc_fail(LSC_ERR_SHAPE, "the model reads images of [%lld, %lld, %lld], the data has [%lld, %lld, %lld]",
                    (long long)in->dim[0], (long long)in->dim[1], (long long)in->dim[2], (long long)c[0],
                    (long long)c[1], (long long)c[2]);
}

static lsc_status take_samples(objective_nn *o, const objective_nn_options *options)
{
    lsc_status st = LSC_OK;
    int64_t n = options->index != NULL ? options->n_index : ds_count(options->data);
    int64_t batch = options->batch != 0 ? options->batch : BATCH;
    if (batch > n)
        batch = n;
    LSC_TRY(landscape_samples_init(&o->samples, options->data, options->index, n, nn_loss_classes(o->loss, o->classes),
                                   batch));
    LSC_NEW(o->selected, n);
    LSC_NEW(o->losses, n);
    LSC_NEW(o->correct, n);
    LSC_NEW(o->domain_losses, n);
    o->all = true;
    o->n_domains = ds_n_domains(options->data);
    LSC_TRY(check_samples(o, NULL, n));
cleanup:
    return st;
}

lsc_status objective_take_images(objective_nn *o)
{
    lsc_status st = LSC_OK;
    if (o->logits != NULL)
        return LSC_OK;
    LSC_TRY(landscape_samples_keep(&o->samples, o->memory));
    LSC_NEW(o->logits, o->samples.batch * o->classes);
cleanup:
    return st;
}

static lsc_status take_plan(objective_nn *o, const char *backend)
{
    lsc_status st = LSC_OK;
    nn_plan_options plan = {
        .batch = o->samples.batch, .statistics = o->statistics, .real = o->real, .threads = o->threads};
    LSC_TRY(objective_take_images(o));
    LSC_TRY(nn_plan_new(backend, o->graph, &plan, &o->plan));
    LSC_TRY(objective_norm_take_plan(o, nn_plan_backend(o->plan)));
    o->device = lsc_format("%s, %d threads", nn_plan_backend(o->plan), nn_plan_threads(o->plan));
    LSC_CHECK(o->device != NULL, LSC_ERR_NOMEM, "no memory for the device's name");
cleanup:
    return st;
}

static lsc_status take_backend(objective_nn *o, const objective_nn_options *options)
{
    lsc_status st = LSC_OK;
    const char *backend = options->backend != NULL ? options->backend : "auto";
    o->real = options->real;
    o->threads = options->threads;
    o->memory = options->memory != 0 ? options->memory : DEFAULT_MEMORY;
    o->theta = lsc_calloc((size_t)o->layout->n, o->real == NN_F64 ? sizeof(double) : sizeof(float));
    LSC_CHECK(o->theta != NULL, LSC_ERR_NOMEM, "no memory for theta: %lld elements", (long long)o->layout->n);
    LSC_TRY(objective_device_open(o, options, backend));
    if (o->evaluator == NULL)
        LSC_TRY(take_plan(o, backend));
cleanup:
    return st;
}

static lsc_status name_fields(objective_nn *o)
{
    lsc_status st = LSC_OK;
    int n = 2 + (o->n_domains > 1 ? o->n_domains : 0);
    LSC_NEW(o->fields, n);
    o->n_fields = n;
    for (int f = 0; f < n; f++) {
        o->fields[f] = f == 0   ? lsc_strdup("loss")
                       : f == 1 ? lsc_strdup("accuracy")
                                : lsc_format("loss_domain%d", f - 2);
        LSC_CHECK(o->fields[f] != NULL, LSC_ERR_NOMEM, "no memory for the name of field %d", f);
    }
cleanup:
    return st;
}

const char *objective_backend(const objective_nn *o)
{
    return o->evaluator != NULL ? nn_evaluator_backend(o->evaluator) : nn_plan_backend(o->plan);
}

static const lsc_objective_ops objective_nn_ops = {
    .abi = LSC_OBJECTIVE_ABI,
    .size = sizeof(lsc_objective_ops),
    .eval = eval,
    .set_frame = set_frame,
    .eval_coords = eval_coords,
    .hvp = objective_hvp,
    .grad = objective_grad,
    .select = select_samples,
    .samples = samples,
    .error = error_text,
    .destroy = destroy,
    .counts = counts,
};

lsc_status objective_nn_open(const objective_nn_options *options, lsc_objective *out)
{
    lsc_status st = LSC_OK;
    objective_nn *o = NULL;

    LSC_NEW(o, 1);
    o->graph = options->graph;
    o->layout = nn_graph_layout(options->graph);
    o->statistics = options->statistics;
    o->classes = nn_graph_classes(options->graph);
    LSC_TRY(nn_loss_find(options->loss, &o->loss));
    LSC_TRY(check_image_shape(options->data, options->graph));
    LSC_TRY(take_samples(o, options));
    LSC_TRY(objective_norm_open(o, options));
    LSC_TRY(take_backend(o, options));
    LSC_TRY(name_fields(o));
    LSC_TRY(objective_write_settings(o, options->model));
    *out = (lsc_objective){.ops = &objective_nn_ops,
                           .self = o,
                           .layout = o->layout,
                           .fields = (const char *const *)o->fields,
                           .n_fields = o->n_fields,
                           .n_samples = o->samples.n,
                           .points_per_call = o->evaluator != NULL ? nn_evaluator_most_points(o->evaluator) : 1,
                           .settings = o->settings,
                           .counts = count_names,
                           .n_counts = repeats(o) ? 2 : 1};
    o = NULL;
cleanup:
    destroy(o);
    return st;
}

const char *objective_nn_backend(const lsc_objective *obj)
{
    return objective_backend(obj->self);
}

int objective_nn_threads(const lsc_objective *obj)
{
    const objective_nn *o = obj->self;
    return o->evaluator != NULL ? 1 : nn_plan_threads(o->plan);
}

const char *objective_nn_device(const lsc_objective *obj)
{
    return ((const objective_nn *)obj->self)->device;
}

int64_t objective_nn_unit(const lsc_objective *obj)
{
    const objective_nn *o = obj->self;
    return o->statistics == NN_BATCH ? o->samples.batch : 1;
}

int64_t objective_nn_norm_images(const lsc_objective *obj)
{
    return ((const objective_nn *)obj->self)->norm.samples.n;
}
