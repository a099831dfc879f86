/*
 * A team of threads that sleep between jobs and at meetings: none ever spins, so that two programs on the same cores
 * each get their half (with OpenMP's spinning they ran 29 times slower). Each member tells OpenMP that it is alone,
 * which makes oneDNN run on the thread that calls it.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cpu/cpu.h"

#include <omp.h>
#include <pthread.h>
#include <string.h>

typedef struct {
    cpu_team *team;
    pthread_t thread;
    int number;
} member;

struct cpu_team {
    member *members;
    int n, started;
    pthread_mutex_t mutex;
    pthread_cond_t work, done, met;
    bool stop;
    /* under the mutex */
    cpu_job job;
    void *context;
    int64_t jobs; /* given out so far */
    int busy;     /* members at work on the last */
    int waiting;  /* at the present meeting */
    int64_t meetings;
    lsc_carried failure;
};

/* The next job after number *seen; false: go home. */
static bool next_job(cpu_team *t, int64_t *seen, cpu_job *job, void **context)
{
    pthread_mutex_lock(&t->mutex);
    while (!t->stop && t->jobs == *seen)
        pthread_cond_wait(&t->work, &t->mutex);
    bool go = !t->stop;
    *seen = t->jobs;
    *job = t->job;
    *context = t->context;
    pthread_mutex_unlock(&t->mutex);
    return go;
}

static void finish_job(cpu_team *t)
{
    pthread_mutex_lock(&t->mutex);
    if (--t->busy == 0)
        pthread_cond_signal(&t->done);
    pthread_mutex_unlock(&t->mutex);
}

static void *live(void *argument)
{
    member *m = argument;
    int64_t seen = 0;
    cpu_job job = NULL;
    void *context = NULL;

    omp_set_num_threads(1);
    while (next_job(m->team, &seen, &job, &context)) {
        lsc_carry(&m->team->failure, job(context, m->number));
        finish_job(m->team);
    }
    return NULL;
}

lsc_status cpu_team_run(cpu_team *t, cpu_job job, void *context)
{
    pthread_mutex_lock(&t->mutex);
    t->job = job;
    t->context = context;
    t->failure = (lsc_carried){0};
    t->busy = t->n;
    t->jobs++;
    pthread_cond_broadcast(&t->work);
    while (t->busy > 0)
        pthread_cond_wait(&t->done, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
    return lsc_carried_take(&t->failure);
}

void cpu_team_meet(cpu_team *t, void (*once)(void *context), void *context)
{
    pthread_mutex_lock(&t->mutex);
    int64_t meeting = t->meetings;
    if (++t->waiting == t->n) {
        if (once)
            once(context);
        t->waiting = 0;
        t->meetings++;
        pthread_cond_broadcast(&t->met);
    }
    while (t->meetings == meeting)
        pthread_cond_wait(&t->met, &t->mutex);
    pthread_mutex_unlock(&t->mutex);
}

static lsc_status start(cpu_team *t)
{
    for (int i = 0; i < t->n; i++) {
        t->members[i] = (member){.team = t, .number = i};
        int error = pthread_create(&t->members[i].thread, NULL, live, &t->members[i]);
        if (error != 0)
            return lsc_fail(LSC_ERR_BACKEND, "cannot start thread %d of %d: %s", i + 1, t->n, strerror(error));
        t->started++;
    }
    return LSC_OK;
}

lsc_status cpu_team_new(int threads, cpu_team **out)
{
    lsc_status st = LSC_OK;
    cpu_team *t = NULL;

    LSC_NEW(t, 1);
    t->n = threads;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->work, NULL);
    pthread_cond_init(&t->done, NULL);
    pthread_cond_init(&t->met, NULL);
    LSC_NEW(t->members, threads);
    LSC_TRY(start(t));
    *out = t;
    t = NULL;
cleanup:
    cpu_team_free(t);
    return st;
}

void cpu_team_free(cpu_team *t)
{
    if (t == NULL)
        return;
    pthread_mutex_lock(&t->mutex);
    t->stop = true;
    pthread_cond_broadcast(&t->work);
    pthread_mutex_unlock(&t->mutex);
    for (int i = 0; i < t->started; i++)
        pthread_join(t->members[i].thread, NULL);
    pthread_cond_destroy(&t->met);
    pthread_cond_destroy(&t->done);
    pthread_cond_destroy(&t->work);
    pthread_mutex_destroy(&t->mutex);
    lsc_free(t->members);
    lsc_free(t);
}
