/*
 * Batch norm by the statistics of the batch: of what goes into it, sums by channel; of these, mean, variance and the
 * scale and shift that replace those of the frozen norm.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"

/* Blocks of one layer's places: enough to fill a card, few enough to be summed one after the other. */
enum { MOST_BLOCKS = 128, LEAST_PLACES = 1024, MOST_WIDTH = 64 };

static int64_t n_places(const cuda_net *net, int value)
{
    return cuda_elements(net, value) / net->values[value].channels;
}

static int64_t places_of_block(int64_t places)
{
    int64_t of_block = (places + MOST_BLOCKS - 1) / MOST_BLOCKS;
    return of_block > LEAST_PLACES ? of_block : LEAST_PLACES;
}

static int64_t n_blocks(int64_t places)
{
    return (places + places_of_block(places) - 1) / places_of_block(places);
}

static int32_t width_of(int64_t channels)
{
    int32_t width = 1;
    while (width < channels && width < MOST_WIDTH)
        width *= 2;
    return width;
}

/* Offset of block i of a norm among the buffers of theta. */
static int64_t buffer(const cuda_net *net, const nn_node *norm, int i)
{
    return net->g->blocks[norm->block[i]].offset - net->g->layout.n_learned;
}

lsc_status cuda_norms_make(cuda_net *net)
{
    lsc_status st = LSC_OK;
    const cuda_context *c = net->context;
    cuda_batch_norms *norms = &net->norms;
    int64_t partial = 0;
    for (int i = 0; i < net->n_steps; i++)
        for (int j = 0; j < 2; j++)
            if (net->steps[i].norm[j] != NULL) {
                const int in = net->steps[i].in[j];
                const int64_t n = n_blocks(n_places(net, in)) * net->values[in].channels;
                partial = n > partial ? n : partial;
            }
    if (net->o.statistics == NN_FROZEN || partial == 0)
        return LSC_OK;
    LSC_TRY(cuda_new(c, (size_t)(net->g->layout.n - net->g->layout.n_learned) * sizeof(double), &norms->statistics));
    LSC_TRY(cuda_new(c, (size_t)partial * sizeof(cuda_moment), &norms->partial));
    LSC_TRY(cuda_new(c, (size_t)net->n_rows * sizeof(float), &norms->scale));
    LSC_TRY(cuda_new(c, (size_t)net->n_rows * sizeof(float), &norms->shift));
cleanup:
    return st;
}

void cuda_norms_free(cuda_net *net)
{
    const cuda_context *c = net->context;
    void *all[] = {net->norms.statistics, net->norms.partial, net->norms.scale, net->norms.shift};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        c->api->free(c->device, all[i]);
}

lsc_status cuda_norms_run(const cuda_net *net, const cuda_step *s, int i)
{
    lsc_status st = LSC_OK;
    const int in = s->in[i], row = s->row[i];
    const cuda_batch_norms *norms = &net->norms;
    const cuda_moments moments = {
        .x = cuda_data(net, in),
        .real = cuda_value_real(net, in),
        .c = (int32_t)net->values[in].channels,
        .width = width_of(net->values[in].channels),
        .n_blocks = (int32_t)n_blocks(n_places(net, in)),
        .n = n_places(net, in),
        .places = places_of_block(n_places(net, in)),
        .partial = norms->partial,
    };
    const cuda_norm norm = {
        .x = moments.x,
        .partial = moments.partial,
        .weight = net->weights.scale + row,
        .bias = net->weights.shift + row,
        .scale = norms->scale + row,
        .shift = norms->shift + row,
        .mean = norms->statistics + buffer(net, s->norm[i], 2),
        .var = norms->statistics + buffer(net, s->norm[i], 3),
        .state = net->frame->state,
        .eps = s->norm[i]->eps,
        .factor = cuda_value_factor(net, in),
        .real = moments.real,
        .c = moments.c,
        .n_blocks = moments.n_blocks,
        .n = moments.n,
    };
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_moments, &moments));
    LSC_TRY(cuda_launch(net, CUDA_KERNEL_norm, &norm));
cleanup:
    return st;
}
