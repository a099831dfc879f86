/*
 * Points of a landscape on one device or several: each call's points are shared out in batches, one for each device,
 * and a batch whose device fails is done by another. A point is evaluated on one device alone, so its value does not
 * depend on how many there are. A call takes as many points as fill about a second. SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/worker.h"

#include <pthread.h>
#include <string.h>

#include "nn/backend/cuda/evaluator.h"
#include "nn/backend/cuda/loader.h"
#include "nn/backend/cuda/plans.h"

enum { MAX_DEVICES = 16 };
#define CALL_SECONDS 1.0

/* Points first .. first+n-1 of a call. */
typedef struct {
    int first, n;
    bool done;
} batch;

typedef struct cuda_evaluator cuda_evaluator;

/* A worker, its thread, and why it failed. */
typedef struct {
    cuda_evaluator *owner;
    cuda_worker worker;
    pthread_t thread;
    batch *batch;      /* to do now; NULL: none */
    lsc_status status; /* LSC_OK: it works */
    char message[LSC_MESSAGE_MAX];
} crew;

struct cuda_evaluator {
    cuda_job job;
    crew workers[MAX_DEVICES];
    int n_workers;
    char text[512];
    int at_once; /* points of a device in one call: grows until they take long enough */
    int64_t lost;
    /* The call under way. */
    batch batches[MAX_DEVICES];
    int n_batches;
    const double *coords;
    double *out;
    int n_dirs;
    double *row; /* of one point */
};

/* ---- life ------------------------------------------------------------------------------------------- */

static void evaluator_free(void *self)
{
    cuda_evaluator *e = self;
    if (e == NULL)
        return;
    for (int i = 0; i < e->n_workers; i++)
        cuda_worker_fini(&e->workers[i].worker);
    cuda_plans_free(e->job.plans);
    lsc_free(e->job.selected);
    lsc_free(e->row);
    lsc_free(e);
}

static lsc_status find_loss(const char *name, int *out)
{
    const nn_loss *loss = NULL;
    lsc_status st = nn_loss_find(name, &loss);
    for (int i = 0; st == LSC_OK && nn_loss_at(i) != NULL; i++)
        if (nn_loss_at(i) == loss)
            *out = i;
    return st;
}

/* Of n devices those of one process of several. */
static int own_part(int *number, int n, int part, int parts)
{
    int own = 0;
    if (parts > n) {
        part %= n;
        parts = n;
    }
    for (int i = part; i < n; i += parts)
        number[own++] = number[i];
    return own;
}

static lsc_status find_devices(const nn_evaluator_options *o, const cuda_api **api, int *number, int *n)
{
    lsc_status st = LSC_OK;
    if (o->device < 0) {
        LSC_TRY(cuda_usable(api, number, MAX_DEVICES, n));
        if (o->parts > 1)
            *n = own_part(number, *n, o->part, o->parts);
        goto cleanup;
    }
    LSC_TRY(cuda_load(api));
    LSC_TRY(cuda_check_device(*api, o->device));
    number[0] = o->device;
    *n = 1;
cleanup:
    return st;
}

static lsc_status make_job(cuda_job *job, const nn_graph *g, const nn_evaluator_options *o)
{
    lsc_status st = LSC_OK;
    const nn_shape *in = nn_graph_input(g);
    LSC_CHECK(in->rank == 3 && memcmp(in->dim, o->samples.shape, sizeof in->dim) == 0, LSC_ERR_ABSENT,
              "cuda: the network reads other images than the data has, or vectors: use cpu");
    job->g = g;
    job->o = *o;
    job->n_sums = 1 + (o->samples.n_domains > 1 ? o->samples.n_domains : 0);
    job->n_selected = o->samples.n;
    job->all = true;
    LSC_TRY(find_loss(o->loss, &job->loss));
    LSC_TRY(cuda_plans_new(&job->plans));
    LSC_NEW(job->selected, o->samples.n);
    for (int64_t i = 0; i < o->samples.n; i++)
        job->selected[i] = i;
cleanup:
    return st;
}

