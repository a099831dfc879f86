/*
 * The picture of one or several surfaces: what is drawn where, with which scales and words. VTK only draws it.
 * SPDX-License-Identifier: MIT
 */
#include "viz/vtk_draw.h"

#include <math.h>

#define PANEL_WIDTH   620 /* pixels */
#define PANEL_HEIGHT  640
#define PANELS_IN_ROW 4
#define FLOOR_DEPTH   0.7 /* of the floor below the surface, in heights of the box */
#define AXIS_TICKS    5
#define BAR_TICKS     12
#define LEVEL_LINES   16

/* The ends of the colour scale, both losses. */
typedef struct {
    double lo, hi;
    bool log, open; /* open: there are values above hi */
} color_scale;

static double color_of(const color_scale *c, double loss)
{
    if (c->log)
        return log(fmax(loss, c->lo) / c->lo) / log(c->hi / c->lo);
    return (loss - c->lo) / (c->hi - c->lo);
}

/* The loss at which the geometry of a surface is clipped. */
static double clip_loss(const viz_height *h, double reference)
{
    if (h->kind == VIZ_RISE)
        return reference + h->hi;
    return h->kind == VIZ_LOG ? pow(10, h->hi) : h->hi;
}

/* From the least loss of all runs to the highest that is still part of a surface. */
static lsc_status shared_colors(const viz_run *runs, int n, const viz_height *h, color_scale *out)
{
    color_scale c = {.lo = INFINITY, .hi = -INFINITY};
    double all = -INFINITY;
    char name[64];

    for (int k = 0; k < n; k++) {
        const viz_grid g = viz_grid_of(runs[k].surface);
        double least, largest;
        if (g.rank != 2)
            return lsc_fail(LSC_ERR_ARG, "picture: %s has %d axes of more than one point, need 2 (for ParaView: .vtp)",
                            lsc_shown(runs[k].name, name, sizeof name), g.rank);
        if (!viz_loss_range(&g, &least, &largest))
            return lsc_fail(LSC_ERR_ARG, "picture: %s has no finite point", lsc_shown(runs[k].name, name, sizeof name));
        c.lo = fmin(c.lo, least);
        c.hi = fmax(c.hi, fmin(largest, clip_loss(h, viz_reference(&g))));
        all = fmax(all, largest);
    }
    if (c.hi <= c.lo)
        c.hi = c.lo + 1;
    c.log = viz_wants_log(c.lo, c.hi);
    c.open = all > c.hi;
    *out = c;
    return LSC_OK;
}

static void add_tick(viz_ticks *t, double at, double value)
{
    t->tick[t->n].at = at;
    viz_number(value, t->tick[t->n].text, sizeof t->tick[t->n].text);
    t->n++;
}

static void axis_ticks(viz_ticks *t, const char *title, double lo, double hi)
{
    double levels[AXIS_TICKS];
    const int n = viz_levels(lo, hi, false, AXIS_TICKS, levels);

    t->title = title;
    for (int i = 0; i < n; i++)
        add_tick(t, levels[i], levels[i]);
}

static void height_ticks(viz_ticks *t, const viz_height *h)
{
    static const char *const titles[] = {
        [VIZ_RISE] = "loss above the centre", [VIZ_LOSS] = "loss", [VIZ_LOG] = "loss (log scale)"};
    const bool log = h->kind == VIZ_LOG;
    double levels[AXIS_TICKS];
    const int n = viz_levels(log ? pow(10, h->lo) : h->lo, log ? pow(10, h->hi) : h->hi, log, AXIS_TICKS, levels);

    t->title = titles[h->kind];
    for (int i = 0; i < n; i++)
        add_tick(t, h->tall * ((log ? log10(levels[i]) : levels[i]) - h->lo) / (h->hi - h->lo), levels[i]);
}

static void bar_ticks(viz_picture *p, const color_scale *c)
{
    double levels[LEVEL_LINES];

    int n = viz_levels(c->lo, c->hi, c->log, BAR_TICKS, levels);
    p->bar.title = "loss";
    p->bar_open = c->open;
    for (int i = 0; i < n; i++)
        add_tick(&p->bar, color_of(c, levels[i]), levels[i]);
    p->n_levels = viz_levels(c->lo, c->hi, c->log, LEVEL_LINES, levels);
    for (int i = 0; i < p->n_levels; i++)
        p->levels[i] = color_of(c, levels[i]);
}

