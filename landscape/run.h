/*
 * run.h - what the files of lsc_run share.
 *     calls.c       the objective at points of the plan, one call at a time
 *     run.c         the surface, its saves, and the loop of a process that is alone
 *     hand.c        points that a rank evaluates between two messages
 *     hand_thread.c the same on a thread of its own
 *     run_ranks.c   rank 0 of several: hands out points, keeps what comes back
 *     run_worker.c  the other ranks
 *     messages.c    what they say to each other
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_RUN_H
#define LSC_RUN_H

#include <pthread.h>

#include "landscape/engine.h"

/* ---- calls of the objective (calls.c) ------------------------------------------------------- */

typedef struct {
    const lsc_objective *obj; /* this and what follows: borrowed */
    const lsc_frame *frame;
    const lsc_plan *plan;
    int most;               /* points of one call */
    double *coords;         /* [most, n_axes] */
    double *theta;          /* [n]; NULL with eval_coords */
    int64_t *counted, *now; /* [n_counts] what the objective said after the call before, and says now */
} lsc_calls;

/* Values of points, and what was counted at them. */
typedef struct {
    int n, most;
    int64_t *index;  /* [most] in the grid */
    double *values;  /* [most, n_fields] */
    int64_t *counts; /* [n_counts] */
} lsc_results;

lsc_status lsc_results_init(lsc_results *r, const lsc_objective *obj, int most);
void lsc_results_fini(lsc_results *r);
void lsc_results_clear(lsc_results *r, const lsc_objective *obj);

/* Checks that objective, frame and plan fit together. On failure, too, fini is due. */
lsc_status lsc_calls_init(lsc_calls *c, const lsc_objective *obj, const lsc_frame *frame, const lsc_plan *plan);
void lsc_calls_fini(lsc_calls *c);
/* The objective gets its frame; what it counts is counted from here on. */
lsc_status lsc_calls_begin(lsc_calls *c);
/* One call for the n (1..most) points at these places of the plan. Those that were done are added to `out`, on failure,
 * too. LSC_ERR_CALLBACK quotes the objective, and says where it was. */
lsc_status lsc_calls_points(lsc_calls *c, const int64_t *place, int n, lsc_results *out);

/* ---- the run of the process that has the surface (run.c) ------------------------------------- */

typedef struct {
    const lsc_run_options *o;
    lsc_calls calls;
    lsc_surface *surface;
    int64_t *counts; /* [n_counts] at all points of the surface */
    int64_t next;    /* place in the plan */
    bool changed;    /* since the last save */
    double saved_at, save_cost;
    lsc_status save_status; /* of the last save */
    char save_message[LSC_MESSAGE_MAX];
} lsc_run_state;

/* Up to `most` places of points that are not done, in the plan's order; returns how many. No place comes twice. */
int lsc_run_next(lsc_run_state *r, int64_t *place, int most);
void lsc_run_keep(lsc_run_state *r, const lsc_results *got);
/* If anything has changed. A failure is kept in save_status. */
void lsc_run_save(lsc_run_state *r);
void lsc_run_save_now_and_then(lsc_run_state *r);
/* LSC_ERR_STOPPED with "stopped on request with 5 of 20 points done". */
lsc_status lsc_run_stopped(const lsc_run_state *r);

/* ---- hands (hand.c, hand_thread.c) ----------------------------------------------------------- */

#define LSC_HAND_MAX 256

/* What a rank has in hand: points to evaluate before it says the next word. */
typedef struct {
    int n;
    int64_t place[LSC_HAND_MAX];
    lsc_results results;
} lsc_hand;

lsc_status lsc_hand_init(lsc_hand *h, const lsc_objective *obj);
void lsc_hand_fini(lsc_hand *h);
/* results of its points; stop (may be NULL) is polled between calls, and leaves the rest out. */
lsc_status lsc_hand_evaluate(lsc_hand *h, lsc_calls *c, bool (*stop)(void *context), void *context);

/* A thread that evaluates hands, so that the one that started it never waits for a point. */
typedef struct {
    lsc_calls *calls;
    lsc_hand hand; /* the caller's but from give until done */
    lsc_status status;
    char message[LSC_MESSAGE_MAX];
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool started, busy, quits;
} lsc_hand_thread;

lsc_status lsc_hand_thread_start(lsc_hand_thread *t, lsc_calls *calls);
/* Evaluate hand.place [0 .. hand.n-1]. */
void lsc_hand_thread_give(lsc_hand_thread *t);
/* It is not at work: hand.results, status and message are those of the last hand. */
bool lsc_hand_thread_done(lsc_hand_thread *t);
/* No further call of the objective after the one under way. */
void lsc_hand_thread_quit(lsc_hand_thread *t);
/* Quits and waits for the end. Takes one that is {0} or was not started. */
void lsc_hand_thread_fini(lsc_hand_thread *t);

/* ---- messages (messages.c) --------------------------------------------------------------------- */

/* HELLO, RESULTS and LEAVE go to rank 0, HAND and STOP come from it. */
typedef enum {
    LSC_MESSAGE_HELLO = 1,
    LSC_MESSAGE_RESULTS,
    LSC_MESSAGE_LEAVE,
    LSC_MESSAGE_HAND,
    LSC_MESSAGE_STOP
} lsc_message_kind;

/* A message as received; of its members those of its kind are set. */
typedef struct {
    int from; /* -1: there is none */
    lsc_message_kind kind;
    int n;               /* HAND, RESULTS: points */
    const uint8_t *body; /* what follows, of this length */
    size_t length;
    lsc_status status; /* LEAVE */
} lsc_message;

/* LSC_ERR_FORMAT: what came is no message. */
lsc_status lsc_message_receive(const lsc_ranks *ranks, lsc_message *m);
/* A millisecond, between looking for one and looking again. */
void lsc_message_pause(void);
/* Each writes to `scratch` first, which grows as need be. */
lsc_status lsc_message_hello(const lsc_ranks *ranks, const lsc_surface *settings, lsc_text *scratch);
lsc_status lsc_message_hand(const lsc_ranks *ranks, int to, const lsc_hand *h, lsc_text *scratch);
lsc_status lsc_message_results(const lsc_ranks *ranks, const lsc_results *r, const lsc_objective *obj,
                               lsc_text *scratch);
lsc_status lsc_message_stop(const lsc_ranks *ranks, int to);
/* What messages hold, checked. */
lsc_status lsc_message_read_hand(const lsc_message *m, const lsc_plan *plan, lsc_hand *h);
lsc_status lsc_message_read_results(const lsc_message *m, const lsc_surface *s, const lsc_objective *obj,
                                    lsc_results *r);
/* LSC_ERR_CONFIG names the first setting in which the two differ. */
lsc_status lsc_message_compare_hello(const lsc_message *m, const lsc_surface *own);

/* ---- several ranks (run_ranks.c, run_worker.c) ------------------------------------------------ */

/* All points of a surface that is not complete, together with the other ranks. */
lsc_status lsc_run_ranks(lsc_run_state *r);
/* Until rank 0 says that it is enough, or this rank fails, which it then knows. */
lsc_status lsc_run_worker(lsc_run_state *r);

#endif
