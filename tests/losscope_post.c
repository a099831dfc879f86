/*
 * Messages between threads.
 * SPDX-License-Identifier: MIT
 */
#include "losscope_post.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct letter {
    struct letter *next;
    int from;
    size_t n;
    unsigned char bytes[];
} letter;

typedef struct {
    post *post;
    letter *first, *opened; /* opened: what receive gave last */
    lsc_ranks ranks;
} box;

struct post {
    pthread_mutex_t mutex;
    int n;
    box boxes[POST_RANKS];
};

void post_send(post *p, int from, int to, const void *bytes, size_t n)
{
    letter *l = calloc(1, sizeof *l + n), **at;

    l->from = from;
    l->n = n;
    memcpy(l->bytes, bytes, n);
    pthread_mutex_lock(&p->mutex);
    for (at = &p->boxes[to].first; *at != NULL; at = &(*at)->next)
        ;
    *at = l;
    pthread_mutex_unlock(&p->mutex);
}

static lsc_status send(void *self, int to, const void *bytes, size_t n)
{
    box *b = self;

    post_send(b->post, b->ranks.rank, to, bytes, n);
    return LSC_OK;
}

static lsc_status receive(void *self, int *from, const void **bytes, size_t *n)
{
    box *b = self;

    free(b->opened);
    pthread_mutex_lock(&b->post->mutex);
    b->opened = b->first;
    if (b->first != NULL)
        b->first = b->first->next;
    pthread_mutex_unlock(&b->post->mutex);
    *from = b->opened == NULL ? -1 : b->opened->from;
    *bytes = b->opened == NULL ? NULL : b->opened->bytes;
    *n = b->opened == NULL ? 0 : b->opened->n;
    return LSC_OK;
}

post *post_new(int n)
{
    post *p = calloc(1, sizeof *p);

    pthread_mutex_init(&p->mutex, NULL);
    p->n = n;
    for (int i = 0; i < n; i++) {
        box *b = &p->boxes[i];

        b->post = p;
        b->ranks = (lsc_ranks){.rank = i, .n = n, .self = b, .send = send, .receive = receive};
    }
    return p;
}

void post_free(post *p)
{
    for (int i = 0; i < p->n; i++) {
        free(p->boxes[i].opened);
        for (letter *l = p->boxes[i].first, *next; l != NULL; l = next) {
            next = l->next;
            free(l);
        }
    }
    pthread_mutex_destroy(&p->mutex);
    free(p);
}

const lsc_ranks *post_ranks(post *p, int i)
{
    return &p->boxes[i].ranks;
}

int post_waiting(post *p, int i)
{
    int n = 0;

    pthread_mutex_lock(&p->mutex);
    for (const letter *l = p->boxes[i].first; l != NULL; l = l->next)
        n++;
    pthread_mutex_unlock(&p->mutex);
    return n;
}
