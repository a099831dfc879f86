/*
 * losscope_member.h - a rank of lsc_run as a thread of a test: the quadratic on a grid of POINTS.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_LOSSCOPE_MEMBER_H
#define TESTS_LOSSCOPE_MEMBER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"
#include "losscope_fixture.h"

#define POINTS 35

/* One rank: what it is given, and what came of it. */
typedef struct {
    const lsc_ranks *ranks;
    fixture_quadratic q;
    bool coords;  /* route */
    bool leaves;  /* fails before lsc_run */
    int stop_at;  /* points: of the surface for rank 0, begun here for others; 0: to the end */
    int64_t done; /* of the surface, as told to rank 0 */
    _Atomic int begun;
    const char *settings; /* of the objective; NULL: the fixture's */
    const char *path;
    pthread_t thread;
    lsc_surface *surface;
    lsc_status status;
    char message[LSC_MESSAGE_MAX];
    _Atomic bool returned;
} member;

/* Its part, on this thread. */
lsc_status evaluate(member *m);
/* The same as a thread does it: what came of it is kept in the member. */
void *work(void *member);
/* All ranks at once; path is rank 0's. */
void run_all(member *members, int n, const char *path);

void check_failed(const member *m, lsc_status status, const char *text);
/* The surface is whole and has the bits of a process alone. */
void check_values(const lsc_surface *s);

#endif
