// Our plain arrays as VTK's data sets; shared by the part that writes files and the part that draws.
// SPDX-License-Identifier: MIT
#ifndef LSC_VIZ_VTK_DATA_HXX
#define LSC_VIZ_VTK_DATA_HXX

extern "C" {
#include "viz/arrays.h"
}

#include <vtkDataArray.h>
#include <vtkPolyData.h>
#include <vtkSmartPointer.h>

// Copies n values under a name.
vtkSmartPointer<vtkDataArray> viz_vtk_doubles(const char *name, const double *values, int64_t n);
// Points, cells and normals of a mesh, without arrays.
vtkSmartPointer<vtkPolyData> viz_vtk_poly(const viz_mesh *m);

#endif
