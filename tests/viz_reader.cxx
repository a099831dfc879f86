// SPDX-License-Identifier: MIT
#include "viz_reader.h"

#include <vtkCellData.h>
#include <vtkDataSet.h>
#include <vtkDoubleArray.h>
#include <vtkErrorCode.h>
#include <vtkFieldData.h>
#include <vtkFloatArray.h>
#include <vtkIdList.h>
#include <vtkImageData.h>
#include <vtkMultiBlockDataSet.h>
#include <vtkNew.h>
#include <vtkPNGReader.h>
#include <vtkPointData.h>
#include <vtkSmartPointer.h>
#include <vtkStringArray.h>
#include <vtkXMLImageDataReader.h>
#include <vtkXMLMultiBlockDataReader.h>
#include <vtkXMLPolyDataReader.h>

#include <cstdlib>
#include <cstring>
#include <string>

struct read_data {
    vtkSmartPointer<vtkDataSet> set;
    int blocks = 1;
    std::string text;
};

template <class Reader> static vtkSmartPointer<vtkDataObject> read(const char *path)
{
    vtkNew<Reader> reader;
    reader->SetFileName(path);
    reader->Update();
    if (reader->GetErrorCode() != vtkErrorCode::NoError)
        return nullptr;
    return reader->GetOutputDataObject(0);
}

static bool ends(const char *path, const char *end)
{
    const size_t n = std::strlen(path), k = std::strlen(end);
    return n >= k && std::strcmp(path + n - k, end) == 0;
}

read_data *read_vtk(const char *path)
{
    auto d = new read_data;
    vtkSmartPointer<vtkDataObject> object = ends(path, ".vtp")   ? read<vtkXMLPolyDataReader>(path)
                                            : ends(path, ".vti") ? read<vtkXMLImageDataReader>(path)
                                                                 : read<vtkXMLMultiBlockDataReader>(path);
    if (auto blocks = vtkMultiBlockDataSet::SafeDownCast(object)) {
        d->blocks = static_cast<int>(blocks->GetNumberOfBlocks());
        object = blocks->GetBlock(blocks->GetNumberOfBlocks() - 1);
    }
    d->set = vtkDataSet::SafeDownCast(object);
    if (d->set == nullptr) {
        delete d;
        return nullptr;
    }
    return d;
}

void read_free(read_data *d)
{
    delete d;
}

int read_blocks(const read_data *d)
{
    return d->blocks;
}

int64_t read_points(const read_data *d)
{
    return d->set->GetNumberOfPoints();
}

int64_t read_cells(const read_data *d)
{
    return d->set->GetNumberOfCells();
}

void read_point(const read_data *d, int64_t i, double xyz[3])
{
    d->set->GetPoint(i, xyz);
}

int read_corners(const read_data *d, int64_t cell, int64_t corner[8])
{
    vtkNew<vtkIdList> ids;
    d->set->GetCellPoints(cell, ids);
    for (vtkIdType k = 0; k < ids->GetNumberOfIds() && k < 8; k++)
        corner[k] = ids->GetId(k);
    return static_cast<int>(ids->GetNumberOfIds());
}

void read_bounds(const read_data *d, double bounds[6])
{
    d->set->GetBounds(bounds);
}

const char *read_active(const read_data *d)
{
    vtkDataArray *active = d->set->GetPointData()->GetScalars();
    return active == nullptr ? "" : active->GetName();
}

bool read_has_normals(const read_data *d)
{
    return d->set->GetPointData()->GetNormals() != nullptr;
}

static vtkFieldData *data_of(const read_data *d, read_where where)
{
    if (where == READ_POINTS)
        return d->set->GetPointData();
    if (where == READ_CELLS)
        return d->set->GetCellData();
    return d->set->GetFieldData();
}

const double *read_array(const read_data *d, read_where where, const char *name, int64_t *n)
{
    auto array = vtkDoubleArray::SafeDownCast(data_of(d, where)->GetAbstractArray(name));
    if (array == nullptr)
        return nullptr;
    *n = array->GetNumberOfValues();
    return array->GetPointer(0);
}

const char *read_text(const read_data *d, const char *name)
{
    auto array = vtkStringArray::SafeDownCast(d->set->GetFieldData()->GetAbstractArray(name));
    if (array == nullptr)
        return nullptr;
    const_cast<read_data *>(d)->text = array->GetValue(0);
    return d->text.c_str();
}

unsigned char *read_png(const char *path, int *width, int *height)
{
    vtkNew<vtkPNGReader> reader;
    if (!reader->CanReadFile(path))
        return nullptr;
    reader->SetFileName(path);
    reader->Update();
    vtkImageData *image = reader->GetOutput();
    *width = image->GetDimensions()[0];
    *height = image->GetDimensions()[1];
    auto pixels = static_cast<unsigned char *>(std::malloc(3 * static_cast<size_t>(*width) * *height));
    for (int y = 0; y < *height; y++)
        std::memcpy(pixels + 3 * static_cast<size_t>(*width) * (*height - 1 - y), image->GetScalarPointer(0, y, 0),
                    3 * static_cast<size_t>(*width));
    return pixels;
}
