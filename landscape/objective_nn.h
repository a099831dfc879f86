/*
 * objective_nn.h - a network, its data and its loss as an lsc_objective: the one place where liblosscope meets nn
 * and data.
 *
 *     loss(theta) = 1/N sum_i l(f_theta(x_i), y_i)
 *
 * with batch norm by the running statistics in theta, by the statistics of each batch of samples, in their order, or by
 * running statistics that are formed anew at theta from a fixed set of images (no gradients then).
 *
 * Counts of points: negative_variance, where a running variance is negative in some layer, so that the loss is NaN; in
 * fp16 also repeated_in_tf32, which overflowed in 16 bits.
 *
 * Fields: loss (nats per sample), accuracy (fraction), and with several domains loss_domain0, loss_domain1, ...
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_OBJECTIVE_NN_H
#define LSC_OBJECTIVE_NN_H

#include "data/data.h"
#include "losscope.h"
#include "nn/nn.h"

typedef struct {
    const nn_graph *graph;  /* borrowed */
    const ds_dataset *data; /* borrowed */
    const char *model;      /* its name, for the settings */
    const char *loss;       /* a row of losses.def */
    const int64_t *index;   /* [n_index] samples by their number in the data set, copied; NULL: all */
    int64_t n_index;
    const char *backend; /* NULL: "auto": GPUs if there are any, else the fastest that is there */
    int arithmetic;      /* 1 + nn_arithmetic, which all but NN_FP32 only devices have; 0: TF32 on them */
    nn_real real;        /* scalar that theta is evaluated in */
    nn_statistics statistics;
    int64_t batch; /* images of one forward, 0: as suits. On NN_BATCH their statistics are used, and samples must be
                      whole batches */
    const int64_t *norm_index;  /* [n_norm] images by their number in the data set, copied: at every theta its running
                                   statistics are the means of those of their batches; NULL: they are as they are */
    int64_t n_norm, norm_batch; /* images, and images of a batch: n_norm must be whole batches */
    int streams;                /* points at once on each GPU, at most NN_MOST_STREAMS; 0: 1 */
    int threads;                /* 0: all cores */
    int part, parts; /* of the processes on this machine that share its devices; parts 0: it has them to itself */
    size_t memory; /* bytes of normalized images to keep; with more, they are normalized anew at each point; 0: 4 GiB */
} objective_nn_options;

/* Opens *out; lsc_objective_close ends it. All memory is taken here, and that for gradients at the first of them:
 * nothing is allocated per point. accuracy has no gradient (LSC_ERR_ARG). LSC_ERR_SHAPE: the model does not fit the
 * images, or has fewer classes than there are labels. */
lsc_status objective_nn_open(const objective_nn_options *o, lsc_objective *out);
/* Backend and threads that evaluate, and both in words: "cpu, 2 threads", "cuda:0 NVIDIA H100; ... in tf32". */
const char *objective_nn_backend(const lsc_objective *obj);
int objective_nn_threads(const lsc_objective *obj);
const char *objective_nn_device(const lsc_objective *obj);
/* Samples are to be selected in whole batches of so many; 1: any number. */
int64_t objective_nn_unit(const lsc_objective *obj);
/* Images that pass at every point for its statistics; 0: none. */
int64_t objective_nn_norm_images(const lsc_objective *obj);

#endif
