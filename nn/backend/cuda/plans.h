/*
 * plans.h - in which of the ways that a device proposes a convolution is computed: the fastest, measured once and kept.
 *
 *   plans.c        what is kept under a convolution's key, or else the fastest, which is then kept
 *   plan_choice.c  which is the fastest
 *   plan_cache.c   what is kept: in the process, and in a folder of the user's for other processes
 *
 * Ways differ in how they round, within the precision that was asked for. So that values stay equal, all devices of one
 * kind use the same one, in this process and in every other that shares the folder: the first that is kept.
 *     LOSSCOPE_AUTOTUNE=off       none is measured: the first of the device's own ranking
 *     LOSSCOPE_PLAN_CACHE=off|DIR nothing is kept beyond the process; or in this folder instead of
 *                                 $XDG_CACHE_HOME/losscope/plans, ~/.cache/losscope/plans
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_PLANS_H
#define CUDA_PLANS_H

#include "nn/backend/cuda/cuda.h"

/* ---- all of it (plans.c) -------------------------------------------------------------------------- */

/* With the settings of the environment; LSC_ERR_CONFIG if they are none. Used by one thread at a time. */
lsc_status cuda_plans_new(cuda_plans **out);
void cuda_plans_free(cuda_plans *p);
/* The convolution of a shape on an open device. data: memory of the shape to measure with, without workspace.
 * LSC_ERR_ABSENT: the device has no way. */
lsc_status cuda_plans_conv(const cuda_context *c, const cuda_conv_shape *shape, const cuda_conv_data *data,
                           cuda_conv **out);
/* A shape in one line; returns out. Equal shapes have equal lines. */
#define CUDA_SHAPE_TEXT 160
const char *cuda_shape_text(const cuda_conv_shape *shape, char out[CUDA_SHAPE_TEXT]);

/* ---- the fastest (plan_choice.c) ------------------------------------------------------------------- */

/* Of the first `most` of the device's ranking the one whose shortest of a few times is the shortest, the earlier of
 * equal ones; of those that cannot be written down, which are used where there are no others, the first. Those that
 * cannot be run or recorded, or that lose NaN, are left out; where that leaves none because of NaN, or the device has
 * none, likewise of those with the rectifier apart; if none is left, it is an error. The data's x and y are written.
 * *said: the user knows that it takes a while. */
lsc_status cuda_plan_choose(const cuda_context *c, const cuda_conv_shape *shape, const cuda_conv_data *data, int most,
                            bool *said, cuda_conv **out);

/* ---- what is kept (plan_cache.c) --------------------------------------------------------------------- */

typedef struct cuda_plan_cache cuda_plan_cache;

/* folder NULL: of this process alone. It need not exist. */
lsc_status cuda_plan_cache_new(const char *folder, cuda_plan_cache **out);
void cuda_plan_cache_free(cuda_plan_cache *c);
/* *text NULL: there is none. It is the cache's, until forget. key: one line. */
lsc_status cuda_plan_cache_find(cuda_plan_cache *c, const char *key, const char **text, size_t *n);
/* Keep a text under a key that had none. *other: another process was faster, and its text is kept instead. That a file
 * cannot be written is a warning, once, and no failure. */
lsc_status cuda_plan_cache_keep(cuda_plan_cache *c, const char *key, const char *text, size_t n, bool *other);
/* What was found is of no use: it is not found any more, and the next that is kept replaces its file. */
void cuda_plan_cache_forget(cuda_plan_cache *c, const char *key);

#endif
