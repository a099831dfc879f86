/*
 * runs.h - the surfaces a command names, loaded.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_RUNS_H
#define LSC_VIZ_RUNS_H

#include "viz/viz.h"

#define VIZ_RUNS_MAX 64

typedef struct {
    int n;
    lsc_surface *surfaces[VIZ_RUNS_MAX];
    char *paths[VIZ_RUNS_MAX];
    char *names[VIZ_RUNS_MAX];  /* unlike each other where their folders are */
    viz_run runs[VIZ_RUNS_MAX]; /* of the above */
} viz_runs;

/* Load what n paths name: a surface file; a folder with surface.h5; a folder of such folders, in the order of their
 * names. LSC_ERR_IO: a path names none; else as lsc_surface_load. Free it also after a failure. */
lsc_status viz_runs_load(const char *const *paths, int n, viz_runs *out);
void viz_runs_free(viz_runs *r);

/* Warn of each run that cannot be compared with the first (comparable.c). LSC_ERR_NOMEM. */
lsc_status viz_runs_warn(const viz_runs *r);

#endif
