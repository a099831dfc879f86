/*
 * See worker.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/worker.h"

enum {
    USUAL_BATCH = 512, /* fills a large card with the 8 x 8 maps of small networks */
    LEAST_BATCH = CUDA_MEASURED_IMAGES,
    HALF_EXPONENT = -8, /* cuda.h; of residual networks far from the centre, activations reach 3e6 */
    SPARE = 64,         /* part of the memory that is left to the libraries */
};

/* ---- life ------------------------------------------------------------------------------------------- */

static cuda_net_options net_options(nn_arithmetic a, int64_t batch, nn_statistics statistics)
{
    return (cuda_net_options){
        .batch = batch,
        .real = a == NN_FP16   ? CUDA_F16
                : a == NN_BF16 ? CUDA_BF16
                               : CUDA_F32,
        .strict = a == NN_FP32,
        .exponent = a == NN_FP16 ? HALF_EXPONENT : 0,
        .statistics = statistics,
    };
}

/* The net that samples pass through, and where statistics are formed anew the one that forms them. */
static lsc_status make_pass(cuda_worker *w, nn_arithmetic a, cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    const nn_evaluator_options *job = &w->job->o;
    cuda_net_options o = net_options(a, w->batch, job->statistics);
    const cuda_net_options norm = net_options(a, job->norm_batch, NN_BATCH);
    o.measures = a != job->arithmetic;
    LSC_TRY(cuda_net_new(&w->frame, w->job->g, &o, &pass->net));
    if (job->norm.n == 0)
        goto cleanup;
    LSC_TRY(cuda_net_new(&w->frame, w->job->g, &norm, &pass->norm));
    cuda_net_take_statistics(pass->net, pass->norm, job->norm.n / job->norm_batch);
cleanup:
    return st;
}

static lsc_status make_passes(cuda_worker *w)
{
    lsc_status st = LSC_OK;
    const nn_arithmetic a = w->job->o.arithmetic;
    cuda_pass_free(w, &w->pass);
    cuda_pass_free(w, &w->again);
    LSC_TRY(make_pass(w, a, &w->pass));
    if (a != NN_FP16)
        goto cleanup;
    LSC_TRY(make_pass(w, NN_TF32, &w->again));
    w->pass.measured = w->job->o.statistics == NN_FROZEN && w->pass.norm == NULL && w->pass.net->n_exponents > 1;
cleanup:
    return st;
}

static int64_t clamp(int64_t x, int64_t least, int64_t most)
{
    x = x > least ? x : least;
    return x < most ? x : most;
}

/* As many images a chunk as are usual and fit; those whose statistics are used are a chunk. */
static lsc_status make_nets(cuda_worker *w)
{
    const nn_evaluator_options *o = &w->job->o;
    const bool fixed = o->statistics == NN_BATCH;
    const int64_t least = o->arithmetic == NN_FP16 && !fixed ? CUDA_MEASURED_IMAGES : 1;
    w->batch = clamp(o->batch > 0 ? o->batch : USUAL_BATCH, least, o->samples.n);
    lsc_status st = make_passes(w);
    while (st == LSC_ERR_NOMEM && w->batch > LEAST_BATCH && !fixed) {
        w->batch = clamp(w->batch / 2, LEAST_BATCH, w->batch);
        st = make_passes(w);
    }
    return st;
}

lsc_status cuda_worker_init(cuda_worker *w, const cuda_job *job, const cuda_api *api, int number)
{
    lsc_status st = LSC_OK;
    char shown[128];
    *w = (cuda_worker){.job = job};
    LSC_TRY(cuda_context_open(api, number, job->plans, &w->context));
    w->spare = (size_t)(w->context.info.memory / SPARE);
    snprintf(w->text, sizeof w->text, "cuda:%d %s", number, lsc_shown(w->context.info.name, shown, sizeof shown));
    LSC_TRY(cuda_frame_init(&w->context, nn_graph_layout(job->g)->n, &w->frame));
    LSC_TRY(cuda_frame_reserve(&w->frame, CUDA_MOST_POINTS));
    LSC_TRY(make_nets(w));
    LSC_TRY(cuda_worker_make_data(w));
    LSC_TRY(cuda_worker_select(w));
cleanup:
    return st;
}

