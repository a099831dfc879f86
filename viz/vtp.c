/*
 * .vtp: what ParaView opens as it is. It is coloured without a click because one array is active; `zvalue` and
 * `averaged zvalue` are the names that users of tomgoldstein/loss-landscape have in their state files.
 * SPDX-License-Identifier: MIT
 */
#include "viz/vtk_io.h"
#include "viz/scale.h"

#include <math.h>

#define ISO_SURFACES 4 /* nested surfaces of a volume that can still be told apart */

/* The height of every point, under the other tool's name. */
static lsc_status add_heights(viz_arrays *a, const viz_mesh *m)
{
    lsc_status st = LSC_OK;
    const int up = m->kind == VIZ_LINES ? 1 : 2;
    double *z = NULL;

    LSC_NEW(z, m->n_points);
    for (int64_t p = 0; p < m->n_points; p++)
        z[p] = m->xyz[3 * p + up];
    st = viz_arrays_take(a, "zvalue", z);
cleanup:
    return st;
}

/* The mean of zvalue over the corners of each cell. */
static lsc_status add_mean_heights(viz_arrays *cells, const viz_mesh *m, const double *z)
{
    lsc_status st = LSC_OK;
    double *mean = NULL;

    LSC_NEW(mean, m->n_cells);
    for (int64_t c = 0; c < m->n_cells; c++) {
        for (int64_t k = m->offset[c]; k < m->offset[c + 1]; k++)
            mean[c] += z[m->corner[k]];
        mean[c] /= (double)(m->offset[c + 1] - m->offset[c]);
    }
    st = viz_arrays_take(cells, "averaged zvalue", mean);
cleanup:
    return st;
}

static lsc_status mesh_bytes(const lsc_surface *s, const viz_height *h, double shift, uint8_t **bytes, size_t *n)
{
    lsc_status st = LSC_OK;
    const viz_grid g = viz_grid_of(s);
    viz_arrays points = {0}, cells = {0};
    viz_notes notes = {0};
    viz_mesh *m = NULL;

    LSC_TRY(viz_mesh_new(&g, h, shift, &m));
    LSC_TRY(viz_arrays_fields(&points, s, m));
    LSC_TRY(add_heights(&points, m));
    LSC_TRY(add_mean_heights(&cells, m, points.list[points.n - 1].values));
    LSC_TRY(viz_notes_init(&notes, s, h));
    st = viz_vtk_mesh(m, &points, &cells, &notes, bytes, n);
cleanup:
    viz_mesh_free(m);
    viz_arrays_free(&points);
    viz_arrays_free(&cells);
    viz_notes_fini(&notes);
    return st;
}

/* Levels of what the volume is coloured by. */
static int iso_levels(const viz_grid *g, double *levels)
{
    double least, largest;

    if (!viz_loss_range(g, &least, &largest))
        return 0;
    const bool log = viz_wants_log(least, largest);
    const int n = viz_levels(least, largest, log, ISO_SURFACES, levels);
    for (int i = 0; log && i < n; i++)
        levels[i] = log10(levels[i]);
    return n;
}

static lsc_status iso_bytes(const lsc_surface *s, uint8_t **bytes, size_t *n)
{
    lsc_status st = LSC_OK;
    const viz_grid g = viz_grid_of(s);
    double levels[ISO_SURFACES];
    viz_arrays arrays = {0};
    viz_notes notes = {0};

    LSC_TRY(viz_arrays_fields(&arrays, s, NULL));
    LSC_TRY(viz_notes_init(&notes, s, NULL));
    st = viz_vtk_iso(&g, &arrays, levels, iso_levels(&g, levels), &notes, bytes, n);
cleanup:
    viz_arrays_free(&arrays);
    viz_notes_fini(&notes);
    return st;
}

lsc_status viz_write_vtp_at(const lsc_surface *s, const char *path, const viz_height *h, double shift)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes = NULL;
    size_t n = 0;
    viz_height own;

    if (viz_grid_of(s).rank == 3) {
        LSC_TRY(iso_bytes(s, &bytes, &n));
    } else {
        if (h == NULL) {
            LSC_TRY(viz_height_shared(&s, 1, VIZ_RISE, NAN, &own));
            h = &own;
        }
        LSC_TRY(mesh_bytes(s, h, shift, &bytes, &n));
    }
    st = lsc_file_write(path, bytes, n);
cleanup:
    lsc_free(bytes);
    return st;
}

lsc_status viz_write_vtp(const lsc_surface *s, const char *path, const viz_height *h)
{
    return viz_write_vtp_at(s, path, h, 0);
}
