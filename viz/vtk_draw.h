/*
 * vtk_draw.h - pictures by VTK, behind C: geometry and numbers go in, a .png file comes back as bytes. No display is
 * needed. Built from vtk_draw.cxx and its neighbours, or from vtk_draw_absent.c where VTK is not in the build. Pixels
 * count from the lower left corner. SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_VTK_DRAW_H
#define LSC_VIZ_VTK_DRAW_H

#include "viz/scale.h"

#define VIZ_TICKS_MAX 16
typedef struct {
    const char *title;
    int n;
    struct {
        double at;
        char text[24];
    } tick[VIZ_TICKS_MAX];
} viz_ticks;

/* Colour and lines of one mesh: 0 is the lower end of the colour scale, 1 its upper end; beyond, the end's colour. */
typedef struct {
    const viz_mesh *mesh;
    const double *color; /* [points] */
} viz_colored;

typedef struct {
    char title[40], subtitle[128];
    viz_colored surface, floor; /* of rank 2; the floor is flat */
} viz_panel;

/* Panels side by side, `columns` in a row, one box, one colour bar at the right. */
typedef struct {
    int n_panels, columns;
    int panel_width, panel_height; /* pixels */
    const viz_panel *panels;
    double lo[3], hi[3]; /* the box of the axes; hi[2] is where the surface is clipped */
    double floor;        /* z of the floor, below lo[2] */
    viz_ticks axis[3];
    viz_ticks bar;                 /* at: fraction of the bar */
    bool bar_open;                 /* there are values above its end */
    double levels[VIZ_LEVELS_MAX]; /* lines, as fractions of the bar */
    int n_levels;
    double rgb[VIZ_COLORS][3];
} viz_picture;

/* *png: returns new (lsc_free). The same picture gives the same bytes on one machine.
 * LSC_ERR_ABSENT: no VTK in this build, or neither EGL nor an X display on this machine. LSC_ERR_BACKEND: VTK failed.
 */
lsc_status viz_vtk_draw(const viz_picture *p, uint8_t **png, size_t *n);

#endif
