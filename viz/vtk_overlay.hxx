// What lies flat on the picture: lines, text and the colour bar, in pixels.
// SPDX-License-Identifier: MIT
#ifndef LSC_VIZ_VTK_OVERLAY_HXX
#define LSC_VIZ_VTK_OVERLAY_HXX

#include "viz/vtk_view.hxx"

#include <vtkCellArray.h>
#include <vtkNew.h>
#include <vtkPoints.h>
#include <vtkRenderer.h>

// Everything is drawn at this many times its size in each direction and then averaged. It looks as smooth as
// multisampling, smooths text and thin lines too, and costs the software renderer half.
constexpr int viz_supersampling = 2;

enum class Align { left, centre, right };

class Overlay
{
  public:
    Overlay(int width, int height);
    void line(Pixel from, Pixel to);
    void text(Pixel at, const char *s, int size, Align align, bool bold = false, double angle = 0);
    // A bar from bottom to top through all colours; open: it ends in a tip, since there are values beyond.
    void bar(const Rect &r, const double rgb[VIZ_COLORS][3], bool open);
    // Lines become visible; to be called once, last.
    vtkRenderer *finish();

  private:
    vtkNew<vtkRenderer> renderer;
    vtkNew<vtkPoints> points;
    vtkNew<vtkCellArray> lines;
};

#endif
