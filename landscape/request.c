/*
 * What the options ask for: axes, directions, precision, batch norm and the files to write.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "landscape/program.h"

#define DEFAULT_DIRS   2
#define DEFAULT_POINTS 51

static const struct {
    const char *name;
    lsc_role role;
} movable[] = {{"weight", LSC_WEIGHT}, {"bias", LSC_BIAS}, {"norm", LSC_NORM}};

/* ---- axes ----------------------------------------------------------------------------------- */

lsc_status landscape_axis_parse(const char *option, const char *text, lsc_axis *out)
{
    lsc_status st = LSC_OK;
    char shown[64], *end = NULL;
    double min = strtod(text, &end), max = 0;
    long n = 0;
    bool read = end != text && *end == ':';
    if (read) {
        const char *from = end + 1;
        max = strtod(from, &end);
        read = end != from && *end == ':';
    }
    if (read) {
        const char *from = end + 1;
        n = strtol(from, &end, 10);
        read = end != from && *end == '\0';
    }
    LSC_CHECK(read && isfinite(min) && isfinite(max), LSC_ERR_ARG,
              "%s: '%s' is not MIN:MAX:N, two numbers and a number of points, e.g. -1:1:51", option,
              lsc_shown(text, shown, sizeof shown));
    LSC_CHECK(n >= 1 && n <= INT32_MAX, LSC_ERR_ARG, "%s: %ld points, need 1 .. %d", option, n, INT32_MAX);
    LSC_CHECK(min < max || n == 1, LSC_ERR_ARG, "%s: %g is not below %g", option, min, max);
    *out = (lsc_axis){min, max, (int)n};
cleanup:
    return st;
}

static lsc_status take_axes(landscape_request *r, const landscape_options *o)
{
    static const char *const names[] = {"--x", "--y", "--z"};
    lsc_status st = LSC_OK;
    int64_t dirs = o->dirs != 0 ? o->dirs : DEFAULT_DIRS, points = o->points != 0 ? o->points : DEFAULT_POINTS;
    LSC_CHECK(dirs >= 1 && dirs <= 3, LSC_ERR_ARG, "--dirs: %lld is not in 1 .. 3", (long long)dirs);
    LSC_CHECK(points >= 1 && points <= INT32_MAX, LSC_ERR_ARG, "--points: %lld is not in 1 .. %d", (long long)points,
              INT32_MAX);
    r->n_dirs = (int)dirs;
    for (int i = 0; i < 3; i++) {
        r->axes[i] = (lsc_axis){-1, 1, (int)points};
        LSC_CHECK(o->range[i] == NULL || i < r->n_dirs, LSC_ERR_ARG, "%s: there is no such axis with --dirs %d",
                  names[i], r->n_dirs);
        if (o->range[i] != NULL)
            LSC_TRY(landscape_axis_parse(names[i], o->range[i], &r->axes[i]));
    }
cleanup:
    return st;
}

/* ---- directions ----------------------------------------------------------------------------- */

static bool add_role(const char *word, size_t length, unsigned *move)
{
    for (size_t i = 0; i < LSC_COUNT(movable); i++)
        if (strlen(movable[i].name) == length && memcmp(movable[i].name, word, length) == 0) {
            *move |= 1u << movable[i].role;
            return true;
        }
    return false;
}

lsc_status landscape_move_parse(const char *text, unsigned *out)
{
    lsc_status st = LSC_OK;
    char shown[64];
    unsigned move = 0;
    for (const char *word = text;; word++) {
        size_t length = strcspn(word, ",");
        LSC_CHECK(add_role(word, length, &move), LSC_ERR_ARG,
                  "--move: '%s' is not a list of weight, bias and norm with commas between",
                  lsc_shown(text, shown, sizeof shown));
        word += length;
        if (*word == '\0')
            break;
    }
    *out = move;
cleanup:
    return st;
}

static lsc_status take_direction(landscape_request *r, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    lsc_direction_options *d = &r->direction;
    LSC_CHECK(o->direction_file == NULL || (o->normalize == NULL && o->move == NULL), LSC_ERR_ARG,
              "--direction-file: the directions are taken as they are; leave --normalize and --move out");
    d->kind = o->direction != NULL ? o->direction : o->direction_file != NULL ? "file" : "random";
    d->path = o->direction_file;
    d->seed = o->common.seed >= 0 ? (uint64_t)o->common.seed : 1;
    if (o->normalize != NULL)
        LSC_TRY(lsc_context(lsc_normalization_parse(o->normalize, &d->normalization), "--normalize"));
    if (o->move != NULL)
        LSC_TRY(landscape_move_parse(o->move, &d->move));
cleanup:
    return st;
}

