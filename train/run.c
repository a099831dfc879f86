/*
 * The program train as a function: which configuration, which folder, start or resume, train, say what came out.
 * SPDX-License-Identifier: MIT
 */
#include "train/pretrained.h"
#include "train/released.h"

#include <math.h>
#include <string.h>

/* outputs/NAME for path/NAME.yaml. */
static char *default_folder(const char *config)
{
    const char *slash = strrchr(config, '/');
    const char *name = slash != NULL ? slash + 1 : config;
    const char *dot = strrchr(name, '.');
    const int length = dot != NULL && dot > name ? (int)(dot - name) : (int)strlen(name);
    return lsc_format("outputs/%.*s", length, name);
}

/* The command line's configuration. Without --config it is that of the run in the folder. */
static lsc_status read_config(const tr_run_options *o, const tr_paths *p, tr_config **out)
{
    lsc_status st = LSC_OK;
    tr_config *c = NULL;
    char *seed = NULL;

    LSC_TRY(tr_config_new(&c));
    if (o->common.config != NULL)
        LSC_TRY(tr_config_read(o->common.config, c));
    else
        LSC_TRY(tr_load_config(p->state, c));
    for (int i = 0; i < o->common.n_sets; i++)
        LSC_TRY(cfg_set("--set", o->common.sets[i], c->sections, c->n_sections));
    if (o->common.seed >= 0) {
        seed = lsc_format("train.seed=%lld", (long long)o->common.seed);
        LSC_CHECK(seed != NULL, LSC_ERR_NOMEM, "no memory for --seed");
        LSC_TRY(cfg_set("--seed", seed, c->sections, c->n_sections));
    }
    tr_config_resolve(c);
    *out = c;
    c = NULL;
cleanup:
    lsc_free(seed);
    tr_config_free(c);
    return st;
}

/* What lies in the folder must fit what was asked for. */
static lsc_status check_folder(const tr_run_options *o, const tr_paths *p)
{
    lsc_status st = LSC_OK;
    const bool finished = lsc_file_exists(p->bin), begun = lsc_file_exists(p->state);

    LSC_CHECK(o->resume || o->overwrite || !(finished || begun), LSC_ERR_ARG,
              "%s holds %s run: --resume to %s, --overwrite to start anew, or another --out", p->folder,
              finished ? "a finished" : "an unfinished", finished ? "keep it" : "continue it");
    LSC_CHECK(!o->resume || begun || !finished, LSC_ERR_IO,
              "%s has a run.bin but no run.state to resume from: --overwrite to start anew", p->folder);
cleanup:
    return st;
}

static lsc_status check_same(const tr_paths *p, const tr_config *c)
{
    lsc_status st = LSC_OK;
    tr_config *stored = NULL;
    LSC_TRY(tr_config_new(&stored));
    LSC_TRY(tr_load_config(p->state, stored));
    LSC_TRY(tr_config_same(c, stored, p->folder));
cleanup:
    tr_config_free(stored);
    return st;
}

/* An epoch is chosen by what is evaluated, and history.csv is of one data set. */
static lsc_status check_data(const tr_session *s)
{
    lsc_status st = LSC_OK;
    const struct {
        const char *name, *now, *before;
    } sets[] = {
        {"training", ds_hash(s->train), s->record.data_hash},
        {"validation", tr_hash_of(s->validation), s->record.validation_hash},
        {"held-out", tr_hash_of(s->held), s->record.held_hash},
    };
    for (size_t i = 0; i < LSC_COUNT(sets); i++)
        LSC_CHECK(strcmp(sets[i].now, sets[i].before) == 0, LSC_ERR_CONFIG,
                  "the %s images in %s are not those that the run was started with: put them back, or --overwrite to "
                  "start anew",
                  sets[i].name, s->config->task.path.s);
cleanup:
    return st;
}

/* Bits depend on the data and the backend, but not on its threads. */
static lsc_status check_surroundings(const tr_session *s)
{
    lsc_status st = LSC_OK;
    const char *backend = tr_network_backend(s->network);
    char shown[64];

    LSC_TRY(check_data(s));
    LSC_CHECK(strcmp(backend, s->record.backend) == 0, LSC_ERR_CONFIG,
              "the run was started with --device %s, not %s: give the same, or --overwrite to start anew",
              lsc_shown(s->record.backend, shown, sizeof shown), backend);
cleanup:
    return st;
}

