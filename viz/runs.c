/*
 * Finding, loading and naming surfaces. A run is called by its optimizer, or by its folder where that is not known;
 * runs of the same optimizer are told apart by their folders. SPDX-License-Identifier: MIT
 */
#include "viz/runs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define SURFACE "surface.h5"

/* The last part of the folder of a path; returns new or NULL. */
static char *folder_name(const char *path)
{
    char *folder = lsc_path_folder(path), *name = NULL;

    if (folder != NULL) {
        const char *slash = strrchr(folder, '/');
        name = lsc_strdup(slash != NULL && slash[1] != '\0' ? slash + 1 : folder);
    }
    lsc_free(folder);
    return name;
}

/* The name of a file without its end; returns new or NULL. */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *dot = strrchr(name, '.');
    return lsc_format("%.*s", (int)(dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name)), name);
}

/* What a run is called on its own; returns new or NULL. */
static char *first_name(const lsc_surface *s, const char *path)
{
    const char *optimizer = lsc_surface_get(s, "optimizer"), *slash = strrchr(path, '/');

    if (optimizer != NULL && optimizer[0] != '\0')
        return lsc_strdup(optimizer);
    if (slash != NULL && strcmp(slash + 1, SURFACE) == 0)
        return folder_name(path);
    return stem(path);
}

static lsc_status load(viz_runs *r, const char *path)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(r->n < VIZ_RUNS_MAX, LSC_ERR_ARG, "more than %d surfaces to compare", VIZ_RUNS_MAX);
    LSC_TRY(lsc_surface_load(path, &r->surfaces[r->n]));
    r->paths[r->n] = lsc_strdup(path);
    LSC_CHECK(r->paths[r->n] != NULL, LSC_ERR_NOMEM, "no memory for a path");
    r->n++;
cleanup:
    return st;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Every folder in `folder` that holds a surface. */
static lsc_status load_folders(viz_runs *r, const char *folder)
{
    lsc_status st = LSC_OK;
    struct dirent **entries = NULL;
    const int before = r->n, n = scandir(folder, &entries, not_hidden, alphasort);
    char *path = NULL, shown[128];

    for (int i = 0; i < n; i++) {
        path = lsc_format("%s/%s/" SURFACE, folder, entries[i]->d_name);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path");
        if (lsc_file_exists(path))
            LSC_TRY(load(r, path));
        lsc_free(path);
        path = NULL;
    }
    LSC_CHECK(r->n > before, LSC_ERR_IO, "%s: neither it nor a folder in it holds a %s: make one with landscape",
              lsc_shown(folder, shown, sizeof shown), SURFACE);
cleanup:
    lsc_free(path);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    return st;
}

static lsc_status load_path(viz_runs *r, const char *path)
{
    lsc_status st = LSC_OK;
    char *inside = NULL;

    if (!lsc_is_folder(path))
        return load(r, path);
    inside = lsc_path_join(path, SURFACE);
    LSC_CHECK(inside != NULL, LSC_ERR_NOMEM, "no memory for a path");
    st = lsc_file_exists(inside) ? load(r, inside) : load_folders(r, path);
cleanup:
    lsc_free(inside);
    return st;
}

static bool shared_name(const viz_runs *r, int k, char *const *first)
{
    for (int i = 0; i < r->n; i++)
        if (i != k && strcmp(first[i], first[k]) == 0)
            return true;
    return false;
}

static lsc_status name_runs(viz_runs *r)
{
    lsc_status st = LSC_OK;
    char *first[VIZ_RUNS_MAX] = {0}, *folder = NULL;

    for (int k = 0; k < r->n; k++) {
        first[k] = first_name(r->surfaces[k], r->paths[k]);
        LSC_CHECK(first[k] != NULL, LSC_ERR_NOMEM, "no memory for a name");
    }
    for (int k = 0; k < r->n; k++) {
        folder = folder_name(r->paths[k]);
        LSC_CHECK(folder != NULL, LSC_ERR_NOMEM, "no memory for a name");
        r->names[k] = shared_name(r, k, first) && strcmp(folder, first[k]) != 0
                          ? lsc_format("%s (%s)", first[k], folder)
                          : lsc_strdup(first[k]);
        LSC_CHECK(r->names[k] != NULL, LSC_ERR_NOMEM, "no memory for a name");
        r->runs[k] = (viz_run){r->surfaces[k], r->names[k]};
        lsc_free(folder);
        folder = NULL;
    }
cleanup:
    lsc_free(folder);
    for (int k = 0; k < r->n; k++)
        lsc_free(first[k]);
    return st;
}

lsc_status viz_runs_load(const char *const *paths, int n, viz_runs *out)
{
    lsc_status st = LSC_OK;

    *out = (viz_runs){0};
    for (int i = 0; i < n; i++)
        LSC_TRY(load_path(out, paths[i]));
    st = name_runs(out);
cleanup:
    return st;
}

void viz_runs_free(viz_runs *r)
{
    for (int k = 0; k < VIZ_RUNS_MAX; k++) {
        lsc_surface_free(r->surfaces[k]);
        lsc_free(r->paths[k]);
        lsc_free(r->names[k]);
    }
    *r = (viz_runs){0};
}
