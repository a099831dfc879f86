/*
 * A graph compiled for a device. All memory is taken when it is made.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"

#include <math.h>

/* ---- an open device ------------------------------------------------------------------------------- */

lsc_status cuda_said(const cuda_context *c, int result)
{
    static const lsc_status codes[] = {
        [CUDA_DONE] = LSC_OK,
        [CUDA_NO_MEMORY] = LSC_ERR_NOMEM,
        [CUDA_UNSUPPORTED] = LSC_ERR_ABSENT,
        [CUDA_FAILED] = LSC_ERR_BACKEND,
    };
    char shown[512];
    if (result == CUDA_DONE)
        return LSC_OK;
    return lsc_fail(result > 0 && (size_t)result < LSC_COUNT(codes) ? codes[result] : LSC_ERR_BACKEND, "cuda:%d: %s",
                    c->number, lsc_shown(c->api->error(), shown, sizeof shown));
}

lsc_status cuda_context_open(const cuda_api *api, int number, cuda_plans *plans, cuda_context *out)
{
    lsc_status st = LSC_OK;
    cuda_context c = {.api = api, .number = number, .plans = plans};
    LSC_TRY(cuda_said(&c, api->info(number, &c.info)));
    LSC_TRY(cuda_said(&c, api->open(number, &c.device)));
    *out = c;
cleanup:
    return st;
}

void cuda_context_close(cuda_context *c)
{
    if (c->api != NULL)
        c->api->close(c->device);
    *c = (cuda_context){0};
}

lsc_status cuda_new(const cuda_context *c, size_t bytes, void *out)
{
    return cuda_said(c, c->api->alloc(c->device, bytes, out));
}

lsc_status cuda_record(const cuda_context *c, lsc_status (*ask)(void *what), void *what, cuda_graph **out)
{
    lsc_status st = LSC_OK, asked;
    char message[LSC_MESSAGE_MAX];
    cuda_graph *graph = NULL;
    LSC_TRY(cuda_said(c, c->api->record(c->device)));
    asked = ask(what);
    snprintf(message, sizeof message, "%s", lsc_last_error());
    st = cuda_said(c, c->api->recorded(c->device, &graph)); /* ends the recording in any case */
    LSC_CHECK(asked == LSC_OK, asked, "%s", message);
    if (st == LSC_OK) {
        *out = graph;
        graph = NULL;
    }
cleanup:
    c->api->graph_free(c->device, graph);
    return st;
}

lsc_status cuda_upload_new(const cuda_context *c, const void *from, size_t bytes, void *out)
{
    lsc_status st = cuda_new(c, bytes, out);
    return st == LSC_OK ? cuda_said(c, c->api->upload(c->device, *(void **)out, from, bytes)) : st;
}

/* ---- life ----------------------------------------------------------------------------------------- */

size_t cuda_real_size(cuda_real real)
{
    return real == CUDA_F32 ? 4 : 2;
}

double cuda_value_factor(const cuda_net *net, int value)
{
    return net->values[value].vector ? 1 : ldexp(1, net->o.exponent);
}

cuda_real cuda_value_real(const cuda_net *net, int value)
{
    return net->values[value].vector ? CUDA_F32 : net->o.real;
}

/* In the net's own memory, in which convolutions are measured: the first time that takes a while. */
static lsc_status make_steps(cuda_net *net)
{
    lsc_status st = LSC_OK;
    lsc_progress line;
    lsc_progress_start(&line, "steps of the network", 0, net->n_steps);
    for (int i = 0; i < net->n_steps; i++) {
        LSC_CHECK(!lsc_stop_requested(), LSC_ERR_STOPPED, "cuda:%d: stopped while the network was prepared",
                  net->context->number);
        if (net->steps[i].kind->make != NULL)
            LSC_TRY(net->steps[i].kind->make(net, &net->steps[i]));
        lsc_progress_update(&line, i + 1, NULL);
    }
cleanup:
    lsc_progress_end(&line);
    return st;
}

static lsc_status make_exponents(cuda_net *net)
{
    lsc_status st = LSC_OK;
    int32_t *same = NULL;
    const size_t n = (size_t)net->n_exponents;
    LSC_NEW(same, n);
    for (size_t i = 0; i < n; i++)
        same[i] = net->o.exponent;
    LSC_TRY(cuda_upload_new(net->context, same, n * sizeof *same, &net->exponents));
    if (net->o.measures)
        LSC_TRY(cuda_new(net->context, n * CUDA_PEAK_BLOCKS * sizeof(float), &net->peaks));
    net->weights.exponents = net->exponents;
cleanup:
    lsc_free(same);
    return st;
}

static lsc_status make_memory(cuda_net *net)
{
    lsc_status st = LSC_OK;
    const cuda_context *c = net->context;
    cuda_weights *w = &net->weights;
    size_t batch = (size_t)net->o.batch;

    LSC_NEW(net->slots, net->n_slots);
    for (int i = 0; i < net->n_slots; i++)
        LSC_TRY(cuda_new(c, batch * (size_t)net->slot_bytes[i], &net->slots[i]));
    LSC_TRY(cuda_new(c, batch * (size_t)nn_graph_outputs(net->g) * sizeof(double), &net->logits));
    LSC_TRY(cuda_upload_new(c, net->rows, (size_t)net->n_rows * sizeof *net->rows, &w->rows));
    LSC_TRY(cuda_new(c, (size_t)net->weight_bytes, &w->weights));
    LSC_TRY(cuda_new(c, (size_t)net->n_rows * sizeof(float), &w->scale));
    LSC_TRY(cuda_new(c, (size_t)net->n_rows * sizeof(float), &w->shift));
    LSC_TRY(make_exponents(net));
    LSC_TRY(cuda_norms_make(net));
    w->n_rows = net->n_rows;
cleanup:
    return st;
}

