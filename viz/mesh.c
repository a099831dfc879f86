/*
 * A grid as polygons, poly-lines or a vertex. Cells at a point that is not shown are left out. What is higher than the
 * clip level is cut away along the level line (Sutherland and Hodgman 1974, one plane), not pressed flat: the rim of
 * the surface follows the line, and the height between grid points stays linear.
 * Grid of rank 2: point i + nx j; corners of cell (i, j) counter-clockwise from (i, j).
 * SPDX-License-Identifier: MIT
 */
#include "viz/mesh.h"

#include <math.h>

#define CORNERS_MAX 6     /* of a cut quadrilateral: two opposite corners stay, four edges are cut */
#define HEIGHT_MAX  1e300 /* differences of heights stay finite */
#define STEEPEST    1e6   /* squares of slopes fit a float */

typedef struct {
    const viz_grid *g;
    const double *z; /* [points] heights, not limited */
    double top;
    int64_t *cut_at; /* [2 points]: the mesh point on the edge from a point along axis 0 or 1; -1: none yet */
    viz_mesh *m;
} builder;

void viz_mesh_free(viz_mesh *m)
{
    if (m == NULL)
        return;
    lsc_free(m->xyz);
    lsc_free(m->normals);
    lsc_free(m->edge);
    lsc_free(m->share);
    lsc_free(m->offset);
    lsc_free(m->corner);
    lsc_free(m);
}

static bool kept(const builder *b, int64_t point)
{
    return b->z[point] <= b->top;
}

/* The mesh point where the clip level cuts the edge between two neighbours of the grid. */
static int64_t cut_point(builder *b, int64_t p, int64_t q)
{
    const int64_t from = p < q ? p : q, to = p < q ? q : p;
    int64_t *at = &b->cut_at[2 * from + (to - from > 1)];
    viz_mesh *m = b->m;

    if (*at < 0) {
        const double share = (b->top - b->z[from]) / (b->z[to] - b->z[from]);
        const int64_t k = m->n_points - m->n_grid;
        *at = m->n_points++;
        m->edge[k][0] = from;
        m->edge[k][1] = to;
        m->share[k] = share;
        for (int a = 0; a < 3; a++)
            m->xyz[3 * *at + a] = m->xyz[3 * from + a] + share * (m->xyz[3 * to + a] - m->xyz[3 * from + a]);
    }
    return *at;
}

static void add_corner(viz_mesh *m, int64_t point)
{
    m->corner[m->n_corners++] = point;
}

static void end_cell(viz_mesh *m)
{
    m->offset[++m->n_cells] = m->n_corners;
}

static void add_quad(builder *b, const int64_t quad[4])
{
    const int64_t before = b->m->n_corners;

    for (int k = 0; k < 4; k++)
        if (!viz_grid_shown(b->g, quad[k]))
            return;
    for (int k = 0; k < 4; k++) {
        const int64_t here = quad[k], next = quad[(k + 1) % 4];
        if (kept(b, here))
            add_corner(b->m, here);
        if (kept(b, here) != kept(b, next))
            add_corner(b->m, cut_point(b, here, next));
    }
    if (b->m->n_corners > before)
        end_cell(b->m);
}

static void add_polygons(builder *b)
{
    const int64_t nx = b->g->axis[0].n, ny = b->g->axis[1].n;

    for (int64_t j = 0; j + 1 < ny; j++) {
        for (int64_t i = 0; i + 1 < nx; i++) {
            const int64_t p = j * nx + i;
            add_quad(b, (const int64_t[4]){p, p + 1, p + nx + 1, p + nx});
        }
    }
}

/* A line is open while its last corner is part of the curve. */
static void add_lines(builder *b)
{
    viz_mesh *m = b->m;

    for (int64_t p = 0; p < m->n_grid; p++) {
        const bool shown = viz_grid_shown(b->g, p), joined = shown && p + 1 < m->n_grid && viz_grid_shown(b->g, p + 1);
        if (shown && kept(b, p))
            add_corner(m, p);
        if (joined && kept(b, p) != kept(b, p + 1)) {
            add_corner(m, cut_point(b, p, p + 1));
            if (kept(b, p))
                end_cell(m);
        } else if (!joined && m->n_corners > m->offset[m->n_cells]) {
            end_cell(m);
        }
    }
}

static void add_vertex(builder *b)
{
    if (viz_grid_shown(b->g, 0)) {
        add_corner(b->m, 0);
        end_cell(b->m);
    }
}

/* The slope of z along one axis from the neighbours that are shown; 0 where there are none. */
static double slope(const builder *b, int64_t point, int axis)
{
    const int64_t stride = axis == 0 ? 1 : b->g->axis[0].n;
    const lsc_axis *a = &b->g->axis[axis];
    const int i = (int)(point / stride % a->n);
    const bool before = i > 0 && viz_grid_shown(b->g, point - stride);
    const bool after = i + 1 < a->n && viz_grid_shown(b->g, point + stride);
    const int64_t p = before ? point - stride : point, q = after ? point + stride : point;

    if (p == q)
        return 0;
    const double rise = (b->z[q] - b->z[p]) / (lsc_axis_at(a, i + after) - lsc_axis_at(a, i - before));
    return fmax(-STEEPEST, fmin(STEEPEST, rise));
}

