// A parallel view of the box from above, in front and the right, and where its points lie in the picture.
// SPDX-License-Identifier: MIT
#ifndef LSC_VIZ_VTK_VIEW_HXX
#define LSC_VIZ_VTK_VIEW_HXX

extern "C" {
#include "viz/vtk_draw.h"
}

#include <array>

class vtkCamera;

using Pixel = std::array<double, 2>;

// A rectangle of the picture, in pixels.
struct Rect {
    double x, y, width, height;
};

struct View {
    double right[3], up[3], toward[3]; // of the viewer; unit vectors
    double scale;                      // pixels a unit
    double middle[2];                  // (right, up) of the world at the middle of the panel
    Rect panel;

    // The box, its floor included, as large as fits the inner rectangle of a panel.
    View(const viz_picture &p, const Rect &panel, const Rect &inner);
    Pixel pixel(double x, double y, double z) const;
    void aim(vtkCamera *camera) const;
};

#endif
