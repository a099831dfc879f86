/*
 * Rise: how much the loss grows, on average, at a given distance from the center,
 *     rise(rho) = mean of L(c) - L(0) over the grid points c with | |c| - rho | <= h / 2,
 * h the larger step of the two axes. Non-finite losses count as they are.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "landscape/engine.h"

double lsc_axis_step(const lsc_axis *axis)
{
    return axis->n > 1 ? (axis->max - axis->min) / (axis->n - 1) : 0;
}

/* The place of coordinate 0 on an axis; -1 if the grid misses it. */
static int zero_at(const lsc_axis *axis)
{
    for (int i = 0; i < axis->n; i++)
        if (lsc_axis_at(axis, i) == 0)
            return i;
    return -1;
}

lsc_status lsc_surface_center_loss(const lsc_surface *s, double *loss)
{
    lsc_status st = LSC_OK;
    int x, y;

    LSC_CHECK(s->n_axes == 2, LSC_ERR_ARG, "measure: the surface has %d axes, should have 2", s->n_axes);
    x = zero_at(&s->axes[0]);
    y = zero_at(&s->axes[1]);
    LSC_CHECK(x >= 0 && y >= 0, LSC_ERR_ARG, "measure: the center (0, 0) is not a point of the grid");
    LSC_CHECK(s->done[(int64_t)y * s->axes[0].n + x], LSC_ERR_ARG, "measure: the center (0, 0) is not done");
    *loss = s->values[(int64_t)y * s->axes[0].n + x];
cleanup:
    return st;
}

lsc_status lsc_surface_rise(const lsc_surface *s, double radius, double *rise)
{
    lsc_status st = LSC_OK;
    const int nx = s->axes[0].n;
    const double half = fmax(lsc_axis_step(&s->axes[0]), lsc_axis_step(&s->axes[1])) / 2;
    double center = 0, sum = 0;
    int64_t n = 0;

    LSC_TRY(lsc_surface_center_loss(s, &center));
    for (int64_t i = 0; i < s->points; i++) {
        const double x = lsc_axis_at(&s->axes[0], (int)(i % nx)), y = lsc_axis_at(&s->axes[1], (int)(i / nx));

        if (s->done[i] && fabs(hypot(x, y) - radius) <= half) {
            sum += s->values[i] - center;
            n++;
        }
    }
    *rise = n > 0 ? sum / (double)n : NAN;
cleanup:
    return st;
}