void cuda_worker_fini(cuda_worker *w)
{
    if (w->context.api == NULL)
        return;
    cuda_pass_free(w, &w->pass);
    cuda_pass_free(w, &w->again);
    cuda_frame_fini(&w->frame);
    cuda_worker_free_data(w);
    cuda_context_close(&w->context);
}

/* ---- points ----------------------------------------------------------------------------------------- */

static void forget(cuda_worker *w)
{
    cuda_pass_forget(w, &w->pass);
    cuda_pass_forget(w, &w->again);
}

lsc_status cuda_worker_select(cuda_worker *w)
{
    lsc_status st = LSC_OK;
    const cuda_job *job = w->job;
    int32_t *index = NULL;
    if (!job->all) {
        LSC_NEW(index, job->n_selected);
        for (int64_t i = 0; i < job->n_selected; i++)
            index[i] = (int32_t)job->selected[i];
        LSC_TRY(cuda_said(&w->context, w->context.api->upload(w->context.device, w->index, index,
                                                              (size_t)job->n_selected * sizeof *index)));
    }
    forget(w);
cleanup:
    lsc_free(index);
    return st;
}

lsc_status cuda_worker_set_frame(cuda_worker *w, const float *center, const float *const *dirs, int n_dirs)
{
    lsc_status st = LSC_OK;
    LSC_TRY(cuda_frame_set(&w->frame, center, dirs, n_dirs));
    forget(w);
cleanup:
    return st;
}

static lsc_status run_points(cuda_worker *w, cuda_pass *pass, const double *coords, int n, double *out,
                             cuda_note *notes)
{
    lsc_status st = LSC_OK;
    const cuda_api *api = w->context.api;
    const size_t row = (size_t)(w->job->n_sums + 1) * sizeof *out;
    LSC_TRY(cuda_frame_set_points(&w->frame, coords, n));
    for (int i = 0; i < n; i++)
        LSC_TRY(cuda_pass_run(w, pass));
    LSC_TRY(cuda_said(&w->context, api->download(w->context.device, notes, w->notes, (size_t)n * sizeof *notes)));
    LSC_TRY(cuda_said(&w->context, api->download(w->context.device, out, w->out, (size_t)n * row)));
cleanup:
    return st;
}

lsc_status cuda_worker_points(cuda_worker *w, const double *coords, int n, double *out)
{
    lsc_status st = LSC_OK;
    cuda_note notes[CUDA_MOST_POINTS], note;
    const int n_dirs = w->frame.n_dirs, width = w->job->n_sums + 1;
    LSC_TRY(run_points(w, &w->pass, coords, n, out, notes));
    for (int i = 0; i < n; i++) {
        w->n_negative += notes[i].negative;
        if (w->again.net == NULL || !notes[i].not_finite || notes[i].negative)
            continue;
        LSC_TRY(run_points(w, &w->again, coords + (int64_t)i * n_dirs, 1, out + (int64_t)i * width, &note));
        w->n_again++;
    }
cleanup:
    return st;
}

lsc_status cuda_worker_losses(cuda_worker *w, double *loss, uint8_t *correct)
{
    lsc_status st = LSC_OK;
    const cuda_api *api = w->context.api;
    const size_t n = (size_t)w->job->n_selected;
    LSC_TRY(cuda_said(&w->context, api->download(w->context.device, loss, w->losses, n * sizeof *loss)));
    LSC_TRY(cuda_said(&w->context, api->download(w->context.device, correct, w->correct, n)));
cleanup:
    return st;
}
