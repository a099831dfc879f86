/*
 * run.state, from which --resume continues bit for bit: a safetensors file with
 *     theta [n], momentum [n_learned] F32; step [1] I64; sums, metrics, chosen, oracle F64: the structs of run.h
 *     best [n] F32, the chosen parameters, unless they are the last
 *     kept F64, where the optimizer keeps numbers; average [n_learned] F64 and averaged [1] I64, where one is kept
 * and, as metadata, config (JSON), history (CSV), command, backend, threads, data (SHA-256).
 * There is no random state: order and augmentation are functions of (seed, epoch, index).
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_SUMS    ((int64_t)(sizeof(tr_sums) / sizeof(double)))
#define N_CHOICE  ((int64_t)(sizeof(tr_choice) / sizeof(double)))
#define N_METRICS ((int64_t)(sizeof(tr_metrics) / sizeof(double)))

static nn_tensor vector(const char *name, nn_dtype dtype, const void *data, int64_t n)
{
    return (nn_tensor){.name = name, .dtype = dtype, .rank = 1, .shape = {n}, .data = data, .elements = n};
}

lsc_status tr_save_state(const char *path, const tr_config *c, const tr_state *s, const tr_record *r)
{
    lsc_status st = LSC_OK;
    char *config = cfg_to_json(c->sections, c->n_sections);
    char *threads = lsc_format("%lld", (long long)r->threads);
    nn_tensor tensors[11] = {
        vector("theta", NN_DT_F32, s->theta, s->layout->n),
        vector("momentum", NN_DT_F32, s->momentum, s->layout->n_learned),
        vector("step", NN_DT_I64, &r->step, 1),
        vector("sums", NN_DT_F64, &r->sums, N_SUMS),
        vector("metrics", NN_DT_F64, &r->metrics, N_METRICS),
        vector("chosen", NN_DT_F64, &r->chosen, N_CHOICE),
        vector("oracle", NN_DT_F64, &r->oracle, N_CHOICE),
    };
    int n = 7;
    const nn_meta meta[] = {
        {"config", config},
        {"history", r->history.length > 0 ? r->history.text : ""},
        {"command", r->command},
        {"backend", r->backend},
        {"threads", threads},
        {"data", r->data_hash},
        {"validation", r->validation_hash},
        {"held", r->held_hash},
    };

    LSC_CHECK(config != NULL && threads != NULL, LSC_ERR_NOMEM, "no memory for the head of %s", path);
    if (s->n_kept > 0)
        tensors[n++] = vector("kept", NN_DT_F64, s->kept, s->n_kept);
    if (r->best != NULL)
        tensors[n++] = vector("best", NN_DT_F32, r->best, r->n_best);
    if (s->mean != NULL) {
        tensors[n++] = vector("average", NN_DT_F64, s->mean, s->layout->n_learned);
        tensors[n++] = vector("averaged", NN_DT_I64, &s->n_averaged, 1);
    }
    LSC_TRY(nn_tensors_write(path, tensors, n, meta, LSC_COUNT(meta)));
cleanup:
    lsc_free(config);
    lsc_free(threads);
    return st;
}

static lsc_status meta_of(const nn_tensors *t, const char *path, const char *key, const char **out)
{
    lsc_status st = LSC_OK;
    const char *value = nn_tensors_meta(t, key);
    LSC_CHECK(value != NULL, LSC_ERR_FORMAT, "%s: no metadata '%s': not a run.state of train", path, key);
    *out = value;
cleanup:
    return st;
}

/* *out becomes a copy, the caller's. */
static lsc_status text_of(const nn_tensors *t, const char *path, const char *key, char **out)
{
    lsc_status st = LSC_OK;
    const char *value = NULL;
    LSC_TRY(meta_of(t, path, key, &value));
    *out = lsc_strdup(value);
    LSC_CHECK(*out != NULL, LSC_ERR_NOMEM, "no memory for %s", path);
cleanup:
    return st;
}

static lsc_status copy_of(const nn_tensors *t, const char *path, const nn_tensor *want, void *out, size_t size)
{
    lsc_status st = LSC_OK;
    const nn_tensor *have = nn_tensors_find(t, want->name);
    LSC_CHECK(have != NULL, LSC_ERR_FORMAT, "%s: no tensor '%s': not a run.state of train", path, want->name);
    LSC_CHECK(have->dtype == want->dtype, LSC_ERR_FORMAT, "%s: tensor '%s' is of another type than train writes", path,
              want->name);
    LSC_CHECK(have->elements == want->elements, LSC_ERR_SHAPE,
              "%s: tensor '%s' has %lld elements, the configuration's model needs %lld", path, want->name,
              (long long)have->elements, (long long)want->elements);
    memcpy(out, have->data, (size_t)want->elements * size);
cleanup:
    return st;
}

lsc_status tr_load_config(const char *path, tr_config *out)
{
    lsc_status st = LSC_OK;
    nn_tensors *t = NULL;
    const char *json = NULL;

    LSC_TRY(nn_tensors_read(path, &t));
    LSC_TRY(meta_of(t, path, "config", &json));
    LSC_TRY(cfg_from_json(path, json, out->sections, out->n_sections, false));
cleanup:
    nn_tensors_free(t);
    return st;
}

