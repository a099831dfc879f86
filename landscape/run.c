/*
 * Run: evaluate the objective at the points that are not done yet, save now and then, resume.
 * The file is written whole when max(save_s, 100 x the last save's cost) has passed, so that saving takes at most a
 * hundredth of the time and a kill loses at most that interval.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "landscape/engine.h"

#define SAVE_SECONDS 2.0   /* between saves, unless the caller says otherwise */
#define SAVE_SHARE   100.0 /* seconds of work for each second of saving */

typedef struct {
    const lsc_objective *obj;
    const lsc_frame *frame;
    const lsc_plan *plan;
    const lsc_run_options *o;
    lsc_surface *surface;
    int64_t next; /* place in the plan */

    int batch;      /* points a call */
    int64_t *place; /* [batch] in the plan */
    int64_t *index; /* [batch] in the grid */
    double *coords; /* [batch, n_axes] */
    double *values; /* [batch, n_fields] */
    double *theta;  /* [n]; NULL with eval_coords */

    bool changed; /* since the last save */
    double saved_at, save_cost;
    lsc_status save_status; /* of the last save */
    char save_message[LSC_MESSAGE_MAX];
} run;

static lsc_status check_arguments(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan)
{
    lsc_status st = LSC_OK;
    lsc_axis axes[3];
    const int n_axes = lsc_plan_axes(plan, axes);

    LSC_TRY(lsc_objective_check(obj));
    LSC_TRY(lsc_context(lsc_layout_same(obj->layout, frame->layout), "run: the layouts of objective and frame differ"));
    LSC_CHECK(frame->n_dirs == n_axes, LSC_ERR_SHAPE, "run: the frame has %d directions, the plan %d axes",
              frame->n_dirs, n_axes);
cleanup:
    return st;
}

/* The surface as it should be at the end, with what an existing file has of it. */
static lsc_status prepare_surface(run *r)
{
    lsc_status st = LSC_OK;
    lsc_surface *old = NULL;
    lsc_axis axes[3];
    const int n_axes = lsc_plan_axes(r->plan, axes);
    const lsc_run_options *o = r->o;

    LSC_TRY(lsc_surface_new(axes, n_axes, r->obj->fields, r->obj->n_fields, &r->surface));
    LSC_TRY(lsc_settings_store(r->surface, r->obj, r->frame, o->settings, o->n_settings));
    for (int i = 0; i < o->n_notes; i++)
        LSC_TRY(lsc_surface_set(r->surface, o->notes[i].key, o->notes[i].value));
    r->changed = true;
    if (o->path == NULL || o->overwrite || !lsc_file_exists(o->path))
        goto cleanup;
    LSC_TRY(lsc_surface_load(o->path, &old));
    LSC_TRY(lsc_surface_resume(r->surface, old, o->path));
    r->changed = false;
cleanup:
    lsc_surface_free(old);
    return st;
}

static lsc_status prepare_buffers(run *r)
{
    lsc_status st = LSC_OK;
    const int64_t points = lsc_plan_points(r->plan);

    r->batch = r->obj->ops->eval_coords == NULL || r->obj->points_per_call < 1 ? 1 : r->obj->points_per_call;
    if (r->batch > points)
        r->batch = (int)points;
    LSC_NEW(r->place, r->batch);
    LSC_NEW(r->index, r->batch);
    LSC_NEW(r->coords, (int64_t)r->batch * r->frame->n_dirs);
    LSC_NEW(r->values, (int64_t)r->batch * r->obj->n_fields);
    if (r->obj->ops->eval_coords == NULL)
        LSC_NEW(r->theta, r->frame->layout->n);
cleanup:
    return st;
}

/* ---- saving ------------------------------------------------------------------------------- */

static void save(run *r)
{
    const double start = lsc_seconds();

    if (r->o->path == NULL || !r->changed)
        return;
    r->save_status = lsc_surface_save(r->surface, r->frame, r->o->path);
    if (r->save_status == LSC_OK)
        r->changed = false;
    else
        snprintf(r->save_message, sizeof r->save_message, "%s", lsc_last_error());
    r->saved_at = lsc_seconds();
    r->save_cost = r->saved_at - start;
}

static void save_now_and_then(run *r)
{
    const double least = r->o->save_s > 0 ? r->o->save_s : SAVE_SECONDS;
    const bool failed_before = r->save_status != LSC_OK;

    if (lsc_seconds() - r->saved_at < fmax(least, SAVE_SHARE * r->save_cost))
        return;
    save(r);
    if (r->save_status != LSC_OK && !failed_before)
        lsc_log_warn("%s; going on, and trying again later", r->save_message);
}

/* ---- evaluating --------------------------------------------------------------------------- */

/* Points that are not done, in the plan's order, up to a batch; returns how many. */
static int gather(run *r)
{
    int n = 0;

    for (; n < r->batch && r->next < lsc_plan_points(r->plan); r->next++) {
        r->place[n] = r->next;
        r->index[n] = lsc_plan_point(r->plan, r->next, r->coords + (int64_t)n * r->frame->n_dirs);
        n += !r->surface->done[r->index[n]];
    }
    return n;
}