static void write_text(cuda_evaluator *e, const cuda_api *api)
{
    size_t length = 0;
    for (int i = 0; i < e->n_workers && length < sizeof e->text; i++)
        length += (size_t)snprintf(e->text + length, sizeof e->text - length, "%s%s", i > 0 ? ", " : "",
                                   e->workers[i].worker.text);
    if (length < sizeof e->text)
        snprintf(e->text + length, sizeof e->text - length, "; %s", api->versions());
}

static lsc_status evaluator_new(const nn_graph *g, const nn_evaluator_options *o, void **self)
{
    lsc_status st = LSC_OK;
    cuda_evaluator *e = NULL;
    const cuda_api *api = NULL;
    int number[MAX_DEVICES], n = 0;

    LSC_TRY(find_devices(o, &api, number, &n));
    LSC_NEW(e, 1);
    e->at_once = 1;
    LSC_TRY(make_job(&e->job, g, o));
    LSC_NEW(e->row, e->job.n_sums + 1);
    for (int i = 0; i < n; i++) {
        crew *c = &e->workers[e->n_workers++];
        c->owner = e;
        LSC_TRY(cuda_worker_init(&c->worker, &e->job, api, number[i]));
    }
    write_text(e, api);
    *self = e;
    e = NULL;
cleanup:
    evaluator_free(e);
    return st;
}

static const char *text(const void *self)
{
    return ((const cuda_evaluator *)self)->text;
}

static int most_points(const void *self)
{
    return CUDA_MOST_POINTS * ((const cuda_evaluator *)self)->n_workers;
}

/* ---- devices that fail ------------------------------------------------------------------------------ */

static int working(const cuda_evaluator *e)
{
    int n = 0;
    for (int i = 0; i < e->n_workers; i++)
        n += e->workers[i].status == LSC_OK;
    return n;
}

static void keep_failure(crew *c, lsc_status st)
{
    c->status = st;
    if (st != LSC_OK)
        snprintf(c->message, sizeof c->message, "%s", lsc_last_error());
}

/* Devices that stopped working in this step; with none left, the last one's words. */
static lsc_status after_failures(cuda_evaluator *e, int before)
{
    const crew *last = NULL;
    int now = working(e);
    e->lost += before - now;
    for (int i = 0; i < e->n_workers; i++)
        last = e->workers[i].status != LSC_OK ? &e->workers[i] : last;
    if (now == 0)
        return lsc_fail(last->status, "%s", last->message);
    if (now < before)
        lsc_log_warn("%s; going on with %d other GPU%s", last->message, now, now > 1 ? "s" : "");
    return LSC_OK;
}

/* The same on every device that works. */
static lsc_status on_all(cuda_evaluator *e, lsc_status (*f)(cuda_worker *w, const void *context), const void *context)
{
    int before = working(e);
    for (int i = 0; i < e->n_workers; i++)
        if (e->workers[i].status == LSC_OK)
            keep_failure(&e->workers[i], f(&e->workers[i].worker, context));
    return after_failures(e, before);
}

/* ---- samples and frame -------------------------------------------------------------------------------- */

static lsc_status select_worker(cuda_worker *w, const void *context)
{
    (void)context;
    return cuda_worker_select(w);
}

static lsc_status select_samples(void *self, const int64_t *index, int64_t n)
{
    cuda_evaluator *e = self;
    for (int64_t i = 0; i < n; i++)
        e->job.selected[i] = index != NULL ? index[i] : i;
    e->job.n_selected = n;
    e->job.all = index == NULL;
    return on_all(e, select_worker, NULL);
}

typedef struct {
    const float *center, *const *dirs;
    int n_dirs;
} frame;

static lsc_status frame_worker(cuda_worker *w, const void *context)
{
    const frame *f = context;
    return cuda_worker_set_frame(w, f->center, f->dirs, f->n_dirs);
}

static lsc_status set_frame(void *self, const float *center, const float *const *dirs, int n_dirs)
{
    cuda_evaluator *e = self;
    e->n_dirs = n_dirs;
    return on_all(e, frame_worker, &(frame){center, dirs, n_dirs});
}

/* ---- points ----------------------------------------------------------------------------------------- */

static void *work(void *context)
{
    crew *c = context;
    const cuda_evaluator *e = c->owner;
    batch *b = c->batch;
    keep_failure(c, cuda_worker_points(&c->worker, e->coords + (int64_t)b->first * e->n_dirs, b->n,
                                       e->out + (int64_t)b->first * (e->job.n_sums + 1)));
    b->done = c->status == LSC_OK;
    return NULL;
}

