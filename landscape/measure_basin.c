/*
 * Basin: the area of {c : L(c) <= L(0) + rise}, in units of the axes, by marching squares: the level line crosses an
 * edge where linear interpolation says so. A cell whose opposite corners alone are inside is joined through its
 * middle if the mean of the four is inside.
 * Error: where the loss is convex the area is too small by O(h^2), h the step; for a paraboloid by less than pi h^2 /
 * 2, whatever the radius. SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "landscape/engine.h"

/* Loss minus level at the corners of a cell, counter-clockwise from its lower left; inside: <= 0. */
typedef struct {
    double v[4];
} cell;

static const double corner_x[4] = {0, 1, 1, 0}, corner_y[4] = {0, 0, 1, 1};

/* Triangle cut off at corner k: the product of the two inside lengths, halved. */
static double corner_area(const cell *c, int k)
{
    const double at = c->v[k], next = c->v[(k + 1) % 4], before = c->v[(k + 3) % 4];

    return at / (at - next) * (at / (at - before)) / 2;
}

/* Two opposite corners inside and not joined: two triangles, not one hexagon. */
static bool is_split(const cell *c)
{
    const bool in0 = c->v[0] <= 0, in1 = c->v[1] <= 0, in2 = c->v[2] <= 0, in3 = c->v[3] <= 0;

    return in0 == in2 && in1 == in3 && in0 != in1 && c->v[0] + c->v[1] + c->v[2] + c->v[3] > 0;
}

/* Share of the cell that is inside: the polygon of inside corners and crossings, by the shoelace formula. */
static double inside_share(const cell *c)
{
    double x[8], y[8], twice = 0;
    int n = 0;

    if (is_split(c)) {
        const int k = c->v[0] <= 0 ? 0 : 1;
        return corner_area(c, k) + corner_area(c, k + 2);
    }
    for (int k = 0; k < 4; k++) {
        const int next = (k + 1) % 4;
        const double a = c->v[k], b = c->v[next];

        if (a <= 0) {
            x[n] = corner_x[k];
            y[n++] = corner_y[k];
        }
        if ((a <= 0) != (b <= 0)) {
            x[n] = corner_x[k] + a / (a - b) * (corner_x[next] - corner_x[k]);
            y[n++] = corner_y[k] + a / (a - b) * (corner_y[next] - corner_y[k]);
        }
    }
    for (int k = 0; k < n; k++)
        twice += x[k] * y[(k + 1) % n] - x[(k + 1) % n] * y[k];
    return twice / 2;
}

/* The cell whose lower left corner is grid point i. *open: it lets the set out where nobody has looked. */
static double cell_share(const lsc_surface *s, int64_t i, double level, bool *open)
{
    const int64_t corners[4] = {i, i + 1, i + s->axes[0].n + 1, i + s->axes[0].n};
    cell c;
    bool usable = true, known = true, inside = false;

    for (int k = 0; k < 4; k++) {
        c.v[k] = s->values[corners[k]] - level;
        usable = usable && s->done[corners[k]] && isfinite(c.v[k]);
        known = known && s->done[corners[k]];
        inside = inside || c.v[k] <= 0;
    }
    *open = *open || (!known && inside);
    return usable ? inside_share(&c) : 0;
}

static bool on_border(const lsc_surface *s, int64_t i)
{
    const int64_t nx = s->axes[0].n, ny = s->axes[1].n, x = i % nx, y = i / nx;

    return x == 0 || y == 0 || x == nx - 1 || y == ny - 1;
}

lsc_status lsc_surface_basin(const lsc_surface *s, double rise, double *area, bool *open)
{
    lsc_status st = LSC_OK;
    double level = 0, cells = 0;
    bool touches = false;

    LSC_TRY(lsc_surface_center_loss(s, &level));
    level += rise;
    for (int64_t i = 0; i < s->points; i++) {
        touches = touches || (on_border(s, i) && s->done[i] && s->values[i] <= level);
        if (i % s->axes[0].n < s->axes[0].n - 1 && i / s->axes[0].n < s->axes[1].n - 1)
            cells += cell_share(s, i, level, &touches);
    }
    *area = cells * lsc_axis_step(&s->axes[0]) * lsc_axis_step(&s->axes[1]);
    *open = touches;
cleanup:
    return st;
}
