/*
 * See crew.h.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/crew.h"

#define CALL_SECONDS 1.0

/* ---- life ------------------------------------------------------------------------------------------- */

/* One more worker; on failure the crew is as it was. */
static lsc_status add(cuda_crew *c, const cuda_job *job, const cuda_api *api, int number)
{
    cuda_member *m = &c->members[c->n];
    *m = (cuda_member){.crew = c};
    lsc_status st = cuda_worker_init(&m->worker, job, api, number);
    if (st == LSC_OK)
        c->n++;
    else
        cuda_worker_fini(&m->worker);
    return st;
}

/* A worker on each device that can be opened; with none, the last one's failure. */
static lsc_status open_devices(cuda_crew *c, const cuda_job *job, const cuda_api *api, const int *number, int n)
{
    for (int i = 0; i < n; i++) {
        const lsc_status st = add(c, job, api, number[i]);
        if (st == LSC_ERR_STOPPED || (st != LSC_OK && c->n == 0 && i == n - 1))
            return st;
        if (st != LSC_OK)
            lsc_log_warn("%s; going on without it", lsc_last_error());
    }
    c->n_devices = c->n;
    return LSC_OK;
}

/* The other ones of each device, as far as they can be had. */
static lsc_status add_streams(cuda_crew *c, const cuda_job *job, const cuda_api *api, int streams)
{
    for (int i = c->n_devices; i < c->n_devices * streams; i++) {
        const lsc_status st = add(c, job, api, c->members[i % c->n_devices].worker.context.number);
        if (st == LSC_ERR_STOPPED)
            return st;
        if (st != LSC_OK) {
            lsc_log_warn("%s; going on with %d at once, not %d", lsc_last_error(), c->n, c->n_devices * streams);
            break;
        }
    }
    return LSC_OK;
}

lsc_status cuda_crew_init(cuda_crew *c, const cuda_job *job, const cuda_api *api, const int *number, int n, int streams)
{
    lsc_status st = LSC_OK;
    c->at_once = 1;
    LSC_TRY(open_devices(c, job, api, number, n));
    LSC_TRY(add_streams(c, job, api, streams));
cleanup:
    return st;
}

void cuda_crew_fini(cuda_crew *c)
{
    for (int i = 0; i < c->n; i++)
        cuda_worker_fini(&c->members[i].worker);
}

/* ---- workers that fail ------------------------------------------------------------------------------- */

static int working(const cuda_crew *c)
{
    int n = 0;
    for (int i = 0; i < c->n; i++)
        n += c->members[i].status == LSC_OK;
    return n;
}

static void keep_failure(cuda_member *m, lsc_status st)
{
    m->status = st;
    if (st != LSC_OK)
        snprintf(m->message, sizeof m->message, "%s", lsc_last_error());
}

/* Workers that stopped working in this step; with none left, the last one's words. */
static lsc_status after_failures(cuda_crew *c, int before)
{
    const cuda_member *last = NULL;
    int now = working(c);
    c->lost += before - now;
    for (int i = 0; i < c->n; i++)
        last = c->members[i].status != LSC_OK ? &c->members[i] : last;
    if (now == 0)
        return lsc_fail(last->status, "%s", last->message);
    if (now < before)
        lsc_log_warn("%s; going on without it", last->message);
    return LSC_OK;
}

lsc_status cuda_crew_each(cuda_crew *c, lsc_status (*f)(cuda_worker *w, const void *context), const void *context)
{
    int before = working(c);
    for (int i = 0; i < c->n; i++)
        if (c->members[i].status == LSC_OK)
            keep_failure(&c->members[i], f(&c->members[i].worker, context));
    return after_failures(c, before);
}

lsc_status cuda_crew_any(cuda_crew *c, cuda_worker **out)
{
    lsc_status st = LSC_OK;
    int i = 0;
    LSC_TRY(after_failures(c, working(c)));
    while (c->members[i].status != LSC_OK)
        i++;
    *out = &c->members[i].worker;
cleanup:
    return st;
}

/* ---- points ----------------------------------------------------------------------------------------- */

static void *work(void *context)
{
    cuda_member *m = context;
    const cuda_crew *c = m->crew;
    const int n_dirs = m->worker.frame.n_dirs, width = m->worker.job->n_sums + 1;
    cuda_batch *b = m->batch;
    keep_failure(m, cuda_worker_points(&m->worker, c->coords + (int64_t)b->first * n_dirs, b->n,
                                       c->out + (int64_t)b->first * width));
    b->done = m->status == LSC_OK;
    return NULL;
}

/* A batch that is not done for each worker that works, as far as there are any. */
static void hand_out(cuda_crew *c)
{
    int next = 0;
    for (int i = 0; i < c->n; i++) {
        cuda_member *m = &c->members[i];
        while (next < c->n_batches && c->batches[next].done)
            next++;
        m->batch = m->status == LSC_OK && next < c->n_batches ? &c->batches[next++] : NULL;
    }
}

/* The workers at once, the first of them on this thread; one whose thread cannot be had does nothing now. */
static void work_together(cuda_crew *c)
{
    bool started[CUDA_MOST_WORKERS] = {false};
    cuda_member *own = NULL;
    hand_out(c);
    for (int i = 0; i < c->n; i++) {
        cuda_member *m = &c->members[i];
        if (m->batch == NULL)
            continue;
        if (own == NULL)
            own = m;
        else
            started[i] = pthread_create(&m->thread, NULL, work, m) == 0;
    }
    work(own);
    for (int i = 0; i < c->n; i++)
        if (started[i])
            pthread_join(c->members[i].thread, NULL);
}

static void share_out(cuda_crew *c, int n)
{
    int parts = working(c), most = c->at_once * parts, first = 0;
    n = n < most ? n : most;
    c->n_batches = parts < n ? parts : n;
    for (int i = 0; i < c->n_batches; i++) {
        int end = (int)((int64_t)n * (i + 1) / c->n_batches);
        c->batches[i] = (cuda_batch){.first = first, .n = end - first};
        first = end;
    }
}

/* Points of the batches that are done, as far as none is missing before. */
static int done_points(const cuda_crew *c)
{
    int n = 0;
    for (int i = 0; i < c->n_batches && c->batches[i].done; i++)
        n += c->batches[i].n;
    return n;
}

static bool all_done(const cuda_crew *c)
{
    for (int i = 0; i < c->n_batches; i++)
        if (!c->batches[i].done)
            return false;
    return true;
}

/* Twice as many points while they take less than half a second, half as many when they take two. */
static void adapt(cuda_crew *c, double seconds)
{
    if (seconds < CALL_SECONDS / 2 && c->at_once < CUDA_MOST_POINTS)
        c->at_once *= 2;
    else if (seconds > CALL_SECONDS * 2 && c->at_once > 1)
        c->at_once /= 2;
}

lsc_status cuda_crew_points(cuda_crew *c, const double *coords, int n, double *out, int *n_done)
{
    lsc_status st = LSC_OK;
    double started = lsc_seconds();
    int before = working(c);
    LSC_TRY(after_failures(c, before));
    c->coords = coords;
    c->out = out;
    share_out(c, n);
    while (!all_done(c)) {
        before = working(c);
        work_together(c);
        LSC_TRY(after_failures(c, before));
    }
    adapt(c, lsc_seconds() - started);
cleanup:
    *n_done = done_points(c);
    return st;
}
