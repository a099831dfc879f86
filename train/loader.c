/*
 * Batches prepared ahead: threads take items of the next steps one after the other and fill their rows, while an
 * earlier batch is trained on. What a step gets depends on (seed, step) only, not on who filled what; the threads agree
 * by a mutex and conditions, and none spins. Two batches lie in memory: the one in use and the next one.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define SLOTS       2
#define THREADS_MAX 16
#define CHUNK       8 /* items that a thread takes at once */

/* A batch being made, or made, or in use. */
typedef struct {
    tr_batch batch;
    int64_t step, done; /* of which step; items whose rows are filled */
} slot;

typedef struct worker worker;

struct tr_loader {
    tr_loader_options o;
    slot slots[SLOTS]; /* step, done: guarded; the rows of an item by who took it */
    int64_t *order;    /* of the epoch that items are taken from; guarded */
    int64_t length, steps_per_epoch;
    int64_t image; /* elements */
    int64_t step;  /* from which items are taken; guarded */
    int64_t taken; /* items of it; guarded */
    int64_t given; /* the batch in use: slots of earlier steps may be filled anew; guarded */
    int64_t next;  /* of the next call; the consumer's own */
    bool stop;     /* guarded */
    lsc_carried failure;
    pthread_mutex_t mutex;
    pthread_cond_t room, ready; /* for the workers, for the consumer */
    worker *workers;            /* [n_workers] */
    int n_workers;
};

struct worker {
    tr_loader *loader;
    ds_reader *reader;
    pthread_t thread;
    bool running;
};

/* Items first .. first+n-1 of a step. */
typedef struct {
    slot *slot;
    int64_t epoch, first, n;
    int64_t index[CHUNK];
} chunk;

int64_t tr_loader_steps_per_epoch(const tr_loader_options *o)
{
    return ds_epoch_length(o->data, o->sampler) / o->batch;
}

/* Under the lock: a step's items have all been taken, or none of the first one's. */
static void begin_step(tr_loader *l)
{
    const int64_t epoch = l->step / l->steps_per_epoch, k = l->step % l->steps_per_epoch;
    slot *s = &l->slots[l->step % SLOTS];

    if (k == 0 || l->step == l->o.first_step)
        ds_epoch_order(l->o.data, l->o.seed, epoch, l->o.sampler, l->order);
    s->step = l->step;
    s->done = 0;
}

static bool has_items(const tr_loader *l)
{
    return l->step < l->o.past_step && l->step < l->given + SLOTS;
}

/* Under the lock. */
static void take(tr_loader *l, chunk *c)
{
    if (l->taken == 0)
        begin_step(l);
    c->slot = &l->slots[l->step % SLOTS];
    c->epoch = l->step / l->steps_per_epoch;
    c->first = l->taken;
    c->n = l->o.batch - l->taken < CHUNK ? l->o.batch - l->taken : CHUNK;
    memcpy(c->index, l->order + l->step % l->steps_per_epoch * l->o.batch + c->first, (size_t)c->n * sizeof *c->index);
    l->taken += c->n;
    if (l->taken == l->o.batch) {
        l->step++;
        l->taken = 0;
    }
}

static lsc_status fill(worker *w, const chunk *c)
{
    lsc_status st = LSC_OK;
    const tr_loader *l = w->loader;
    const tr_batch *b = &c->slot->batch;
    const int64_t n = ds_count(l->o.data), items = l->o.batch;

    for (int64_t k = 0; k < c->n; k++) {
        const int64_t row = c->first + k, image = c->index[k] % n;
        LSC_TRY(
            ds_reader_read(w->reader, c->epoch, c->index[k], l->o.views, b->images + row * l->image, items * l->image));
        for (int view = 0; view < l->o.views; view++) {
            b->labels[view * items + row] = ds_labels(l->o.data)[image];
            b->domains[view * items + row] = ds_domains(l->o.data)[image];
        }
    }
cleanup:
    return st;
}

