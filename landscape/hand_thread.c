/*
 * Hands on a thread of their own: rank 0 listens to the others while it evaluates points itself.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/run.h"

static bool quits(void *context)
{
    lsc_hand_thread *t = context;
    bool now;

    pthread_mutex_lock(&t->mutex);
    now = t->quits;
    pthread_mutex_unlock(&t->mutex);
    return now;
}

/* Waits for the next hand; false: there will be none. */
static bool wait_for_hand(lsc_hand_thread *t)
{
    bool goes_on;

    pthread_mutex_lock(&t->mutex);
    while (!t->busy && !t->quits)
        pthread_cond_wait(&t->changed, &t->mutex);
    goes_on = t->busy;
    pthread_mutex_unlock(&t->mutex);
    return goes_on;
}

static void *work(void *context)
{
    lsc_hand_thread *t = context;

    while (wait_for_hand(t)) {
        t->status = lsc_hand_evaluate(&t->hand, t->calls, quits, t);
        if (t->status != LSC_OK)
            snprintf(t->message, sizeof t->message, "%s", lsc_last_error());
        pthread_mutex_lock(&t->mutex);
        t->busy = false;
        pthread_mutex_unlock(&t->mutex);
    }
    return NULL;
}

lsc_status lsc_hand_thread_start(lsc_hand_thread *t, lsc_calls *calls)
{
    lsc_status st = LSC_OK;

    *t = (lsc_hand_thread){.calls = calls};
    LSC_TRY(lsc_hand_init(&t->hand, calls->obj));
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->changed, NULL);
    t->started = pthread_create(&t->thread, NULL, work, t) == 0;
    LSC_CHECK(t->started, LSC_ERR_NOMEM, "run: no thread to evaluate points on");
cleanup:
    return st;
}

static void set(lsc_hand_thread *t, bool *flag)
{
    pthread_mutex_lock(&t->mutex);
    *flag = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->mutex);
}

void lsc_hand_thread_give(lsc_hand_thread *t)
{
    set(t, &t->busy);
}

bool lsc_hand_thread_done(lsc_hand_thread *t)
{
    bool done;

    pthread_mutex_lock(&t->mutex);
    done = !t->busy;
    pthread_mutex_unlock(&t->mutex);
    return done;
}

void lsc_hand_thread_quit(lsc_hand_thread *t)
{
    set(t, &t->quits);
}

void lsc_hand_thread_fini(lsc_hand_thread *t)
{
    if (t->started) {
        lsc_hand_thread_quit(t);
        pthread_join(t->thread, NULL);
        pthread_mutex_destroy(&t->mutex);
        pthread_cond_destroy(&t->changed);
    }
    lsc_hand_fini(&t->hand);
    *t = (lsc_hand_thread){0};
}
