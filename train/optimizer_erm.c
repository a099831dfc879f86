/*
 * ERM, empirical risk minimization: SGD along the gradient of the whole loss of the batch.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    lsc_status st = LSC_OK;
    tr_part whole = {.what = TR_TOTAL, .g = s->arrays[0]};

    LSC_TRY(o->eval(o->self, s->theta, &(tr_request){.parts = &whole, .n_parts = 1, .update_statistics = true}));
    tr_sgd(s, whole.g);
    report->loss = whole.loss;
cleanup:
    return st;
}

const tr_optimizer tr_optimizer_erm = {
    .source = "Robbins and Monro 1951; Sutskever et al. 2013, ICML",
    .step = step,
    .n_arrays = 1,
};
