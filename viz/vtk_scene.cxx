// The surface, lit and lined, over the same values flat on the floor, before two walls that carry the grid of heights.
// SPDX-License-Identifier: MIT
#include "viz/vtk_scene.hxx"

#include "viz/vtk_data.hxx"
#include "viz/vtk_overlay.hxx"

#include <vtkActor.h>
#include <vtkCellArray.h>
#include <vtkContourFilter.h>
#include <vtkLight.h>
#include <vtkLookupTable.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkPoints.h>
#include <vtkPolyDataMapper.h>
#include <vtkProperty.h>
#include <vtkTriangleFilter.h>

namespace
{

vtkSmartPointer<vtkLookupTable> color_table(const viz_picture &p)
{
    auto table = vtkSmartPointer<vtkLookupTable>::New();
    table->SetNumberOfTableValues(VIZ_COLORS);
    for (int i = 0; i < VIZ_COLORS; i++)
        table->SetTableValue(i, p.rgb[i][0], p.rgb[i][1], p.rgb[i][2]);
    table->SetTableRange(0, 1);
    return table;
}

// In triangles: the lines then lie on the facets that are drawn, whatever way OpenGL would split a bent quadrilateral.
vtkSmartPointer<vtkPolyData> colored_poly(const viz_colored &c)
{
    auto poly = viz_vtk_poly(c.mesh);
    poly->GetPointData()->SetScalars(viz_vtk_doubles("color", c.color, c.mesh->n_points));
    vtkNew<vtkTriangleFilter> triangles;
    triangles->SetInputData(poly);
    triangles->Update();
    return triangles->GetOutput();
}

vtkSmartPointer<vtkActor> filled(const viz_picture &p, vtkPolyData *poly)
{
    vtkNew<vtkPolyDataMapper> mapper;
    mapper->SetInputData(poly);
    mapper->SetLookupTable(color_table(p));
    mapper->UseLookupTableScalarRangeOn();
    mapper->InterpolateScalarsBeforeMappingOn();
    auto actor = vtkSmartPointer<vtkActor>::New();
    actor->SetMapper(mapper);
    return actor;
}

// Dark lines in front of whatever has the same depth.
vtkSmartPointer<vtkActor> stroked(vtkAlgorithmOutput *lines, double grey, double opacity, float width)
{
    vtkNew<vtkPolyDataMapper> mapper;
    mapper->SetInputConnection(lines);
    mapper->ScalarVisibilityOff();
    mapper->SetResolveCoincidentTopologyToPolygonOffset();
    mapper->SetRelativeCoincidentTopologyLineOffsetParameters(-3, -12);
    auto actor = vtkSmartPointer<vtkActor>::New();
    actor->SetMapper(mapper);
    actor->GetProperty()->SetColor(grey, grey, grey);
    actor->GetProperty()->SetOpacity(opacity);
    actor->GetProperty()->SetLineWidth(width * viz_supersampling);
    actor->GetProperty()->LightingOff();
    return actor;
}

vtkSmartPointer<vtkActor> level_lines(const viz_picture &p, vtkPolyData *poly)
{
    vtkNew<vtkContourFilter> contour;
    contour->SetInputData(poly);
    contour->SetNumberOfContours(p.n_levels);
    for (int i = 0; i < p.n_levels; i++)
        contour->SetValue(i, p.levels[i]);
    return stroked(contour->GetOutputPort(), 0, 0.5, 1.0f);
}

void add_surface(vtkRenderer *r, const viz_picture &p, const viz_colored &c)
{
    auto poly = colored_poly(c);
    auto actor = filled(p, poly);
    actor->GetProperty()->SetInterpolationToPhong();
    actor->GetProperty()->SetAmbient(0.32);
    actor->GetProperty()->SetDiffuse(0.8);
    actor->GetProperty()->SetSpecular(0.12);
    actor->GetProperty()->SetSpecularPower(20);
    r->AddActor(actor);
    r->AddActor(level_lines(p, poly));
}

void add_floor(vtkRenderer *r, const viz_picture &p, const viz_colored &c)
{
    auto poly = colored_poly(c);
    auto fill = filled(p, poly), lines = level_lines(p, poly);
    fill->GetProperty()->LightingOff();
    fill->SetPosition(0, 0, p.floor);
    lines->SetPosition(0, 0, p.floor);
    r->AddActor(fill);
    r->AddActor(lines);
}

class Segments
{
  public:
    void add(double x0, double y0, double z0, double x1, double y1, double z1)
    {
        cells->InsertNextCell(2);
        cells->InsertCellPoint(points->InsertNextPoint(x0, y0, z0));
        cells->InsertCellPoint(points->InsertNextPoint(x1, y1, z1));
    }
    vtkSmartPointer<vtkActor> actor(double grey, float width)
    {
        vtkNew<vtkPolyData> poly;
        poly->SetPoints(points);
        poly->SetLines(cells);
        vtkNew<vtkPolyDataMapper> mapper;
        mapper->SetInputData(poly);
        auto a = vtkSmartPointer<vtkActor>::New();
        a->SetMapper(mapper);
        a->GetProperty()->SetColor(grey, grey, grey);
        a->GetProperty()->SetLineWidth(width * viz_supersampling);
        a->GetProperty()->LightingOff();
        return a;
    }

