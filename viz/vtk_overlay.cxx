// SPDX-License-Identifier: MIT
#include "viz/vtk_overlay.hxx"

#include <vtkActor.h>
#include <vtkCamera.h>
#include <vtkCellData.h>
#include <vtkCoordinate.h>
#include <vtkPolyData.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkTextActor.h>
#include <vtkTextProperty.h>
#include <vtkUnsignedCharArray.h>

static const double ink = 0.15; // grey of text and axes

Overlay::Overlay(int width, int height)
{
    vtkCamera *camera = renderer->GetActiveCamera();
    camera->ParallelProjectionOn();
    camera->SetFocalPoint(width / 2.0, height / 2.0, 0);
    camera->SetPosition(width / 2.0, height / 2.0, 1);
    camera->SetParallelScale(height / 2.0);
    camera->SetClippingRange(0.1, 10);
    renderer->SetLayer(1);
}

void Overlay::line(Pixel from, Pixel to)
{
    lines->InsertNextCell(2);
    lines->InsertCellPoint(points->InsertNextPoint(from[0], from[1], 0));
    lines->InsertCellPoint(points->InsertNextPoint(to[0], to[1], 0));
}

void Overlay::text(Pixel at, const char *s, int size, Align align, bool bold, double angle)
{
    vtkNew<vtkTextActor> actor;
    vtkTextProperty *font = actor->GetTextProperty();

    actor->SetInput(s);
    actor->SetTextScaleModeToNone();
    font->SetFontFamilyToArial();
    font->SetFontSize(size * viz_supersampling);
    font->SetColor(ink, ink, ink);
    font->SetBold(bold);
    font->SetOrientation(angle);
    font->SetVerticalJustificationToCentered();
    font->SetJustification(align == Align::left     ? VTK_TEXT_LEFT
                           : align == Align::centre ? VTK_TEXT_CENTERED
                                                    : VTK_TEXT_RIGHT);
    actor->GetPositionCoordinate()->SetCoordinateSystemToDisplay();
    actor->GetPositionCoordinate()->SetValue(at[0], at[1]);
    renderer->AddActor2D(actor);
}

// Quadrilaterals of one colour each.
class Patches
{
  public:
    void add(const Pixel corner[4], const double rgb[3])
    {
        quads->InsertNextCell(4);
        for (int k = 0; k < 4; k++)
            quads->InsertCellPoint(corners->InsertNextPoint(corner[k][0], corner[k][1], 0));
        colors->InsertNextTuple3(255 * rgb[0], 255 * rgb[1], 255 * rgb[2]);
    }
    vtkSmartPointer<vtkActor> actor()
    {
        vtkNew<vtkPolyData> poly;
        poly->SetPoints(corners);
        poly->SetPolys(quads);
        poly->GetCellData()->SetScalars(colors);
        vtkNew<vtkPolyDataMapper> mapper;
        mapper->SetInputData(poly);
        auto a = vtkSmartPointer<vtkActor>::New();
        a->SetMapper(mapper);
        a->GetProperty()->LightingOff();
        return a;
    }
    Patches()
    {
        colors->SetNumberOfComponents(3);
    }

  private:
    vtkNew<vtkPoints> corners;
    vtkNew<vtkCellArray> quads;
    vtkNew<vtkUnsignedCharArray> colors;
};

void Overlay::bar(const Rect &r, const double rgb[VIZ_COLORS][3], bool open)
{
    const double left = r.x, right = r.x + r.width, top = r.y + r.height, tip = open ? top + 0.8 * r.width : top;
    Patches patches;

    for (int i = 0; i < VIZ_COLORS; i++) {
        const double y[2] = {r.y + r.height * i / VIZ_COLORS, r.y + r.height * (i + 1) / VIZ_COLORS};
        const Pixel corner[4] = {{left, y[0]}, {right, y[0]}, {right, y[1]}, {left, y[1]}};
        patches.add(corner, rgb[i]);
    }
    const Pixel peak = {(left + right) / 2, tip}, end[4] = {{left, top}, {right, top}, peak, peak};
    patches.add(end, rgb[VIZ_COLORS - 1]);
    renderer->AddActor(patches.actor());
    line({left, top}, {left, r.y});
    line({left, r.y}, {right, r.y});
    line({right, r.y}, {right, top});
    line({right, top}, peak);
    line(peak, {left, top});
}

vtkRenderer *Overlay::finish()
{
    vtkNew<vtkPolyData> poly;
    poly->SetPoints(points);
    poly->SetLines(lines);
    vtkNew<vtkPolyDataMapper> mapper;
    mapper->SetInputData(poly);
    vtkNew<vtkActor> actor;
    actor->SetMapper(mapper);
    actor->GetProperty()->LightingOff();
    actor->GetProperty()->SetColor(ink, ink, ink);
    actor->GetProperty()->SetLineWidth(1.1f * viz_supersampling);
    renderer->AddActor(actor);
    return renderer;
}