lsc_status cuda_net_new(const cuda_frame *frame, const nn_graph *g, const cuda_net_options *o, cuda_net **out)
{
    lsc_status st = LSC_OK;
    cuda_net *net = NULL;
    LSC_CHECK(o->batch <= INT32_MAX / 2, LSC_ERR_ARG, "cuda: a batch of %lld images, at most %d", (long long)o->batch,
              INT32_MAX / 2);
    LSC_NEW(net, 1);
    net->context = frame->context;
    net->frame = frame;
    net->g = g;
    net->o = *o;
    LSC_TRY(cuda_steps_make(net));
    LSC_TRY(cuda_rows_make(net));
    LSC_TRY(make_memory(net));
    LSC_TRY(make_steps(net));
    LSC_TRY(cuda_new(net->context, net->workspace_bytes, &net->workspace));
    *out = net;
    net = NULL;
cleanup:
    cuda_net_free(net);
    return st;
}

static void free_memory(cuda_net *net)
{
    const cuda_api *api = net->context->api;
    cuda_device *d = net->context->device;
    void *all[] = {net->workspace,       net->logits,        net->exponents,    net->peaks, (void *)net->weights.rows,
                   net->weights.weights, net->weights.scale, net->weights.shift};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        api->free(d, all[i]);
    for (int i = 0; net->slots != NULL && i < net->n_slots; i++)
        api->free(d, net->slots[i]);
    cuda_norms_free(net);
}

void cuda_net_free(cuda_net *net)
{
    if (net == NULL)
        return;
    for (int i = 0; net->steps != NULL && i < net->n_steps; i++)
        if (net->steps[i].kind->free != NULL)
            net->steps[i].kind->free(net, &net->steps[i]);
    free_memory(net);
    lsc_free(net->values);
    lsc_free(net->alias);
    lsc_free(net->steps);
    lsc_free(net->rows);
    lsc_free(net->slot_bytes);
    lsc_free(net->slots);
    lsc_free(net);
}

/* ---- passes --------------------------------------------------------------------------------------- */

lsc_status cuda_launch(const cuda_net *net, int kernel, const void *args)
{
    return cuda_said(net->context, net->context->api->launch(net->context->device, kernel, args));
}

void cuda_net_take_statistics(cuda_net *net, const cuda_net *from, int64_t batches)
{
    net->weights.statistics = from->norms.statistics;
    net->weights.n_learned = net->g->layout.n_learned;
    net->weights.share = 1 / (double)batches;
}

lsc_status cuda_net_set_weights(const cuda_net *net)
{
    const cuda_frame *frame = net->frame;
    cuda_weights args = net->weights;
    args.center = frame->center;
    for (int i = 0; i < frame->n_dirs; i++)
        args.dirs[i] = frame->dirs[i];
    args.n_dirs = frame->n_dirs;
    args.coords = frame->coords;
    args.state = frame->state;
    return net->n_rows > 0 ? cuda_launch(net, CUDA_KERNEL_weights, &args) : LSC_OK;
}

void *cuda_net_input(const cuda_net *net)
{
    return cuda_data(net, 0);
}

lsc_status cuda_net_forward(const cuda_net *net)
{
    lsc_status st = LSC_OK;
    int last = net->alias[net->g->n_nodes - 1];
    const cuda_logits logits = {.x = cuda_data(net, last), .y = net->logits, .n = cuda_elements(net, last)};
    for (int i = 0; i < net->n_steps; i++)
        LSC_TRY(net->steps[i].kind->run(net, &net->steps[i]));
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_logits, &logits));
cleanup:
    return st;
}

/* The largest value of each convolution. */
static lsc_status find_peak(const cuda_net *net, int64_t images, int value)
{
    const cuda_peak peak = {
        .x = cuda_data(net, value),
        .real = cuda_value_real(net, value),
        .n = cuda_elements(net, value) / net->o.batch * images,
        .peaks = net->peaks + (int64_t)net->values[value].exponent * CUDA_PEAK_BLOCKS,
    };
    return cuda_launch(net, CUDA_KERNEL_peak, &peak);
}

lsc_status cuda_net_measure(const cuda_net *net, int64_t images, const cuda_net *of)
{
    lsc_status st = LSC_OK;
    const cuda_exponents exponents = {.peaks = net->peaks, .exponents = of->exponents, .n = net->n_exponents};
    for (int i = 0; i < net->n_steps; i++) {
        const cuda_step *s = &net->steps[i];
        LSC_TRY(s->kind->run(net, s));
        if (s->kind == &cuda_kind_conv)
            LSC_TRY(find_peak(net, images < net->o.batch ? images : net->o.batch, s->out));
    }
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_exponents, &exponents));
cleanup:
    return st;
}
