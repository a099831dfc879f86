/*
 * See plans.h. The key of a plan is all that it depends on: versions of the libraries and the driver, device, shape,
 * and whether it was measured. SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/plans.h"

#include <stdlib.h>
#include <string.h>

/* Changes with what the module computes for a shape (module/graph.c), and with what a plan must do (plan_choice.c). */
#define GRAPH_VERSION 2

enum { MOST_KEY = 640 };

struct cuda_plans {
    cuda_plan_cache *cache;
    bool timed, said; /* said: that it takes a while */
};

/* ---- settings ------------------------------------------------------------------------------------- */

static lsc_status read_timed(bool *timed)
{
    lsc_status st = LSC_OK;
    const char *text = getenv("LOSSCOPE_AUTOTUNE");
    char shown[64];
    const bool off = text != NULL && strcmp(text, "off") == 0;
    LSC_CHECK(text == NULL || text[0] == '\0' || off || strcmp(text, "on") == 0, LSC_ERR_CONFIG,
              "LOSSCOPE_AUTOTUNE is '%s', need on or off", lsc_shown(text, shown, sizeof shown));
    *timed = !off;
cleanup:
    return st;
}

/* *folder NULL: none. A relative $XDG_CACHE_HOME does not count, as its specification says. */
static lsc_status find_folder(char **folder)
{
    lsc_status st = LSC_OK;
    const char *own = getenv("LOSSCOPE_PLAN_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *found = NULL;
    const bool is_own = own != NULL && own[0] != '\0', is_cache = cache != NULL && cache[0] == '/';
    if (is_own ? strcmp(own, "off") == 0 : !is_cache && (home == NULL || home[0] != '/'))
        return LSC_OK;
    found = is_own     ? lsc_strdup(own)
            : is_cache ? lsc_format("%s/losscope/plans", cache)
                       : lsc_format("%s/.cache/losscope/plans", home);
    LSC_CHECK(found != NULL, LSC_ERR_NOMEM, "no memory for the folder of plans");
    *folder = found;
cleanup:
    return st;
}

lsc_status cuda_plans_new(cuda_plans **out)
{
    lsc_status st = LSC_OK;
    cuda_plans *p = NULL;
    char *folder = NULL;
    LSC_NEW(p, 1);
    LSC_TRY(read_timed(&p->timed));
    LSC_TRY(find_folder(&folder));
    LSC_TRY(cuda_plan_cache_new(folder, &p->cache));
    *out = p;
    p = NULL;
cleanup:
    lsc_free(folder);
    cuda_plans_free(p);
    return st;
}

void cuda_plans_free(cuda_plans *p)
{
    if (p == NULL)
        return;
    cuda_plan_cache_free(p->cache);
    lsc_free(p);
}

/* ---- keys ------------------------------------------------------------------------------------------- */

const char *cuda_shape_text(const cuda_conv_shape *s, char out[CUDA_SHAPE_TEXT])
{
    static const char *const reals[CUDA_N_REALS] = {"f32", "f16", "bf16"};
    snprintf(out, CUDA_SHAPE_TEXT, "%s%s n%lld c%lld %lldx%lld to c%lld %lldx%lld kernel%d stride%d pad%d%s%s",
             reals[s->real], s->strict ? " strict" : "", (long long)s->n, (long long)s->c, (long long)s->h,
             (long long)s->w, (long long)s->k, (long long)s->oh, (long long)s->ow, s->kernel, s->stride, s->pad,
             s->sum ? " sum" : "", s->relu ? " relu" : "");
    return out;
}

static void write_key(const cuda_context *c, const cuda_conv_shape *shape, char key[MOST_KEY])
{
    char text[CUDA_SHAPE_TEXT], name[160], versions[160];
    snprintf(key, MOST_KEY, "%s; %s %d.%d; %s; graph %d; %s", lsc_shown(c->api->versions(), versions, sizeof versions),
             lsc_shown(c->info.name, name, sizeof name), c->info.major, c->info.minor, cuda_shape_text(shape, text),
             GRAPH_VERSION, c->plans->timed ? "fastest" : "first");
}

/* ---- plans ------------------------------------------------------------------------------------------ */

/* *out stays as it is if there is none, or the device does not take it. */
static lsc_status load_kept(const cuda_context *c, const char *key, const cuda_conv_shape *shape, cuda_conv **out)
{
    lsc_status st = LSC_OK;
    const char *text = NULL;
    size_t n = 0;
    LSC_TRY(cuda_plan_cache_find(c->plans->cache, key, &text, &n));
    if (text == NULL)
        return LSC_OK;
    const int result = c->api->conv_load(c->device, shape, text, n, out);
    if (result == CUDA_UNSUPPORTED)
        cuda_plan_cache_forget(c->plans->cache, key);
    else
        LSC_TRY(cuda_said(c, result));
cleanup:
    return st;
}

/* *conv gives way to that of another process that was kept first. */
static lsc_status keep(const cuda_context *c, const char *key, const cuda_conv_shape *shape, cuda_conv **conv)
{
    lsc_status st = LSC_OK;
    const cuda_api *api = c->api;
    char *text = NULL;
    cuda_conv *first = NULL;
    size_t n = 0;
    bool other = false;
    int result = api->conv_save(c->device, *conv, NULL, 0, &n);
    if (result == CUDA_DONE) {
        LSC_NEW(text, n + 1);
        result = api->conv_save(c->device, *conv, text, n, &n);
    }
    if (result == CUDA_UNSUPPORTED)
        goto cleanup; /* it is chosen again each time, and the same */
    LSC_TRY(cuda_said(c, result));
    LSC_TRY(cuda_plan_cache_keep(c->plans->cache, key, text, n, &other));
    if (other)
        LSC_TRY(load_kept(c, key, shape, &first));
    if (first != NULL) {
        api->conv_free(c->device, *conv);
        *conv = first;
    }
cleanup:
    lsc_free(text);
    return st;
}

lsc_status cuda_plans_conv(const cuda_context *c, const cuda_conv_shape *shape, const cuda_conv_data *data,
                           cuda_conv **out)
{
    lsc_status st = LSC_OK;
    cuda_plans *p = c->plans;
    char key[MOST_KEY];
    cuda_conv *conv = NULL;
    write_key(c, shape, key);
    LSC_TRY(load_kept(c, key, shape, &conv));
    if (conv == NULL) {
        LSC_TRY(cuda_plan_choose(c, shape, data, p->timed ? CUDA_MOST_PLANS : 1, &p->said, &conv));
        LSC_TRY(keep(c, key, shape, &conv));
    }
    *out = conv;
    conv = NULL;
cleanup:
    c->api->conv_free(c->device, conv);
    return st;
}
