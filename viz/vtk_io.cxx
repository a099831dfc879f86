// Files for ParaView as bytes: appended raw data, zlib, 64-bit headers.
// SPDX-License-Identifier: MIT
extern "C" {
#include "viz/vtk_io.h"
}

#include "viz/vtk_data.hxx"
#include "viz/vtk_guard.hxx"

#include <vtkCellData.h>
#include <vtkContourGrid.h>
#include <vtkDoubleArray.h>
#include <vtkErrorCode.h>
#include <vtkFieldData.h>
#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkPoints.h>
#include <vtkPolyDataNormals.h>
#include <vtkStringArray.h>
#include <vtkUnstructuredGrid.h>
#include <vtkXMLImageDataWriter.h>
#include <vtkXMLPolyDataWriter.h>

#include <cstring>

static void add_arrays(vtkDataSetAttributes *to, const viz_arrays *arrays, int64_t n)
{
    for (int i = 0; i < arrays->n; i++)
        to->AddArray(viz_vtk_doubles(arrays->list[i].name, arrays->list[i].values, n));
    if (arrays->active != nullptr)
        to->SetActiveScalars(arrays->active);
}

static void add_text(vtkFieldData *to, const lsc_setting &text)
{
    char *name = viz_safe_name(text.key);
    if (name == nullptr)
        throw std::bad_alloc();
    vtkNew<vtkStringArray> array;
    array->SetName(name);
    array->InsertNextValue(text.value);
    to->AddArray(array);
    lsc_free(name);
}

static void add_notes(vtkFieldData *to, const viz_notes *notes)
{
    for (int i = 0; i < notes->n_texts; i++)
        add_text(to, notes->texts[i]);
    for (int i = 0; i < notes->n_numbers; i++)
        to->AddArray(viz_vtk_doubles(notes->numbers[i].name, &notes->numbers[i].value, 1));
}

static lsc_status file_bytes(vtkXMLWriter *writer, const char *what, uint8_t **bytes, size_t *n)
{
    lsc_status st = LSC_OK;
    uint8_t *copy = nullptr;

    writer->SetDataModeToAppended();
    writer->EncodeAppendedDataOff();
    writer->SetCompressorTypeToZLib();
    writer->SetHeaderTypeToUInt64();
    writer->WriteToOutputStringOn();
    const bool written = writer->Write() == 1 && writer->GetErrorCode() == vtkErrorCode::NoError;
    if (!written)
        return lsc_fail(LSC_ERR_BACKEND, "%s: VTK could not write it: %s", what,
                        vtkErrorCode::GetStringFromErrorCode(writer->GetErrorCode()));
    const std::string text = writer->GetOutputString();
    copy = static_cast<uint8_t *>(lsc_calloc(text.size(), 1));
    if (copy == nullptr)
        return lsc_fail(LSC_ERR_NOMEM, "%s: no memory for %zu bytes", what, text.size());
    std::memcpy(copy, text.data(), text.size());
    *bytes = copy;
    *n = text.size();
    return st;
}

static lsc_status poly_bytes(vtkPolyData *poly, const viz_notes *notes, uint8_t **bytes, size_t *n)
{
    vtkNew<vtkXMLPolyDataWriter> writer;
    add_notes(poly->GetFieldData(), notes);
    writer->SetInputData(poly);
    return file_bytes(writer, ".vtp", bytes, n);
}

lsc_status viz_vtk_mesh(const viz_mesh *m, const viz_arrays *points, const viz_arrays *cells, const viz_notes *notes,
                        uint8_t **bytes, size_t *n)
{
    return viz_guarded(".vtp", [&] {
        auto poly = viz_vtk_poly(m);
        add_arrays(poly->GetPointData(), points, m->n_points);
        add_arrays(poly->GetCellData(), cells, m->n_cells);
        return poly_bytes(poly, notes, bytes, n);
    });
}

// The cells whose eight corners are shown: contouring an image would pass through NaN.
static void add_shown_cells(vtkUnstructuredGrid *grid, const viz_grid *g)
{
    const int64_t nx = g->axis[0].n, ny = g->axis[1].n, nz = g->axis[2].n;

    for (int64_t p = 0; p < g->points; p++) {
        if (p % nx == nx - 1 || p / nx % ny == ny - 1 || p / (nx * ny) == nz - 1)
            continue;
        vtkIdType corner[8];
        bool shown = true;
        for (int k = 0; k < 8; k++) {
            corner[k] = p + (k & 1) + (k >> 1 & 1) * nx + (k >> 2) * nx * ny;
            shown = shown && viz_grid_shown(g, corner[k]);
        }
        if (shown)
            grid->InsertNextCell(VTK_VOXEL, 8, corner);
    }
}

static vtkSmartPointer<vtkUnstructuredGrid> voxels(const viz_grid *g, const viz_arrays *arrays)
{
    vtkNew<vtkPoints> points;
    points->SetDataTypeToDouble();
    points->SetNumberOfPoints(g->points);
    for (int64_t p = 0; p < g->points; p++) {
        double xyz[3];
        viz_grid_at(g, p, xyz);
        points->SetPoint(p, xyz);
    }
    auto grid = vtkSmartPointer<vtkUnstructuredGrid>::New();
    grid->SetPoints(points);
    add_arrays(grid->GetPointData(), arrays, g->points);
    add_shown_cells(grid, g);
    return grid;
}

lsc_status viz_vtk_iso(const viz_grid *g, const viz_arrays *arrays, const double *levels, int n_levels,
                       const viz_notes *notes, uint8_t **bytes, size_t *n)
{
    return viz_guarded(".vtp", [&] {
        vtkNew<vtkContourGrid> contour;
        contour->SetInputData(voxels(g, arrays));
        contour->SetNumberOfContours(n_levels);
        for (int i = 0; i < n_levels; i++)
            contour->SetValue(i, levels[i]);
        vtkNew<vtkPolyDataNormals> normals;
        normals->SetInputConnection(contour->GetOutputPort());
        normals->SplittingOff();
        normals->Update();
        vtkPolyData *poly = normals->GetOutput();
        if (arrays->active != nullptr)
            poly->GetPointData()->SetActiveScalars(arrays->active);
        return poly_bytes(poly, notes, bytes, n);
    });
}

lsc_status viz_vtk_image(const viz_grid *g, const viz_arrays *arrays, const viz_notes *notes, uint8_t **bytes,
                         size_t *n)
{
    return viz_guarded(".vti", [&] {
        int dims[3] = {1, 1, 1};
        double origin[3] = {0, 0, 0}, step[3] = {1, 1, 1};
        for (int a = 0; a < g->rank; a++) {
            dims[a] = g->axis[a].n;
            origin[a] = g->axis[a].min;
            step[a] = (g->axis[a].max - g->axis[a].min) / (g->axis[a].n - 1);
        }
        vtkNew<vtkImageData> image;
        image->SetDimensions(dims);
        image->SetOrigin(origin);
        image->SetSpacing(step);
        add_arrays(image->GetPointData(), arrays, g->points);
        add_notes(image->GetFieldData(), notes);
        vtkNew<vtkXMLImageDataWriter> writer;
        writer->SetInputData(image);
        return file_bytes(writer, ".vti", bytes, n);
    });
}