/* The box holds every surface. */
static void set_box(viz_picture *p, const viz_run *runs, const viz_height *h)
{
    for (int a = 0; a < 2; a++) {
        p->lo[a] = INFINITY;
        p->hi[a] = -INFINITY;
        for (int k = 0; k < p->n_panels; k++) {
            const viz_grid g = viz_grid_of(runs[k].surface);
            p->lo[a] = fmin(p->lo[a], g.axis[a].min);
            p->hi[a] = fmax(p->hi[a], g.axis[a].max);
        }
        axis_ticks(&p->axis[a], a == 0 ? "direction 1" : "direction 2", p->lo[a], p->hi[a]);
    }
    p->hi[2] = h->tall;
    p->floor = -FLOOR_DEPTH * h->tall;
    height_ticks(&p->axis[2], h);
}

static lsc_status colored_mesh(const viz_grid *g, const viz_height *h, const color_scale *c, viz_colored *out)
{
    lsc_status st = LSC_OK;
    viz_mesh *mesh = NULL;
    double *color = NULL;

    LSC_TRY(viz_mesh_new(g, h, 0, &mesh));
    LSC_TRY(viz_mesh_values(mesh, g->loss, &color));
    for (int64_t p = 0; p < mesh->n_points; p++)
        color[p] = color_of(c, color[p]);
    *out = (viz_colored){mesh, color};
    mesh = NULL;
    color = NULL;
cleanup:
    viz_mesh_free(mesh);
    lsc_free(color);
    return st;
}

static void colored_free(viz_colored *c)
{
    viz_mesh_free((viz_mesh *)c->mesh);
    lsc_free((double *)c->color);
}

/* What the eye cannot read off: the loss at the centre and the mean rise half way out. */
static void describe(const viz_run *run, const viz_grid *g, viz_panel *panel)
{
    double rise;
    const int64_t centre = viz_grid_centre(g);

    lsc_shown(run->name, panel->title, sizeof panel->title);
    if (centre < 0)
        return;
    int n = snprintf(panel->subtitle, sizeof panel->subtitle, "loss at the centre %.3g", g->loss[centre]);
    if (lsc_surface_rise(run->surface, 0.5, &rise) == LSC_OK && isfinite(rise))
        snprintf(panel->subtitle + n, sizeof panel->subtitle - (size_t)n, ", mean rise at 0.5: %.3g", rise);
}

static lsc_status picture_bytes(const viz_run *runs, viz_panel *panels, int n, const viz_height *h, uint8_t **png,
                                size_t *length)
{
    lsc_status st = LSC_OK;
    const int rows = (n + PANELS_IN_ROW - 1) / PANELS_IN_ROW;
    viz_picture p = {.n_panels = n,
                     .columns = (n + rows - 1) / rows,
                     .panels = panels,
                     .panel_width = PANEL_WIDTH,
                     .panel_height = PANEL_HEIGHT};
    color_scale colors;

    LSC_TRY(shared_colors(runs, n, h, &colors));
    for (int k = 0; k < n; k++) {
        const viz_grid g = viz_grid_of(runs[k].surface);
        LSC_TRY(colored_mesh(&g, h, &colors, &panels[k].surface));
        LSC_TRY(colored_mesh(&g, NULL, &colors, &panels[k].floor));
        describe(&runs[k], &g, &panels[k]);
    }
    set_box(&p, runs, h);
    bar_ticks(&p, &colors);
    viz_colors(p.rgb);
    st = viz_vtk_draw(&p, png, length);
cleanup:
    return st;
}

/* Returns new: the surfaces of the runs as viz_height_shared wants them. */
static lsc_status own_height(const viz_run *runs, int n, viz_height *out)
{
    lsc_status st = LSC_OK;
    const lsc_surface **surfaces = NULL;

    LSC_NEW(surfaces, n);
    for (int k = 0; k < n; k++)
        surfaces[k] = runs[k].surface;
    st = viz_height_shared(surfaces, n, VIZ_RISE, NAN, out);
cleanup:
    lsc_free(surfaces);
    return st;
}

lsc_status viz_write_png(const viz_run *runs, int n, const char *path, const viz_height *h)
{
    lsc_status st = LSC_OK;
    viz_panel *panels = NULL;
    uint8_t *png = NULL;
    size_t length = 0;
    viz_height own;

    LSC_CHECK(n > 0, LSC_ERR_ARG, "picture: no run is given");
    if (h == NULL)
        LSC_TRY(own_height(runs, n, &own));
    LSC_NEW(panels, n);
    LSC_TRY(picture_bytes(runs, panels, n, h != NULL ? h : &own, &png, &length));
    st = lsc_file_write(path, png, length);
cleanup:
    for (int k = 0; panels != NULL && k < n; k++) {
        colored_free(&panels[k].surface);
        colored_free(&panels[k].floor);
    }
    lsc_free(panels);
    lsc_free(png);
    return st;
}