/* A batch that is not done for each device that works, as far as there are any. */
static void hand_out(cuda_evaluator *e)
{
    int next = 0;
    for (int i = 0; i < e->n_workers; i++) {
        crew *c = &e->workers[i];
        while (next < e->n_batches && e->batches[next].done)
            next++;
        c->batch = c->status == LSC_OK && next < e->n_batches ? &e->batches[next++] : NULL;
    }
}

/* The devices at once, the first of them on this thread; one whose thread cannot be had does nothing now. */
static void work_together(cuda_evaluator *e)
{
    bool started[MAX_DEVICES] = {false};
    crew *own = NULL;
    hand_out(e);
    for (int i = 0; i < e->n_workers; i++) {
        crew *c = &e->workers[i];
        if (c->batch == NULL)
            continue;
        if (own == NULL)
            own = c;
        else
            started[i] = pthread_create(&c->thread, NULL, work, c) == 0;
    }
    work(own);
    for (int i = 0; i < e->n_workers; i++)
        if (started[i])
            pthread_join(e->workers[i].thread, NULL);
}

static void share_out(cuda_evaluator *e, int n)
{
    int parts = working(e), most = e->at_once * parts, first = 0;
    n = n < most ? n : most;
    e->n_batches = parts < n ? parts : n;
    for (int i = 0; i < e->n_batches; i++) {
        int end = (int)((int64_t)n * (i + 1) / e->n_batches);
        e->batches[i] = (batch){.first = first, .n = end - first};
        first = end;
    }
}

/* Points of the batches that are done, as far as none is missing before. */
static int done_points(const cuda_evaluator *e)
{
    int n = 0;
    for (int i = 0; i < e->n_batches && e->batches[i].done; i++)
        n += e->batches[i].n;
    return n;
}

static bool all_done(const cuda_evaluator *e)
{
    for (int i = 0; i < e->n_batches; i++)
        if (!e->batches[i].done)
            return false;
    return true;
}

/* Twice as many points while they take less than half a second, half as many when they take two. */
static void adapt(cuda_evaluator *e, double seconds)
{
    if (seconds < CALL_SECONDS / 2 && e->at_once < CUDA_MOST_POINTS)
        e->at_once *= 2;
    else if (seconds > CALL_SECONDS * 2 && e->at_once > 1)
        e->at_once /= 2;
}

static lsc_status points(void *self, const double *coords, int n, double *out, int *n_done)
{
    lsc_status st = LSC_OK;
    cuda_evaluator *e = self;
    double started = lsc_seconds();
    int before = working(e);
    LSC_TRY(after_failures(e, before));
    e->coords = coords;
    e->out = out;
    share_out(e, n);
    while (!all_done(e)) {
        before = working(e);
        work_together(e);
        LSC_TRY(after_failures(e, before));
    }
    adapt(e, lsc_seconds() - started);
cleanup:
    *n_done = done_points(e);
    return st;
}

static lsc_status losses(void *self, double *loss, uint8_t *correct)
{
    lsc_status st = LSC_OK;
    cuda_evaluator *e = self;
    const double centre[CUDA_MAX_DIRS] = {0};
    int i = 0;
    LSC_TRY(after_failures(e, working(e)));
    while (e->workers[i].status != LSC_OK)
        i++;
    LSC_TRY(cuda_worker_points(&e->workers[i].worker, centre, 1, e->row));
    LSC_TRY(cuda_worker_losses(&e->workers[i].worker, loss, correct));
cleanup:
    return st;
}

static nn_evaluator_counts counts(const void *self)
{
    const cuda_evaluator *e = self;
    nn_evaluator_counts n = {.lost = e->lost};
    for (int i = 0; i < e->n_workers; i++) {
        n.negative += e->workers[i].worker.n_negative;
        n.again += e->workers[i].worker.n_again;
    }
    return n;
}

const nn_evaluator_ops cuda_evaluator_ops = {
    .evaluator_new = evaluator_new,
    .evaluator_free = evaluator_free,
    .text = text,
    .most_points = most_points,
    .select = select_samples,
    .set_frame = set_frame,
    .points = points,
    .losses = losses,
    .counts = counts,
};
