/*
 * crew.h - devices that do the points of a call together: shared out in batches, one for each worker, and a batch whose
 * worker fails is done by another. A device has one worker or several, each with a stream, memory and data of its own:
 * several points at once fill a device that one leaves idle between small kernels. A point is evaluated by one worker
 * alone, so its value does not depend on how many there are. A call takes as many points as fill about a second.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_CREW_H
#define CUDA_CREW_H

#include <pthread.h>

#include "nn/backend/cuda/worker.h"

enum { CUDA_MOST_DEVICES = 16, CUDA_MOST_WORKERS = CUDA_MOST_DEVICES * NN_MOST_STREAMS };

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
    cuda_member members[CUDA_MOST_WORKERS]; /* the first of each device, then the others */
    int n, n_devices;
    int at_once;  /* points of a worker in one call: grows until they take long enough */
    int64_t lost; /* members that failed */
    /* The call under way. */
    cuda_batch batches[CUDA_MOST_WORKERS];
    int n_batches;
    const double *coords;
    double *out;
};

/* Open the devices number[0] .. number[n-1], each so often. One that cannot be opened is left out with a warning; with
 * none the failure of the last is returned. Takes a crew that is {0}; on failure, too, fini is due. */
lsc_status cuda_crew_init(cuda_crew *c, const cuda_job *job, const cuda_api *api, const int *number, int n,
                          int streams);
void cuda_crew_fini(cuda_crew *c);

/* What follows fails as soon as no worker works any more, with the words of the last one. */

/* The same on every worker that works. */
lsc_status cuda_crew_each(cuda_crew *c, lsc_status (*f)(cuda_worker *w, const void *context), const void *context);
/* One of those that work. */
lsc_status cuda_crew_any(cuda_crew *c, cuda_worker **out);
/* coords [n, n_dirs] -> out [n, n_sums + 1] of the first *n_done points: as many as one call takes, on failure those
 * that were done before. */
lsc_status cuda_crew_points(cuda_crew *c, const double *coords, int n, double *out, int *n_done);

#endif
