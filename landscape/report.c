/*
 * What the program says of its work: the first line, the forecast of --dry-run, and the result, as text or as one JSON
 * object.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "landscape/program.h"

#define FEWER_SAMPLES 2000
#define FEWER_POINTS  25

/* "51 x 51 = 2601 points". */
static void grid_text(const landscape_request *q, int64_t points, char *out, size_t n)
{
    size_t length = 0;
    for (int i = 0; i < q->n_dirs && length < n; i++)
        length += (size_t)snprintf(out + length, n - length, "%s%d", i > 0 ? " x " : "", q->axes[i].n);
    if (length < n)
        snprintf(out + length, n - length, q->n_dirs > 1 ? " = %lld points" : " points", (long long)points);
}

/* The usual smaller number, or a quarter or half of what is asked for where that is not much more. */
static double fewer(double asked, double usual, double divisor)
{
    return asked > 2 * usual ? usual : fmax(1, ceil(asked / divisor));
}

/* What would take less time, and how much of it. */
static void shorter_text(const landscape_request *q, const landscape_forecast *f, char *out, size_t n)
{
    char by_samples[32], by_points[32];
    int widest = 1;
    for (int i = 0; i < q->n_dirs; i++)
        widest = q->axes[i].n > widest ? q->axes[i].n : widest;
    double samples = fewer((double)f->samples, FEWER_SAMPLES, 4), points = fewer(widest, FEWER_POINTS, 2);
    double point_s = f->point_s / f->ranks;
    lsc_duration(point_s * samples / (double)f->samples * (double)f->points, by_samples, sizeof by_samples);
    lsc_duration(point_s * pow(points, q->n_dirs), by_points, sizeof by_points);
    snprintf(out, n, "shorter: --samples %.0f (%s) or --points %.0f (%s)", samples, by_samples, points, by_points);
}

/* "cpu, 2 threads", ", 3 ranks" behind it if there are several. */
static void device_text(const landscape_forecast *f, const lsc_objective *obj, char *out, size_t n)
{
    int length = snprintf(out, n, "%s", objective_nn_device(obj));
    if (f->ranks > 1 && length >= 0 && (size_t)length < n)
        snprintf(out + length, n - (size_t)length, ", %d ranks", f->ranks);
}

