/*
 * An objective on devices: points are evaluated there, data and all (nn_evaluator); what only the host has, gradients
 * and Hessian-vector products, stays there.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/objective_nn_self.h"

#include <string.h>

#include "base/base.h"

/* ---- opening ------------------------------------------------------------------------------ */

static lsc_status open_evaluator(objective_nn *o, const objective_nn_options *options, const char *backend)
{
    lsc_status st = LSC_OK;
    nn_evaluator *evaluator = NULL;
    const landscape_samples *s = &o->samples;
    ds_raw form = ds_raw_form(s->data);
    nn_evaluator_options e = {
        .samples = {.n = s->n,
                    .value = form.value,
                    .channels = form.channels,
                    .read = landscape_samples_read_raw,
                    .context = s,
                    .labels = s->labels,
                    .domains = s->domains,
                    .n_domains = o->n_domains},
        .loss = o->loss->name,
        .arithmetic = o->arithmetic,
        .statistics = o->statistics,
        .batch = o->statistics == NN_BATCH ? s->batch : options->batch,
        .norm = {.n = o->norm.samples.n, .read = landscape_samples_read_raw, .context = &o->norm.samples},
        .norm_batch = o->norm.samples.batch,
        .streams = options->streams,
        .part = options->part,
        .parts = options->parts,
    };
    ds_image_shape(s->data, e.samples.shape);
    LSC_TRY(nn_evaluator_new(backend, o->graph, &e, &evaluator));
    o->device = lsc_format("%s in %s", nn_evaluator_text(evaluator), nn_arithmetic_name(o->arithmetic));
    LSC_CHECK(o->device != NULL, LSC_ERR_NOMEM, "no memory for the device's name");
    o->evaluator = evaluator;
    evaluator = NULL;
cleanup:
    nn_evaluator_free(evaluator);
    return st;
}

/* Failures of this machine, for which the host may step in; those of what was asked for stay. */
static bool is_of_machine(lsc_status st)
{
    return st == LSC_ERR_ABSENT || st == LSC_ERR_BACKEND || st == LSC_ERR_NOMEM;
}

lsc_status objective_device_open(objective_nn *o, const objective_nn_options *options, const char *backend)
{
    lsc_status st = LSC_OK;
    bool is_auto = strcmp(backend, "auto") == 0, evaluates = is_auto || nn_evaluator_has(backend);
    o->arithmetic = options->arithmetic > 0 ? (nn_arithmetic)(options->arithmetic - 1) : NN_TF32;
    bool demanded = options->arithmetic > 0 && o->arithmetic != NN_FP32;
    LSC_CHECK(!demanded || evaluates, LSC_ERR_ABSENT, "precision %s is for GPUs: backend %s has single, ref double too",
              nn_arithmetic_name(o->arithmetic), backend);
    if (!evaluates || o->real != NN_F32)
        goto cleanup;
    st = open_evaluator(o, options, backend);
    if (is_auto && !demanded && is_of_machine(st)) {
        lsc_log_info("no GPU is used: %s", lsc_last_error());
        st = LSC_OK;
    } else if (st == LSC_ERR_NOMEM) {
        st = lsc_fail(st, "%s: try fewer images at once (--chunk), another GPU (--device cuda:N), or --device cpu",
                      lsc_last_error());
    }
cleanup:
    if (st == LSC_OK && o->evaluator == NULL && options->streams > 1)
        lsc_log_warn("%d points at once (--streams) are for GPUs; here it is one", options->streams);
    return st;
}

/* ---- points --------------------------------------------------------------------------------- */

/* A frame of this theta alone. */
static lsc_status send_theta(objective_nn *o, const double *theta)
{
    float *t = o->theta;
    o->frame_there = false;
    for (int64_t j = 0; j < o->layout->n; j++)
        t[j] = (float)theta[j];
    return nn_evaluator_set_frame(o->evaluator, t, NULL, 0);
}

static lsc_status send_frame(objective_nn *o)
{
    if (o->frame_there)
        return LSC_OK;
    lsc_status st = nn_evaluator_set_frame(o->evaluator, o->center, o->dirs, o->n_dirs);
    o->frame_there = st == LSC_OK;
    return st;
}

lsc_status objective_device_points(objective_nn *o, const double *coords, int n, double *out, int *n_done)
{
    lsc_status st = send_frame(o);
    return st == LSC_OK ? nn_evaluator_points(o->evaluator, coords, n, out, n_done) : st;
}

lsc_status objective_device_theta(objective_nn *o, const double *theta, double *out)
{
    int done = 0;
    lsc_status st = send_theta(o, theta);
    return st == LSC_OK ? nn_evaluator_points(o->evaluator, NULL, 1, out, &done) : st;
}

lsc_status objective_device_losses(objective_nn *o, const double *theta, const int64_t *index, int64_t n)
{
    lsc_status st = send_theta(o, theta), again;
    if (st != LSC_OK)
        return st;
    st = nn_evaluator_select(o->evaluator, index, n);
    if (st == LSC_OK)
        st = nn_evaluator_losses(o->evaluator, o->losses, o->correct);
    again = nn_evaluator_select(o->evaluator, o->all ? NULL : o->selected, o->n_selected);
    return st != LSC_OK ? st : again;
}
