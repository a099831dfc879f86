/*
 * .png: the picture of one surface.
 * SPDX-License-Identifier: MIT
 */
#include "viz/format.h"

static lsc_status write_png(const lsc_surface *s, const char *path, const viz_height *h)
{
    const char *optimizer = lsc_surface_get(s, "optimizer");
    const viz_run run = {s, optimizer != NULL ? optimizer : "loss"};

    return viz_write_png(&run, 1, path, h);
}

const viz_format viz_format_png = {.name = "png", .write = write_png};