static lsc_status read_record(const nn_tensors *t, const char *path, tr_record *r)
{
    lsc_status st = LSC_OK;
    const char *history = NULL, *threads = NULL;
    const nn_tensor step = vector("step", NN_DT_I64, NULL, 1), sums = vector("sums", NN_DT_F64, NULL, N_SUMS),
                    metrics = vector("metrics", NN_DT_F64, NULL, N_METRICS),
                    chosen = vector("chosen", NN_DT_F64, NULL, N_CHOICE),
                    oracle = vector("oracle", NN_DT_F64, NULL, N_CHOICE),
                    best = vector("best", NN_DT_F32, NULL, r->n_best);

    LSC_TRY(copy_of(t, path, &step, &r->step, sizeof(int64_t)));
    LSC_TRY(copy_of(t, path, &sums, &r->sums, sizeof(double)));
    LSC_TRY(copy_of(t, path, &metrics, &r->metrics, sizeof(double)));
    LSC_TRY(copy_of(t, path, &chosen, &r->chosen, sizeof(double)));
    LSC_TRY(copy_of(t, path, &oracle, &r->oracle, sizeof(double)));
    if (r->n_best > 0) {
        LSC_NEW(r->best, r->n_best);
        LSC_TRY(copy_of(t, path, &best, r->best, sizeof(float)));
        LSC_CHECK(lsc_all_finite(r->best, r->n_best), LSC_ERR_FORMAT,
                  "%s: tensor 'best' is not finite: the run cannot go on from it", path);
    }
    LSC_TRY(meta_of(t, path, "history", &history));
    LSC_TRY(meta_of(t, path, "threads", &threads));
    lsc_text_add(&r->history, "%s", history);
    LSC_CHECK(!r->history.failed, LSC_ERR_NOMEM, "no memory for %s", path);
    r->threads = strtoll(threads, NULL, 10);
    LSC_TRY(text_of(t, path, "command", &r->command));
    LSC_TRY(text_of(t, path, "backend", &r->backend));
    LSC_TRY(text_of(t, path, "data", &r->data_hash));
    LSC_TRY(text_of(t, path, "validation", &r->validation_hash));
    LSC_TRY(text_of(t, path, "held", &r->held_hash));
cleanup:
    return st;
}

static bool all_finite64(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* Into the state's own arrays, which a failure may leave half filled. */
static lsc_status read_state(const nn_tensors *t, const char *path, tr_state *s)
{
    lsc_status st = LSC_OK;
    const int64_t n_learned = s->layout->n_learned;
    const nn_tensor theta = vector("theta", NN_DT_F32, NULL, s->layout->n),
                    momentum = vector("momentum", NN_DT_F32, NULL, n_learned),
                    kept = vector("kept", NN_DT_F64, NULL, s->n_kept),
                    average = vector("average", NN_DT_F64, NULL, n_learned),
                    averaged = vector("averaged", NN_DT_I64, NULL, 1);

    LSC_TRY(copy_of(t, path, &theta, s->theta, sizeof(float)));
    LSC_TRY(copy_of(t, path, &momentum, s->momentum, sizeof(float)));
    if (s->n_kept > 0)
        LSC_TRY(copy_of(t, path, &kept, s->kept, sizeof(double)));
    if (s->mean != NULL) {
        LSC_TRY(copy_of(t, path, &average, s->mean, sizeof(double)));
        LSC_TRY(copy_of(t, path, &averaged, &s->n_averaged, sizeof(int64_t)));
    }
    LSC_CHECK(lsc_all_finite(s->theta, theta.elements) && lsc_all_finite(s->momentum, n_learned), LSC_ERR_FORMAT,
              "%s: theta or momentum is not finite: the run cannot go on from it", path);
    LSC_CHECK(all_finite64(s->kept, s->n_kept) && (s->mean == NULL || all_finite64(s->mean, n_learned)) &&
                  s->n_averaged >= 0,
              LSC_ERR_FORMAT,
              "%s: what the optimizer keeps, or the average, is not finite: the run cannot go on from it", path);
cleanup:
    return st;
}

lsc_status tr_load_state(const char *path, tr_state *s, tr_record *r)
{
    lsc_status st = LSC_OK;
    nn_tensors *t = NULL;
    tr_record record = {.n_best = r->n_best};

    LSC_TRY(nn_tensors_read(path, &t));
    LSC_TRY(read_state(t, path, s));
    LSC_TRY(read_record(t, path, &record));
    tr_record_fini(r);
    *r = record;
    record = (tr_record){0};
cleanup:
    tr_record_fini(&record);
    nn_tensors_free(t);
    return st;
}

void tr_record_fini(tr_record *r)
{
    lsc_free(r->best);
    lsc_text_free(&r->history);
    lsc_free(r->command);
    lsc_free(r->backend);
    lsc_free(r->data_hash);
    lsc_free(r->validation_hash);
    lsc_free(r->held_hash);
    *r = (tr_record){0};
}
