/*
 * The program `landscape`: opens what the checkpoint is a minimum of, makes directions and points, says how long it
 * will take, evaluates, and writes surface.h5 and surface.vtp.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/program.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "viz/viz.h"

/* All that is open during a run. */
typedef struct {
    landscape_request request;
    landscape_subject subject;
    lsc_plan *plan;
    lsc_frame *frame;
    lsc_objective objective;
    landscape_record settings, notes;
    lsc_surface *surface;
    bool ran; /* lsc_run was called, and knows of the other ranks */
} job;

static void job_close(job *j)
{
    lsc_surface_free(j->surface);
    landscape_record_free(&j->settings);
    landscape_record_free(&j->notes);
    lsc_objective_close(&j->objective);
    lsc_frame_free(j->frame);
    lsc_plan_free(j->plan);
    landscape_subject_fini(&j->subject);
    landscape_request_fini(&j->request);
}

/* A typing error in --out must not cost the checkpoint. */
static lsc_status check_output(const char *ckpt, const char *path)
{
    struct stat a, b;
    char shown[256];
    if (stat(ckpt, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return lsc_fail(LSC_ERR_ARG, "--out: %s is the checkpoint", lsc_shown(path, shown, sizeof shown));
    return LSC_OK;
}

/* What one process of several has of its machine. */
static void take_share(objective_nn_options *options, const landscape_team *team)
{
    if (team == NULL || team->ranks.n == 1)
        return;
    options->part = team->node.rank;
    options->parts = team->node.n;
    if (options->threads == 0)
        options->threads = team->node.cores;
}

static lsc_status job_open(job *j, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    LSC_TRY(landscape_request_init(&j->request, o));
    LSC_TRY(check_output(o->ckpt, j->request.h5));
    LSC_TRY(lsc_plan_new(j->request.axes, j->request.n_dirs, &j->plan));
    LSC_TRY(landscape_subject_init(&j->subject, o, &j->request));
    LSC_TRY(lsc_frame_new(nn_graph_layout(j->subject.graph), j->subject.theta, j->request.n_dirs, &j->request.direction,
                          &j->frame));
    objective_nn_options options = {
        .graph = j->subject.graph,
        .data = j->subject.data,
        .model = j->subject.task.model.s,
        .loss = j->subject.task.loss.s,
        .index = j->subject.index,
        .n_index = j->subject.n_index,
        .statistics = j->request.norm == LANDSCAPE_BATCH ? NN_BATCH : NN_FROZEN,
        .batch = j->request.norm == LANDSCAPE_BATCH ? j->subject.norm_batch : o->chunk,
        .norm_index = j->subject.norm_index,
        .n_norm = j->subject.n_norm,
        .norm_batch = j->subject.norm_batch,
        .backend = o->common.device,
        .real = j->request.real,
        .arithmetic = j->request.arithmetic,
        .streams = o->streams,
        .threads = o->common.threads,
    };
    take_share(&options, o->team);
    LSC_TRY(objective_nn_open(&options, &j->objective));
    LSC_TRY(landscape_record_settings(&j->settings, &j->subject, &j->request));
    LSC_TRY(landscape_record_notes(&j->notes, &j->subject, o, &j->objective));
cleanup:
    return st;
}

/* ---- the run ------------------------------------------------------------------------------------ */

static bool stop(void *context)
{
    (void)context;
    return lsc_stop_requested();
}

static void progress(void *context, const lsc_surface *s)
{
    lsc_progress_update(context, lsc_surface_n_done(s), NULL);
}

static lsc_run_options run_options(const job *j, const landscape_options *o, lsc_progress *line)
{
    return (lsc_run_options){
        .path = j->request.h5,
        .settings = j->settings.items,
        .n_settings = j->settings.n,
        .notes = j->notes.items,
        .n_notes = j->notes.n,
        .overwrite = o->overwrite,
        .save_s = o->save_s,
        .stop = stop,
        .progress = progress,
        .context = line,
        .ranks = o->team != NULL ? &o->team->ranks : NULL,
    };
}

static lsc_status evaluate(job *j, const landscape_options *o, const landscape_forecast *f)
{
    lsc_progress line;
    const lsc_run_options options = run_options(j, o, &line);
    j->ran = true;
    lsc_progress_start(&line, "points", f->done, f->points);
    lsc_status st = lsc_run(&j->objective, j->frame, j->plan, &options, &j->surface);
    lsc_progress_end(&line);
    return st;
}

/* Evaluates what rank 0 gives; from now on this rank warns of what goes wrong here. */
static lsc_status serve(job *j, const landscape_options *o)
{
    char name[48];
    const lsc_run_options options = run_options(j, o, NULL);
    snprintf(name, sizeof name, "landscape (rank %d)", o->team->ranks.rank);
    lsc_log_set(name, LSC_LOG_WARN);
    j->ran = true;
    return lsc_run(&j->objective, j->frame, j->plan, &options, &j->surface);
}

/* ---- surface.vtp -------------------------------------------------------------------------------- */

static bool older(const char *path, const char *than)
{
    struct stat a, b;
    if (stat(path, &a) != 0 || stat(than, &b) != 0)
        return true;
    return a.st_mtim.tv_sec != b.st_mtim.tv_sec ? a.st_mtim.tv_sec < b.st_mtim.tv_sec
                                                : a.st_mtim.tv_nsec < b.st_mtim.tv_nsec;
}

/* *written: the path if the file is there now, else NULL. A build without VTK is no failure: the surface is whole. */
static lsc_status write_vtp(const job *j, const char **written)
{
    const char *path = j->request.vtp;
    *written = NULL;
    if (path == NULL)
        return LSC_OK;
    if (older(path, j->request.h5)) {
        lsc_status st = viz_write_vtp(j->surface, path, NULL);
        if (st == LSC_ERR_ABSENT) {
            lsc_log_warn("%s", lsc_last_error());
            return LSC_OK;
        }
        if (st != LSC_OK)
            return st;
    }
    *written = path;
    return LSC_OK;
}

/* ---- after the run ------------------------------------------------------------------------------ */

/* What objective_nn counted at all points of the surface, on all ranks and in all runs. */
static int64_t count_of(const lsc_surface *s, const char *key)
{
    const char *text = lsc_surface_get(s, key);
    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static void report_counts(const lsc_surface *s)
{
    int64_t negative = count_of(s, "objective.negative_variance"), again = count_of(s, "objective.repeated_in_tf32");
    if (negative > 0)
        lsc_log_warn("%lld points are NaN: a running variance is negative there", (long long)negative);
    if (again > 0)
        lsc_log_info("%lld points overflowed in 16 bits and were evaluated once more in tf32", (long long)again);
}

static lsc_status run(job *j, const landscape_options *o, const landscape_forecast *f)
{
    lsc_status st = LSC_OK, evaluated;
    const char *vtp = NULL;
    char message[512], path[256];
    double started = lsc_seconds();

    evaluated = evaluate(j, o, f);
    snprintf(message, sizeof message, "%s", lsc_last_error());
    if (evaluated != LSC_OK && evaluated != LSC_ERR_STOPPED)
        return evaluated;
    report_counts(j->surface);
    if (f->done == f->points)
        lsc_log_info("%s was complete already", lsc_shown(j->request.h5, path, sizeof path));
    if (evaluated == LSC_OK)
        LSC_TRY(write_vtp(j, &vtp));
    LSC_TRY(landscape_print_result(stdout, o->common.json, &j->request, j->surface, vtp, lsc_seconds() - started));
    LSC_CHECK(evaluated == LSC_OK, LSC_ERR_STOPPED, "%s; the same command goes on", message);
cleanup:
    return st;
}

static app_kind direction_kind(int i)
{
    app_kind k = {0};
    k.name = lsc_direction_name(i, &k.text);
    return k;
}

static lsc_status forecast_and_run(job *j, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    landscape_forecast f;
    const int ranks = o->team != NULL ? o->team->ranks.n : 1;
    LSC_TRY(landscape_forecast_make(&j->objective, j->frame, j->plan, j->request.h5, o->overwrite, ranks, &f));
    if (o->common.dry_run) {
        LSC_TRY(landscape_print_forecast(stdout, o->common.json, &j->request, &f, &j->objective));
        goto cleanup;
    }
    landscape_announce(&j->request, &f, &j->objective);
    LSC_TRY(run(j, o, &f));
cleanup:
    return st;
}

lsc_status landscape_program(const landscape_options *o)
{
    lsc_status st = LSC_OK;
    job j = {0};
    const bool serves = o->team != NULL && o->team->ranks.rank > 0;

    if (o->common.help_config) {
        cfg_print_help(&(cfg_section){app_task_fields, app_task_n_fields, &j.subject.task}, 1);
        goto cleanup;
    }
    if (o->common.list != NULL) {
        LSC_TRY(app_list(stdout, &(app_family){"directions", direction_kind}, 1, o->common.list));
        goto cleanup;
    }
    if (serves && o->common.dry_run)
        goto cleanup;
    LSC_TRY(job_open(&j, o));
    LSC_TRY(serves ? serve(&j, o) : forecast_and_run(&j, o));
cleanup:
    if (o->team != NULL && o->team->ranks.n > 1 && !j.ran)
        lsc_ranks_leave(&o->team->ranks, st);
    job_close(&j);
    return st;
}
