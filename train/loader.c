/*
 * Batches prepared ahead: a second thread fills one of two slots while the other is trained on.
 * What a step gets depends on (seed, step) only; the threads agree by a mutex and a condition, and neither spins.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <pthread.h>
#include <string.h>

#define SLOTS 2

struct tr_loader {
    tr_loader_options o;
    tr_batch slot[SLOTS];
    int64_t *order; /* of the epoch being prepared */
    int64_t steps_per_epoch;
    int64_t image;    /* elements */
    int64_t prepared; /* steps below this lie in their slots; guarded */
    int64_t given;    /* the batch in use: slots of earlier steps may be filled anew; guarded */
    int64_t next;     /* of the next call; the consumer's own */
    bool stop;        /* guarded */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool running;
};

/* The first view is that of a loader with one. */
static uint64_t view_seed(const tr_loader *l, int view)
{
    return view == 0 ? l->o.seed : lsc_rng_bits((lsc_rng){l->o.seed, lsc_rng_stream("view", 0, 0)}, (uint64_t)view);
}

static void prepare(tr_loader *l, int64_t step)
{
    const int64_t epoch = step / l->steps_per_epoch, k = step % l->steps_per_epoch;
    tr_batch *b = &l->slot[step % SLOTS];

    if (k == 0 || step == l->o.first_step)
        ds_epoch_order(l->o.data, l->o.seed, epoch, l->o.balanced, l->order);
    for (int view = 0; view < l->o.views; view++) {
        const int64_t row = view * l->o.batch;
        ds_read_augmented(l->o.data, &l->o.augment, view_seed(l, view), epoch, l->order + k * l->o.batch, l->o.batch,
                          b->images + row * l->image, b->labels + row, b->domains + row);
    }
}

static void *work(void *argument)
{
    tr_loader *l = argument;
    for (int64_t step = l->o.first_step; step < l->o.past_step; step++) {
        pthread_mutex_lock(&l->mutex);
        while (!l->stop && step >= l->given + SLOTS)
            pthread_cond_wait(&l->changed, &l->mutex);
        const bool stop = l->stop;
        pthread_mutex_unlock(&l->mutex);
        if (stop)
            break;
        prepare(l, step);
        pthread_mutex_lock(&l->mutex);
        l->prepared = step + 1;
        pthread_cond_signal(&l->changed);
        pthread_mutex_unlock(&l->mutex);
    }
    return NULL;
}

lsc_status tr_loader_new(const tr_loader_options *o, tr_loader **out)
{
    lsc_status st = LSC_OK;
    tr_loader *l = NULL;
    int64_t shape[3];

    LSC_NEW(l, 1);
    l->o = *o;
    l->steps_per_epoch = ds_count(o->data) / o->batch;
    l->prepared = o->first_step;
    l->given = o->first_step;
    l->next = o->first_step;
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->changed, NULL);
    LSC_CHECK(l->steps_per_epoch > 0, LSC_ERR_ARG, "loader: a batch of %lld from %lld images", (long long)o->batch,
              (long long)ds_count(o->data));
    l->o.views = o->views > 0 ? o->views : 1;
    ds_image_shape(o->data, shape);
    l->image = shape[0] * shape[1] * shape[2];
    LSC_NEW(l->order, ds_count(o->data));
    for (int i = 0; i < SLOTS; i++) {
        l->slot[i].n = o->batch * l->o.views;
        LSC_NEW(l->slot[i].images, l->slot[i].n * l->image);
        LSC_NEW(l->slot[i].labels, l->slot[i].n);
        LSC_NEW(l->slot[i].domains, l->slot[i].n);
    }
    const int failed = pthread_create(&l->thread, NULL, work, l);
    LSC_CHECK(failed == 0, LSC_ERR_NOMEM, "cannot start the loader's thread: %s", strerror(failed));
    l->running = true;
    *out = l;
    l = NULL;
cleanup:
    tr_loader_free(l);
    return st;
}

void tr_loader_free(tr_loader *l)
{
    if (l == NULL)
        return;
    if (l->running) {
        pthread_mutex_lock(&l->mutex);
        l->stop = true;
        pthread_cond_signal(&l->changed);
        pthread_mutex_unlock(&l->mutex);
        pthread_join(l->thread, NULL);
    }
    for (int i = 0; i < SLOTS; i++) {
        lsc_free(l->slot[i].images);
        lsc_free(l->slot[i].labels);
        lsc_free(l->slot[i].domains);
    }
    lsc_free(l->order);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->mutex);
    lsc_free(l);
}

const tr_batch *tr_loader_next(tr_loader *l)
{
    const int64_t step = l->next;

    if (step == l->o.past_step)
        return NULL;
    l->next++;
    pthread_mutex_lock(&l->mutex);
    l->given = step;
    pthread_cond_signal(&l->changed);
    while (l->prepared <= step)
        pthread_cond_wait(&l->changed, &l->mutex);
    pthread_mutex_unlock(&l->mutex);
    return &l->slot[step % SLOTS];
}
