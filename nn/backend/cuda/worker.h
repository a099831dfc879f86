/*
 * worker.h - one device at work on points of a landscape: the samples lie on it, or pass through it from pinned memory
 * where they do not fit; three recorded graphs - set a point, one chunk of samples, finish the point - are all that is
 * asked of it, and the host waits for it once for many points.
 * N samples, B images of a chunk.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_WORKER_H
#define CUDA_WORKER_H

#include "nn/backend/cuda/cuda.h"

#define CUDA_MOST_POINTS 64 /* of one call on one device */
enum {
    CUDA_WINDOWS = 2,
    CUDA_MEASURED_IMAGES =
        16, /* the first ones, by which exponents are set; the others may come to 500 times as much */
};

/* What all workers share, unchanged while they run. */
typedef struct {
    const nn_graph *g;
    nn_evaluator_options o; /* its samples stay valid */
    int loss;               /* row of losses.def */
    int n_sums;             /* of all samples, and of each domain */
    int64_t *selected;      /* [N] of them; */
    int64_t n_selected;
    bool all; /* selected is not used */
    cuda_plans *plans;
} cuda_job;

/* A net with its recorded graphs, of which NULL is not recorded yet. */
typedef struct {
    cuda_net *net;  /* NULL: not needed */
    cuda_net *norm; /* on batch statistics, forms those of `net` anew; NULL: they are as they are */
    bool measured;  /* exponents of the net are set at each point by a pass of the net that evaluates once more */
    cuda_graph *begin, *chunk[CUDA_WINDOWS], *end;
    cuda_graph *form, *fold; /* one batch of the images that statistics are formed from; then weights on them */
} cuda_pass;

typedef struct {
    const cuda_job *job;
    cuda_context context;
    char text[160]; /* "cuda:0 NAME" */
    cuda_frame frame;
    cuda_pass pass, again; /* again: in TF32, for points that overflow in 16 bits */
    int64_t batch; /* images of a chunk: in FP16 at least those that are measured, so that values do not depend on it */
    size_t spare;  /* bytes of the device that images must leave free */

    void *pixels[CUDA_WINDOWS]; /* all samples in the first; or windows [B] */
    void *pinned[CUDA_WINDOWS]; /* what goes into the windows; NULL: all samples are there */
    void *norm_pixels;          /* all images that statistics are formed from */
    float *value;
    int32_t *labels, *domains, *index; /* [N] */
    double *losses;                    /* [N] */
    uint8_t *correct;                  /* [N] */
    cuda_sum *partial;
    double *out;      /* [CUDA_MOST_POINTS, n_sums + 1] */
    cuda_note *notes; /* [CUDA_MOST_POINTS] */

    int64_t n_negative, n_again; /* points so far */
} cuda_worker;

/* Open the device and give it all it needs. On failure, too, fini is due. */
lsc_status cuda_worker_init(cuda_worker *w, const cuda_job *job, const cuda_api *api, int number);
void cuda_worker_fini(cuda_worker *w);
/* After job->selected has changed. */
lsc_status cuda_worker_select(cuda_worker *w);
lsc_status cuda_worker_set_frame(cuda_worker *w, const float *center, const float *const *dirs, int n_dirs);
/* coords [n, n_dirs] -> out [n, n_sums + 1], n <= CUDA_MOST_POINTS. */
lsc_status cuda_worker_points(cuda_worker *w, const double *coords, int n, double *out);
/* Of the last point. */
lsc_status cuda_worker_losses(cuda_worker *w, double *loss, uint8_t *correct);

/* For its files (worker_pass.c). Ask for a point, whose parts are recorded the first time; forget what was recorded, as
 * the frame or the selected samples have changed. */
lsc_status cuda_pass_run(cuda_worker *w, cuda_pass *pass);
void cuda_pass_forget(cuda_worker *w, cuda_pass *pass); /* takes one that is {0} */
void cuda_pass_free(cuda_worker *w, cuda_pass *pass);   /* and make it {0}; takes one that is */

/* For its files (worker_data.c): all memory of the data; the samples of a chunk on their way into a window. */
lsc_status cuda_worker_make_data(cuda_worker *w);
void cuda_worker_free_data(cuda_worker *w);
lsc_status cuda_worker_load(cuda_worker *w, int64_t first, int window);

static inline bool cuda_worker_streams(const cuda_worker *w)
{
    return w->pinned[0] != NULL;
}

#endif
