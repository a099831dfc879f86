/*
 * Evaluators: finds the backend that evaluates whole points on devices, and checks arguments and the order of calls.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/backend.h"

#include <string.h>

struct nn_evaluator {
    const nn_backend *backend;
    void *self;
    int64_t n, selected; /* samples */
    int64_t unit;        /* samples come in whole batches of so many */
    bool has_frame;
};

/* ---- arithmetic ----------------------------------------------------------------------------------- */

static const char *const arithmetics[NN_N_ARITHMETICS] = {
    [NN_TF32] = "tf32", [NN_FP32] = "fp32", [NN_FP16] = "fp16", [NN_BF16] = "bf16"};

const char *nn_arithmetic_name(nn_arithmetic a)
{
    return arithmetics[a];
}

bool nn_arithmetic_find(const char *name, nn_arithmetic *out)
{
    for (int i = 0; i < NN_N_ARITHMETICS; i++)
        if (strcmp(arithmetics[i], name) == 0) {
            *out = (nn_arithmetic)i;
            return true;
        }
    return false;
}

/* ---- life ----------------------------------------------------------------------------------------- */

/* "auto": the first backend that is on this machine and has an evaluator; the last failure if there is none. */
static lsc_status find_auto(const nn_backend **out)
{
    const char *name;
    lsc_status st = lsc_fail(LSC_ERR_ABSENT, "no backend of this build evaluates on devices");
    for (int i = 0; (name = nn_backend_name(i, NULL, NULL)) != NULL; i++) {
        const nn_backend *backend = nn_backend_built(i);
        if (backend == NULL || backend->evaluator == NULL)
            continue;
        st = backend->available ? backend->available() : LSC_OK;
        if (st == LSC_OK) {
            *out = backend;
            return LSC_OK;
        }
    }
    return st;
}

bool nn_evaluator_has(const char *device)
{
    const char *name;
    size_t length = strcspn(device, ":");
    for (int i = 0; (name = nn_backend_name(i, NULL, NULL)) != NULL; i++)
        if (strlen(name) == length && memcmp(name, device, length) == 0)
            return nn_backend_built(i) != NULL && nn_backend_built(i)->evaluator != NULL;
    return false;
}

static lsc_status find(const char *device, char *base, size_t n, int *number, const nn_backend **out)
{
    lsc_status st = LSC_OK;
    *number = -1;
    if (strcmp(device, "auto") == 0)
        return find_auto(out);
    LSC_TRY(nn_backend_split(device, base, n, number));
    LSC_TRY(nn_backend_find(base, NN_F32, out));
    LSC_CHECK((*out)->evaluator, LSC_ERR_ABSENT, "backend %s does not evaluate on devices", base);
cleanup:
    return st;
}

static lsc_status check_options(const nn_graph *g, const nn_evaluator_options *o)
{
    lsc_status st = LSC_OK;
    const nn_samples *s = &o->samples;
    LSC_CHECK(s->n >= 1, LSC_ERR_ARG, "evaluator: no samples");
    LSC_CHECK(s->shape[0] >= 1 && s->shape[1] >= 1 && s->shape[2] >= 1, LSC_ERR_ARG, "evaluator: images of no size");
    LSC_CHECK(s->channels == 1 || s->channels == s->shape[0], LSC_ERR_ARG,
              "evaluator: images come with %d channels, need 1 or %lld", s->channels, (long long)s->shape[0]);
    LSC_CHECK(o->arithmetic >= 0 && o->arithmetic < NN_N_ARITHMETICS, LSC_ERR_ARG, "evaluator: unknown arithmetic %d",
              (int)o->arithmetic);
    LSC_CHECK(o->parts == 0 || (o->part >= 0 && o->part < o->parts), LSC_ERR_ARG, "evaluator: part %d of %d", o->part,
              o->parts);
    LSC_CHECK(o->streams >= 0 && o->streams <= NN_MOST_STREAMS, LSC_ERR_ARG, "evaluator: %d points at once, at most %d",
              o->streams, NN_MOST_STREAMS);
    LSC_CHECK(o->batch >= 0, LSC_ERR_ARG, "evaluator: a batch of %lld images", (long long)o->batch);
    LSC_CHECK(o->statistics == NN_FROZEN || (o->batch >= 1 && s->n % o->batch == 0), LSC_ERR_ARG,
              "evaluator: %lld samples are no whole batches of %lld, whose statistics are used", (long long)s->n,
              (long long)o->batch);
    LSC_CHECK(o->norm.n == 0 || (o->statistics == NN_FROZEN && o->norm_batch >= 1 && o->norm.n % o->norm_batch == 0),
              LSC_ERR_ARG, "evaluator: statistics from %lld images, in batches of %lld%s", (long long)o->norm.n,
              (long long)o->norm_batch, o->statistics == NN_BATCH ? ", and of each batch of samples" : "");
    LSC_CHECK(nn_graph_features(g) == 0, LSC_ERR_ABSENT, "evaluator: not of networks that put out features");
cleanup:
    return st;
}

