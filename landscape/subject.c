/*
 * What a checkpoint is a minimum of: model, data and loss by its metadata "config" and by the options, its theta, the
 * samples to evaluate, and the images that statistics of batch norm come from. A checkpoint is untrusted: of its config
 * only the keys of app/task.h are read. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/hash.h"
#include "landscape/program.h"

#define NORM_BATCH  100
#define NORM_IMAGES 1000

/* The keys of one option that stands for others. */
static lsc_status set_key(const char *option, const char *key, const char *value, size_t length,
                          const cfg_section *section)
{
    lsc_status st = LSC_OK;
    char *assignment = lsc_format("%s=%.*s", key, (int)length, value);
    LSC_CHECK(assignment != NULL, LSC_ERR_NOMEM, "no memory for %s", option);
    LSC_TRY(cfg_set(option, assignment, section, 1));
cleanup:
    lsc_free(assignment);
    return st;
}

static lsc_status set_data(const char *text, const cfg_section *section)
{
    lsc_status st = LSC_OK;
    char shown[128];
    const char *colon = strchr(text, ':');
    LSC_CHECK(colon != NULL && colon > text && colon[1] != '\0', LSC_ERR_ARG,
              "--data: '%s' is not KIND:PATH, e.g. idx:/usr/share/datasets/fashion-mnist",
              lsc_shown(text, shown, sizeof shown));
    LSC_TRY(set_key("--data", "data.kind", text, (size_t)(colon - text), section));
    LSC_TRY(set_key("--data", "data.path", colon + 1, strlen(colon + 1), section));
cleanup:
    return st;
}

/* Later ones win: defaults, the checkpoint, --config, the options for one key, --set. */
static lsc_status read_task(landscape_subject *s, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    char shown[256];
    const cfg_section section = {app_task_fields, app_task_n_fields, &s->task};
    const char *config = nn_tensors_meta(s->tensors, "config");
    lsc_shown(o->ckpt, shown, sizeof shown);
    cfg_defaults(&section, 1);
    LSC_CHECK(config != NULL || o->common.config != NULL || (o->model != NULL && o->data != NULL), LSC_ERR_CONFIG,
              "%s does not say what it is a minimum of (no metadata 'config'): give --model NAME and --data KIND:PATH; "
              "--list models and --list datasets name them",
              shown);
    if (config != NULL)
        LSC_TRY(lsc_context(cfg_from_json("metadata 'config'", config, &section, 1, true), "%s", shown));
    if (o->common.config != NULL)
        LSC_TRY(cfg_load_yaml(o->common.config, &section, 1));
    if (o->model != NULL)
        LSC_TRY(set_key("--model", "model.name", o->model, strlen(o->model), &section));
    if (o->data != NULL)
        LSC_TRY(set_data(o->data, &section));
    if (o->loss != NULL)
        LSC_TRY(set_key("--loss", "loss.name", o->loss, strlen(o->loss), &section));
    for (int i = 0; i < o->common.n_sets; i++)
        LSC_TRY(cfg_set("--set", o->common.sets[i], &section, 1));
cleanup:
    return st;
}

/* The training data's hash is in the metadata "data", a JSON string. Other images are no error: they may be wanted. */
static void compare_data(const landscape_subject *s, const char *path)
{
    char shown[256];
    const char *trained_on = nn_tensors_meta(s->tensors, "data");
    if (trained_on != NULL && strstr(trained_on, ds_hash(s->data)) == NULL)
        lsc_log_warn("these are not the images that %s was trained on: their SHA-256 differs",
                     lsc_shown(path, shown, sizeof shown));
}

/* Of the dicts that a file of torch.save may hold, the reader chose one. */
static void report_place(const landscape_subject *s, const char *path)
{
    char shown[256], place[128];
    const char *where = nn_tensors_where(s->tensors);
    if (where != NULL && where[0] != '\0')
        lsc_log_info("%s: %d tensors under '%s'", lsc_shown(path, shown, sizeof shown), nn_tensors_count(s->tensors),
                     lsc_shown(where, place, sizeof place));
}

static lsc_status take_theta(landscape_subject *s, const char *path)
{
    lsc_status st = LSC_OK;
    nn_shape image = {.rank = 3};
    ds_image_shape(s->data, image.dim);
    LSC_TRY(app_task_graph(&s->task, &image, ds_classes(s->data), &s->graph));
    const lsc_layout *layout = nn_graph_layout(s->graph);
    LSC_NEW(s->theta, layout->n);
    LSC_TRY(nn_checkpoint_fill(s->tensors, path, layout, s->theta));
cleanup:
    return st;
}

static uint64_t seed_of(const landscape_options *o)
{
    return o->common.seed >= 0 ? (uint64_t)o->common.seed : 1;
}

