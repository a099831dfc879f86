/*
 * run.state, from which --resume continues bit for bit: a safetensors file with
 *     theta [n], momentum [n_learned] F32; step [1] I64; sums [9], metrics [4] F64
 * and, as metadata, config (JSON), history (CSV), command, backend, threads, data (SHA-256).
 * There is no random state: order and augmentation are functions of (seed, epoch, index).
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <stdlib.h>
#include <string.h>

#define N_SUMS    ((int64_t)(sizeof(tr_sums) / sizeof(double)))
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
    const nn_tensor tensors[] = {
        vector("theta", NN_DT_F32, s->theta, s->layout->n),
        vector("momentum", NN_DT_F32, s->momentum, s->layout->n_learned),
        vector("step", NN_DT_I64, &r->step, 1),
        vector("sums", NN_DT_F64, &r->sums, N_SUMS),
        vector("metrics", NN_DT_F64, &r->metrics, N_METRICS),
    };
    const nn_meta meta[] = {
        {"config", config},      {"history", r->history.length > 0 ? r->history.text : ""},
        {"command", r->command}, {"backend", r->backend},
        {"threads", threads},    {"data", r->data_hash},
    };

    LSC_CHECK(config != NULL && threads != NULL, LSC_ERR_NOMEM, "no memory for the head of %s", path);
    LSC_TRY(nn_tensors_write(path, tensors, LSC_COUNT(tensors), meta, LSC_COUNT(meta)));
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
    const char *history = NULL, *command = NULL, *backend = NULL, *threads = NULL, *data = NULL;
    const nn_tensor step = vector("step", NN_DT_I64, NULL, 1), sums = vector("sums", NN_DT_F64, NULL, N_SUMS),
                    metrics = vector("metrics", NN_DT_F64, NULL, N_METRICS);

    LSC_TRY(copy_of(t, path, &step, &r->step, sizeof(int64_t)));
    LSC_TRY(copy_of(t, path, &sums, &r->sums, sizeof(double)));
    LSC_TRY(copy_of(t, path, &metrics, &r->metrics, sizeof(double)));
    LSC_TRY(meta_of(t, path, "history", &history));
    LSC_TRY(meta_of(t, path, "command", &command));
    LSC_TRY(meta_of(t, path, "backend", &backend));
    LSC_TRY(meta_of(t, path, "threads", &threads));
    LSC_TRY(meta_of(t, path, "data", &data));
    lsc_text_add(&r->history, "%s", history);
    r->threads = strtoll(threads, NULL, 10);
    r->command = lsc_strdup(command);
    r->backend = lsc_strdup(backend);
    r->data_hash = lsc_strdup(data);
    LSC_CHECK(r->command != NULL && r->backend != NULL && r->data_hash != NULL && !r->history.failed, LSC_ERR_NOMEM,
              "no memory for %s", path);
cleanup:
    return st;
}

lsc_status tr_load_state(const char *path, tr_state *s, tr_record *r)
{
    lsc_status st = LSC_OK;
    nn_tensors *t = NULL;
    tr_record record = {0};
    const nn_tensor theta = vector("theta", NN_DT_F32, NULL, s->layout->n),
                    momentum = vector("momentum", NN_DT_F32, NULL, s->layout->n_learned);

    LSC_TRY(nn_tensors_read(path, &t));
    LSC_TRY(copy_of(t, path, &theta, s->theta, sizeof(float)));
    LSC_TRY(copy_of(t, path, &momentum, s->momentum, sizeof(float)));
    LSC_CHECK(lsc_all_finite(s->theta, theta.elements) && lsc_all_finite(s->momentum, momentum.elements),
              LSC_ERR_FORMAT, "%s: theta or momentum is not finite: the run cannot go on from it", path);
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
    lsc_text_free(&r->history);
    lsc_free(r->command);
    lsc_free(r->backend);
    lsc_free(r->data_hash);
    *r = (tr_record){0};
}
