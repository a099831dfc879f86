/*
 * The grid of a surface as the viewer sees it: without axes of one point, and with the points worth showing.
 * SPDX-License-Identifier: MIT
 */
#include "viz/mesh.h"

#include <math.h>

viz_grid viz_grid_of(const lsc_surface *s)
{
    lsc_axis axes[3];
    const int n_axes = lsc_surface_axes(s, axes);
    viz_grid g = {.points = lsc_surface_points(s), .done = lsc_surface_done(s)};

    g.loss = lsc_surface_field(s, lsc_surface_field_name(s, 0));
    for (int a = 0; a < n_axes; a++)
        if (axes[a].n > 1)
            g.axis[g.rank++] = axes[a];
    return g;
}

bool viz_grid_shown(const viz_grid *g, int64_t point)
{
    return g->done[point] && isfinite(g->loss[point]);
}

void viz_grid_at(const viz_grid *g, int64_t point, double xyz[3])
{
    for (int a = 0; a < 3; a++) {
        xyz[a] = 0;
        if (a < g->rank) {
            xyz[a] = lsc_axis_at(&g->axis[a], (int)(point % g->axis[a].n));
            point /= g->axis[a].n;
        }
    }
}

int64_t viz_grid_centre(const viz_grid *g)
{
    int64_t point = 0, stride = 1;

    for (int a = 0; a < g->rank; a++) {
        int i = 0;
        while (i < g->axis[a].n && lsc_axis_at(&g->axis[a], i) != 0)
            i++;
        if (i == g->axis[a].n)
            return -1;
        point += i * stride;
        stride *= g->axis[a].n;
    }
    return viz_grid_shown(g, point) ? point : -1;
}
