/*
 * Reading a surface file: ours by its group /losscope, otherwise the other tool's.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <string.h>

#include "landscape/surface_file.h"

#define ENTRIES_MAX   4096
#define TEXT_MAX_SIZE (1u << 24)

static lsc_status read_axes(hid_t group, lsc_axis axes[3], int *n_axes)
{
    lsc_status st = LSC_OK;
    lsc_h5_shape shape;
    double rows[3][3];

    LSC_TRY(lsc_h5_shape_of(group, "axes", &shape));
    LSC_CHECK(shape.rank == 2 && shape.dims[0] >= 1 && shape.dims[0] <= 3 && shape.dims[1] == 3, LSC_ERR_FORMAT,
              "axes should be 1 to 3 rows of min, max, n");
    LSC_TRY(lsc_h5_read(group, "axes", H5T_NATIVE_DOUBLE, shape.elements, rows));
    *n_axes = (int)shape.dims[0];
    for (int a = 0; a < *n_axes; a++) {
        const double n = rows[a][2];

        LSC_CHECK(n >= 1 && n <= INT32_MAX && n == floor(n), LSC_ERR_FORMAT, "axis %d has %g points", a, n);
        axes[a] = (lsc_axis){rows[a][0], rows[a][1], (int)n};
    }
    LSC_TRY(lsc_axes_check(axes, *n_axes));
cleanup:
    return st;
}

typedef struct {
    char *names[LSC_SURFACE_FIELDS_MAX];
    int n;
} name_list;

static lsc_status collect(void *context, hid_t group, const char *name)
{
    name_list *list = context;

    (void)group;
    list->names[list->n] = lsc_strdup(name);
    if (list->names[list->n] == NULL)
        return lsc_fail(LSC_ERR_NOMEM, "no memory for the name of a field");
    list->n++;
    return LSC_OK;
}

/* Returns new: axes and fields as the file has them, nothing in it yet. */
static lsc_status new_surface(hid_t group, hid_t fields, lsc_surface **out)
{
    lsc_status st = LSC_OK;
    lsc_axis axes[3];
    int n_axes = 0;
    lsc_h5_shape shape;
    name_list *list = NULL;

    LSC_TRY(read_axes(group, axes, &n_axes));
    LSC_TRY(lsc_h5_shape_of(group, "done", &shape));
    LSC_CHECK(shape.elements == lsc_axes_points(axes, n_axes), LSC_ERR_FORMAT,
              "the axes span %lld points, the mask done has %lld", (long long)lsc_axes_points(axes, n_axes),
              (long long)shape.elements);
    LSC_NEW(list, 1);
    LSC_TRY(lsc_h5_members(fields, LSC_SURFACE_FIELDS_MAX, collect, list));
    LSC_TRY(lsc_surface_new(axes, n_axes, (const char *const *)list->names, list->n, out));
cleanup:
    for (int i = 0; list != NULL && i < list->n; i++)
        lsc_free(list->names[i]);
    lsc_free(list);
    return st;
}

static lsc_status read_values(hid_t group, hid_t fields, lsc_surface *s)
{
    lsc_status st = LSC_OK;

    LSC_TRY(lsc_h5_read(group, "done", H5T_NATIVE_UINT8, s->points, s->done));
    for (int64_t i = 0; i < s->points; i++) {
        s->done[i] = s->done[i] != 0;
        s->n_done += s->done[i];
    }
    for (int f = 0; f < s->n_fields; f++) {
        double *values = s->values + f * s->points;

        LSC_TRY(lsc_h5_read(fields, s->fields[f], H5T_NATIVE_DOUBLE, s->points, values));
        for (int64_t i = 0; i < s->points; i++)
            values[i] = s->done[i] ? values[i] : NAN;
    }
cleanup:
    return st;
}

typedef struct {
    lsc_surface *surface;
    lsc_status (*set)(lsc_surface *s, const char *key, const char *value);
} entry_target;

static lsc_status read_entry(void *context, hid_t group, const char *name)
{
    lsc_status st = LSC_OK;
    const entry_target *target = context;
    char *value = NULL;

    LSC_TRY(lsc_h5_read_text(group, name, TEXT_MAX_SIZE, &value));
    LSC_TRY(target->set(target->surface, name, value));
cleanup:
    lsc_free(value);
    return st;
}

static lsc_status read_entries(hid_t group, const char *name, entry_target target)
{
    lsc_status st = LSC_OK;
    hid_t entries = H5I_INVALID_HID;

    LSC_TRY(lsc_h5_group_open(group, name, &entries));
    LSC_TRY(lsc_context(lsc_h5_members(entries, ENTRIES_MAX, read_entry, &target), "%s", name));
cleanup:
    lsc_h5_close(entries);
    return st;
}

static lsc_status load_ours(hid_t file, lsc_surface **out)
{
    lsc_status st = LSC_OK;
    lsc_surface *s = NULL;
    hid_t group = H5I_INVALID_HID, fields = H5I_INVALID_HID;
    int32_t version = 0;

    LSC_TRY(lsc_h5_group_open(file, "losscope", &group));
    LSC_TRY(lsc_h5_read(group, "version", H5T_NATIVE_INT32, 1, &version));
    LSC_CHECK(version == LSC_SURFACE_VERSION, LSC_ERR_FORMAT, "version is %d, this library reads %d", (int)version,
              LSC_SURFACE_VERSION);
    LSC_TRY(lsc_h5_group_open(group, "fields", &fields));
    LSC_TRY(new_surface(group, fields, &s));
    LSC_TRY(read_values(group, fields, s));
    LSC_TRY(read_entries(group, "settings", (entry_target){s, lsc_surface_set_setting}));
    LSC_TRY(read_entries(group, "notes", (entry_target){s, lsc_surface_set}));
    *out = s;
    s = NULL;
cleanup:
    lsc_surface_free(s);
    lsc_h5_close(fields);
    lsc_h5_close(group);
    return lsc_context(st, "/losscope");
}

/* What would be a wrong argument from a caller is a malformed file here. */
static lsc_status blame_file(lsc_status st)
{
    return st == LSC_ERR_ARG ? LSC_ERR_FORMAT : st;
}

lsc_status lsc_surface_load(const char *path, lsc_surface **out)
{
    lsc_status st = LSC_OK;
    lsc_h5_session session;
    hid_t file = H5I_INVALID_HID;

    lsc_h5_begin(&session);
    LSC_TRY(lsc_h5_open(path, &file));
    st = lsc_h5_has(file, "losscope") ? load_ours(file, out) : lsc_surface_load_foreign(file, out);
    st = lsc_context(blame_file(st), "%s", path);
cleanup:
    lsc_h5_close(file);
    lsc_h5_end(&session);
    return st;
}
