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
 * is its maximum, or its 75 % quantile where the maximum is more than four times as high above the minimum.
 * Without a finite point: lo = 0, hi = 1. */
lsc_status viz_height_shared(const lsc_surface *const *surfaces, int n, viz_height_kind kind, double cut,
                             viz_height *out);

/* ---- files ------------------------------------------------------------------------------------ */

/* Every writer makes PATH.part, syncs and renames it: after a failure (LSC_ERR_IO) nothing half-written is left and an
 * older file under PATH is untouched. h: NULL for the surface's own scale. */

/* PolyData, Float64, zlib, appended. 1-D: a poly-line; 2-D: a clipped surface; 3-D: nested iso-surfaces.
 * Point arrays: every field under its name (the loss first), log10_loss, zvalue; cell array `averaged zvalue`. The
 * active array is the loss, or log10_loss where max/min > 30. Cells at a point that is not done or not finite are left
 * out. The first points are the grid, axis 0 fastest; the points after them are where the clip level cuts an edge.
 * Field data: the surface's settings, and height_kind, height_lo, height_hi, height_tall.
 * LSC_ERR_ABSENT without VTK. */
lsc_status viz_write_vtp(const lsc_surface *s, const char *path, const viz_height *h);
/* The same, moved by `shift` along axis 0: for surfaces side by side. */
lsc_status viz_write_vtp_at(const lsc_surface *s, const char *path, const viz_height *h, double shift);

/* A kind of file: a row of formats.def. */
typedef struct {
    const char *name; /* and the end of its files' names */
    lsc_status (*write)(const lsc_surface *s, const char *path, const viz_height *h);
} viz_format;

/* Format i and what it is; NULL past the last. text may be NULL. */
const viz_format *viz_format_at(int i, const char **text);
/* By the end of a path. LSC_ERR_ARG lists the known ones. */
lsc_status viz_format_of(const char *path, const viz_format **out);

/* ---- pictures (picture.c; link lsc_viz_draw) -------------------------------------------------- */

/* A surface and what it is called. Borrows both. */
typedef struct {
    const lsc_surface *surface;
    const char *name;
} viz_run;

/* Surfaces side by side over their contours: one box, one scale of heights and of colours (logarithmic where
 * max/min > 30). Colours end where the geometry is clipped. h NULL: the scale the runs share.
 * LSC_ERR_ABSENT: no VTK in this build, or nothing to draw with on this machine (the message says what to install).
 * LSC_ERR_ARG: a run is not 2-D or has no point to show. */
lsc_status viz_write_png(const viz_run *runs, int n, const char *path, const viz_height *h);

/* ---- comparison (summary.c, table.c) ---------------------------------------------------------- */

/* The numbers of one run; NaN: absent. */
typedef struct {
    double train_accuracy, held_accuracy; /* fractions, from the settings of the same names */
    double centre_loss;
    double rise[2];  /* mean of L - L(0) at the radii viz_radii */
    double basin;    /* area of {L <= L(0) + VIZ_BASIN_RISE} */
    bool basin_open; /* it reaches the border of the grid: the area is a lower bound */
} viz_summary;

extern const double viz_radii[2];
#define VIZ_BASIN_RISE 0.1

viz_summary viz_summary_of(const lsc_surface *s);
/* For people: a column a number, aligned; and as JSON. Names are made safe. Append to t. */
void viz_table_text(const viz_run *runs, int n, lsc_text *t);
void viz_table_json(const viz_run *runs, int n, lsc_text *t);

/* ---- what the program does (runs.c, convert.c, compare.c) ------------------------------------- */

typedef struct {
    const char *output; /* NULL: beside the surface, or compare.png */
    viz_height_kind kind;
    double cut; /* NaN: automatic */
    bool json;  /* the table of a comparison */
} viz_options;

/* Write one surface file in the format that the end of o->output names; the default is .vtp. */
lsc_status viz_convert(const char *path, const viz_options *o);
/* Compare surface files: PATH is one, or a folder that holds surface.h5 or folders that do.
 * Writes the picture o->output (.png), NAME.vtm and the folder NAME with one .vtp a run, side by side, and adds the
 * table to `table`. What cannot be written does not keep the rest from being written: the first failure is returned. */
lsc_status viz_compare(const char *const *paths, int n_paths, const viz_options *o, lsc_text *table);

#endif
