/*
 * Which of the plans for a convolution is used: of those that can be recorded, and that keep NaN, which cuDNN promises
 * of few, the fastest. Each runs once, which loads its kernels, over images of NaN. Then RUNS runs of it are recorded,
 * as those of a pass are, so that the device's clock sees the device alone; all plans are timed in turn, ROUNDS times,
 * and of a plan's times the shortest counts, since whatever disturbs a run only prolongs it. A plan that cannot be
 * written down is not timed: each device and each process would measure anew, and might go on with another one.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/backend/cuda/half.h"
#include "nn/backend/cuda/plans.h"

enum { RUNS = 10, ROUNDS = 5 };

typedef struct {
    const cuda_context *c;
    const cuda_conv_shape *shape;
    cuda_conv_data data;               /* with a workspace for any of the plans */
    cuda_conv *plans[CUDA_MOST_PLANS]; /* NULL: left out */
    cuda_graph *graphs[CUDA_MOST_PLANS];
    double seconds[CUDA_MOST_PLANS];
    int n;
    lsc_status failed; /* LSC_ERR_ABSENT: one loses NaN; else of the last that was left out */
    void *image;       /* on the host: the first of the output */
    int64_t elements;
} choice;

static void leave_out(choice *t, int i, lsc_status failed)
{
    if (t->failed != LSC_ERR_ABSENT)
        t->failed = failed;
    t->c->api->graph_free(t->c->device, t->graphs[i]);
    t->c->api->conv_free(t->c->device, t->plans[i]);
    t->graphs[i] = NULL;
    t->plans[i] = NULL;
}

static int count_left(const choice *t)
{
    int n = 0;
    for (int i = 0; i < t->n; i++)
        n += t->plans[i] != NULL;
    return n;
}

/* ---- memory ------------------------------------------------------------------------------------------ */

static size_t workspace_of(const choice *t, int i)
{
    return t->plans[i] != NULL ? t->c->api->conv_workspace(t->plans[i]) : 0;
}

/* Plans whose own does not fit are left out. */
static lsc_status make_workspace(choice *t)
{
    lsc_status st = LSC_ERR_NOMEM;
    while (st == LSC_ERR_NOMEM && count_left(t) > 0) {
        size_t most = 0;
        for (int i = 0; i < t->n; i++)
            most = workspace_of(t, i) > most ? workspace_of(t, i) : most;
        st = cuda_new(t->c, most, &t->data.workspace);
        for (int i = 0; st == LSC_ERR_NOMEM && i < t->n; i++)
            if (workspace_of(t, i) == most)
                leave_out(t, i, st);
    }
    return st;
}

/* The first image becomes NaN, in any real. */
static lsc_status make_nan(choice *t)
{
    lsc_status st = LSC_OK;
    const cuda_conv_shape *s = t->shape;
    const size_t size = cuda_real_size(s->real), bytes = (size_t)(s->c * s->h * s->w) * size;
    unsigned char *nan = NULL;
    t->elements = s->k * s->oh * s->ow;
    LSC_NEW(nan, (int64_t)bytes);
    t->image = lsc_calloc((size_t)t->elements, size);
    LSC_CHECK(t->image != NULL, LSC_ERR_NOMEM, "no memory for an image");
    memset(nan, 0xff, bytes);
    LSC_TRY(cuda_said(t->c, t->c->api->upload(t->c->device, (void *)t->data.x, nan, bytes)));
cleanup:
    lsc_free(nan);
    return st;
}

/* ---- what a plan must do ------------------------------------------------------------------------------- */

static bool is_nan(const choice *t, int64_t i)
{
    if (t->shape->real == CUDA_F32)
        return isnan(((const float *)t->image)[i]);
    const uint16_t bits = ((const uint16_t *)t->image)[i];
    return isnan(t->shape->real == CUDA_F16 ? half_to_float(bits) : bfloat_to_float(bits));
}

/* Of an image of NaN comes one of NaN, whatever the weights are. *failed: not so, or it does not run at all. */
static lsc_status try_nan(choice *t, int i, lsc_status *failed)
{
    lsc_status st = LSC_OK;
    bool keeps = true;
    const cuda_api *api = t->c->api;
    const size_t size = cuda_real_size(t->shape->real), bytes = (size_t)t->elements * size;
    memset(t->image, 0, bytes);
    LSC_TRY(cuda_said(t->c, api->upload(t->c->device, t->data.y, t->image, bytes)));
    *failed = cuda_said(t->c, api->conv_run(t->c->device, t->plans[i], &t->data));
    if (*failed != LSC_OK)
        goto cleanup;
    LSC_TRY(cuda_said(t->c, api->download(t->c->device, t->image, t->data.y, bytes)));
    for (int64_t k = 0; k < t->elements && keeps; k++)
        keeps = is_nan(t, k);
    if (!keeps)
        *failed = lsc_fail(LSC_ERR_ABSENT, "cuda:%d: cuDNN's ways to compute it lose NaN", t->c->number);
cleanup:
    return st;
}

