/*
 * The step that methods share which weigh the domains' losses by these losses themselves: one forward, one backward.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

lsc_status tr_weighted_step(tr_state *s, const tr_oracle *o,
                            void (*weigh)(void *s, const double *losses, const bool *absent, double *weights),
                            tr_step_report *report)
{
    lsc_status st = LSC_OK;
    tr_part parts[] = {{.what = TR_TOTAL}, {.what = TR_TOTAL, .g = s->arrays[0], .weigh = weigh, .weigher = s}};

    LSC_TRY(o->eval(o->self, s->theta, &(tr_request){.parts = parts, .n_parts = 2, .update_statistics = true}));
    report->loss = parts[0].loss;
    tr_sgd(s, parts[1].g);
cleanup:
    return st;
}
