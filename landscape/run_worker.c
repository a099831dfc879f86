/*
 * A rank that has no surface: it says what its values would depend on, then evaluates what it is given.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

/* The next message, for which it waits; LSC_ERR_STOPPED: on request, meanwhile. */
static lsc_status wait_for(const lsc_run_state *r, lsc_message *m)
{
    lsc_status st = LSC_OK;

    for (;;) {
        LSC_CHECK(r->o->stop == NULL || !r->o->stop(r->o->context), LSC_ERR_STOPPED, "stopped on request");
        LSC_TRY(lsc_message_receive(r->o->ranks, m));
        if (m->from >= 0)
            break;
        lsc_message_pause();
    }
cleanup:
    return st;
}

/* What was evaluated is sent, also if the rest failed. */
static lsc_status evaluate(lsc_run_state *r, lsc_hand *hand, lsc_text *scratch)
{
    lsc_status st = lsc_hand_evaluate(hand, &r->calls, r->o->stop, r->o->context), sent = LSC_OK;

    if (hand->results.n > 0)
        sent = lsc_message_results(r->o->ranks, &hand->results, r->calls.obj, scratch);
    return st != LSC_OK ? st : sent;
}

lsc_status lsc_run_worker(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    lsc_hand hand = {0};
    lsc_text scratch = {0};
    lsc_message m;

    LSC_TRY(lsc_hand_init(&hand, r->calls.obj));
    LSC_TRY(lsc_calls_begin(&r->calls));
    LSC_TRY(lsc_message_hello(r->o->ranks, r->surface, &scratch));
    for (;;) {
        LSC_TRY(wait_for(r, &m));
        if (m.kind == LSC_MESSAGE_STOP)
            break;
        LSC_CHECK(m.kind == LSC_MESSAGE_HAND, LSC_ERR_FORMAT, "run: rank 0 sent a message that is for rank 0");
        LSC_TRY(lsc_message_read_hand(&m, r->calls.plan, &hand));
        LSC_TRY(evaluate(r, &hand, &scratch));
    }
cleanup:
    lsc_text_free(&scratch);
    lsc_hand_fini(&hand);
    return st;
}