static lsc_status restore(tr_session *s, const tr_paths *p)
{
    lsc_status st = LSC_OK;
    LSC_TRY(tr_load_state(p->state, s->state, &s->record));
    LSC_TRY(check_surroundings(s));
    LSC_CHECK(s->record.step >= 0 && s->record.step <= s->n_steps, LSC_ERR_FORMAT,
              "%s: step %lld, the run has 0 to %lld", p->state, (long long)s->record.step, (long long)s->n_steps);
    if (s->record.history.length > 0)
        LSC_TRY(tr_save_history(p, &s->record.history));
    lsc_log_info("resuming after step %lld of %lld", (long long)s->record.step, (long long)s->n_steps);
cleanup:
    return st;
}

/* Into result.json and to stdout. */
static lsc_status report_result(tr_session *s, const tr_paths *p, bool json)
{
    lsc_status st = LSC_OK;
    tr_report *report = NULL;
    lsc_text file = {0}, text = {0};

    LSC_NEW(report, 1);
    LSC_TRY(tr_report_make(s, p, report));
    tr_report_json(s, p, report, &file);
    tr_report_text(s, p, report, &text);
    LSC_CHECK(!file.failed && !text.failed, LSC_ERR_NOMEM, "no memory for the result");
    LSC_TRY(lsc_file_write(p->result, file.text, file.length));
    fputs(json ? file.text : text.text, stdout);
cleanup:
    lsc_text_free(&file);
    lsc_text_free(&text);
    lsc_free(report);
    return st;
}

static void say_what(const tr_session *s, const tr_paths *p)
{
    const app_task *task = &s->config->task;
    lsc_log_info("%s on %s, %lld parameters, %lld images in %d domains, %s for %lld epochs of %lld steps, %s with %d "
                 "threads, into %s",
                 task->model.s, task->data.s, (long long)s->state->layout->n_learned, (long long)ds_count(s->train),
                 s->state->n_domains, s->config->train.optimizer.s, (long long)s->config->train.epochs,
                 (long long)s->steps_per_epoch, s->record.backend, (int)s->record.threads, p->folder);
}

/* Under the folder's lock. */
static lsc_status train(tr_session *s, const tr_paths *p)
{
    lsc_status st = LSC_OK;
    const tr_run_options *o = s->options;
    const bool resume = o->resume && lsc_file_exists(p->state);

    LSC_TRY(check_folder(o, p));
    if (resume) {
        LSC_TRY(check_same(p, s->config));
        LSC_TRY(restore(s, p));
    } else {
        LSC_TRY(tr_session_pretrain(s));
        LSC_TRY(tr_save_state(p->state, s->config, s->state, &s->record));
    }
    /* Only now that the new run has its first file: a full disk leaves an old run whole. */
    if (s->record.step == 0)
        LSC_TRY(tr_remove_outputs(p));
    if (s->record.step == s->n_steps && lsc_file_exists(p->bin)) {
        lsc_log_info("%s is finished: nothing to do", p->folder);
    } else {
        say_what(s, p);
        LSC_TRY(tr_loop(s, p));
    }
    LSC_TRY(report_result(s, p, o->common.json));
cleanup:
    return st;
}

/* Before the work of opening data: a run that begins with weights of a file needs it. */
static lsc_status check_pretrained(const tr_run_options *o, const tr_paths *p, const tr_config *c)
{
    const char *pretrained = c->train.pretrained.s;
    char *path = NULL;

    if (strcmp(pretrained, "none") == 0 || (o->resume && lsc_file_exists(p->state)))
        return LSC_OK;
    const lsc_status st = tr_pretrained_find(pretrained, c->task.model.s, &path);
    lsc_free(path);
    return st;
}

lsc_status tr_run(const tr_run_options *o)
{
    lsc_status st = LSC_OK;
    tr_paths p = {0};
    tr_config *config = NULL;
    tr_session *s = NULL;
    lsc_lock lock = {0};
    char *folder = o->out != NULL ? lsc_strdup(o->out) : default_folder(o->common.config);

    LSC_CHECK(folder != NULL, LSC_ERR_NOMEM, "no memory for the output folder's name");
    LSC_TRY(tr_paths_init(folder, &p));
    LSC_TRY(read_config(o, &p, &config));
    /* Once before the work of opening data, and again when nobody else can write there. */
    if (!o->common.dry_run)
        LSC_TRY(check_folder(o, &p));
    LSC_TRY(check_pretrained(o, &p, config));
    st = tr_session_new(o, config, &s);
    config = NULL; /* taken */
    LSC_TRY(st);
    if (o->common.dry_run) {
        LSC_TRY(tr_session_pretrain(s));
        LSC_TRY(tr_dry_run(s));
    } else {
        LSC_TRY(lsc_mkdirs(p.folder));
        LSC_TRY(lsc_lock_open(p.lock, &lock));
        LSC_TRY(train(s, &p));
    }
cleanup:
    lsc_lock_close(&lock);
    tr_session_free(s);
    tr_config_free(config);
    tr_paths_fini(&p);
    lsc_free(folder);
    return st;
}
