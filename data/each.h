/*
 * each.h - the same work for every index, by several threads.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_EACH_H
#define DS_EACH_H

#include "base/base.h"

typedef lsc_status (*ds_work)(void *context, int64_t i);

/* work(context, i) for i = 0 .. n-1, begun in this order by `threads` threads (0: one for each processor, 16 at most;
 * the calling one among them), with a progress line about `what`. The failure that is returned is the one of the
 * smallest i, however many threads there are; LSC_ERR_STOPPED on request. */
lsc_status ds_each(int threads, const char *what, int64_t n, ds_work work, void *context);

#endif