static void unit(float n[3])
{
    const float length = sqrtf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    for (int a = 0; a < 3; a++)
        n[a] /= length;
}

static void add_normals(builder *b)
{
    viz_mesh *m = b->m;

    for (int64_t p = 0; p < m->n_grid; p++) {
        float *n = &m->normals[3 * p];
        const bool shown = viz_grid_shown(b->g, p);
        n[0] = shown ? (float)-slope(b, p, 0) : 0;
        n[1] = shown ? (float)-slope(b, p, 1) : 0;
        n[2] = 1;
        unit(n);
    }
    for (int64_t k = 0; k < m->n_points - m->n_grid; k++) {
        float *n = &m->normals[3 * (m->n_grid + k)];
        const float share = (float)m->share[k];
        for (int a = 0; a < 3; a++)
            n[a] = (1 - share) * m->normals[3 * m->edge[k][0] + a] + share * m->normals[3 * m->edge[k][1] + a];
        unit(n);
    }
}

/* Rank 2: the height is z; rank 1: y. Limited to the box, so that points without a cell do not spoil the bounds. */
static void place_points(builder *b, double shift)
{
    const int up = b->g->rank == 1 ? 1 : 2;

    for (int64_t p = 0; p < b->m->n_grid; p++) {
        double *xyz = &b->m->xyz[3 * p];
        viz_grid_at(b->g, p, xyz);
        xyz[0] += shift;
        xyz[up] = fmin(b->z[p], b->top);
    }
}

/* Points on cut edges lie at the top exactly; place_points has limited the height of their outer ends. */
static void lift_cut_points(builder *b)
{
    const int up = b->g->rank == 1 ? 1 : 2;
    for (int64_t p = b->m->n_grid; p < b->m->n_points; p++)
        b->m->xyz[3 * p + up] = b->top;
}

static void add_cells(builder *b)
{
    static void (*const add[])(builder *) = {add_vertex, add_lines, add_polygons};
    add[b->g->rank](b);
    lift_cut_points(b);
    if (b->m->normals != NULL)
        add_normals(b);
}

/* Heights [points]; 0 where a point is not shown, and everywhere for a flat mesh. */
static void fill_heights(const viz_grid *g, const viz_height *h, double *z)
{
    const double reference = viz_reference(g);
    for (int64_t i = 0; i < g->points; i++)
        z[i] = h != NULL && viz_grid_shown(g, i) ? fmin(HEIGHT_MAX, viz_height_at(h, reference, g->loss[i])) : 0;
}

lsc_status viz_mesh_new(const viz_grid *g, const viz_height *h, double shift, viz_mesh **out)
{
    lsc_status st = LSC_OK;
    const int64_t n = g->points, cuts_max = n * g->rank, points_max = n + cuts_max;
    builder b = {.g = g, .top = h == NULL ? 0 : h->tall};
    double *z = NULL;

    LSC_CHECK(g->rank < 3, LSC_ERR_ARG, "mesh: a surface of 3 axes has no height");
    LSC_NEW(b.m, 1);
    LSC_NEW(z, n);
    LSC_NEW(b.cut_at, 2 * n);
    LSC_NEW(b.m->xyz, 3 * points_max);
    LSC_NEW(b.m->edge, cuts_max);
    LSC_NEW(b.m->share, cuts_max);
    LSC_NEW(b.m->offset, n + 1);
    LSC_NEW(b.m->corner, n * CORNERS_MAX);
    if (g->rank == 2)
        LSC_NEW(b.m->normals, 3 * points_max);
    for (int64_t i = 0; i < 2 * n; i++)
        b.cut_at[i] = -1;
    b.m->kind = (viz_cells)g->rank;
    b.m->n_points = b.m->n_grid = n;
    fill_heights(g, h, z);
    b.z = z;
    place_points(&b, shift);
    add_cells(&b);
    *out = b.m;
    b.m = NULL;
cleanup:
    lsc_free(z);
    lsc_free(b.cut_at);
    viz_mesh_free(b.m);
    return st;
}

lsc_status viz_mesh_values(const viz_mesh *m, const double *field, double **out)
{
    lsc_status st = LSC_OK;
    double *values = NULL;

    LSC_NEW(values, m->n_points);
    for (int64_t p = 0; p < m->n_grid; p++)
        values[p] = field[p];
    for (int64_t k = 0; k < m->n_points - m->n_grid; k++) {
        const double from = field[m->edge[k][0]], to = field[m->edge[k][1]];
        values[m->n_grid + k] = from + m->share[k] * (to - from);
    }
    *out = values;
cleanup:
    return st;
}
