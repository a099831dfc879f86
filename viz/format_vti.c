/*
 * .vti: the bare grid with every field, for filters that want one (Warp By Scalar, volume rendering, TTK).
 * SPDX-License-Identifier: MIT
 */
#include "viz/format.h"
#include "viz/vtk_io.h"

/* 1 where a point was computed: its value is a result, also if it is NaN. */
static lsc_status add_done(viz_arrays *a, const viz_grid *g)
{
    lsc_status st = LSC_OK;
    double *done = NULL;

    LSC_NEW(done, g->points);
    for (int64_t p = 0; p < g->points; p++)
        done[p] = g->done[p];
    st = viz_arrays_take(a, "done", done);
cleanup:
    return st;
}

static lsc_status write_vti(const lsc_surface *s, const char *path, const viz_height *h)
{
    lsc_status st = LSC_OK;
    const viz_grid g = viz_grid_of(s);
    viz_arrays arrays = {0};
    viz_notes notes = {0};
    uint8_t *bytes = NULL;
    size_t n = 0;

    (void)h; /* a grid has no height */
    LSC_TRY(viz_arrays_fields(&arrays, s, NULL));
    LSC_TRY(add_done(&arrays, &g));
    LSC_TRY(viz_notes_init(&notes, s, NULL));
    LSC_TRY(viz_vtk_image(&g, &arrays, &notes, &bytes, &n));
    st = lsc_file_write(path, bytes, n);
cleanup:
    viz_arrays_free(&arrays);
    viz_notes_fini(&notes);
    lsc_free(bytes);
    return st;
}

const viz_format viz_format_vti = {.name = "vti", .write = write_vti};
