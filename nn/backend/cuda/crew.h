/*
 * crew.h - devices that do the points of a call together: shared out in batches, one for each device, and a batch whose
 * device fails is done by another. A point is evaluated on one device alone, so its value does not depend on how many
 * there are. A call takes as many points as fill about a second.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_CREW_H
#define CUDA_CREW_H

#include <pthread.h>

#include "nn/backend/cuda/worker.h"

enum { CUDA_MOST_DEVICES = 16 };

/* Points first .. first+n-1 of a call. */
typedef struct {
    int first, n;
    bool done;
} cuda_batch;

typedef struct cuda_crew cuda_crew;

/* A worker, its thread, and why it failed. */
typedef struct {
    cuda_crew *crew;
    cuda_worker worker;
    pthread_t thread;
    cuda_batch *batch; /* to do now; NULL: none */
    lsc_status status; /* LSC_OK: it works */
    char message[LSC_MESSAGE_MAX];
} cuda_member;

struct cuda_crew {
    cuda_member members[CUDA_MOST_DEVICES];
    int n;
    int at_once;  /* points of a device in one call: grows until they take long enough */
    int64_t lost; /* members that failed */
    /* The call under way. */
    cuda_batch batches[CUDA_MOST_DEVICES];
    int n_batches;
    const double *coords;
    double *out;
};

/* Open the devices number[0] .. number[n-1]. Takes a crew that is {0}; on failure, too, fini is due. */
lsc_status cuda_crew_init(cuda_crew *c, const cuda_job *job, const cuda_api *api, const int *number, int n);
void cuda_crew_fini(cuda_crew *c);

/* What follows fails as soon as no device works any more, with the words of the last one. */

/* The same on every device that works. */
lsc_status cuda_crew_each(cuda_crew *c, lsc_status (*f)(cuda_worker *w, const void *context), const void *context);
/* One of those that work. */
lsc_status cuda_crew_any(cuda_crew *c, cuda_worker **out);
/* coords [n, n_dirs] -> out [n, n_sums + 1] of the first *n_done points: as many as one call takes, on failure those
 * that were done before. */
lsc_status cuda_crew_points(cuda_crew *c, const double *coords, int n, double *out, int *n_done);

#endif
