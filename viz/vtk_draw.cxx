// Lays out the panels, puts axes and titles around them, and makes the .png.
// SPDX-License-Identifier: MIT
#include "viz/vtk_guard.hxx"
#include "viz/vtk_overlay.hxx"
#include "viz/vtk_scene.hxx"
#include "viz/vtk_window.hxx"

#include <vtkImageData.h>
#include <vtkImageShrink3D.h>
#include <vtkPNGWriter.h>
#include <vtkRendererCollection.h>
#include <vtkUnsignedCharArray.h>
#include <vtkWindowToImageFilter.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace
{

const double S = viz_supersampling;
const double bar_strip = 150; // pixels of the picture at the right of the panels
const int label_size = 15, title_size = 16, name_size = 24;
const double degree = 0.017453292519943295;

// The unit vector from one pixel to another.
Pixel towards(Pixel from, Pixel to)
{
    const double dx = to[0] - from[0], dy = to[1] - from[1], length = std::hypot(dx, dy);
    return {dx / length, dy / length};
}

Pixel moved(Pixel p, double dx, double dy)
{
    return {p[0] + dx, p[1] + dy};
}

Pixel middle(Pixel a, Pixel b)
{
    return {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2};
}

double angle_of(Pixel from, Pixel to)
{
    return std::atan2(to[1] - from[1], to[0] - from[0]) / degree;
}

// About the width of the widest label, in pixels of the picture.
double width_of(const viz_ticks &t)
{
    size_t longest = 0;
    for (int i = 0; i < t.n; i++)
        longest = std::max(longest, std::strlen(t.tick[i].text));
    return 0.55 * label_size * static_cast<double>(longest);
}

// An axis on the floor; `out` is the direction away from the box, to which side the labels stand.
void floor_axis(Overlay &o, const viz_ticks &t, Pixel from, Pixel to, double lo, double hi, Pixel out)
{
    const Align align = out[0] < 0 ? Align::right : Align::left;
    const double title_at = 40 + 0.7 * width_of(t);

    o.line(from, to);
    for (int i = 0; i < t.n; i++) {
        const double share = (t.tick[i].at - lo) / (hi - lo);
        const Pixel at = {from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])};
        o.line(at, moved(at, 6 * S * out[0], 6 * S * out[1]));
        o.text(moved(at, 12 * S * out[0], 16 * S * out[1]), t.tick[i].text, label_size, align);
    }
    o.text(moved(middle(from, to), title_at * S * out[0], title_at * S * out[1]), t.title, title_size, Align::centre,
           false, angle_of(from, to));
}

void height_axis(Overlay &o, const viz_picture &p, const View &v)
{
    const viz_ticks &t = p.axis[2];
    const Pixel from = v.pixel(p.lo[0], p.lo[1], p.lo[2]), to = v.pixel(p.lo[0], p.lo[1], p.hi[2]);

    o.line(from, to);
    for (int i = 0; i < t.n; i++) {
        const Pixel at = v.pixel(p.lo[0], p.lo[1], t.tick[i].at);
        o.line(at, moved(at, -6 * S, 0));
        o.text(moved(at, -10 * S, 0), t.tick[i].text, label_size, Align::right);
    }
    o.text(moved(middle(from, to), -(26 + width_of(t)) * S, 0), t.title, title_size, Align::centre, false, 90);
}

void floor_axes(Overlay &o, const viz_picture &p, const View &v)
{
    const Pixel left = v.pixel(p.lo[0], p.lo[1], p.floor), front = v.pixel(p.hi[0], p.lo[1], p.floor);
    const Pixel right = v.pixel(p.hi[0], p.hi[1], p.floor);
    const Pixel centre = middle(left, right);

    floor_axis(o, p.axis[0], left, front, p.lo[0], p.hi[0], towards(centre, middle(left, front)));
    floor_axis(o, p.axis[1], front, right, p.lo[1], p.hi[1], towards(centre, middle(front, right)));
}

void draw_bar(Overlay &o, const viz_picture &p, const Rect &r)
{
    o.bar(r, p.rgb, p.bar_open);
    for (int i = 0; i < p.bar.n; i++) {
        const Pixel at = {r.x + r.width, r.y + p.bar.tick[i].at * r.height};
        o.line(at, moved(at, 6 * S, 0));
        o.text(moved(at, 10 * S, 0), p.bar.tick[i].text, label_size, Align::left);
    }
    o.text({r.x + r.width / 2, r.y + r.height + 38 * S}, p.bar.title, title_size, Align::centre);
}

