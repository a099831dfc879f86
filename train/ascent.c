/*
 * The step that SAM, ASAM and SAGM share: the gradient at theta says where to climb, the gradient there where to go.
 * Passes at the displaced point take the batch's own statistics and leave the running ones alone. theta itself is never
 * displaced, so there is nothing to undo; weight decay and momentum see theta and the final gradient only.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <string.h>

lsc_status tr_ascent_step(tr_state *s, const tr_oracle *o, const tr_ascent *a, tr_step_report *report)
{
    lsc_status st = LSC_OK;
    const int64_t n = s->layout->n_learned;
    float *g = s->arrays[0], *point = s->arrays[1], *feature = s->arrays[2];
    float *eps = a->keep > 0 ? s->arrays[3] : g;
    const bool apart = o->has_feature_loss && strcmp(a->loss.s, "cls") == 0;
    const int what = apart ? TR_DOMAINS : TR_TOTAL;
    tr_part here[] = {{.what = what, .g = g}, {.what = TR_FEATURE, .g = feature}};
    tr_part there = {.what = what, .g = eps};

    LSC_TRY(
        o->eval(o->self, s->theta, &(tr_request){.parts = here, .n_parts = apart ? 2 : 1, .update_statistics = true}));
    report->loss = here[0].loss + here[1].loss;
    tr_perturb(s, &a->perturbation, g, g, eps);
    tr_point(s, eps, 1, point, report);
    LSC_TRY(o->eval(o->self, point, &(tr_request){.parts = &there, .n_parts = 1}));
    if (a->keep > 0) {
        lsc_scale(there.g, 1 - a->keep, n);
        lsc_axpy(there.g, a->keep, g, n);
    }
    if (apart)
        lsc_axpy(there.g, 1, feature, n);
    tr_sgd(s, there.g);
cleanup:
    return st;
}
