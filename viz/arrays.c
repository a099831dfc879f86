/*
 * The fields of a surface as named arrays.
 * SPDX-License-Identifier: MIT
 */
#include "viz/arrays.h"
#include "viz/scale.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define LOG_NAME "log10_loss"

char *viz_safe_name(const char *name)
{
    char *safe = lsc_strdup(name);

    for (char *c = safe; c != NULL && *c != '\0'; c++)
        if (!isascii(*c) || (!isalnum(*c) && strchr(" _.-", *c) == NULL))
            *c = '_';
    return safe;
}

lsc_status viz_arrays_take(viz_arrays *a, const char *name, double *values)
{
    lsc_status st = LSC_OK;
    viz_array *list = NULL;
    char *safe = NULL;

    if (a->n == a->capacity) {
        LSC_NEW(list, 2 * a->capacity + 8);
        if (a->n > 0)
            memcpy(list, a->list, (size_t)a->n * sizeof *list);
        lsc_free(a->list);
        a->list = list;
        a->capacity = 2 * a->capacity + 8;
    }
    safe = viz_safe_name(name);
    LSC_CHECK(safe != NULL, LSC_ERR_NOMEM, "no memory for the name of an array");
    a->list[a->n++] = (viz_array){safe, values};
    values = NULL;
cleanup:
    lsc_free(values);
    return st;
}

/* One field at the points of the mesh, or copied from the grid; returns new. */
static lsc_status field_values(const viz_grid *g, const viz_mesh *mesh, const double *field, double **out)
{
    lsc_status st = LSC_OK;
    double *values = NULL;

    if (mesh != NULL)
        return viz_mesh_values(mesh, field, out);
    LSC_NEW(values, g->points);
    memcpy(values, field, (size_t)g->points * sizeof *values);
    *out = values;
cleanup:
    return st;
}

static lsc_status log_values(const double *loss, int64_t n, double **out)
{
    lsc_status st = LSC_OK;
    double *values = NULL;

    LSC_NEW(values, n);
    for (int64_t i = 0; i < n; i++)
        values[i] = loss[i] > 0 ? log10(loss[i]) : NAN;
    *out = values;
cleanup:
    return st;
}

lsc_status viz_arrays_fields(viz_arrays *a, const lsc_surface *s, const viz_mesh *mesh)
{
    lsc_status st = LSC_OK;
    const viz_grid g = viz_grid_of(s);
    const int first = a->n;
    double *values = NULL, least, largest;

    for (int f = 0; f < lsc_surface_n_fields(s); f++) {
        const char *name = lsc_surface_field_name(s, f);
        LSC_TRY(field_values(&g, mesh, lsc_surface_field(s, name), &values));
        LSC_TRY(viz_arrays_take(a, name, values));
    }
    LSC_TRY(log_values(a->list[first].values, mesh != NULL ? mesh->n_points : g.points, &values));
    LSC_TRY(viz_arrays_take(a, LOG_NAME, values));
    const bool log = viz_loss_range(&g, &least, &largest) && viz_wants_log(least, largest);
    a->active = a->list[log ? a->n - 1 : first].name;
cleanup:
    return st;
}

void viz_arrays_free(viz_arrays *a)
{
    for (int i = 0; i < a->n; i++) {
        lsc_free(a->list[i].name);
        lsc_free(a->list[i].values);
    }
    lsc_free(a->list);
    *a = (viz_arrays){0};
}