  private:
    vtkNew<vtkPoints> points;
    vtkNew<vtkCellArray> cells;
};

// The two walls away from the viewer, as lines: heights, ticks of the axes, edges.
void add_walls(vtkRenderer *r, const viz_picture &p)
{
    const double *lo = p.lo, *hi = p.hi;
    Segments grid, edges;

    for (int i = 0; i < p.axis[2].n; i++) {
        const double z = p.axis[2].tick[i].at;
        grid.add(lo[0], lo[1], z, lo[0], hi[1], z);
        grid.add(lo[0], hi[1], z, hi[0], hi[1], z);
    }
    for (int i = 0; i < p.axis[0].n; i++)
        grid.add(p.axis[0].tick[i].at, hi[1], p.floor, p.axis[0].tick[i].at, hi[1], hi[2]);
    for (int i = 0; i < p.axis[1].n; i++)
        grid.add(lo[0], p.axis[1].tick[i].at, p.floor, lo[0], p.axis[1].tick[i].at, hi[2]);
    for (double z : {p.floor, hi[2]}) {
        edges.add(lo[0], lo[1], z, lo[0], hi[1], z);
        edges.add(lo[0], hi[1], z, hi[0], hi[1], z);
    }
    for (int k = 0; k < 3; k++)
        edges.add(k < 2 ? lo[0] : hi[0], k < 1 ? lo[1] : hi[1], p.floor, k < 2 ? lo[0] : hi[0], k < 1 ? lo[1] : hi[1],
                  hi[2]);
    r->AddActor(grid.actor(0.88, 1));
    r->AddActor(edges.actor(0.7, 1));
}

void add_lights(vtkRenderer *r, const View &v)
{
    // From the upper left of the viewer, and a weak one from the right so that no slope is black.
    const double offsets[2][3] = {{-0.6, 1, 0.9}, {0.5, -0.6, 1}}, strength[2] = {0.75, 0.4};

    r->AutomaticLightCreationOff();
    for (int k = 0; k < 2; k++) {
        vtkNew<vtkLight> light;
        double at[3];
        for (int a = 0; a < 3; a++)
            at[a] = offsets[k][0] * v.right[a] + offsets[k][1] * v.up[a] + offsets[k][2] * v.toward[a];
        light->SetLightTypeToSceneLight();
        light->PositionalOff();
        light->SetPosition(at);
        light->SetFocalPoint(0, 0, 0);
        light->SetIntensity(strength[k]);
        r->AddLight(light);
    }
}

} // namespace

vtkSmartPointer<vtkRenderer> viz_scene(const viz_picture &p, const viz_panel &panel, const View &view)
{
    auto r = vtkSmartPointer<vtkRenderer>::New();
    r->SetBackground(1, 1, 1);
    add_lights(r, view);
    add_walls(r, p);
    add_floor(r, p, panel.floor);
    add_surface(r, p, panel.surface);
    view.aim(r->GetActiveCamera());
    return r;
}