// Room for titles above, and for ticks and their titles around the box.
Rect inner_of(const viz_picture &p, const Rect &panel)
{
    const double left = std::max(40 + width_of(p.axis[2]), 24 + width_of(p.axis[0]));
    const double right = 24 + width_of(p.axis[1]), below = 66, above = 84;

    return {panel.x + left * S, panel.y + below * S, panel.width - (left + right) * S,
            panel.height - (below + above) * S};
}

void add_panel(vtkRenderWindow *window, Overlay &o, const viz_picture &p, const viz_panel &panel, const Rect &r)
{
    const int *size = window->GetSize();
    const View v(p, r, inner_of(p, r));
    auto scene = viz_scene(p, panel, v);
    const double top = r.y + r.height;

    scene->SetViewport(r.x / size[0], r.y / size[1], (r.x + r.width) / size[0], top / size[1]);
    window->AddRenderer(scene);
    floor_axes(o, p, v);
    height_axis(o, p, v);
    o.text({r.x + r.width / 2, top - 30 * S}, panel.title, name_size, Align::centre, true);
    o.text({r.x + r.width / 2, top - 58 * S}, panel.subtitle, label_size, Align::centre);
}

lsc_status png_bytes(vtkRenderWindow *window, uint8_t **png, size_t *n)
{
    window->Render();
    vtkNew<vtkWindowToImageFilter> grab;
    grab->SetInput(window);
    grab->ReadFrontBufferOff();
    grab->SetInputBufferTypeToRGB();
    vtkNew<vtkImageShrink3D> shrink;
    shrink->SetInputConnection(grab->GetOutputPort());
    shrink->SetShrinkFactors(viz_supersampling, viz_supersampling, 1);
    shrink->MeanOn();
    vtkNew<vtkPNGWriter> writer;
    writer->SetInputConnection(shrink->GetOutputPort());
    writer->WriteToMemoryOn();
    writer->Write();
    vtkUnsignedCharArray *bytes = writer->GetResult();
    if (bytes == nullptr || bytes->GetNumberOfValues() == 0)
        return lsc_fail(LSC_ERR_BACKEND, "picture: VTK made no .png");
    const size_t length = static_cast<size_t>(bytes->GetNumberOfValues());
    uint8_t *copy = static_cast<uint8_t *>(lsc_calloc(length, 1));
    if (copy == nullptr)
        return lsc_fail(LSC_ERR_NOMEM, "picture: no memory for %zu bytes", length);
    std::memcpy(copy, bytes->GetPointer(0), length);
    *png = copy;
    *n = length;
    return LSC_OK;
}

lsc_status draw(const viz_picture &p, uint8_t **png, size_t *n)
{
    const int rows = (p.n_panels + p.columns - 1) / p.columns;
    const double w = p.panel_width * S, h = p.panel_height * S;
    const int width = static_cast<int>(p.columns * w + bar_strip * S), height = static_cast<int>(rows * h);
    vtkSmartPointer<vtkRenderWindow> window;

    const lsc_status st = viz_window_new(width, height, window);
    if (st != LSC_OK)
        return st;
    Overlay overlay(width, height);
    vtkNew<vtkRenderer> paper;
    paper->SetBackground(1, 1, 1);
    window->SetNumberOfLayers(2);
    window->AddRenderer(paper);
    for (int k = 0; k < p.n_panels; k++)
        add_panel(window, overlay, p, p.panels[k], {k % p.columns * w, (rows - 1 - k / p.columns) * h, w, h});
    const double bar_height = std::fmin(height - 160 * S, 420 * S);
    draw_bar(overlay, p, {p.columns * w + 30 * S, (height - bar_height) / 2, 24 * S, bar_height});
    window->AddRenderer(overlay.finish());
    return png_bytes(window, png, n);
}

} // namespace

lsc_status viz_vtk_draw(const viz_picture *p, uint8_t **png, size_t *n)
{
    return viz_guarded("picture", [&] { return draw(*p, png, n); });
}
