/*
 * What a run results in: theta, or the average of theta over steps. The running statistics of batch norm belong to the
 * thetas that were passed through, not to their average: those of the average are the means of the batches' statistics
 * over one pass through the training data, augmented as in training (Izmailov et al. 2018, arXiv:1803.05407), as
 * PyTorch's update_bn forms them with momentum None.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <string.h>

/* The statistics of the batch that the network has, times NN_NORM_MOMENTUM, into the buffers of theta; counts become 1.
 */
static lsc_status batch_statistics(tr_session *s, float *theta)
{
    const lsc_layout *layout = s->state->layout;
    const tr_oracle *o = tr_network_oracle(s->network);

    memset(theta + layout->n_learned, 0, (size_t)(layout->n - layout->n_learned) * sizeof *theta);
    return o->eval(o->self, theta, &(tr_request){.update_statistics = true});
}

/* Buffers from sums over n batches: means, but of the counts of batches, the blocks of no dimension. */
static void set_statistics(const lsc_layout *layout, const double *sums, int64_t n, float *theta)
{
    for (int b = 0; b < layout->n_blocks; b++) {
        const lsc_block *block = &layout->blocks[b];
        if (block->role != LSC_BUFFER)
            continue;
        const double scale = block->rank == 0 ? 1 : 1 / (NN_NORM_MOMENTUM * (double)n);
        for (int64_t j = block->offset; j < tr_block_past(layout, b); j++)
            theta[j] = (float)(scale * sums[j - layout->n_learned]);
    }
}

lsc_status tr_session_recalculate(tr_session *s, int64_t steps, float *theta)
{
    lsc_status st = LSC_OK;
    const lsc_layout *layout = s->state->layout;
    const int64_t n_buffers = layout->n - layout->n_learned;
    tr_loader *loader = NULL;
    double *sums = NULL;

    if (n_buffers == 0)
        return LSC_OK;
    LSC_NEW(sums, n_buffers);
    LSC_TRY(tr_session_loader_for(s, steps, &loader));
    for (int64_t step = 0; step < steps; step++) {
        const tr_batch *batch;
        LSC_CHECK(!lsc_stop_requested(), LSC_ERR_STOPPED, "stopped while recalculating statistics");
        LSC_TRY(tr_loader_next(loader, &batch));
        tr_network_set_batch(s->network, batch);
        LSC_TRY(batch_statistics(s, theta));
        for (int64_t j = 0; j < n_buffers; j++)
            sums[j] += (double)theta[layout->n_learned + j];
    }
    set_statistics(layout, sums, steps, theta);
cleanup:
    tr_loader_free(loader);
    lsc_free(sums);
    return st;
}

lsc_status tr_session_result(tr_session *s, tr_parameters *out)
{
    lsc_status st = LSC_OK;
    const tr_state *state = s->state;

    if (state->n_averaged == 0) {
        *out = (tr_parameters){.theta = state->theta};
        return LSC_OK;
    }
    if (s->result_step != s->record.step) {
        for (int64_t j = 0; j < state->layout->n_learned; j++)
            s->result[j] = (float)state->mean[j];
        LSC_TRY(tr_session_recalculate(s, s->steps_per_epoch, s->result));
        s->result_step = s->record.step;
    }
    *out = (tr_parameters){.theta = s->result, .n_averaged = state->n_averaged};
cleanup:
    return st;
}
