// A mesh as vtkPolyData.
// SPDX-License-Identifier: MIT
#include "viz/vtk_data.hxx"

#include <vtkCellArray.h>
#include <vtkDoubleArray.h>
#include <vtkFloatArray.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkPoints.h>
#include <vtkTypeInt64Array.h>

#include <algorithm>

vtkSmartPointer<vtkDataArray> viz_vtk_doubles(const char *name, const double *values, int64_t n)
{
    vtkNew<vtkDoubleArray> array;
    array->SetName(name);
    array->SetNumberOfTuples(n);
    std::copy(values, values + n, array->GetPointer(0));
    return array.Get();
}

static vtkSmartPointer<vtkTypeInt64Array> integers(const int64_t *values, int64_t n)
{
    vtkNew<vtkTypeInt64Array> array;
    array->SetNumberOfTuples(n);
    std::copy(values, values + n, array->GetPointer(0));
    return array.Get();
}

static void set_normals(vtkPolyData *poly, const viz_mesh *m)
{
    vtkNew<vtkFloatArray> normals;
    normals->SetName("Normals");
    normals->SetNumberOfComponents(3);
    normals->SetNumberOfTuples(m->n_points);
    std::copy(m->normals, m->normals + 3 * m->n_points, normals->GetPointer(0));
    poly->GetPointData()->SetNormals(normals);
}

vtkSmartPointer<vtkPolyData> viz_vtk_poly(const viz_mesh *m)
{
    vtkNew<vtkDoubleArray> xyz;
    xyz->SetNumberOfComponents(3);
    xyz->SetNumberOfTuples(m->n_points);
    std::copy(m->xyz, m->xyz + 3 * m->n_points, xyz->GetPointer(0));
    vtkNew<vtkPoints> points;
    points->SetData(xyz);
    vtkNew<vtkCellArray> cells;
    cells->SetData(integers(m->offset, m->n_cells + 1), integers(m->corner, m->n_corners));

    auto poly = vtkSmartPointer<vtkPolyData>::New();
    poly->SetPoints(points);
    if (m->kind == VIZ_POLYGONS)
        poly->SetPolys(cells);
    else if (m->kind == VIZ_LINES)
        poly->SetLines(cells);
    else
        poly->SetVerts(cells);
    if (m->normals != nullptr)
        set_normals(poly, m);
    return poly;
}
