/*
 * losscope_post.h - ranks that are threads of one process: messages between them, in memory.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_LOSSCOPE_POST_H
#define TESTS_LOSSCOPE_POST_H

#include "losscope.h"

enum { POST_RANKS = 32 };

typedef struct post post;

/* Returns new: n ranks, to whom nothing was sent. */
post *post_new(int n);
void post_free(post *p);
/* What rank i gives to lsc_run. */
const lsc_ranks *post_ranks(post *p, int i);
/* Any bytes, as if from rank `from`. */
void post_send(post *p, int from, int to, const void *bytes, size_t n);
/* Messages that rank i has not received yet. */
int post_waiting(post *p, int i);

#endif
