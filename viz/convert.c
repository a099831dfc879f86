/*
 * One surface file to another format.
 * SPDX-License-Identifier: MIT
 */
#include "viz/viz.h"

#include <string.h>

/* PATH with its end replaced, as "runs/sam/surface.vtp"; returns new or NULL. */
static char *beside(const char *path, const char *end)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash != NULL ? slash : path, '.');
    return lsc_format("%.*s.%s", (int)(dot != NULL ? (size_t)(dot - path) : strlen(path)), path, end);
}

lsc_status viz_convert(const char *path, const viz_options *o)
{
    lsc_status st = LSC_OK;
    lsc_surface *s = NULL;
    const viz_format *format = NULL;
    viz_height h;
    char *output = o->output != NULL ? lsc_strdup(o->output) : beside(path, "vtp"), shown[128];

    LSC_CHECK(output != NULL, LSC_ERR_NOMEM, "no memory for a path");
    LSC_TRY(viz_format_of(output, &format));
    LSC_TRY(lsc_surface_load(path, &s));
    LSC_TRY(viz_height_shared((const lsc_surface *const[]){s}, 1, o->kind, o->cut, &h));
    LSC_TRY(format->write(s, output, &h));
    lsc_log_info("wrote %s", lsc_shown(output, shown, sizeof shown));
cleanup:
    lsc_surface_free(s);
    lsc_free(output);
    return st;
}