typedef struct {
    const choice *choice;
    cuda_conv *conv;
} repeated;

static lsc_status ask_runs(void *what)
{
    lsc_status st = LSC_OK;
    const repeated *r = what;
    const cuda_context *c = r->choice->c;
    for (int i = 0; i < RUNS; i++)
        LSC_TRY(cuda_said(c, c->api->conv_run(c->device, r->conv, &r->choice->data)));
cleanup:
    return st;
}

/* Plan i is left out, or its runs are recorded. */
static lsc_status try_plan(choice *t, int i)
{
    lsc_status st = LSC_OK, failed = LSC_OK;
    repeated what = {t, t->plans[i]};
    LSC_TRY(try_nan(t, i, &failed));
    if (failed == LSC_OK)
        failed = cuda_record(t->c, ask_runs, &what, &t->graphs[i]);
    if (failed != LSC_OK)
        leave_out(t, i, failed);
cleanup:
    return st;
}

/* ---- the fastest --------------------------------------------------------------------------------------- */

static void time_plan(choice *t, int i)
{
    double seconds = INFINITY;
    const lsc_status st = cuda_said(t->c, t->c->api->graph_time(t->c->device, t->graphs[i], &seconds));
    if (st == LSC_OK)
        t->seconds[i] = fmin(t->seconds[i], seconds);
    else
        leave_out(t, i, st);
}

static bool can_be_kept(const choice *t, int i)
{
    size_t n = 0;
    return t->plans[i] != NULL && t->c->api->conv_save(t->c->device, t->plans[i], NULL, 0, &n) == CUDA_DONE;
}

static void time_all(choice *t)
{
    bool timed[CUDA_MOST_PLANS];
    for (int i = 0; i < t->n; i++) {
        t->seconds[i] = INFINITY;
        timed[i] = can_be_kept(t, i);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < t->n; i++)
            if (timed[i] && t->plans[i] != NULL)
                time_plan(t, i);
}

/* -1: none is left. */
static int fastest(const choice *t)
{
    int best = -1;
    for (int i = 0; i < t->n; i++)
        if (t->plans[i] != NULL && (best < 0 || t->seconds[i] < t->seconds[best]))
            best = i;
    return best;
}

static void say(const cuda_context *c, bool *said)
{
    if (!*said)
        lsc_log_info("cuda:%d: the ways to compute each convolution are measured, once; this takes a while", c->number);
    *said = true;
}

/* Of the first `most`; apart: with the rectifier apart. */
static lsc_status choose(choice *t, int most, bool apart, bool *said, cuda_conv **out)
{
    lsc_status st = LSC_OK;
    const cuda_context *c = t->c;
    int n = most, best = -1;
    LSC_TRY(cuda_said(c, c->api->conv_plans(c->device, t->shape, apart, t->plans, &n)));
    t->n = n;
    if (n > 1)
        say(c, said);
    LSC_TRY(make_workspace(t));
    LSC_TRY(make_nan(t));
    for (int i = 0; i < n; i++)
        if (t->plans[i] != NULL)
            LSC_TRY(try_plan(t, i));
    if (count_left(t) > 1)
        time_all(t);
    best = fastest(t);
    if (best < 0)
        return t->failed; /* with what was said of it */
    *out = t->plans[best];
    t->plans[best] = NULL;
cleanup:
    return st;
}

static lsc_status choose_anew(const choice *of, int most, bool apart, bool *said, cuda_conv **out)
{
    choice t = *of;
    const lsc_status st = choose(&t, most, apart, said, out);
    for (int i = 0; i < t.n; i++)
        leave_out(&t, i, st);
    t.c->api->free(t.c->device, t.data.workspace);
    lsc_free(t.image);
    return st;
}

lsc_status cuda_plan_choose(const cuda_context *c, const cuda_conv_shape *shape, const cuda_conv_data *data, int most,
                            bool *said, cuda_conv **out)
{
    choice t = {.c = c, .shape = shape, .data = *data};
    t.data.workspace = NULL;
    lsc_status st = choose_anew(&t, most, false, said, out);
    if (st == LSC_ERR_ABSENT && shape->relu)
        st = choose_anew(&t, most, true, said, out);
    return st;
}
