/*
 * A surface as an HDF5 file: at the root what tomgoldstein/loss-landscape's scripts read, in the group
 * /losscope ours; docs/surface-format.md. Equal surfaces give equal bytes: no time stamps, one order.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "landscape/surface_file.h"

const lsc_axis_names lsc_root_axes[3] = {
    {"xcoordinates", "xdirection"},
    {"ycoordinates", "ydirection"},
    {"zcoordinates", "zdirection"},
};

const lsc_root_field lsc_root_fields[LSC_ROOT_FIELDS] = {
    {"loss", "train_loss", 1, NULL},
    {"accuracy", "train_acc", 100, "train_err"},
    {"test_loss", "test_loss", 1, NULL},
    {"test_accuracy", "test_acc", 100, "test_err"},
};

const lsc_root_field *lsc_root_field_named(const char *field)
{
    for (int i = 0; i < LSC_ROOT_FIELDS; i++)
        if (strcmp(lsc_root_fields[i].field, field) == 0)
            return &lsc_root_fields[i];
    return NULL;
}

/* One array over the grid; axis 0 is fastest, so it is the last dimension. */
static lsc_status write_grid(hid_t where, const char *name, const lsc_surface *s, hid_t file_type, hid_t memory_type,
                             const void *data)
{
    hsize_t dims[3];

    for (int a = 0; a < s->n_axes; a++)
        dims[s->n_axes - 1 - a] = (hsize_t)s->axes[a].n;
    return lsc_h5_write(where, name, file_type, memory_type, s->n_axes, dims, data);
}

static lsc_status write_coordinates(hid_t file, const lsc_surface *s)
{
    lsc_status st = LSC_OK;
    double *x = NULL;

    for (int a = 0; a < s->n_axes; a++) {
        const hsize_t n = (hsize_t)s->axes[a].n;

        lsc_free(x);
        LSC_NEW(x, n);
        for (int i = 0; i < s->axes[a].n; i++)
            x[i] = lsc_axis_at(&s->axes[a], i);
        LSC_TRY(lsc_h5_write(file, lsc_root_axes[a].coordinates, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &n, x));
    }
cleanup:
    lsc_free(x);
    return st;
}

/* root = scale * values where done, else -1. */
static lsc_status write_root_array(hid_t file, const char *root, const lsc_surface *s, double scale,
                                   const double *values, double *scratch)
{
    for (int64_t i = 0; i < s->points; i++)
        scratch[i] = s->done[i] ? scale * values[i] : -1;
    return write_grid(file, root, s, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, scratch);
}

static lsc_status write_root_field(hid_t file, const lsc_surface *s, const lsc_root_field *r, double *scratch)
{
    lsc_status st = LSC_OK;
    const double *values = lsc_surface_field(s, r->field);

    if (values == NULL)
        goto cleanup;
    LSC_TRY(write_root_array(file, r->root, s, r->scale, values, scratch));
    if (r->complement == NULL)
        goto cleanup;
    for (int64_t i = 0; i < s->points; i++)
        scratch[i] = s->done[i] ? r->scale - scratch[i] : -1;
    LSC_TRY(write_grid(file, r->complement, s, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, scratch));
cleanup:
    return st;
}

/* Under the names that the scripts know, then, last of all, every field under its own name unless that is taken. */
static lsc_status write_root_values(hid_t file, const lsc_surface *s)
{
    lsc_status st = LSC_OK;
    double *scratch = NULL;

    LSC_NEW(scratch, s->points);
    for (int i = 0; i < LSC_ROOT_FIELDS; i++)
        LSC_TRY(write_root_field(file, s, &lsc_root_fields[i], scratch));
    for (int i = 0; i < s->n_fields; i++)
        if (!lsc_h5_has(file, s->fields[i]) && lsc_root_field_named(s->fields[i]) == NULL)
            LSC_TRY(write_root_array(file, s->fields[i], s, 1, s->values + i * s->points, scratch));
cleanup:
    lsc_free(scratch);
    return st;
}

/* One data set for each learned block, named by its number and shaped like it: as in a direction file of the
 * other tool, so that a surface file is a direction file, too. */
static lsc_status write_direction(hid_t file, const char *name, const lsc_layout *layout, const float *d)
{
    lsc_status st = LSC_OK;
    hid_t group = H5I_INVALID_HID;

    LSC_TRY(lsc_h5_group_new(file, name, &group));
    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = lsc_layout_block(layout, i);
        hsize_t dims[6];
        char number[16];

        if (b->role == LSC_BUFFER)
            break;
        for (int k = 0; k < b->rank; k++)
            dims[k] = (hsize_t)b->shape[k];
        snprintf(number, sizeof number, "%d", i);
        LSC_TRY(lsc_h5_write(group, number, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, b->rank, dims, d + b->offset));
    }
cleanup:
    lsc_h5_close(group);
    return st;
}

