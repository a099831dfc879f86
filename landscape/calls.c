/*
 * The objective at points of the plan: by eval_coords, or by eval at a theta that is formed here; both routes give
 * equal bits. SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

#include <string.h>

/* ---- results ------------------------------------------------------------------------------ */

lsc_status lsc_results_init(lsc_results *r, const lsc_objective *obj, int most)
{
    lsc_status st = LSC_OK;

    r->most = most;
    LSC_NEW(r->index, most);
    LSC_NEW(r->values, (int64_t)most * obj->n_fields);
    LSC_NEW(r->counts, obj->n_counts);
cleanup:
    return st;
}

void lsc_results_fini(lsc_results *r)
{
    lsc_free(r->index);
    lsc_free(r->values);
    lsc_free(r->counts);
    *r = (lsc_results){0};
}

void lsc_results_clear(lsc_results *r, const lsc_objective *obj)
{
    r->n = 0;
    for (int i = 0; i < obj->n_counts; i++)
        r->counts[i] = 0;
}

/* ---- life --------------------------------------------------------------------------------- */

static lsc_status check_arguments(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan)
{
    lsc_status st = LSC_OK;
    lsc_axis axes[3];

    LSC_CHECK(frame != NULL && plan != NULL, LSC_ERR_ARG, "run: frame or plan is NULL");
    LSC_TRY(lsc_objective_check(obj));
    LSC_TRY(lsc_context(lsc_layout_same(obj->layout, frame->layout), "run: the layouts of objective and frame differ"));
    LSC_CHECK(frame->n_dirs == lsc_plan_axes(plan, axes), LSC_ERR_SHAPE,
              "run: the frame has %d directions, the plan %d axes", frame->n_dirs, lsc_plan_axes(plan, axes));
cleanup:
    return st;
}

lsc_status lsc_calls_init(lsc_calls *c, const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan)
{
    lsc_status st = LSC_OK;

    LSC_TRY(check_arguments(obj, frame, plan));
    *c = (lsc_calls){.obj = obj, .frame = frame, .plan = plan};
    c->most = obj->ops->eval_coords == NULL || obj->points_per_call < 1 ? 1 : obj->points_per_call;
    if (c->most > lsc_plan_points(plan))
        c->most = (int)lsc_plan_points(plan);
    LSC_NEW(c->coords, (int64_t)c->most * frame->n_dirs);
    LSC_NEW(c->counted, obj->n_counts);
    LSC_NEW(c->now, obj->n_counts);
    if (obj->ops->eval_coords == NULL)
        LSC_NEW(c->theta, frame->layout->n);
cleanup:
    return st;
}

void lsc_calls_fini(lsc_calls *c)
{
    lsc_free(c->coords);
    lsc_free(c->counted);
    lsc_free(c->now);
    lsc_free(c->theta);
    *c = (lsc_calls){0};
}

/* ---- calls -------------------------------------------------------------------------------- */

/* What the user's function says about its failure, and where it was. */
static lsc_status callback_failed(const lsc_calls *c, lsc_status said, const char *function, const double *coords)
{
    char shown[256], where[96] = "";
    int at = 0;

    if (said == LSC_ERR_STOPPED)
        return lsc_fail(LSC_ERR_STOPPED, "stopped by the objective");
    for (int i = 0; coords != NULL && i < c->frame->n_dirs; i++)
        at += snprintf(where + at, sizeof where - (size_t)at, "%s%.6g", i == 0 ? " at (" : ", ", coords[i]);
    return lsc_fail(LSC_ERR_CALLBACK, "objective: %s failed%s%s: %s", function, where, at > 0 ? ")" : "",
                    lsc_shown(lsc_objective_error(c->obj), shown, sizeof shown));
}

static void read_counts(const lsc_calls *c, int64_t *out)
{
    if (c->obj->n_counts > 0)
        c->obj->ops->counts(c->obj->self, out);
}

lsc_status lsc_calls_begin(lsc_calls *c)
{
    const lsc_objective_ops *ops = c->obj->ops;
    const lsc_frame *f = c->frame;
    const float *dirs[LSC_DIRS_MAX] = {f->dirs[0], f->dirs[1], f->dirs[2]};
    lsc_status said;

    read_counts(c, c->counted);
    if (ops->eval_coords == NULL)
        return LSC_OK;
    said = ops->set_frame(c->obj->self, f->center, dirs, f->n_dirs);
    return said == LSC_OK ? LSC_OK : callback_failed(c, said, "set_frame", NULL);
}

/* Values of n points at c->coords; the first *n_done rows are valid whatever is returned. */
static lsc_status evaluate(lsc_calls *c, int n, double *values, int *n_done)
{
    const lsc_objective_ops *ops = c->obj->ops;
    lsc_status said;

    *n_done = 0;
    if (ops->eval_coords == NULL) {
        lsc_frame_point(c->frame, c->coords, c->theta);
        said = ops->eval(c->obj->self, c->theta, values);
        *n_done = said == LSC_OK;
        return said == LSC_OK ? LSC_OK : callback_failed(c, said, "eval", c->coords);
    }
    said = ops->eval_coords(c->obj->self, c->coords, n, values, n_done);
    if (*n_done < 0 || *n_done > n || (said == LSC_OK && *n_done == 0)) {
        const int claimed = *n_done;

        *n_done = 0;
        return lsc_fail(LSC_ERR_CALLBACK, "objective: eval_coords was given %d points and says it did %d", n, claimed);
    }
    if (said != LSC_OK)
        return callback_failed(c, said, "eval_coords", *n_done < n ? c->coords + *n_done * c->frame->n_dirs : NULL);
    return LSC_OK;
}

static void add_counts(lsc_calls *c, int64_t *counts)
{
    read_counts(c, c->now);
    for (int i = 0; i < c->obj->n_counts; i++) {
        counts[i] += c->now[i] - c->counted[i];
        c->counted[i] = c->now[i];
    }
}

lsc_status lsc_calls_points(lsc_calls *c, const int64_t *place, int n, lsc_results *out)
{
    int n_done;
    lsc_status st;

    for (int i = 0; i < n; i++)
        out->index[out->n + i] = lsc_plan_point(c->plan, place[i], c->coords + (int64_t)i * c->frame->n_dirs);
    st = evaluate(c, n, out->values + (int64_t)out->n * c->obj->n_fields, &n_done);
    add_counts(c, out->counts);
    out->n += n_done;
    return st;
}
