/*
 * What a checkpoint is a minimum of: model, data and loss by its metadata "config" and by the options, its theta, and
 * the samples to evaluate. A checkpoint is untrusted: of its config only the keys of app/task.h are read.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/hash.h"
#include "landscape/program.h"

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

static lsc_status take_samples(landscape_subject *s, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    int64_t total = ds_count(s->data);
    if (o->samples == 0)
        goto cleanup;
    LSC_CHECK(o->samples <= total, LSC_ERR_ARG, "--samples: %lld is more than the %lld images of the training split",
              (long long)o->samples, (long long)total);
    LSC_NEW(s->index, o->samples);
    s->n_index = o->samples;
    ds_subset(s->data, o->common.seed >= 0 ? (uint64_t)o->common.seed : 1, s->n_index, s->index);
cleanup:
    return st;
}

lsc_status landscape_subject_init(landscape_subject *s, const landscape_options *o)
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
    LSC_TRY(take_samples(s, o));
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
    *s = (landscape_subject){0};
}
