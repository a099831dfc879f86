/*
 * Threads that take the next index until there is none. After a failure no index is begun; those below the failed
 * one all have been, so that the smallest index that fails is always seen.
 * SPDX-License-Identifier: MIT
 */
#include "data/each.h"

#include <pthread.h>
#include <unistd.h>

#define EACH_THREADS_MAX 16

typedef struct {
    ds_work work;
    void *context;
    int64_t n;
    pthread_mutex_t lock;       /* of what follows */
    int64_t next, done, failed; /* failed: the smallest index that failed so far, n if none */
    lsc_carried failure;
    lsc_progress progress;
} each;

/* Under the lock. */
static void note_end(each *e, int64_t i, lsc_status st)
{
    e->done++;
    lsc_progress_update(&e->progress, e->done, NULL);
    if (st == LSC_OK || i >= e->failed)
        return;
    e->failed = i;
    e->failure = (lsc_carried){0};
    lsc_carry(&e->failure, st);
}

static void *take_turns(void *argument)
{
    each *e = argument;
    pthread_mutex_lock(&e->lock);
    while (e->failed == e->n && e->next < e->n) {
        int64_t i = e->next++;
        pthread_mutex_unlock(&e->lock);
        lsc_status st = lsc_stop_requested() ? lsc_fail(LSC_ERR_STOPPED, "stopped") : e->work(e->context, i);
        pthread_mutex_lock(&e->lock);
        note_end(e, i, st);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static int n_threads(int asked, int64_t n)
{
    int64_t threads = asked > 0 ? asked : sysconf(_SC_NPROCESSORS_ONLN);
    if (threads > EACH_THREADS_MAX)
        threads = EACH_THREADS_MAX;
    return (int)(threads < n ? threads : n);
}

lsc_status ds_each(int threads, const char *what, int64_t n, ds_work work, void *context)
{
    each e = {.work = work, .context = context, .n = n, .failed = n};
    pthread_t helper[EACH_THREADS_MAX];
    int wanted = n_threads(threads, n), helpers = 0;

    pthread_mutex_init(&e.lock, NULL);
    lsc_progress_start(&e.progress, what, 0, n);
    /* Where a thread cannot be had, those that are there do the work. */
    while (helpers < wanted - 1 && pthread_create(&helper[helpers], NULL, take_turns, &e) == 0)
        helpers++;
    take_turns(&e);
    for (int i = 0; i < helpers; i++)
        pthread_join(helper[i], NULL);
    lsc_progress_end(&e.progress);
    pthread_mutex_destroy(&e.lock);
    return lsc_carried_take(&e.failure);
}
