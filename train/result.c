/*
 * What a run results in: theta, or the average of theta over steps. The running statistics of batch norm belong to the
 * thetas that were passed through, not to their average: those of the average are the means of the batches' statistics
 * over one pass through the training data, augmented as in training (nn/statistics.c).
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

lsc_status tr_session_recalculate(tr_session *s, int64_t steps, float *theta)
{
    lsc_status st = LSC_OK;
    const tr_oracle *o = tr_network_oracle(s->network);
    nn_mean_statistics mean = {0};
    tr_loader *loader = NULL;

    if (s->state->layout->n == s->state->layout->n_learned)
        return LSC_OK;
    LSC_TRY(nn_mean_statistics_init(&mean, s->state->layout, NN_F32));
    LSC_TRY(tr_session_loader_for(s, steps, &loader));
    nn_mean_statistics_begin(&mean);
    for (int64_t step = 0; step < steps; step++) {
        const tr_batch *batch;
        LSC_CHECK(!lsc_stop_requested(), LSC_ERR_STOPPED, "stopped while recalculating statistics");
        LSC_TRY(tr_loader_next(loader, &batch));
        tr_network_set_batch(s->network, batch);
        nn_mean_statistics_clear(&mean, theta);
        LSC_TRY(o->eval(o->self, theta, &(tr_request){.update_statistics = true}));
        nn_mean_statistics_add(&mean, theta);
    }
    nn_mean_statistics_set(&mean, theta);
cleanup:
    tr_loader_free(loader);
    nn_mean_statistics_fini(&mean);
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
