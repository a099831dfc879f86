/*
 * See worker.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/worker.h"

enum {
    USUAL_BATCH = 512, /* fills a large card with the 8 x 8 maps of small networks */
    LEAST_BATCH = 16,
    HALF_EXPONENT = -8, /* cuda.h; of residual networks far from the centre, activations reach 3e6 */
    SPARE = 64,         /* part of the memory that is left to the libraries */
};

/* ---- recorded graphs -------------------------------------------------------------------------------- */

static void drop(const cuda_worker *w, cuda_graph **graph)
{
    w->context.api->graph_free(w->context.device, *graph);
    *graph = NULL;
}

/* Keep what `ask` asks for instead of running it, in the place of what *graph was. */
static lsc_status record(cuda_worker *w, const cuda_pass *pass, int window,
                         lsc_status (*ask)(cuda_worker *w, const cuda_pass *pass, int window), cuda_graph **graph)
{
    lsc_status st = LSC_OK, asked;
    char message[LSC_MESSAGE_MAX];
    const cuda_api *api = w->context.api;
    drop(w, graph);
    LSC_TRY(cuda_said(&w->context, api->record(w->context.device)));
    asked = ask(w, pass, window);
    snprintf(message, sizeof message, "%s", lsc_last_error());
    st = cuda_said(&w->context, api->recorded(w->context.device, graph)); /* ends the recording in any case */
    LSC_CHECK(asked == LSC_OK, asked, "%s", message);
cleanup:
    return st;
}

static lsc_status ask_begin(cuda_worker *w, const cuda_pass *pass, int window)
{
    (void)w;
    (void)window;
    return cuda_net_set_weights(pass->net);
}

static lsc_status ask_chunk(cuda_worker *w, const cuda_pass *pass, int window)
{
    lsc_status st = LSC_OK;
    const cuda_job *job = w->job;
    const nn_samples *s = &job->o.samples;
    cuda_state *state = pass->net->weights.state;
    const cuda_input input = {
        .pixels = w->pixels[window],
        .value = w->value,
        .index = job->all ? NULL : w->index,
        .state = state,
        .total = job->n_selected,
        .window = cuda_worker_streams(w),
        .n = (int32_t)w->batch,
        .kept = s->channels,
        .c = (int32_t)s->shape[0],
        .h = (int32_t)s->shape[1],
        .w = (int32_t)s->shape[2],
        .real = pass->net->o.real,
        .factor = (float)cuda_value_factor(pass->net, 0),
        .out = cuda_net_input(pass->net),
    };
    const cuda_loss loss = {
        .logits = pass->net->logits,
        .labels = w->labels,
        .index = input.index,
        .state = state,
        .total = job->n_selected,
        .n = (int32_t)w->batch,
        .k = (int32_t)nn_graph_outputs(job->g),
        .loss = job->loss,
        .losses = w->losses,
        .correct = w->correct,
    };
    const cuda_advance advance = {.state = state, .n = (int32_t)w->batch};
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_input, &input));
    LSC_TRY(cuda_net_forward(pass->net));
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_loss, &loss));
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_advance, &advance));
cleanup:
    return st;
}

static lsc_status ask_end(cuda_worker *w, const cuda_pass *pass, int window)
{
    lsc_status st = LSC_OK;
    const cuda_job *job = w->job;
    const cuda_sums sums = {
        .losses = w->losses,
        .correct = w->correct,
        .domains = w->domains,
        .index = job->all ? NULL : w->index,
        .total = job->n_selected,
        .n_blocks = (int32_t)((job->n_selected + CUDA_SUM_BLOCK - 1) / CUDA_SUM_BLOCK),
        .n_fields = job->n_sums,
        .partial = w->partial,
    };
    const cuda_point point = {
        .partial = w->partial,
        .n_blocks = sums.n_blocks,
        .n_fields = job->n_sums,
        .state = pass->net->weights.state,
        .out = w->out,
        .notes = w->notes,
    };
    (void)window;
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_sums, &sums));
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_point, &point));
cleanup:
    return st;
}

static lsc_status record_pass(cuda_worker *w, cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    if (pass->net == NULL)
        return LSC_OK;
    for (int i = 0; i < (cuda_worker_streams(w) ? CUDA_WINDOWS : 1); i++)
        LSC_TRY(record(w, pass, i, ask_chunk, &pass->chunk[i]));
    LSC_TRY(record(w, pass, 0, ask_end, &pass->end));
cleanup:
    return st;
}

static void free_pass(cuda_worker *w, cuda_pass *pass)
{
    drop(w, &pass->begin);
    drop(w, &pass->end);
    for (int i = 0; i < CUDA_WINDOWS; i++)
        drop(w, &pass->chunk[i]);
    cuda_net_free(pass->net);
}

