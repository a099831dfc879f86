/*
 * mesh.h - a surface as geometry, in plain arrays: what is written to .vtp files and drawn.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_MESH_H
#define LSC_VIZ_MESH_H

#include "viz/viz.h"

/* ---- the grid of a surface (grid.c) ----------------------------------------------------------- */

/* Axes of one point are left out: they change neither the shape nor the order of the points. */
typedef struct {
    int rank; /* 0..3 axes of two and more points */
    lsc_axis axis[3];
    int64_t points;      /* of the surface, axis 0 fastest */
    const double *loss;  /* [points]: the first field */
    const uint8_t *done; /* [points] */
} viz_grid;

viz_grid viz_grid_of(const lsc_surface *s);
/* Done and finite: only such points are part of the geometry. */
bool viz_grid_shown(const viz_grid *g, int64_t point);
/* The point where all coordinates are 0; -1: there is none, or it is not shown. */
int64_t viz_grid_centre(const viz_grid *g);
/* Coordinates along the axes of `g`, 0 beyond its rank. */
void viz_grid_at(const viz_grid *g, int64_t point, double xyz[3]);

/* ---- the height of a loss (height.c) ---------------------------------------------------------- */

/* What the rise is counted from: the loss at the centre, or the least one where the centre is not shown. */
double viz_reference(const viz_grid *g);
/* z of a loss, at least 0; not limited above. */
double viz_height_at(const viz_height *h, double reference, double loss);

/* ---- mesh (mesh.c) ---------------------------------------------------------------------------- */

typedef enum { VIZ_VERTICES, VIZ_LINES, VIZ_POLYGONS } viz_cells;

/* The first n_grid points are the grid; each of the others lies where the clip level cuts an edge (from, to) of the
 * grid, at from + share * (to - from). Points that no cell uses have finite coordinates inside the box all the same. */
typedef struct {
    int64_t n_points, n_grid;
    double *xyz;        /* [n_points, 3] */
    float *normals;     /* [n_points, 3]; NULL unless polygons */
    int64_t (*edge)[2]; /* [n_points - n_grid] */
    double *share;      /* [n_points - n_grid] */
    viz_cells kind;
    int64_t n_cells, n_corners;
    int64_t *offset; /* [n_cells + 1]: corners of cell i are offset[i] .. offset[i + 1] - 1 */
    int64_t *corner; /* [n_corners] */
} viz_mesh;

/* Returns new: rank 2: polygons over x, y with z the height; rank 1: poly-lines with the height along y, so that
 * ParaView, which looks down z at first, shows the curve; rank 0: one vertex. h NULL: a flat mesh, z = 0, nothing
 * clipped. shift is added to x. LSC_ERR_ARG: rank 3. */
lsc_status viz_mesh_new(const viz_grid *g, const viz_height *h, double shift, viz_mesh **out);
void viz_mesh_free(viz_mesh *m);
/* Returns new (lsc_free): a field [n_grid] at all points of the mesh, linear along cut edges. */
lsc_status viz_mesh_values(const viz_mesh *m, const double *field, double **out);

#endif
