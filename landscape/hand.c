/*
 * Points that a rank evaluates between two messages.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

lsc_status lsc_hand_init(lsc_hand *h, const lsc_objective *obj)
{
    return lsc_results_init(&h->results, obj, LSC_HAND_MAX);
}

void lsc_hand_fini(lsc_hand *h)
{
    lsc_results_fini(&h->results);
}

lsc_status lsc_hand_evaluate(lsc_hand *h, lsc_calls *c, bool (*stop)(void *context), void *context)
{
    lsc_status st = LSC_OK;
    lsc_results *r = &h->results;

    lsc_results_clear(r, c->obj);
    while (st == LSC_OK && r->n < h->n && (stop == NULL || !stop(context))) {
        const int left = h->n - r->n;

        st = lsc_calls_points(c, h->place + r->n, left < c->most ? left : c->most, r);
    }
    return st;
}
