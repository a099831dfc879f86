/*
 * Stands in for vtk_draw.cxx where VTK is not in the build.
 * SPDX-License-Identifier: MIT
 */
#include "viz/vtk_draw.h"

lsc_status viz_vtk_draw(const viz_picture *p, uint8_t **png, size_t *n)
{
    (void)p, (void)png, (void)n;
    return lsc_fail(LSC_ERR_ABSENT, "VTK is not in this build: configure with -DLSC_WITH_VTK=ON");
}
