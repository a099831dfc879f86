/*
 * Plan: the points of a grid, ordered coarse to fine, so that a run cut short has covered the whole grid.
 * Along one axis the middle is first (level 0), then the two ends (1), then the middles of the gaps (2, 3, ...);
 * a grid point has the finest level of its coordinates, and points of a level follow in grid order.
 * SPDX-License-Identifier: MIT
 */
#include <float.h>
#include <math.h>

#include "landscape/engine.h"

#define LEVELS_MAX 34 /* a gap of less than 2^31 points is halved at most 31 times */

struct lsc_plan {
    lsc_axis axes[3];
    int n_axes;
    int64_t points;
    int32_t *order; /* [points] grid indices */
};

lsc_status lsc_axes_check(const lsc_axis *axes, int n_axes)
{
    lsc_status st = LSC_OK;
    int64_t points = 1;

    LSC_CHECK(n_axes >= 1 && n_axes <= 3, LSC_ERR_ARG, "axes: there are %d, should be 1..3", n_axes);
    for (int i = 0; i < n_axes; i++) {
        const lsc_axis *a = &axes[i];

        LSC_CHECK(a->n >= 1, LSC_ERR_ARG, "axis %d: %d points, should be 1 or more", i, a->n);
        LSC_CHECK(isfinite(a->min) && isfinite(a->max) && isfinite(a->max - a->min), LSC_ERR_ARG,
                  "axis %d: %g .. %g is not finite", i, a->min, a->max);
        LSC_CHECK(a->n == 1 || a->min < a->max, LSC_ERR_ARG, "axis %d: min %g is not below max %g", i, a->min, a->max);
        LSC_CHECK(!__builtin_mul_overflow(points, a->n, &points) && points <= INT32_MAX, LSC_ERR_ARG,
                  "axes: the grid has more than 2^31 - 1 points");
    }
cleanup:
    return st;
}

int64_t lsc_axes_points(const lsc_axis *axes, int n_axes)
{
    int64_t points = 1;

    for (int i = 0; i < n_axes; i++)
        points *= axes[i].n;
    return points;
}

double lsc_axis_at(const lsc_axis *axis, int i)
{
    const double range = axis->max - axis->min;
    double x;

    if (axis->n == 1)
        return axis->min + range / 2;
    if (i == axis->n - 1)
        return axis->max;
    x = axis->min + i * range / (axis->n - 1);
    /* Where the grid crosses zero, rounding leaves a few units in the last place of min. */
    return i > 0 && fabs(x) < 8 * DBL_EPSILON * fabs(axis->min) ? 0 : x;
}

/* Levels strictly between lo and hi, whose middle has this level. */
static void halve(uint8_t *level, int lo, int hi, uint8_t next)
{
    const int middle = lo + (hi - lo) / 2;

    if (hi - lo < 2)
        return;
    level[middle] = next;
    halve(level, lo, middle, (uint8_t)(next + 1));
    halve(level, middle, hi, (uint8_t)(next + 1));
}

static void axis_levels(uint8_t *level, int n)
{
    const int middle = (n - 1) / 2;

    halve(level, 0, middle, 2);
    halve(level, middle, n - 1, 2);
    level[0] = level[n - 1] = 1;
    level[middle] = 0;
}

static uint8_t point_level(const lsc_plan *p, uint8_t *const levels[3], int64_t index)
{
    uint8_t level = 0;

    for (int a = 0; a < p->n_axes; a++) {
        const uint8_t along = levels[a][index % p->axes[a].n];

        index /= p->axes[a].n;
        level = along > level ? along : level;
    }
    return level;
}

/* Counting sort of the grid indices by level; equal levels keep grid order. */
static void order_points(lsc_plan *p, uint8_t *const levels[3])
{
    int64_t start[LEVELS_MAX + 1] = {0};

    for (int64_t k = 0; k < p->points; k++)
        start[point_level(p, levels, k) + 1]++;
    for (int l = 1; l <= LEVELS_MAX; l++)
        start[l] += start[l - 1];
    for (int64_t k = 0; k < p->points; k++)
        p->order[start[point_level(p, levels, k)]++] = (int32_t)k;
}

lsc_status lsc_plan_new(const lsc_axis *axes, int n_axes, lsc_plan **out)
{
    lsc_status st = LSC_OK;
    lsc_plan *p = NULL;
    uint8_t *levels[3] = {NULL};

    LSC_TRY(lsc_context(lsc_axes_check(axes, n_axes), "plan"));
    LSC_NEW(p, 1);
    p->n_axes = n_axes;
    p->points = lsc_axes_points(axes, n_axes);
    for (int a = 0; a < n_axes; a++) {
        p->axes[a] = axes[a];
        LSC_NEW(levels[a], axes[a].n);
        axis_levels(levels[a], axes[a].n);
    }
    LSC_NEW(p->order, p->points);
    order_points(p, levels);
    *out = p;
    p = NULL;
cleanup:
    for (int a = 0; a < 3; a++)
        lsc_free(levels[a]);
    lsc_plan_free(p);
    return st;
}

void lsc_plan_free(lsc_plan *plan)
{
    if (plan == NULL)
        return;
    lsc_free(plan->order);
    lsc_free(plan);
}

int lsc_plan_axes(const lsc_plan *plan, lsc_axis out[3])
{
    for (int a = 0; a < plan->n_axes; a++)
        out[a] = plan->axes[a];
    return plan->n_axes;
}

int64_t lsc_plan_points(const lsc_plan *plan)
{
    return plan->points;
}

int64_t lsc_plan_point(const lsc_plan *plan, int64_t k, double *coords)
{
    const int64_t index = plan->order[k];
    int64_t rest = index;

    for (int a = 0; a < plan->n_axes; a++) {
        coords[a] = lsc_axis_at(&plan->axes[a], (int)(rest % plan->axes[a].n));
        rest /= plan->axes[a].n;
    }
    return index;
}
