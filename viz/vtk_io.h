/*
 * vtk_io.h - the part of VTK that makes files, behind C: bytes come back, base writes them. Needs no OpenGL and no X.
 * Built from vtk_io.cxx, or from vtk_io_absent.c where VTK is not in the build.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_VTK_IO_H
#define LSC_VIZ_VTK_IO_H

#include "viz/arrays.h"
#include "viz/notes.h"

/* A whole .vtp file: the mesh, its arrays [points of the mesh], cell arrays [cells], the notes. *bytes: returns new
 * (lsc_free). LSC_ERR_BACKEND: VTK failed; LSC_ERR_ABSENT: VTK is not in this build. */
lsc_status viz_vtk_mesh(const viz_mesh *m, const viz_arrays *points, const viz_arrays *cells, const viz_notes *notes,
                        uint8_t **bytes, size_t *n);
/* A whole .vtp file of nested surfaces {active array = level} of a grid of rank 3; cells at points that are not shown
 * are left out. arrays [points of the grid]. */
lsc_status viz_vtk_iso(const viz_grid *g, const viz_arrays *arrays, const double *levels, int n_levels,
                       const viz_notes *notes, uint8_t **bytes, size_t *n);
/* A whole .vti file: the grid with its arrays. */
lsc_status viz_vtk_image(const viz_grid *g, const viz_arrays *arrays, const viz_notes *notes, uint8_t **bytes,
                         size_t *n);

#endif
