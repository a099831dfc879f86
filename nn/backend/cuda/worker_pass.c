/*
 * A pass of a worker over the samples at a point, as recorded graphs: the weights of the point, where statistics of
 * batch norm are formed anew these first, each chunk of samples, the results.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/worker.h"

typedef lsc_status asking(cuda_worker *w, const cuda_pass *pass, int window);

typedef struct {
    cuda_worker *w;
    const cuda_pass *pass;
    int window;
    asking *ask;
} request;

static lsc_status ask_for(void *what)
{
    const request *r = what;
    return r->ask(r->w, r->pass, r->window);
}

/* Run what was recorded. The first time it runs as it is asked for, and is recorded after that: libraries load kernels
 * and take memory when something first runs, which CUDA forbids while it records. */
static lsc_status run(cuda_worker *w, const cuda_pass *pass, int window, asking *ask, cuda_graph **graph)
{
    lsc_status st = LSC_OK;
    request what = {w, pass, window, ask};
    if (*graph != NULL)
        return cuda_said(&w->context, w->context.api->graph_run(w->context.device, *graph));
    LSC_TRY(ask_for(&what));
    LSC_TRY(cuda_record(&w->context, ask_for, &what, graph));
cleanup:
    return st;
}

/* ---- what is asked for -------------------------------------------------------------------------------- */

static lsc_status ask_advance(const cuda_worker *w, const cuda_pass *pass, int64_t by)
{
    const cuda_advance advance = {.state = w->frame.state, .n = (int32_t)by};
    return cuda_launch(pass->net, CUDA_KERNEL_advance, &advance);
}

/* Images as they are kept become the input of a net. */
static cuda_input input_of(const cuda_worker *w, const cuda_net *net)
{
    const nn_samples *s = &w->job->o.samples;
    return (cuda_input){
        .value = w->value,
        .state = w->frame.state,
        .n = (int32_t)net->o.batch,
        .kept = s->channels,
        .c = (int32_t)s->shape[0],
        .h = (int32_t)s->shape[1],
        .w = (int32_t)s->shape[2],
        .real = net->o.real,
        .factor = (float)cuda_value_factor(net, 0),
        .out = cuda_net_input(net),
    };
}

static cuda_input input_of_samples(const cuda_worker *w, const cuda_net *net, int window)
{
    cuda_input input = input_of(w, net);
    input.pixels = w->pixels[window];
    input.index = w->job->all ? NULL : w->index;
    input.total = w->job->n_selected;
    input.window = cuda_worker_streams(w);
    return input;
}

/* Exponents of the net, from the first samples in TF32: always as many, so that they do not depend on the chunk. */
static lsc_status ask_exponents(cuda_worker *w, const cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    const cuda_net *net = w->again.net;
    const cuda_input input = input_of_samples(w, net, 0);
    LSC_TRY(cuda_net_set_weights(net));
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_input, &input));
    LSC_TRY(cuda_net_measure(net, CUDA_MEASURED_IMAGES, pass->net));
cleanup:
    return st;
}

/* The point's weights: of the network, or first of the one that forms statistics. */
static lsc_status ask_begin(cuda_worker *w, const cuda_pass *pass, int window)
{
    lsc_status st = LSC_OK;
    (void)window;
    if (pass->measured)
        LSC_TRY(ask_exponents(w, pass));
    LSC_TRY(cuda_net_set_weights(pass->norm != NULL ? pass->norm : pass->net));
cleanup:
    return st;
}

/* One batch of the images that statistics are formed from. */
static lsc_status ask_norm(cuda_worker *w, const cuda_pass *pass, int window)
{
    lsc_status st = LSC_OK;
    cuda_input input = input_of(w, pass->norm);
    (void)window;
    input.pixels = w->norm_pixels;
    input.total = w->job->o.norm.n;
    LSC_TRY(cuda_launch(pass->norm, CUDA_KERNEL_input, &input));
    LSC_TRY(cuda_net_forward(pass->norm));
    LSC_TRY(ask_advance(w, pass, pass->norm->o.batch));
cleanup:
    return st;
}

/* All of them are through: weights with these statistics, and the samples from the first on. */
static lsc_status ask_fold(cuda_worker *w, const cuda_pass *pass, int window)
{
    lsc_status st = LSC_OK;
    (void)window;
    LSC_TRY(ask_advance(w, pass, -w->job->o.norm.n));
    LSC_TRY(cuda_net_set_weights(pass->net));
cleanup:
    return st;
}

static lsc_status ask_chunk(cuda_worker *w, const cuda_pass *pass, int window)
{
    lsc_status st = LSC_OK;
    const cuda_job *job = w->job;
    const cuda_input input = input_of_samples(w, pass->net, window);
    const cuda_loss loss = {
        .logits = pass->net->logits,
        .labels = w->labels,
        .index = input.index,
        .state = w->frame.state,
        .total = job->n_selected,
        .n = (int32_t)w->batch,
        .k = (int32_t)nn_graph_outputs(job->g),
        .loss = job->loss,
        .losses = w->losses,
        .correct = w->correct,
    };
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_input, &input));
    LSC_TRY(cuda_net_forward(pass->net));
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_loss, &loss));
    LSC_TRY(ask_advance(w, pass, w->batch));
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
        .state = w->frame.state,
        .out = w->out,
        .notes = w->notes,
    };
    (void)window;
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_sums, &sums));
    LSC_TRY(cuda_launch(pass->net, CUDA_KERNEL_point, &point));
cleanup:
    return st;
}

/* ---- a pass ------------------------------------------------------------------------------------------- */

void cuda_pass_forget(cuda_worker *w, cuda_pass *pass)
{
    cuda_graph **all[] = {&pass->begin, &pass->form, &pass->fold, &pass->chunk[0], &pass->chunk[1], &pass->end};
    for (size_t i = 0; i < LSC_COUNT(all); i++) {
        w->context.api->graph_free(w->context.device, *all[i]);
        *all[i] = NULL;
    }
}

void cuda_pass_free(cuda_worker *w, cuda_pass *pass)
{
    cuda_pass_forget(w, pass);
    cuda_net_free(pass->net);
    cuda_net_free(pass->norm);
    *pass = (cuda_pass){0};
}

static lsc_status run_weights(cuda_worker *w, cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    LSC_TRY(run(w, pass, 0, ask_begin, &pass->begin));
    if (pass->norm == NULL)
        goto cleanup;
    for (int64_t first = 0; first < w->job->o.norm.n; first += w->job->o.norm_batch)
        LSC_TRY(run(w, pass, 0, ask_norm, &pass->form));
    LSC_TRY(run(w, pass, 0, ask_fold, &pass->fold));
cleanup:
    return st;
}

lsc_status cuda_pass_run(cuda_worker *w, cuda_pass *pass)
{
    lsc_status st = LSC_OK;
    int window = 0;
    if (cuda_worker_streams(w))
        LSC_TRY(cuda_worker_load(w, 0, window));
    LSC_TRY(run_weights(w, pass));
    for (int64_t first = 0; first < w->job->n_selected; first += w->batch) {
        if (cuda_worker_streams(w) && first > 0)
            LSC_TRY(cuda_worker_load(w, first, window));
        LSC_TRY(run(w, pass, window, ask_chunk, &pass->chunk[window]));
        if (cuda_worker_streams(w)) {
            LSC_TRY(cuda_said(&w->context, w->context.api->release(w->context.device, window)));
            window = !window;
        }
    }
    LSC_TRY(run(w, pass, 0, ask_end, &pass->end));
cleanup:
    return st;
}