static lsc_status take_samples(landscape_subject *s, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    if (o->samples == 0)
        goto cleanup;
    LSC_NEW(s->index, o->samples);
    s->n_index = o->samples;
    ds_subset(s->data, seed_of(o), s->n_index, s->index);
cleanup:
    return st;
}

/* ---- batches whose statistics are used ------------------------------------------------------------ */

/* The first n images of a shuffled order in which domains take turns: a batch holds images of all classes and domains,
 * however they follow each other in the data. */
static lsc_status mixed_images(const landscape_subject *s, const landscape_options *o, int64_t n, int64_t **out)
{
    lsc_status st = LSC_OK;
    int64_t *order = NULL;
    LSC_NEW(order, ds_epoch_length(s->data, DS_BY_DOMAIN));
    ds_epoch_order(s->data, seed_of(o), 0, DS_BY_DOMAIN, order);
    LSC_NEW(*out, n);
    memcpy(*out, order, (size_t)n * sizeof *order);
cleanup:
    lsc_free(order);
    return st;
}

static int64_t usual_batch(const landscape_request *q, int64_t n)
{
    return q->norm_batch != 0 ? q->norm_batch : n < NORM_BATCH ? n : NORM_BATCH;
}

/* --batch-norm batch: the samples in batches. */
static lsc_status take_batches(landscape_subject *s, const landscape_options *o, const landscape_request *q)
{
    lsc_status st = LSC_OK;
    const int64_t n = o->samples != 0 ? o->samples : ds_count(s->data), batch = usual_batch(q, n);
    LSC_CHECK(batch <= n, LSC_ERR_ARG, "--norm-batch: %lld is more than the %lld images that are evaluated",
              (long long)batch, (long long)n);
    LSC_CHECK(n % batch == 0, LSC_ERR_ARG,
              "--batch-norm batch: %lld images are no whole batches of %lld; choose --samples %lld, or another "
              "--norm-batch",
              (long long)n, (long long)batch, (long long)(n / batch * batch));
    LSC_TRY(mixed_images(s, o, n, &s->index));
    s->n_index = n;
    s->norm_batch = batch;
cleanup:
    return st;
}

/* --batch-norm recalibrated: the images that statistics are formed from. */
static lsc_status take_norm_images(landscape_subject *s, const landscape_options *o, const landscape_request *q)
{
    lsc_status st = LSC_OK;
    const int64_t total = ds_count(s->data), batch = usual_batch(q, total);
    const int64_t usual = (total < NORM_IMAGES ? total : NORM_IMAGES) / batch * batch;
    const int64_t n = q->norm_images != 0 ? q->norm_images : usual > 0 ? usual : batch;
    LSC_CHECK(n <= total, LSC_ERR_ARG, "--norm-images: %lld is more than the %lld images of the training split",
              (long long)n, (long long)total);
    LSC_CHECK(n % batch == 0, LSC_ERR_ARG, "--norm-images: %lld are no whole batches of %lld (--norm-batch)",
              (long long)n, (long long)batch);
    LSC_TRY(mixed_images(s, o, n, &s->norm_index));
    s->n_norm = n;
    s->norm_batch = batch;
cleanup:
    return st;
}

lsc_status landscape_subject_init(landscape_subject *s, const landscape_options *o, const landscape_request *q)
{
    lsc_status st = LSC_OK;
    *s = (landscape_subject){0};
    LSC_TRY(nn_tensors_read(o->ckpt, &s->tensors));
    report_place(s, o->ckpt);
    LSC_TRY(lsc_hash_file(o->ckpt, s->sha256));
    LSC_TRY(read_task(s, o));
    LSC_TRY(lsc_context(app_task_data(&s->task, DS_TRAIN, &s->data), "data (elsewhere? --data KIND:PATH)"));
    compare_data(s, o->ckpt);
    LSC_TRY(take_theta(s, o->ckpt));
    LSC_CHECK(o->samples <= ds_count(s->data), LSC_ERR_ARG,
              "--samples: %lld is more than the %lld images of the training split", (long long)o->samples,
              (long long)ds_count(s->data));
    LSC_TRY(q->norm == LANDSCAPE_BATCH ? take_batches(s, o, q) : take_samples(s, o));
    if (q->norm == LANDSCAPE_RECALIBRATED)
        LSC_TRY(take_norm_images(s, o, q));
cleanup:
    return st;
}

void landscape_subject_fini(landscape_subject *s)
{
    nn_tensors_free(s->tensors);
    ds_close(s->data);
    nn_graph_free(s->graph);
    lsc_free(s->theta);
    lsc_free(s->index);
    lsc_free(s->norm_index);
    *s = (landscape_subject){0};
}
