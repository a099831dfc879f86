/*
 * The output folder: its paths, run.bin and the trajectory, and clearing it for a new run.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

lsc_status tr_paths_init(const char *folder, tr_paths *out)
{
    lsc_status st = LSC_OK;
    tr_paths p = {
        .folder = lsc_strdup(folder),
        .bin = lsc_path_join(folder, "run.bin"),
        .state = lsc_path_join(folder, "run.state"),
        .history = lsc_path_join(folder, "history.csv"),
        .history_json = lsc_path_join(folder, "history.jsonl"),
        .result = lsc_path_join(folder, "result.json"),
        .scores_held = lsc_path_join(folder, "scores_held.txt"),
        .scores_validation = lsc_path_join(folder, "scores_validation.txt"),
        .trajectory = lsc_path_join(folder, "trajectory"),
        .lock = lsc_path_join(folder, "run"),
    };
    LSC_CHECK(p.folder && p.bin && p.state && p.history && p.history_json && p.result && p.scores_held &&
                  p.scores_validation && p.trajectory && p.lock,
              LSC_ERR_NOMEM, "no memory for paths in %s", folder);
    *out = p;
    p = (tr_paths){0};
cleanup:
    tr_paths_fini(&p);
    return st;
}

void tr_paths_fini(tr_paths *p)
{
    lsc_free(p->folder);
    lsc_free(p->bin);
    lsc_free(p->state);
    lsc_free(p->history);
    lsc_free(p->history_json);
    lsc_free(p->result);
    lsc_free(p->scores_held);
    lsc_free(p->scores_validation);
    lsc_free(p->trajectory);
    lsc_free(p->lock);
    *p = (tr_paths){0};
}

lsc_status tr_save_history(const tr_paths *p, const lsc_text *history)
{
    lsc_status st = LSC_OK;
    lsc_text json = {0};

    tr_history_json(history, &json);
    LSC_CHECK(!json.failed, LSC_ERR_NOMEM, "no memory for %s", p->history_json);
    LSC_TRY(lsc_file_write(p->history, history->text, history->length));
    LSC_TRY(lsc_file_write(p->history_json, json.text, json.length));
cleanup:
    lsc_text_free(&json);
    return st;
}

char *tr_trajectory_path(const tr_paths *p, int64_t epoch)
{
    return lsc_format("%s/epoch_%06lld.safetensors", p->trajectory, (long long)epoch);
}

void tr_json_number(lsc_text *out, const char *before, double value)
{
    lsc_text_add(out, "%s", before);
    lsc_json_number(out, value);
}

/* What there is of a set, with its name before each key. */
static void add_rates(lsc_text *out, const tr_rates *rates, const char *const keys[4])
{
    if (isnan(rates->auc))
        return;
    tr_json_number(out, keys[0], rates->auc);
    tr_json_number(out, keys[1], rates->eer);
    tr_json_number(out, keys[2], rates->hter);
    if (!isnan(rates->hter_at))
        tr_json_number(out, keys[3], rates->hter_at);
}

void tr_metrics_json(const tr_metrics *m, lsc_text *out)
{
    static const char *const held[4] = {
        ", \"held_auc\": ", ", \"held_eer\": ", ", \"held_hter_target\": ", ", \"held_hter_validation\": "};
    static const char *const validation[4] = {
        ", \"validation_auc\": ", ", \"validation_eer\": ", ", \"validation_hter\": ", ""};

    lsc_text_add(out, "{");
    tr_json_number(out, "\"train_loss\": ", m->train.loss);
    tr_json_number(out, ", \"train_accuracy\": ", m->train.accuracy);
    tr_json_number(out, ", \"held_loss\": ", m->held.loss);
    tr_json_number(out, ", \"held_accuracy\": ", m->held.accuracy);
    add_rates(out, &m->held_rates, held);
    if (!isnan(m->validation.accuracy)) {
        tr_json_number(out, ", \"validation_loss\": ", m->validation.loss);
        tr_json_number(out, ", \"validation_accuracy\": ", m->validation.accuracy);
    }
    add_rates(out, &m->validation_rates, validation);
    lsc_text_add(out, "}");
}

lsc_status tr_save_parameters(const char *path, const tr_config *c, const tr_state *s, const tr_record *r,
                              const tr_parameters *parameters)
{
    lsc_status st = LSC_OK;
    enum { CONFIG, EPOCH, SEED, VERSIONS, COMMAND, DATA, METRICS, AVERAGE, N_META };
    static const char *const keys[N_META] = {"config",  "epoch", "seed",    "versions",
                                             "command", "data",  "metrics", "average"};
    char *config = cfg_to_json(c->sections, c->n_sections);
    lsc_text text[N_META] = {{0}};
    nn_meta meta[N_META];
    int n = 0;
    bool failed = config == NULL;

    lsc_text_add(&text[CONFIG], "%s", config != NULL ? config : "");
    lsc_text_add(&text[EPOCH], "%lld", (long long)parameters->epoch);
    lsc_text_add(&text[SEED], "%lld", (long long)c->train.seed);
    lsc_quote_json(&text[VERSIONS], cli_versions());
    lsc_quote_json(&text[COMMAND], r->command);
    lsc_quote_json(&text[DATA], r->data_hash);
    if (parameters->metrics != NULL)
        tr_metrics_json(parameters->metrics, &text[METRICS]);
    if (parameters->n_averaged > 0)
        lsc_text_add(&text[AVERAGE], "{\"kind\": \"%s\", \"points\": %lld}", c->train.average.s,
                     (long long)parameters->n_averaged);
    for (int i = 0; i < N_META; i++) {
        failed = failed || text[i].failed;
        if (text[i].length > 0)
            meta[n++] = (nn_meta){keys[i], text[i].text};
    }
    LSC_CHECK(!failed, LSC_ERR_NOMEM, "no memory for the head of %s", path);
    LSC_TRY(nn_checkpoint_write(path, s->layout, parameters->theta, meta, n));
cleanup:
    lsc_free(config);
    for (int i = 0; i < N_META; i++)
        lsc_text_free(&text[i]);
    return st;
}

static lsc_status remove_file(const char *path)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(unlink(path) == 0 || errno == ENOENT, LSC_ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
cleanup:
    return st;
}

static lsc_status remove_trajectory(const tr_paths *p)
{
    lsc_status st = LSC_OK;
    char *path = NULL;
    DIR *folder = opendir(p->trajectory);
    if (folder == NULL)
        return LSC_OK; /* there is none */
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strncmp(entry->d_name, "epoch_", 6) != 0)
            continue;
        path = lsc_path_join(p->trajectory, entry->d_name);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", p->trajectory);
        LSC_TRY(remove_file(path));
        lsc_free(path);
        path = NULL;
    }
cleanup:
    lsc_free(path);
    closedir(folder);
    return st;
}

lsc_status tr_remove_outputs(const tr_paths *p)
{
    lsc_status st = LSC_OK;
    const char *const files[] = {p->bin, p->history, p->history_json, p->result, p->scores_held, p->scores_validation};
    for (size_t i = 0; i < LSC_COUNT(files); i++)
        LSC_TRY(remove_file(files[i]));
    LSC_TRY(remove_trajectory(p));
cleanup:
    return st;
}