lsc_status nn_evaluator_new(const char *device, const nn_graph *g, const nn_evaluator_options *o, nn_evaluator **out)
{
    lsc_status st = LSC_OK;
    nn_evaluator *e = NULL;
    const nn_backend *backend = NULL;
    nn_evaluator_options options = *o;
    char base[64];

    LSC_TRY(check_options(g, o));
    LSC_TRY(find(device, base, sizeof base, &options.device, &backend));
    LSC_NEW(e, 1);
    e->backend = backend;
    LSC_TRY(e->backend->evaluator->evaluator_new(g, &options, &e->self));
    e->n = e->selected = o->samples.n;
    e->unit = o->statistics == NN_BATCH ? o->batch : 1;
    *out = e;
    e = NULL;
cleanup:
    nn_evaluator_free(e);
    return st;
}

void nn_evaluator_free(nn_evaluator *e)
{
    if (e == NULL)
        return;
    if (e->self)
        e->backend->evaluator->evaluator_free(e->self);
    lsc_free(e);
}

/* ---- use ------------------------------------------------------------------------------------------ */

const char *nn_evaluator_backend(const nn_evaluator *e)
{
    return e->backend->name;
}

const char *nn_evaluator_text(const nn_evaluator *e)
{
    return e->backend->evaluator->text(e->self);
}

int nn_evaluator_most_points(const nn_evaluator *e)
{
    return e->backend->evaluator->most_points(e->self);
}

lsc_status nn_evaluator_select(nn_evaluator *e, const int64_t *index, int64_t n)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(index == NULL || (n >= 1 && n <= e->n), LSC_ERR_ARG, "evaluator: %lld samples, need 1 .. %lld",
              (long long)n, (long long)e->n);
    LSC_CHECK(index == NULL || n % e->unit == 0, LSC_ERR_ARG, "evaluator: %lld samples are no whole batches of %lld",
              (long long)n, (long long)e->unit);
    for (int64_t i = 0; index && i < n; i++)
        LSC_CHECK(index[i] >= 0 && index[i] < e->n, LSC_ERR_ARG, "evaluator: sample %lld is not in 0 .. %lld",
                  (long long)index[i], (long long)e->n - 1);
    LSC_TRY(e->backend->evaluator->select(e->self, index, index ? n : e->n));
    e->selected = index ? n : e->n;
cleanup:
    return st;
}

lsc_status nn_evaluator_set_frame(nn_evaluator *e, const float *center, const float *const *dirs, int n_dirs)
{
    e->has_frame = false;
    lsc_status st = e->backend->evaluator->set_frame(e->self, center, dirs, n_dirs);
    e->has_frame = st == LSC_OK;
    return st;
}

lsc_status nn_evaluator_points(nn_evaluator *e, const double *coords, int n, double *out, int *n_done)
{
    lsc_status st = LSC_OK;
    *n_done = 0;
    LSC_CHECK(e->has_frame, LSC_ERR_ARG, "evaluator: points before set_frame");
    LSC_CHECK(n >= 1, LSC_ERR_ARG, "evaluator: %d points, need at least 1", n);
    LSC_TRY(e->backend->evaluator->points(e->self, coords, n, out, n_done));
cleanup:
    return st;
}

lsc_status nn_evaluator_losses(nn_evaluator *e, double *loss, uint8_t *correct)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(e->has_frame, LSC_ERR_ARG, "evaluator: losses before set_frame");
    LSC_TRY(e->backend->evaluator->losses(e->self, loss, correct));
cleanup:
    return st;
}

nn_evaluator_counts nn_evaluator_counted(const nn_evaluator *e)
{
    return e->backend->evaluator->counts(e->self);
}
