/*
 * Run: evaluate the objective at the points that are not done yet, save now and then, resume.
 * The file is written whole when max(save_s, 100 x the last save's cost) has passed, so that saving takes at most a
 * hundredth of the time and a kill loses at most that interval.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define SAVE_SECONDS 2.0   /* between saves, unless the caller says otherwise */
#define SAVE_SHARE   100.0 /* seconds of work for each second of saving */

/* ---- counts ------------------------------------------------------------------------------- */

/* The note that keeps count i of an objective; NULL: no memory. */
static char *count_key(const lsc_objective *obj, int i)
{
    return lsc_format("objective.%s", obj->counts[i]);
}

static lsc_status store_counts(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    const lsc_objective *obj = r->calls.obj;
    char *key = NULL, text[24];

    for (int i = 0; i < obj->n_counts; i++) {
        lsc_free(key);
        key = count_key(obj, i);
        LSC_CHECK(key != NULL, LSC_ERR_NOMEM, "run: no memory for a note");
        snprintf(text, sizeof text, "%lld", (long long)r->counts[i]);
        LSC_TRY(lsc_surface_set(r->surface, key, text));
    }
cleanup:
    lsc_free(key);
    return st;
}

static bool parse_count(const char *text, int64_t *out)
{
    char *end = NULL;
    long long v;

    errno = 0;
    v = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || v < 0 || v > INT64_MAX / 2)
        return false;
    *out = v;
    return true;
}

/* What was counted at the points that the file has; an older file counted nothing. */
static lsc_status take_counts(lsc_run_state *r, const lsc_surface *old)
{
    lsc_status st = LSC_OK;
    const lsc_objective *obj = r->calls.obj;
    char *key = NULL, shown[64];

    for (int i = 0; i < obj->n_counts; i++) {
        const char *text;

        lsc_free(key);
        key = count_key(obj, i);
        LSC_CHECK(key != NULL, LSC_ERR_NOMEM, "run: no memory for a note");
        text = lsc_surface_get(old, key);
        LSC_CHECK(text == NULL || parse_count(text, &r->counts[i]), LSC_ERR_FORMAT,
                  "%s: the note %s is '%s', should be a number of points", r->o->path, key,
                  lsc_shown(text, shown, sizeof shown));
    }
cleanup:
    lsc_free(key);
    return st;
}

/* ---- the surface -------------------------------------------------------------------------- */

/* As it should be at the end, with nothing done. */
static lsc_status new_surface(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    const lsc_calls *c = &r->calls;
    lsc_axis axes[3];
    const int n_axes = lsc_plan_axes(c->plan, axes);

    LSC_TRY(lsc_surface_new(axes, n_axes, c->obj->fields, c->obj->n_fields, &r->surface));
    LSC_TRY(lsc_settings_store(r->surface, c->obj, c->frame, r->o->settings, r->o->n_settings));
    LSC_NEW(r->counts, c->obj->n_counts);
cleanup:
    return st;
}

/* Notes, and what an existing file has of it. */
static lsc_status fill_surface(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    lsc_surface *old = NULL;
    const lsc_run_options *o = r->o;

    for (int i = 0; i < o->n_notes; i++)
        LSC_TRY(lsc_surface_set(r->surface, o->notes[i].key, o->notes[i].value));
    r->changed = o->path == NULL || o->overwrite || !lsc_file_exists(o->path);
    if (!r->changed) {
        LSC_TRY(lsc_surface_load(o->path, &old));
        LSC_TRY(take_counts(r, old));
    }
    LSC_TRY(store_counts(r));
    if (old != NULL)
        LSC_TRY(lsc_surface_resume(r->surface, old, o->path));
cleanup:
    lsc_surface_free(old);
    return st;
}

int lsc_run_next(lsc_run_state *r, int64_t *place, int most)
{
    const lsc_plan *plan = r->calls.plan;
    double coords[LSC_DIRS_MAX];
    int n = 0;

    for (; n < most && r->next < lsc_plan_points(plan); r->next++) {
        place[n] = r->next;
        n += !r->surface->done[lsc_plan_point(plan, r->next, coords)];
    }
    return n;
}

void lsc_run_keep(lsc_run_state *r, const lsc_results *got)
{
    const lsc_objective *obj = r->calls.obj;

    for (int i = 0; i < got->n; i++)
        lsc_surface_put(r->surface, got->index[i], got->values + (int64_t)i * obj->n_fields);
    for (int i = 0; i < obj->n_counts; i++)
        r->counts[i] += got->counts[i];
    r->changed = r->changed || got->n > 0;
    if (r->o->progress != NULL)
        r->o->progress(r->o->context, r->surface);
}

