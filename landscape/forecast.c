/*
 * How long a landscape will take: the centre is timed on growing parts of the samples until that takes long enough to
 * be told, and the time is scaled to all samples and points.
 * SPDX-License-Identifier: MIT
 */
#include <sys/resource.h>

#include "base/base.h"
#include "landscape/program.h"

#define FIRST_SAMPLES 8
#define ENOUGH_S      0.2

static lsc_status time_centre(const lsc_objective *obj, const int64_t *index, int64_t n, double *values,
                              double *seconds)
{
    static const double centre[3] = {0, 0, 0};
    lsc_status st = LSC_OK;
    int done = 0;
    LSC_TRY(obj->ops->select(obj->self, index, n));
    double started = lsc_seconds();
    LSC_TRY(obj->ops->eval_coords(obj->self, centre, 1, values, &done));
    *seconds = lsc_seconds() - started;
cleanup:
    return st;
}

/* Seconds of one point over all samples: what any number of them takes (forming statistics, say), and what each adds.
 */
static lsc_status time_point(const lsc_objective *obj, const lsc_frame *frame, double *point_s)
{
    lsc_status st = LSC_OK;
    const int64_t unit = objective_nn_unit(obj), some = (FIRST_SAMPLES + unit - 1) / unit * unit;
    const int64_t first = obj->n_samples < some ? obj->n_samples : some;
    int64_t *index = NULL, n = first;
    double *values = NULL, least = 0, seconds = 0;
    LSC_NEW(index, obj->n_samples);
    LSC_NEW(values, obj->n_fields);
    for (int64_t i = 0; i < obj->n_samples; i++)
        index[i] = i;
    LSC_TRY(obj->ops->set_frame(obj->self, frame->center, (const float *const *)frame->dirs, frame->n_dirs));
    LSC_TRY(time_centre(obj, index, n, values, &seconds)); /* the first call is slower than the others */
    LSC_TRY(time_centre(obj, index, n, values, &least));
    for (seconds = least; seconds - least < ENOUGH_S && n < obj->n_samples;) {
        n = n > obj->n_samples / 4 ? obj->n_samples : 4 * n;
        LSC_TRY(time_centre(obj, index, n, values, &seconds));
    }
    LSC_TRY(obj->ops->select(obj->self, NULL, 0));
    *point_s = n > first ? least + (seconds - least) * (double)(obj->n_samples - first) / (double)(n - first) : least;
cleanup:
    lsc_free(index);
    lsc_free(values);
    return st;
}

/* Points that an earlier run left at `path`. Whether they can be kept is for lsc_run to say. */
static int64_t points_done(const char *path, int64_t points)
{
    lsc_surface *s = NULL;
    int64_t done = 0;
    if (lsc_file_exists(path) && lsc_surface_load(path, &s) == LSC_OK && lsc_surface_points(s) == points)
        done = lsc_surface_n_done(s);
    lsc_surface_free(s);
    return done;
}

lsc_status landscape_forecast_make(const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan,
                                   const char *path, bool overwrite, int ranks, landscape_forecast *out)
{
    lsc_status st = LSC_OK;
    landscape_forecast f = {.points = lsc_plan_points(plan),
                            .samples = obj->n_samples,
                            .passes = obj->n_samples + objective_nn_norm_images(obj),
                            .ranks = ranks};
    struct rusage usage;
    f.done = overwrite ? 0 : points_done(path, f.points);
    if (f.done < f.points)
        LSC_TRY(time_point(obj, frame, &f.point_s));
    f.seconds = f.point_s * (double)(f.points - f.done) / ranks;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        f.memory = (double)usage.ru_maxrss * 1024;
    *out = f;
cleanup:
    return st;
}
