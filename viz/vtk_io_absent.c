/*
 * Stands in for vtk_io.cxx where VTK is not in the build.
 * SPDX-License-Identifier: MIT
 */
#include "viz/vtk_io.h"

static lsc_status absent(void)
{
    return lsc_fail(LSC_ERR_ABSENT, "VTK is not in this build: configure with -DLSC_WITH_VTK=ON");
}

lsc_status viz_vtk_mesh(const viz_mesh *m, const viz_arrays *points, const viz_arrays *cells, const viz_notes *notes,
                        uint8_t **bytes, size_t *n)
{
    (void)m, (void)points, (void)cells, (void)notes, (void)bytes, (void)n;
    return absent();
}

lsc_status viz_vtk_iso(const viz_grid *g, const viz_arrays *arrays, const double *levels, int n_levels,
                       const viz_notes *notes, uint8_t **bytes, size_t *n)
{
    (void)g, (void)arrays, (void)levels, (void)n_levels, (void)notes, (void)bytes, (void)n;
    return absent();
}

lsc_status viz_vtk_image(const viz_grid *g, const viz_arrays *arrays, const viz_notes *notes, uint8_t **bytes,
                         size_t *n)
{
    (void)g, (void)arrays, (void)notes, (void)bytes, (void)n;
    return absent();
}