void landscape_announce(const landscape_request *q, const landscape_forecast *f, const lsc_objective *obj)
{
    char grid[96], left[64] = "", time[32], shorter[160], path[256], device[640];
    grid_text(q, f->points, grid, sizeof grid);
    lsc_shown(q->h5, path, sizeof path);
    if (f->done == f->points)
        return; /* lsc_run compares the settings first */
    if (f->done > 0)
        snprintf(left, sizeof left, " (%lld done)", (long long)f->done);
    device_text(f, obj, device, sizeof device);
    lsc_duration(f->seconds, time, sizeof time);
    shorter_text(q, f, shorter, sizeof shorter);
    lsc_log_info("%s%s of %lld images on %s, into %s: about %s; %s", grid, left, (long long)f->samples, device, path,
                 time, shorter);
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static void json_text(lsc_text *t, const char *key, const char *value)
{
    lsc_text_add(t, "%s\"%s\": ", t->length > 1 ? ", " : "", key);
    if (value != NULL)
        lsc_quote_json(t, value);
    else
        lsc_text_add(t, "null");
}

static void json_number(lsc_text *t, const char *key, double value)
{
    lsc_text_add(t, "%s\"%s\": ", t->length > 1 ? ", " : "", key);
    lsc_json_number(t, value);
}

/* Closes the object, prints and frees it. */
static lsc_status json_print(FILE *out, lsc_text *t)
{
    lsc_status st = LSC_OK;
    lsc_text_add(t, "}\n");
    LSC_CHECK(!t->failed, LSC_ERR_NOMEM, "no memory for the JSON text");
    LSC_CHECK(fputs(t->text, out) >= 0 && fflush(out) == 0, LSC_ERR_IO, "cannot write to standard output");
cleanup:
    lsc_text_free(t);
    return st;
}

/* ---- --dry-run -------------------------------------------------------------------------------- */

static lsc_status forecast_json(FILE *out, const landscape_forecast *f, const lsc_objective *obj)
{
    lsc_text t = {0};
    lsc_text_add(&t, "{");
    json_text(&t, "status", "dry-run");
    json_number(&t, "points", (double)f->points);
    json_number(&t, "done", (double)f->done);
    json_number(&t, "samples", (double)f->samples);
    json_number(&t, "forward_passes", (double)(f->points - f->done) * (double)f->passes);
    json_text(&t, "device", objective_nn_backend(obj));
    json_number(&t, "threads", objective_nn_threads(obj));
    json_number(&t, "ranks", f->ranks);
    json_number(&t, "seconds", f->seconds);
    json_number(&t, "memory", f->memory);
    return json_print(out, &t);
}

lsc_status landscape_print_forecast(FILE *out, bool json, const landscape_request *q, const landscape_forecast *f,
                                    const lsc_objective *obj)
{
    char grid[96], time[32], device[640];
    if (json)
        return forecast_json(out, f, obj);
    grid_text(q, f->points, grid, sizeof grid);
    lsc_duration(f->seconds, time, sizeof time);
    fprintf(out, "points   %s, %lld of them done\n", grid, (long long)f->done);
    fprintf(out, "passes   %.0f images forward (%lld of each point)\n",
            (double)(f->points - f->done) * (double)f->passes, (long long)f->passes);
    device_text(f, obj, device, sizeof device);
    fprintf(out, "device   %s\n", device);
    fprintf(out, "time     about %s, by timing the centre\n", time);
    fprintf(out, "memory   %.0f MiB\n", f->memory / 0x1p20);
    return LSC_OK;
}

/* ---- result ------------------------------------------------------------------------------------- */

typedef struct {
    double loss, accuracy; /* at the centre; NaN if that is no grid point */
    double lowest, highest;
    int64_t not_finite;
} summary;

/* Grid index of coordinates 0; -1 if it is no grid point. */
static int64_t centre_point(const lsc_surface *s)
{
    lsc_axis axes[3];
    int n = lsc_surface_axes(s, axes);
    int64_t point = 0, stride = 1;
    for (int a = 0; a < n; a++) {
        int i = 0;
        while (i < axes[a].n && lsc_axis_at(&axes[a], i) != 0)
            i++;
        if (i == axes[a].n)
            return -1;
        point += i * stride;
        stride *= axes[a].n;
    }
    return point;
}

static summary summarize(const lsc_surface *s)
{
    summary r = {.loss = NAN, .accuracy = NAN, .lowest = INFINITY, .highest = -INFINITY};
    const uint8_t *done = lsc_surface_done(s);
    const double *loss = lsc_surface_field(s, "loss"), *accuracy = lsc_surface_field(s, "accuracy");
    int64_t centre = centre_point(s);
    for (int64_t i = 0; i < lsc_surface_points(s); i++) {
        if (!done[i])
            continue;
        r.not_finite += !isfinite(loss[i]);
        r.lowest = fmin(r.lowest, loss[i]);
        r.highest = isfinite(loss[i]) ? fmax(r.highest, loss[i]) : r.highest;
    }
    if (centre >= 0 && done[centre]) {
        r.loss = loss[centre];
        r.accuracy = accuracy[centre];
    }
    return r;
}

static lsc_status result_json(FILE *out, const landscape_request *q, const lsc_surface *s, const summary *r,
                              const char *vtp, double seconds)
{
    lsc_text t = {0};
    lsc_text_add(&t, "{");
    json_text(&t, "status", lsc_surface_n_done(s) == lsc_surface_points(s) ? "complete" : "stopped");
    json_text(&t, "surface", q->h5);
    json_text(&t, "vtp", vtp);
    json_number(&t, "points", (double)lsc_surface_points(s));
    json_number(&t, "done", (double)lsc_surface_n_done(s));
    json_number(&t, "loss_centre", r->loss);
    json_number(&t, "accuracy_centre", r->accuracy);
    json_number(&t, "loss_min", r->lowest);
    json_number(&t, "loss_max", r->highest);
    json_number(&t, "not_finite", (double)r->not_finite);
    json_number(&t, "seconds", seconds);
    return json_print(out, &t);
}

lsc_status landscape_print_result(FILE *out, bool json, const landscape_request *q, const lsc_surface *s,
                                  const char *vtp, double seconds)
{
    const summary r = summarize(s);
    char path[256];
    if (json)
        return result_json(out, q, s, &r, vtp, seconds);
    fprintf(out, "%s: %lld of %lld points", lsc_shown(q->h5, path, sizeof path), (long long)lsc_surface_n_done(s),
            (long long)lsc_surface_points(s));
    if (isfinite(r.loss))
        fprintf(out, ", loss %.4f and accuracy %.2f %% at the centre", r.loss, 100 * r.accuracy);
    if (r.lowest <= r.highest)
        fprintf(out, ", loss %.4g to %.4g", r.lowest, r.highest);
    if (r.not_finite > 0)
        fprintf(out, ", %lld points not finite", (long long)r.not_finite);
    fprintf(out, "\n");
    if (vtp != NULL)
        fprintf(out, "%s: open it in ParaView\n", lsc_shown(vtp, path, sizeof path));
    return LSC_OK;
}
