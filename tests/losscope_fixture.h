/*
 * losscope_fixture.h - a small model for tests of liblosscope: a layout with every role, and a quadratic over it
 * that is evaluated by either route.
 * SPDX-License-Identifier: MIT
 */
#ifndef LOSSCOPE_FIXTURE_H
#define LOSSCOPE_FIXTURE_H

#include "losscope.h"

/* conv.weight [4, 3, 2, 2], fc.weight [5, 7], fc.bias [5], bn.weight [4], bn.running_mean [4], bn.count []. */
extern const lsc_layout fixture_layout;
#define FIXTURE_N 97

/* Made of sines: no two alike, none zero. */
void fixture_center(float center[FIXTURE_N]);

/* loss = sum_j (1 + j % 5) theta_j^2 / 2, accuracy = 1 / (1 + loss), half = loss / 2. */
typedef struct {
    int calls, points;    /* so far */
    int fail_at;          /* the point, from 1, at which it fails; 0: never */
    int per_call_max;     /* eval_coords does at most so many points a call; 0: all */
    lsc_status fail_with; /* 0: LSC_ERR_CALLBACK */
    int slow_us;          /* sleep before each point */
    double nan_above;     /* losses above become NaN; 0: none */
    double high_above;    /* points with a loss above are counted under the name "high"; 0: nothing is counted */
    int64_t high;
    void (*before)(void *context); /* each point; may be NULL */
    void *context;
    const float *center;
    const float *dirs[3];
    int n_dirs;
} fixture_quadratic;

/* q borrowed. With `coords` by eval_coords, otherwise by eval alone. */
lsc_objective fixture_objective(fixture_quadratic *q, bool coords);

#endif
