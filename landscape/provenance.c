/*
 * What is stored with the values of a surface: settings that a resume must agree with (the engine adds its
 * own: axes, directions, the objective's), and notes on where the values came from. Texts from the checkpoint are
 * stored with their control bytes escaped. SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "landscape/program.h"

static lsc_status add_owned(landscape_record *r, const char *key, char *value)
{
    if (value == NULL)
        return lsc_fail(LSC_ERR_NOMEM, "no memory for the provenance: %s", key);
    assert(r->n < LANDSCAPE_RECORD_MAX);
    r->items[r->n++] = (lsc_setting){key, value};
    return LSC_OK;
}

static lsc_status add(landscape_record *r, const char *key, const char *value)
{
    return add_owned(r, key, lsc_strdup(value));
}

/* Text that a file chose. */
static lsc_status add_foreign(landscape_record *r, const char *key, const char *value)
{
    lsc_text t = {0};
    lsc_quote_terminal(&t, value);
    lsc_status st = t.failed ? lsc_fail(LSC_ERR_NOMEM, "no memory for the provenance: %s", key) : add(r, key, t.text);
    lsc_text_free(&t);
    return st;
}

void landscape_record_free(landscape_record *r)
{
    for (int i = 0; i < r->n; i++)
        lsc_free((char *)r->items[i].value);
    *r = (landscape_record){0};
}

/* ---- settings ------------------------------------------------------------------------------- */

static lsc_status add_reals(landscape_record *r, const char *key, const cfg_reals *v)
{
    lsc_text t = {0};
    for (int i = 0; i < v->n; i++)
        lsc_text_add(&t, "%s%.17g", i > 0 ? ", " : "", v->v[i]);
    lsc_status st = t.failed ? lsc_fail(LSC_ERR_NOMEM, "no memory for the provenance: %s", key)
                             : add(r, key, v->n > 0 ? t.text : "");
    lsc_text_free(&t);
    return st;
}

lsc_status landscape_record_settings(landscape_record *r, const landscape_subject *s, const landscape_request *q)
{
    lsc_status st = LSC_OK;
    char file_hash[65];
    LSC_TRY(add(r, "checkpoint_sha256", s->sha256));
    LSC_TRY(add_reals(r, "data_mean", &s->task.mean)); /* the data's hash is of bytes that are not normalized yet */
    LSC_TRY(add_reals(r, "data_std", &s->task.std));
    LSC_TRY(add_owned(r, "loss_scale", lsc_format("%.17g", s->task.loss_scale)));
    if (q->direction.path != NULL) {
        LSC_TRY(lsc_hash_file(q->direction.path, file_hash));
        LSC_TRY(add(r, "direction_sha256", file_hash));
    }
cleanup:
    return st;
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* What train says of the minimum, in the metadata "config" and "metrics". */
typedef struct {
    cfg_text optimizer;
    double train_accuracy, held_accuracy; /* fractions; -1: not said */
} training;

static const cfg_field training_config[] = {
    CFG_TEXT(training, optimizer, "train.optimizer", "", "optimizer"),
};
static const cfg_field training_metrics[] = {
    CFG_REAL(training, train_accuracy, "train_accuracy", "-1", -1, 1, "fraction of the training images"),
    CFG_REAL(training, held_accuracy, "held_accuracy", "-1", -1, 1, "fraction of the held-out images"),
};

/* A checkpoint that does not say it, or says it badly, is as good for a landscape as one that does. */
static lsc_status read_metadata(const landscape_subject *s, const char *key, const cfg_section *section)
{
    char where[32];
    const char *json = nn_tensors_meta(s->tensors, key);
    cfg_defaults(section, 1);
    if (json == NULL)
        return LSC_OK;
    snprintf(where, sizeof where, "metadata '%s'", key);
    lsc_status st = cfg_from_json(where, json, section, 1, true);
    if (st != LSC_ERR_CONFIG)
        return st;
    lsc_log_warn("%s", lsc_last_error());
    return LSC_OK;
}

static lsc_status add_training(landscape_record *r, const landscape_subject *s)
{
    lsc_status st = LSC_OK;
    training t = {0};
    const char *epoch = nn_tensors_meta(s->tensors, "epoch");
    LSC_TRY(read_metadata(s, "config", &(cfg_section){training_config, LSC_COUNT(training_config), &t}));
    LSC_TRY(read_metadata(s, "metrics", &(cfg_section){training_metrics, LSC_COUNT(training_metrics), &t}));
    if (t.optimizer.s[0] != '\0')
        LSC_TRY(add_foreign(r, "optimizer", t.optimizer.s));
    if (t.train_accuracy >= 0)
        LSC_TRY(add_owned(r, "train_accuracy", lsc_format("%.6g", t.train_accuracy)));
    if (t.held_accuracy >= 0)
        LSC_TRY(add_owned(r, "held_accuracy", lsc_format("%.6g", t.held_accuracy)));
    if (epoch != NULL)
        LSC_TRY(add_foreign(r, "epoch", epoch));
cleanup:
    return st;
}

/* "model name" of /proc/cpuinfo; "" where there is none. */
static void processor_name(char *out, size_t n)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    out[0] = '\0';
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        colon[1 + strcspn(colon + 1, "\n")] = '\0';
        snprintf(out, n, "%s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (f != NULL)
        fclose(f);
}

lsc_status landscape_record_notes(landscape_record *r, const landscape_subject *s, const landscape_options *o,
                                  const lsc_objective *obj)
{
    lsc_status st = LSC_OK;
    char processor[256];
    processor_name(processor, sizeof processor);
    LSC_TRY(add_foreign(r, "checkpoint", o->ckpt));
    LSC_TRY(add_foreign(r, "data_kind", s->task.data.s));
    LSC_TRY(add_foreign(r, "data_path", s->task.path.s));
    LSC_TRY(add_training(r, s));
    LSC_TRY(add(r, "command", o->command != NULL ? o->command : ""));
    LSC_TRY(add(r, "versions", cli_versions()));
    LSC_TRY(add_owned(r, "threads", lsc_format("%d", objective_nn_threads(obj))));
    if (o->team != NULL && o->team->ranks.n > 1)
        LSC_TRY(add_owned(r, "ranks", lsc_format("%d", o->team->ranks.n)));
    LSC_TRY(add(r, "processor", processor));
    LSC_TRY(add(r, "device_name", objective_nn_device(obj)));
cleanup:
    return st;
}