static lsc_status take_precision(landscape_request *r, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    char shown[64];
    const char *text = o->precision;
    nn_arithmetic arithmetic = NN_FP32;
    bool f64 = text != NULL && strcmp(text, "double") == 0, single = text != NULL && strcmp(text, "single") == 0;
    LSC_CHECK(text == NULL || f64 || single || nn_arithmetic_find(text, &arithmetic), LSC_ERR_ARG,
              "--precision: '%s' is none of single, double, tf32, fp32, fp16, bf16",
              lsc_shown(text, shown, sizeof shown));
    r->real = f64 ? NN_F64 : NN_F32;
    r->arithmetic = text != NULL && !f64 ? 1 + (int)arithmetic : 0;
cleanup:
    return st;
}

/* ---- batch norm ----------------------------------------------------------------------------- */

static lsc_status take_norm(landscape_request *r, const landscape_options *o)
{
    static const char *const names[] = {
        [LANDSCAPE_FROZEN] = "frozen", [LANDSCAPE_BATCH] = "batch", [LANDSCAPE_RECALIBRATED] = "recalibrated"};
    lsc_status st = LSC_OK;
    char shown[64];
    const char *text = o->batch_norm != NULL ? o->batch_norm : names[LANDSCAPE_FROZEN];
    size_t i = 0;
    while (i < LSC_COUNT(names) && strcmp(names[i], text) != 0)
        i++;
    LSC_CHECK(i < LSC_COUNT(names), LSC_ERR_ARG, "--batch-norm: '%s' is none of frozen, batch, recalibrated",
              lsc_shown(text, shown, sizeof shown));
    r->norm = (landscape_norm)i;
    LSC_CHECK(o->norm_batch == 0 || r->norm != LANDSCAPE_FROZEN, LSC_ERR_ARG,
              "--norm-batch: goes with --batch-norm batch or recalibrated");
    LSC_CHECK(o->norm_images == 0 || r->norm == LANDSCAPE_RECALIBRATED, LSC_ERR_ARG,
              "--norm-images: goes with --batch-norm recalibrated");
    LSC_CHECK(o->chunk == 0 || r->norm != LANDSCAPE_BATCH, LSC_ERR_ARG,
              "--chunk: with --batch-norm batch those of --norm-batch pass at once");
    r->norm_batch = o->norm_batch;
    r->norm_images = o->norm_images;
cleanup:
    return st;
}

/* ---- files ---------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static lsc_status take_files(landscape_request *r, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    char *folder = NULL;
    char shown[256];
    if (o->out != NULL) {
        r->h5 = lsc_strdup(o->out);
    } else {
        folder = lsc_path_folder(o->ckpt);
        r->h5 = folder != NULL ? lsc_path_join(folder, "surface.h5") : NULL;
    }
    LSC_CHECK(r->h5 != NULL, LSC_ERR_NOMEM, "no memory for the output's path");
    LSC_CHECK(ends_with(r->h5, ".h5"), LSC_ERR_ARG, "--out: '%s' does not end in .h5; the .vtp is written beside it",
              lsc_shown(r->h5, shown, sizeof shown));
    if (!o->no_vtp) {
        r->vtp = lsc_format("%.*s.vtp", (int)(strlen(r->h5) - 3), r->h5);
        LSC_CHECK(r->vtp != NULL, LSC_ERR_NOMEM, "no memory for the output's path");
    }
cleanup:
    lsc_free(folder);
    return st;
}

lsc_status landscape_request_init(landscape_request *r, const landscape_options *o)
{
    lsc_status st = LSC_OK;
    *r = (landscape_request){0};
    LSC_CHECK(o->ckpt != NULL, LSC_ERR_ARG, "--ckpt FILE is missing: the minimum to look at, e.g. run.bin of train");
    LSC_CHECK(o->samples >= 0, LSC_ERR_ARG, "--samples: %lld is below 1", (long long)o->samples);
    LSC_TRY(take_axes(r, o));
    LSC_TRY(take_direction(r, o));
    LSC_TRY(take_precision(r, o));
    LSC_TRY(take_norm(r, o));
    LSC_TRY(take_files(r, o));
cleanup:
    return st;
}

void landscape_request_fini(landscape_request *r)
{
    lsc_free(r->h5);
    lsc_free(r->vtp);
    *r = (landscape_request){0};
}
