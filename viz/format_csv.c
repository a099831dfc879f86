/*
 * .csv: one row a point: coordinates, done (0 or 1), every field. Numbers keep all their digits.
 * SPDX-License-Identifier: MIT
 */
#include "viz/format.h"

static void add_head(lsc_text *t, const lsc_surface *s, int n_axes)
{
    for (int a = 0; a < n_axes; a++)
        lsc_text_add(t, "direction_%d,", a + 1);
    lsc_text_add(t, "done");
    for (int f = 0; f < lsc_surface_n_fields(s); f++) {
        lsc_text_add(t, ",");
        lsc_quote_csv(t, lsc_surface_field_name(s, f));
    }
    lsc_text_add(t, "\n");
}

static void add_point(lsc_text *t, const lsc_surface *s, const lsc_axis *axes, int n_axes, int64_t point)
{
    int64_t rest = point;

    for (int a = 0; a < n_axes; a++) {
        lsc_text_add(t, "%.17g,", lsc_axis_at(&axes[a], (int)(rest % axes[a].n)));
        rest /= axes[a].n;
    }
    lsc_text_add(t, "%d", lsc_surface_done(s)[point]);
    for (int f = 0; f < lsc_surface_n_fields(s); f++)
        lsc_text_add(t, ",%.17g", lsc_surface_field(s, lsc_surface_field_name(s, f))[point]);
    lsc_text_add(t, "\n");
}

static lsc_status write_csv(const lsc_surface *s, const char *path, const viz_height *h)
{
    lsc_status st = LSC_OK;
    lsc_text text = {0};
    lsc_axis axes[3];
    const int n_axes = lsc_surface_axes(s, axes);

    (void)h; /* numbers have no height */
    add_head(&text, s, n_axes);
    for (int64_t p = 0; p < lsc_surface_points(s); p++)
        add_point(&text, s, axes, n_axes, p);
    LSC_CHECK(!text.failed, LSC_ERR_NOMEM, "%s: no memory for the table", path);
    st = lsc_file_write(path, text.text, text.length);
cleanup:
    lsc_text_free(&text);
    return st;
}

const viz_format viz_format_csv = {.name = "csv", .write = write_csv};