lsc_status lsc_run_stopped(const lsc_run_state *r)
{
    return lsc_fail(LSC_ERR_STOPPED, "stopped on request with %lld of %lld points done", (long long)r->surface->n_done,
                    (long long)r->surface->points);
}

/* ---- saving ------------------------------------------------------------------------------- */

static lsc_status write_surface(lsc_run_state *r)
{
    lsc_status st = LSC_OK;

    LSC_TRY(store_counts(r));
    if (r->o->path != NULL)
        LSC_TRY(lsc_surface_save(r->surface, r->calls.frame, r->o->path));
cleanup:
    return st;
}

void lsc_run_save(lsc_run_state *r)
{
    const double start = lsc_seconds();

    if (!r->changed)
        return;
    r->save_status = write_surface(r);
    if (r->save_status == LSC_OK)
        r->changed = false;
    else
        snprintf(r->save_message, sizeof r->save_message, "%s", lsc_last_error());
    r->saved_at = lsc_seconds();
    r->save_cost = r->saved_at - start;
}

void lsc_run_save_now_and_then(lsc_run_state *r)
{
    const double least = r->o->save_s > 0 ? r->o->save_s : SAVE_SECONDS;
    const bool failed_before = r->save_status != LSC_OK;

    if (lsc_seconds() - r->saved_at < fmax(least, SAVE_SHARE * r->save_cost))
        return;
    lsc_run_save(r);
    if (r->save_status != LSC_OK && !failed_before)
        lsc_log_warn("%s; going on, and trying again later", r->save_message);
}

/* ---- evaluating --------------------------------------------------------------------------- */

/* Call by call; what one leaves over comes first in the next. */
static lsc_status all_points(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    lsc_calls *c = &r->calls;
    lsc_results got = {0};
    int64_t *place = NULL;
    int n;

    LSC_TRY(lsc_results_init(&got, c->obj, c->most));
    LSC_NEW(place, c->most);
    LSC_TRY(lsc_calls_begin(c));
    while ((n = lsc_run_next(r, place, c->most)) > 0) {
        if (r->o->stop != NULL && r->o->stop(r->o->context))
            LSC_TRY(lsc_run_stopped(r));
        lsc_results_clear(&got, c->obj);
        st = lsc_calls_points(c, place, n, &got);
        lsc_run_keep(r, &got);
        if (st != LSC_OK)
            goto cleanup;
        r->next = got.n < n ? place[got.n] : r->next;
        lsc_run_save_now_and_then(r);
    }
cleanup:
    lsc_results_fini(&got);
    lsc_free(place);
    return st;
}

static bool has_ranks(const lsc_run_options *o)
{
    return o->ranks != NULL && o->ranks->n > 1;
}

static lsc_status work(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    char message[LSC_MESSAGE_MAX];

    r->saved_at = lsc_seconds();
    if (r->surface->n_done < r->surface->points)
        st = has_ranks(r->o) ? lsc_run_ranks(r) : all_points(r);
    snprintf(message, sizeof message, "%s", lsc_last_error());
    lsc_run_save(r);
    if (r->save_status == LSC_OK)
        return st == LSC_OK ? st : lsc_fail(st, "%s", message);
    if (st == LSC_OK)
        return lsc_fail(r->save_status, "%s", r->save_message);
    return lsc_fail(st, "%s; and what was done could not be saved: %s", message, r->save_message);
}

/* Rank 0, or a process alone. */
static lsc_status run_with_surface(lsc_run_state *r, lsc_surface **out)
{
    lsc_status st = LSC_OK;
    lsc_lock lock = {0};

    if (r->o->path != NULL)
        LSC_TRY(lsc_lock_open(r->o->path, &lock));
    LSC_TRY(fill_surface(r));
    st = work(r);
    *out = r->surface;
    r->surface = NULL;
cleanup:
    lsc_lock_close(&lock);
    return st;
}

lsc_status lsc_run(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan, const lsc_run_options *o,
                   lsc_surface **out)
{
    lsc_status st = LSC_OK;
    const lsc_run_options none = {0};
    lsc_run_state r = {.o = o == NULL ? &none : o};

    *out = NULL;
    LSC_TRY(lsc_calls_init(&r.calls, obj, frame, plan));
    LSC_TRY(new_surface(&r));
    if (has_ranks(r.o) && r.o->ranks->rank > 0)
        LSC_TRY(lsc_run_worker(&r));
    else
        LSC_TRY(run_with_surface(&r, out));
cleanup:
    if (has_ranks(r.o) && (r.o->ranks->rank == 0 || st != LSC_OK))
        lsc_ranks_leave(r.o->ranks, st);
    lsc_surface_free(r.surface);
    lsc_calls_fini(&r.calls);
    lsc_free(r.counts);
    return st;
}