/* The blocks' names, a line each: the order of the data sets in the directions and of the center. */
static lsc_status write_block_names(hid_t group, const lsc_layout *layout)
{
    lsc_status st = LSC_OK;
    lsc_text names = {0};

    for (int i = 0; i < layout->n_blocks; i++)
        lsc_text_add(&names, "%s\n", lsc_layout_block(layout, i)->name);
    LSC_CHECK(!names.failed, LSC_ERR_NOMEM, "no memory for the names of the blocks");
    LSC_TRY(lsc_h5_write_text(group, "blocks", names.text));
cleanup:
    lsc_text_free(&names);
    return st;
}

static lsc_status write_frame(hid_t file, hid_t group, const lsc_frame *frame)
{
    lsc_status st = LSC_OK;
    const hsize_t n = (hsize_t)frame->layout->n;

    LSC_TRY(lsc_h5_write(group, "center", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, &n, frame->center));
    LSC_TRY(write_block_names(group, frame->layout));
    for (int i = 0; i < frame->n_dirs; i++)
        LSC_TRY(write_direction(file, lsc_root_axes[i].direction, frame->layout, frame->dirs[i]));
cleanup:
    return st;
}

static lsc_status write_axes(hid_t group, const lsc_surface *s)
{
    const hsize_t dims[2] = {(hsize_t)s->n_axes, 3};
    double rows[3][3];

    for (int a = 0; a < s->n_axes; a++) {
        rows[a][0] = s->axes[a].min;
        rows[a][1] = s->axes[a].max;
        rows[a][2] = s->axes[a].n;
    }
    return lsc_h5_write(group, "axes", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, rows);
}

static lsc_status write_fields(hid_t group, const lsc_surface *s)
{
    lsc_status st = LSC_OK;
    hid_t fields = H5I_INVALID_HID;

    LSC_TRY(write_grid(group, "done", s, H5T_STD_U8LE, H5T_NATIVE_UINT8, s->done));
    LSC_TRY(lsc_h5_group_new(group, "fields", &fields));
    for (int i = 0; i < s->n_fields; i++)
        LSC_TRY(write_grid(fields, s->fields[i], s, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, s->values + i * s->points));
cleanup:
    lsc_h5_close(fields);
    return st;
}

static lsc_status write_entries(hid_t group, const char *name, const lsc_surface *s, bool notes)
{
    lsc_status st = LSC_OK;
    hid_t entries = H5I_INVALID_HID;

    LSC_TRY(lsc_h5_group_new(group, name, &entries));
    for (int i = 0; i < s->n_entries; i++)
        if (s->entries[i].note == notes)
            LSC_TRY(lsc_h5_write_text(entries, s->entries[i].key, s->entries[i].value));
cleanup:
    lsc_h5_close(entries);
    return st;
}

static lsc_status write_group(hid_t group, const lsc_surface *s)
{
    lsc_status st = LSC_OK;
    const int32_t version = LSC_SURFACE_VERSION;

    LSC_TRY(lsc_h5_write(group, "version", H5T_STD_I32LE, H5T_NATIVE_INT32, 0, NULL, &version));
    LSC_TRY(write_axes(group, s));
    LSC_TRY(write_fields(group, s));
    LSC_TRY(write_entries(group, "settings", s, false));
    LSC_TRY(write_entries(group, "notes", s, true));
cleanup:
    return st;
}

static lsc_status save(const lsc_surface *s, const lsc_frame *frame, const char *path)
{
    lsc_status st = LSC_OK;
    lsc_h5_image image = {.file = H5I_INVALID_HID};
    hid_t group = H5I_INVALID_HID;
    const char *slash = strrchr(path, '/'), *own_name = slash == NULL ? path : slash + 1;

    LSC_TRY(lsc_h5_image_open(&image));
    LSC_TRY(lsc_h5_write_text(image.file, "dir_file", frame == NULL ? "" : own_name));
    LSC_TRY(write_coordinates(image.file, s));
    LSC_TRY(lsc_h5_group_new(image.file, "losscope", &group));
    LSC_TRY(write_group(group, s));
    if (frame != NULL)
        LSC_TRY(write_frame(image.file, group, frame));
    LSC_TRY(write_root_values(image.file, s));
    lsc_h5_close(group);
    group = H5I_INVALID_HID;
    LSC_TRY(lsc_h5_image_save(&image, path));
cleanup:
    lsc_h5_close(group);
    lsc_h5_image_free(&image);
    return st;
}

lsc_status lsc_surface_save(const lsc_surface *s, const lsc_frame *frame, const char *path)
{
    lsc_status st = LSC_OK;
    lsc_h5_session session;

    LSC_CHECK(frame == NULL || frame->n_dirs == s->n_axes, LSC_ERR_SHAPE,
              "%s: the frame has %d directions, the surface %d axes", path, frame->n_dirs, s->n_axes);
    lsc_h5_begin(&session);
    st = save(s, frame, path);
    lsc_h5_end(&session);
cleanup:
    return st;
}
