// SPDX-License-Identifier: MIT
#include "viz/vtk_view.hxx"

#include <vtkCamera.h>

#include <algorithm>
#include <cmath>

namespace
{

const double azimuth = -55, elevation = 34; // degrees: of the viewer, from the x axis and above the floor
const double degree = 0.017453292519943295;

double dot(const double a[3], double x, double y, double z)
{
    return a[0] * x + a[1] * y + a[2] * z;
}

void set(double v[3], double x, double y, double z)
{
    v[0] = x;
    v[1] = y;
    v[2] = z;
}

} // namespace

View::View(const viz_picture &p, const Rect &panel_, const Rect &inner) : panel(panel_)
{
    const double ca = std::cos(azimuth * degree), sa = std::sin(azimuth * degree);
    const double ce = std::cos(elevation * degree), se = std::sin(elevation * degree);
    double lo[2] = {INFINITY, INFINITY}, hi[2] = {-INFINITY, -INFINITY};

    set(toward, ce * ca, ce * sa, se);
    set(right, -sa, ca, 0);
    set(up, -se * ca, -se * sa, ce);
    for (int k = 0; k < 8; k++) {
        const double x = k & 1 ? p.hi[0] : p.lo[0], y = k & 2 ? p.hi[1] : p.lo[1], z = k & 4 ? p.hi[2] : p.floor;
        const double at[2] = {dot(right, x, y, z), dot(up, x, y, z)};
        for (int a = 0; a < 2; a++) {
            lo[a] = std::min(lo[a], at[a]);
            hi[a] = std::max(hi[a], at[a]);
        }
    }
    scale = std::min(inner.width / (hi[0] - lo[0]), inner.height / (hi[1] - lo[1]));
    middle[0] = (lo[0] + hi[0]) / 2 + (panel.x + panel.width / 2 - inner.x - inner.width / 2) / scale;
    middle[1] = (lo[1] + hi[1]) / 2 + (panel.y + panel.height / 2 - inner.y - inner.height / 2) / scale;
}

Pixel View::pixel(double x, double y, double z) const
{
    return {panel.x + panel.width / 2 + scale * (dot(right, x, y, z) - middle[0]),
            panel.y + panel.height / 2 + scale * (dot(up, x, y, z) - middle[1])};
}

void View::aim(vtkCamera *camera) const
{
    const double far = 2 * (panel.width + panel.height) / scale,
                 depth = far / 2; // the box is within depth of the focus
    double focus[3];

    for (int a = 0; a < 3; a++)
        focus[a] = middle[0] * right[a] + middle[1] * up[a];
    camera->ParallelProjectionOn();
    camera->SetFocalPoint(focus);
    camera->SetPosition(focus[0] + far * toward[0], focus[1] + far * toward[1], focus[2] + far * toward[2]);
    camera->SetViewUp(0, 0, 1);
    camera->SetParallelScale(panel.height / 2 / scale);
    camera->SetClippingRange(far - depth, far + depth);
}