static void *work(void *argument)
{
    worker *w = argument;
    tr_loader *l = w->loader;
    chunk c;

    pthread_mutex_lock(&l->mutex);
    while (!l->stop) {
        if (!has_items(l)) {
            pthread_cond_wait(&l->room, &l->mutex);
            continue;
        }
        take(l, &c);
        pthread_mutex_unlock(&l->mutex);
        const lsc_status st = fill(w, &c);
        lsc_carry(&l->failure, st);
        pthread_mutex_lock(&l->mutex);
        c.slot->done += c.n;
        l->stop = l->stop || st != LSC_OK;
        if (c.slot->done == l->o.batch || l->stop)
            pthread_cond_signal(&l->ready);
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}

static lsc_status allocate(tr_loader *l)
{
    lsc_status st = LSC_OK;
    const int64_t rows = l->o.batch * l->o.views;
    int64_t shape[3];

    ds_image_shape(l->o.data, shape);
    l->image = shape[0] * shape[1] * shape[2];
    LSC_NEW(l->order, l->length);
    for (int i = 0; i < SLOTS; i++) {
        tr_batch *b = &l->slots[i].batch;
        l->slots[i].step = -1;
        b->n = rows;
        LSC_NEW(b->images, rows * l->image);
        LSC_NEW(b->labels, rows);
        LSC_NEW(b->domains, rows);
    }
cleanup:
    return st;
}

static lsc_status start(tr_loader *l)
{
    lsc_status st = LSC_OK;
    const int64_t wanted = l->o.threads > 0 ? l->o.threads : sysconf(_SC_NPROCESSORS_ONLN);

    l->n_workers = (int)(wanted < 1 ? 1 : wanted < THREADS_MAX ? wanted : THREADS_MAX);
    LSC_NEW(l->workers, l->n_workers);
    for (int i = 0; i < l->n_workers; i++) {
        l->workers[i].loader = l;
        LSC_TRY(ds_reader_new(l->o.data, &l->o.augment, l->o.seed, &l->workers[i].reader));
    }
    for (int i = 0; i < l->n_workers; i++) {
        const int failed = pthread_create(&l->workers[i].thread, NULL, work, &l->workers[i]);
        l->workers[i].running = failed == 0;
        /* Where some threads cannot be had, those that are there do the work. */
        LSC_CHECK(failed == 0 || i > 0, LSC_ERR_NOMEM, "cannot start the loader's thread: %s", strerror(failed));
    }
cleanup:
    return st;
}

lsc_status tr_loader_new(const tr_loader_options *o, tr_loader **out)
{
    lsc_status st = LSC_OK;
    tr_loader *l = NULL;

    LSC_NEW(l, 1);
    l->o = *o;
    l->o.views = o->views > 0 ? o->views : 1;
    l->length = ds_epoch_length(o->data, o->sampler);
    l->steps_per_epoch = tr_loader_steps_per_epoch(o);
    l->step = o->first_step;
    l->given = o->first_step;
    l->next = o->first_step;
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->room, NULL);
    pthread_cond_init(&l->ready, NULL);
    LSC_CHECK(l->steps_per_epoch > 0, LSC_ERR_ARG, "loader: a batch of %lld from %lld images", (long long)o->batch,
              (long long)l->length);
    LSC_TRY(allocate(l));
    LSC_TRY(start(l));
    *out = l;
    l = NULL;
cleanup:
    tr_loader_free(l);
    return st;
}

static void stop_workers(tr_loader *l)
{
    pthread_mutex_lock(&l->mutex);
    l->stop = true;
    pthread_cond_broadcast(&l->room);
    pthread_mutex_unlock(&l->mutex);
    for (int i = 0; i < l->n_workers; i++) {
        if (l->workers[i].running)
            pthread_join(l->workers[i].thread, NULL);
        ds_reader_free(l->workers[i].reader);
    }
}

void tr_loader_free(tr_loader *l)
{
    if (l == NULL)
        return;
    if (l->workers != NULL)
        stop_workers(l);
    lsc_free(l->workers);
    for (int i = 0; i < SLOTS; i++) {
        lsc_free(l->slots[i].batch.images);
        lsc_free(l->slots[i].batch.labels);
        lsc_free(l->slots[i].batch.domains);
    }
    lsc_free(l->order);
    pthread_cond_destroy(&l->ready);
    pthread_cond_destroy(&l->room);
    pthread_mutex_destroy(&l->mutex);
    lsc_free(l);
}

static bool is_ready(const tr_loader *l, const slot *s, int64_t step)
{
    return s->step == step && s->done == l->o.batch;
}

lsc_status tr_loader_next(tr_loader *l, const tr_batch **out)
{
    const int64_t step = l->next;
    const slot *s = &l->slots[step % SLOTS];

    *out = NULL;
    if (step == l->o.past_step)
        return LSC_OK;
    l->next++;
    pthread_mutex_lock(&l->mutex);
    l->given = step;
    pthread_cond_broadcast(&l->room);
    while (!is_ready(l, s, step) && !l->stop)
        pthread_cond_wait(&l->ready, &l->mutex);
    const bool ready = is_ready(l, s, step);
    pthread_mutex_unlock(&l->mutex);
    if (!ready)
        return lsc_carried_take(&l->failure);
    *out = &s->batch;
    return LSC_OK;
}
