// The space of one panel: walls, floor and surface.
// SPDX-License-Identifier: MIT
#ifndef LSC_VIZ_VTK_SCENE_HXX
#define LSC_VIZ_VTK_SCENE_HXX

#include "viz/vtk_view.hxx"

#include <vtkRenderer.h>
#include <vtkSmartPointer.h>

vtkSmartPointer<vtkRenderer> viz_scene(const viz_picture &p, const viz_panel &panel, const View &view);

#endif
