/*
 * Rank 0 of several: gives points to whoever is free, and keeps what comes back.
 * A rank gets as many points at a time as it does in half a second, judged by those before, and fewer towards the end,
 * so that no rank waits long for the last one; points that take longer are given one by one. No rank ever waits for
 * another's point. When the run is to end early, what is done is saved at once, and points under way are waited for a
 * moment only: who asked for it may be about to kill all. SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

#define HAND_SECONDS 0.5
#define LAST_SECONDS 0.5

typedef struct {
    bool busy;
    int given, most; /* points of its last hand, and of the next one at most */
    double since;    /* it was given */
} member;

typedef struct {
    lsc_run_state *r;
    const lsc_ranks *ranks;
    member *members; /* [ranks->n]; 0: the thread */
    lsc_hand_thread own;
    lsc_hand hand;      /* of the others */
    lsc_text scratch;   /* for messages */
    int64_t left;       /* points that are neither done nor given away: at most */
    bool ends;          /* no more is given */
    double ends_at;     /* without the points under way */
    lsc_status failure; /* of the first that failed */
    char message[LSC_MESSAGE_MAX];
} desk;

/* ---- ending early ------------------------------------------------------------------------- */

static void end(desk *d, lsc_status why, const char *message)
{
    if (d->ends)
        return;
    d->ends = true;
    d->ends_at = lsc_seconds() + LAST_SECONDS;
    d->failure = why;
    snprintf(d->message, sizeof d->message, "%s", message);
    lsc_hand_thread_quit(&d->own);
    lsc_run_save(d->r);
}

static void end_if_asked(desk *d)
{
    const lsc_run_options *o = d->r->o;

    if (d->ends || o->stop == NULL || !o->stop(o->context))
        return;
    end(d, LSC_ERR_STOPPED, "");
    lsc_log_info("stopping: what is done is saved, %lld of %lld points", (long long)d->r->surface->n_done,
                 (long long)d->r->surface->points);
}

/* ---- giving ------------------------------------------------------------------------------- */

/* How many points this rank is given next. */
static int share(const desk *d, const member *m)
{
    const int64_t fair = d->left / (2 * d->ranks->n) + 1;

    return fair < m->most ? (int)fair : m->most;
}

/* The next points, if there are any, into `h`. */
static bool take(desk *d, member *m, lsc_hand *h)
{
    h->n = d->ends ? 0 : lsc_run_next(d->r, h->place, share(d, m));
    if (h->n == 0)
        return false;
    d->left -= h->n;
    *m = (member){.busy = true, .given = h->n, .most = m->most, .since = lsc_seconds()};
    return true;
}

static lsc_status give(desk *d, int to)
{
    if (!take(d, &d->members[to], &d->hand))
        return LSC_OK;
    return lsc_message_hand(d->ranks, to, &d->hand, &d->scratch);
}

static void give_own(desk *d)
{
    if (take(d, &d->members[0], &d->own.hand))
        lsc_hand_thread_give(&d->own);
}

/* A hand is back: the next may take HAND_SECONDS, and is at most four times as large. */
static void learn(member *m)
{
    const double seconds = lsc_seconds() - m->since, most = m->given * (seconds > 0 ? HAND_SECONDS / seconds : 4);

    m->most = most < 1 ? 1 : most < 4 * m->given ? (int)most : 4 * m->given;
    m->most = m->most < LSC_HAND_MAX ? m->most : LSC_HAND_MAX;
    m->busy = false;
}

/* ---- hearing ------------------------------------------------------------------------------ */

static lsc_status greet(desk *d, const lsc_message *m)
{
    lsc_status st = LSC_OK;

    LSC_TRY(lsc_message_compare_hello(m, d->r->surface));
    LSC_TRY(give(d, m->from));
cleanup:
    return st;
}

static lsc_status keep(desk *d, const lsc_message *m)
{
    lsc_status st = LSC_OK;
    member *who = &d->members[m->from];

    LSC_TRY(lsc_message_read_results(m, d->r->surface, d->r->calls.obj, &d->hand.results));
    lsc_run_keep(d->r, &d->hand.results);
    if (d->hand.results.n < who->given)
        goto cleanup; /* it has failed; LEAVE follows */
    learn(who);
    LSC_TRY(give(d, m->from));
cleanup:
    return st;
}

static lsc_status answer(desk *d, const lsc_message *m)
{
    switch (m->kind) {
    case LSC_MESSAGE_HELLO:
        return greet(d, m);
    case LSC_MESSAGE_RESULTS:
        return keep(d, m);
    case LSC_MESSAGE_LEAVE:
        d->members[m->from].busy = false;
        end(d, m->status, (const char *)m->body);
        return LSC_OK;
    default:
        return lsc_fail(LSC_ERR_FORMAT, "run: rank %d sent a message that is for others", m->from);
    }
}

/* One message; *heard: there was one. */
static lsc_status hear(desk *d, bool *heard)
{
    lsc_status st = LSC_OK;
    lsc_message m;

    LSC_TRY(lsc_message_receive(d->ranks, &m));
    *heard = m.from > 0;
    if (*heard)
        LSC_TRY(answer(d, &m));
cleanup:
    return st;
}

/* The same of the thread. */
static bool hear_own(desk *d)
{
    lsc_hand_thread *t = &d->own;

    if (!d->members[0].busy || !lsc_hand_thread_done(t))
        return false;
    lsc_run_keep(d->r, &t->hand.results);
    learn(&d->members[0]);
    if (t->status != LSC_OK)
        end(d, t->status, t->message);
    give_own(d);
    return true;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static bool is_over(const desk *d)
{
    bool busy = false;

    if (d->failure == LSC_OK && d->r->surface->n_done == d->r->surface->points)
        return true;
    for (int i = 1; i < d->ranks->n; i++)
        busy = busy || d->members[i].busy;
    return d->ends && !d->members[0].busy && (!busy || lsc_seconds() > d->ends_at);
}

static lsc_status serve(desk *d)
{
    lsc_status st = LSC_OK;

    give_own(d);
    while (!is_over(d)) {
        bool heard = false;

        LSC_TRY(hear(d, &heard));
        heard = hear_own(d) || heard;
        end_if_asked(d);
        lsc_run_save_now_and_then(d->r);
        if (!heard)
            lsc_message_pause();
    }
    if (d->failure == LSC_ERR_STOPPED)
        LSC_TRY(lsc_run_stopped(d->r));
    LSC_CHECK(d->failure == LSC_OK, d->failure, "%s", d->message);
cleanup:
    return st;
}

lsc_status lsc_run_ranks(lsc_run_state *r)
{
    lsc_status st = LSC_OK;
    desk d = {.r = r, .ranks = r->o->ranks, .left = r->surface->points - r->surface->n_done};

    LSC_NEW(d.members, d.ranks->n);
    for (int i = 0; i < d.ranks->n; i++)
        d.members[i].most = 1;
    LSC_TRY(lsc_hand_init(&d.hand, r->calls.obj));
    LSC_TRY(lsc_calls_begin(&r->calls));
    LSC_TRY(lsc_hand_thread_start(&d.own, &r->calls));
    LSC_TRY(serve(&d));
cleanup:
    lsc_hand_thread_fini(&d.own);
    lsc_hand_fini(&d.hand);
    lsc_text_free(&d.scratch);
    lsc_free(d.members);
    return st;
}
