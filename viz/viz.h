/*
 * viz.h - surfaces as files for ParaView, as tables and as pictures; comparison of several runs.
 * The program `landscape` links lsc_viz (heights, meshes, .vtp, .csv: no OpenGL); pictures, the list of formats and
 * the comparison are in lsc_viz_draw and lsc_viz_compare, for the program `viz`.
 * With LSC_WITH_VTK=OFF every function is there; those that need VTK return LSC_ERR_ABSENT and say how to get it.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_H
#define LSC_VIZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* ---- heights (height.c) --------------------------------------------------------------------- */

typedef enum {
    VIZ_RISE, /* L - L(0): the fair height for runs of different training loss; the default */
    VIZ_LOSS, /* L */
    VIZ_LOG,  /* log10 L */
} viz_height_kind;

/* One height scale for all surfaces that are looked at together: z = tall * (g - lo) / (hi - lo), where g is what
 * `kind` makes of the loss. Geometry above `hi` is clipped away along the level line; values in arrays never are. */
typedef struct {
    viz_height_kind kind;
    double lo, hi; /* of g */
    double tall;   /* z at hi, in units of the axes: half of the wider axis, so that the box is about 2 x 2 x 1 */
} viz_height;

const char *viz_height_name(viz_height_kind kind); /* "rise", "loss", "log" */
lsc_status viz_height_parse(const char *name, viz_height_kind *out);

/* The scale shared by n surfaces. cut: the g to clip at; NaN: the median over the surfaces of each one's own top, which
 * is its maximum or twice its 90 % quantile, whichever is lower. Without a finite point: lo = 0, hi = 1. */
lsc_status viz_height_shared(const lsc_surface *const *surfaces, int n, viz_height_kind kind, double cut,
                             viz_height *out);

/* ---- files (vtp.c, csv.c, vti.c) -------------------------------------------------------------- */

/* Every writer makes PATH.part, syncs and renames it: after a failure (LSC_ERR_IO) nothing half-written is left and an
 * older file under PATH is untouched. h: NULL for the surface's own scale. */

/* PolyData, Float64, zlib, appended. 1-D: a poly-line; 2-D: a clipped surface; 3-D: nested iso-surfaces.
 * Point arrays: every field under its name (`loss` first), log10_loss, zvalue; cell array `averaged zvalue`. The active
 * array is `loss`, or `log10_loss` where max/min > 30. Cells at a point that is not done or not finite are left out.
 * The first points are the grid, axis 0 fastest; the points after them are where the clip level cuts an edge.
 * Field data: the surface's settings, and height_kind, height_lo, height_hi, height_tall.
 * LSC_ERR_ABSENT without VTK. */
lsc_status viz_write_vtp(const lsc_surface *s, const char *path, const viz_height *h);

#endif