/* ---- life ------------------------------------------------------------------------------------------- */

static cuda_net_options net_options(nn_arithmetic a, int64_t batch)
{
    return (cuda_net_options){
        .batch = batch,
        .real = a == NN_FP16   ? CUDA_F16
                : a == NN_BF16 ? CUDA_BF16
                               : CUDA_F32,
        .strict = a == NN_FP32,
        .exponent = a == NN_FP16 ? HALF_EXPONENT : 0,
    };
}

static lsc_status make_net(cuda_worker *w, nn_arithmetic a, int64_t batch, cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    const cuda_net_options o = net_options(a, batch);
    LSC_TRY(cuda_net_new(&w->context, w->job->g, &o, &pass->net));
    LSC_TRY(cuda_net_reserve(pass->net, CUDA_MOST_POINTS));
cleanup:
    return st;
}

/* As many images a chunk as are usual and fit. */
static lsc_status make_nets(cuda_worker *w)
{
    lsc_status st = LSC_ERR_NOMEM;
    const nn_evaluator_options *o = &w->job->o;
    int64_t batch = o->batch > 0 ? o->batch : USUAL_BATCH;
    batch = batch < o->samples.n ? batch : o->samples.n;
    for (; st == LSC_ERR_NOMEM; batch /= 2) {
        free_pass(w, &w->pass);
        free_pass(w, &w->again);
        w->pass = w->again = (cuda_pass){0};
        w->batch = batch;
        st = make_net(w, o->arithmetic, batch, &w->pass);
        if (st == LSC_OK && o->arithmetic == NN_FP16)
            st = make_net(w, NN_TF32, batch, &w->again);
        if (batch <= LEAST_BATCH)
            break;
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
    free_pass(w, &w->pass);
    free_pass(w, &w->again);
    cuda_worker_free_data(w);
    cuda_context_close(&w->context);
}

/* ---- points ----------------------------------------------------------------------------------------- */

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
    LSC_TRY(record_pass(w, &w->pass));
    LSC_TRY(record_pass(w, &w->again));
cleanup:
    lsc_free(index);
    return st;
}

static lsc_status set_frame(cuda_worker *w, cuda_pass *pass, const float *center, const float *const *dirs, int n_dirs)
{
    lsc_status st = LSC_OK;
    if (pass->net == NULL)
        return LSC_OK;
    LSC_TRY(cuda_net_set_frame(pass->net, center, dirs, n_dirs));
    LSC_TRY(record(w, pass, 0, ask_begin, &pass->begin));
cleanup:
    return st;
}

lsc_status cuda_worker_set_frame(cuda_worker *w, const float *center, const float *const *dirs, int n_dirs)
{
    lsc_status st = set_frame(w, &w->pass, center, dirs, n_dirs);
    return st == LSC_OK ? set_frame(w, &w->again, center, dirs, n_dirs) : st;
}

static lsc_status run(cuda_worker *w, cuda_graph *graph)
{
    return cuda_said(&w->context, w->context.api->graph_run(w->context.device, graph));
}

static lsc_status run_point(cuda_worker *w, const cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    int window = 0;
    LSC_TRY(run(w, pass->begin));
    for (int64_t first = 0; first < w->job->n_selected; first += w->batch) {
        if (cuda_worker_streams(w))
            LSC_TRY(cuda_worker_load(w, first, window));
        LSC_TRY(run(w, pass->chunk[window]));
        if (cuda_worker_streams(w)) {
            LSC_TRY(cuda_said(&w->context, w->context.api->release(w->context.device, window)));
            window = !window;
        }
    }
    LSC_TRY(run(w, pass->end));
cleanup:
    return st;
}

static lsc_status run_points(cuda_worker *w, const cuda_pass *pass, const double *coords, int n, double *out,
                             cuda_note *notes)
{
    lsc_status st = LSC_OK;
    const cuda_api *api = w->context.api;
    const size_t row = (size_t)(w->job->n_sums + 1) * sizeof *out;
    LSC_TRY(cuda_net_set_points(pass->net, coords, n));
    for (int i = 0; i < n; i++)
        LSC_TRY(run_point(w, pass));
    LSC_TRY(cuda_said(&w->context, api->download(w->context.device, notes, w->notes, (size_t)n * sizeof *notes)));
    LSC_TRY(cuda_said(&w->context, api->download(w->context.device, out, w->out, (size_t)n * row)));
cleanup:
    return st;
}

lsc_status cuda_worker_points(cuda_worker *w, const double *coords, int n, double *out)
{
    lsc_status st = LSC_OK;
    cuda_note notes[CUDA_MOST_POINTS], note;
    const int n_dirs = w->pass.net->weights.n_dirs, width = w->job->n_sums + 1;
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
