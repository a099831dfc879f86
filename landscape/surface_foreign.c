/*
 * Surface files of tomgoldstein/loss-landscape: xcoordinates and ycoordinates, and one array a field, flat order
 * y-major whether its shape says (nx, ny) or (ny, nx); -1 is "not computed".
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "landscape/surface_file.h"

/* The file says each coordinate; an axis has even steps. */
static lsc_status axis_of(const char *name, const double *x, int n, lsc_axis *axis)
{
    lsc_status st = LSC_OK;
    const double step = n > 1 ? (x[n - 1] - x[0]) / (n - 1) : 0;

    for (int i = 0; i < n; i++)
        LSC_CHECK(fabs(x[i] - (x[0] + i * step)) <= 1e-3 * fabs(step), LSC_ERR_FORMAT,
                  "%s: value %d is %g, which is not a grid of even steps", name, i, x[i]);
    *axis = (lsc_axis){x[0], x[n - 1], n};
cleanup:
    return st;
}

static lsc_status read_axis(hid_t file, const char *name, lsc_axis *axis)
{
    lsc_status st = LSC_OK;
    lsc_h5_shape shape;
    double *x = NULL;

    LSC_TRY(lsc_h5_shape_of(file, name, &shape));
    LSC_CHECK(shape.rank == 1 && shape.elements >= 1 && shape.elements <= LSC_SURFACE_VALUES_MAX, LSC_ERR_FORMAT,
              "%s should be one row of coordinates", name);
    LSC_NEW(x, shape.elements);
    LSC_TRY(lsc_h5_read(file, name, H5T_NATIVE_DOUBLE, shape.elements, x));
    LSC_TRY(axis_of(name, x, (int)shape.elements, axis));
cleanup:
    lsc_free(x);
    return st;
}

static lsc_status read_axes(hid_t file, lsc_axis axes[3], int *n_axes)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(lsc_h5_has(file, "xcoordinates"), LSC_ERR_FORMAT,
              "neither a group losscope nor a data set xcoordinates: not a surface file");
    *n_axes = 0;
    while (*n_axes < 3 && lsc_h5_has(file, lsc_root_axes[*n_axes].coordinates)) {
        LSC_TRY(read_axis(file, lsc_root_axes[*n_axes].coordinates, &axes[*n_axes]));
        ++*n_axes;
    }
    LSC_TRY(lsc_axes_check(axes, *n_axes));
cleanup:
    return st;
}

typedef struct {
    int64_t points;
    const char *roots[LSC_SURFACE_FIELDS_MAX], *fields[LSC_SURFACE_FIELDS_MAX]; /* root name -> field name */
    double scales[LSC_SURFACE_FIELDS_MAX];                                      /* 0: not in lsc_root_fields */
    char *kept[LSC_SURFACE_FIELDS_MAX];                                         /* owns names of other fields */
    int n, n_kept;
} field_list;

static bool is_grid(hid_t file, const char *name, int64_t points)
{
    lsc_h5_shape shape;

    return lsc_h5_shape_of(file, name, &shape) == LSC_OK && shape.rank >= 1 && shape.elements == points;
}

static bool has_own_name(const char *name)
{
    for (int i = 0; i < LSC_ROOT_FIELDS; i++)
        if (strcmp(name, lsc_root_fields[i].root) == 0)
            return true;
    for (int a = 0; a < 3; a++)
        if (strcmp(name, lsc_root_axes[a].coordinates) == 0)
            return true;
    return false;
}

static void add_field(field_list *list, const char *root, const char *field, double scale)
{
    list->roots[list->n] = root;
    list->fields[list->n] = field;
    list->scales[list->n++] = scale;
}

/* Any other array over the grid becomes a field of its own name. */
static lsc_status add_other(void *context, hid_t file, const char *name)
{
    field_list *list = context;
    const char *const names[] = {name};
    char *kept;

    if (has_own_name(name) || lsc_fields_check(names, 1) != LSC_OK || list->n == LSC_SURFACE_FIELDS_MAX ||
        !is_grid(file, name, list->points))
        return LSC_OK;
    kept = lsc_strdup(name);
    if (kept == NULL)
        return lsc_fail(LSC_ERR_NOMEM, "no memory for the name of a field");
    list->kept[list->n_kept++] = kept;
    add_field(list, kept, kept, 0);
    return LSC_OK;
}

static lsc_status find_fields(hid_t file, field_list *list)
{
    lsc_status st = LSC_OK;

    for (int i = 0; i < LSC_ROOT_FIELDS; i++) {
        const lsc_root_field *r = &lsc_root_fields[i];

        if (lsc_h5_has(file, r->root) && is_grid(file, r->root, list->points))
            add_field(list, r->root, r->field, r->scale);
    }
    LSC_TRY(lsc_h5_members(file, LSC_SURFACE_FIELDS_MAX, add_other, list));
    LSC_CHECK(list->n >= 1, LSC_ERR_FORMAT, "no data set has the %lld values that the coordinates ask for",
              (long long)list->points);
cleanup:
    return st;
}

static lsc_status read_values(hid_t file, const field_list *list, lsc_surface *s)
{
    lsc_status st = LSC_OK;

    for (int f = 0; f < list->n; f++) {
        double *values = s->values + f * s->points;

        LSC_TRY(lsc_h5_read(file, list->roots[f], H5T_NATIVE_DOUBLE, s->points, values));
        for (int64_t i = 0; f == 0 && i < s->points; i++) {
            s->done[i] = list->scales[0] == 0 || values[i] != -1;
            s->n_done += s->done[i];
        }
        for (int64_t i = 0; i < s->points; i++)
            if (!s->done[i] || (list->scales[f] != 0 && values[i] == -1))
                values[i] = NAN;
            else if (list->scales[f] != 0)
                values[i] /= list->scales[f];
    }
cleanup:
    return st;
}

lsc_status lsc_surface_load_foreign(hid_t file, lsc_surface **out)
{
    lsc_status st = LSC_OK;
    lsc_surface *s = NULL;
    field_list *list = NULL;
    lsc_axis axes[3];
    int n_axes = 0;

    LSC_TRY(read_axes(file, axes, &n_axes));
    LSC_NEW(list, 1);
    list->points = lsc_axes_points(axes, n_axes);
    LSC_TRY(find_fields(file, list));
    LSC_TRY(lsc_surface_new(axes, n_axes, list->fields, list->n, &s));
    LSC_TRY(read_values(file, list, s));
    *out = s;
    s = NULL;
cleanup:
    for (int i = 0; list != NULL && i < list->n_kept; i++)
        lsc_free(list->kept[i]);
    lsc_free(list);
    lsc_surface_free(s);
    return st;
}