/* What the user's function says about its failure, and where it was. */
static lsc_status callback_failed(const run *r, lsc_status said, const char *function, const double *coords)
{
    char shown[256], where[96] = "";
    int at = 0;

    if (said == LSC_ERR_STOPPED)
        return lsc_fail(LSC_ERR_STOPPED, "stopped by the objective");
    for (int i = 0; coords != NULL && i < r->frame->n_dirs; i++)
        at += snprintf(where + at, sizeof where - (size_t)at, "%s%.6g", i == 0 ? " at (" : ", ", coords[i]);
    return lsc_fail(LSC_ERR_CALLBACK, "objective: %s failed%s%s: %s", function, where, at > 0 ? ")" : "",
                    lsc_shown(lsc_objective_error(r->obj), shown, sizeof shown));
}

static lsc_status set_frame(run *r)
{
    const lsc_objective_ops *ops = r->obj->ops;
    const float *dirs[LSC_DIRS_MAX] = {r->frame->dirs[0], r->frame->dirs[1], r->frame->dirs[2]};
    lsc_status said;

    if (ops->eval_coords == NULL)
        return LSC_OK;
    said = ops->set_frame(r->obj->self, r->frame->center, dirs, r->frame->n_dirs);
    return said == LSC_OK ? LSC_OK : callback_failed(r, said, "set_frame", NULL);
}

/* Values of the n gathered points; the first *n_done rows are valid whatever is returned. */
static lsc_status evaluate(run *r, int n, int *n_done)
{
    const lsc_objective_ops *ops = r->obj->ops;
    lsc_status said;

    *n_done = 0;
    if (ops->eval_coords == NULL) {
        lsc_frame_point(r->frame, r->coords, r->theta);
        said = ops->eval(r->obj->self, r->theta, r->values);
        *n_done = said == LSC_OK;
        return said == LSC_OK ? LSC_OK : callback_failed(r, said, "eval", r->coords);
    }
    said = ops->eval_coords(r->obj->self, r->coords, n, r->values, n_done);
    if (*n_done < 0 || *n_done > n || (said == LSC_OK && *n_done == 0)) {
        const int claimed = *n_done;

        *n_done = 0;
        return lsc_fail(LSC_ERR_CALLBACK, "objective: eval_coords was given %d points and says it did %d", n, claimed);
    }
    if (said != LSC_OK)
        return callback_failed(r, said, "eval_coords", *n_done < n ? r->coords + *n_done * r->frame->n_dirs : NULL);
    return LSC_OK;
}

/* One call of the objective for the n gathered points; what it leaves over comes first in the next. */
static lsc_status one_call(run *r, int n)
{
    int n_done;
    lsc_status st = evaluate(r, n, &n_done);

    for (int i = 0; i < n_done; i++)
        lsc_surface_put(r->surface, r->index[i], r->values + (int64_t)i * r->obj->n_fields);
    r->changed = r->changed || n_done > 0;
    r->next = n_done < n ? r->place[n_done] : r->next;
    if (r->o->progress != NULL)
        r->o->progress(r->o->context, r->surface);
    return st;
}

static lsc_status all_points(run *r)
{
    lsc_status st = LSC_OK;
    int n;

    while ((n = gather(r)) > 0) {
        LSC_CHECK(r->o->stop == NULL || !r->o->stop(r->o->context), LSC_ERR_STOPPED,
                  "stopped on request with %lld of %lld points done", (long long)r->surface->n_done,
                  (long long)r->surface->points);
        LSC_TRY(one_call(r, n));
        save_now_and_then(r);
    }
cleanup:
    return st;
}

static lsc_status work(run *r)
{
    lsc_status st = LSC_OK;
    char message[LSC_MESSAGE_MAX];

    r->saved_at = lsc_seconds();
    if (r->surface->n_done < r->surface->points) {
        LSC_TRY(set_frame(r));
        LSC_TRY(all_points(r));
    }
cleanup:
    snprintf(message, sizeof message, "%s", lsc_last_error());
    save(r);
    if (r->save_status == LSC_OK)
        return st == LSC_OK ? st : lsc_fail(st, "%s", message);
    if (st == LSC_OK)
        return lsc_fail(r->save_status, "%s", r->save_message);
    return lsc_fail(st, "%s; and what was done could not be saved: %s", message, r->save_message);
}

lsc_status lsc_run(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan, const lsc_run_options *o,
                   lsc_surface **out)
{
    lsc_status st = LSC_OK;
    const lsc_run_options none = {0};
    run r = {.obj = obj, .frame = frame, .plan = plan, .o = o == NULL ? &none : o};
    lsc_lock lock = {0};

    *out = NULL;
    LSC_CHECK(frame != NULL && plan != NULL, LSC_ERR_ARG, "run: frame or plan is NULL");
    LSC_TRY(check_arguments(obj, frame, plan));
    if (r.o->path != NULL)
        LSC_TRY(lsc_lock_open(r.o->path, &lock));
    LSC_TRY(prepare_surface(&r));
    LSC_TRY(prepare_buffers(&r));
    st = work(&r);
    *out = r.surface;
    r.surface = NULL;
cleanup:
    lsc_lock_close(&lock);
    lsc_surface_free(r.surface);
    lsc_free(r.place);
    lsc_free(r.index);
    lsc_free(r.coords);
    lsc_free(r.values);
    lsc_free(r.theta);
    return st;
}
