/*
 * Direction from a file: groups xdirection, ydirection, zdirection, in each the data sets "0", "1", ..., one for
 * each learned block in the model's order, of its shape. So tomgoldstein/loss-landscape writes them (dir_type
 * weights), and so they stand in our surface files. Taken as stored: they are normalized already.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/surface_file.h"

static int learned_blocks(const lsc_layout *layout)
{
    int n = 0;

    while (n < layout->n_blocks && lsc_layout_block(layout, n)->role != LSC_BUFFER)
        n++;
    return n;
}

static lsc_status check_count(hid_t group, const lsc_layout *layout)
{
    lsc_status st = LSC_OK;
    const int wanted = learned_blocks(layout);
    H5G_info_t info;

    LSC_CHECK(H5Gget_info(group, &info) >= 0, LSC_ERR_FORMAT, "cannot be read");
    LSC_CHECK(info.nlinks == (hsize_t)wanted, LSC_ERR_SHAPE, "%llu data sets, the model has %d learned blocks%s",
              (unsigned long long)info.nlinks, wanted,
              info.nlinks == (hsize_t)layout->n_blocks ? " (dir_type states is not read: use weights)" : "");
cleanup:
    return st;
}

static lsc_status read_block(hid_t group, int i, const lsc_block *b, float *d)
{
    lsc_status st = LSC_OK;
    lsc_h5_shape shape;
    bool same;
    char number[16], shown[96];

    snprintf(number, sizeof number, "%d", i);
    LSC_TRY(lsc_h5_shape_of(group, number, &shape));
    same = shape.rank == b->rank;
    for (int k = 0; same && k < b->rank; k++)
        same = shape.dims[k] == (hsize_t)b->shape[k];
    LSC_CHECK(same, LSC_ERR_SHAPE, "data set %s has not the shape of its block %s (%lld values, should be %lld)",
              number, lsc_shown(b->name, shown, sizeof shown), (long long)shape.elements,
              (long long)lsc_block_elements(b));
    LSC_TRY(lsc_h5_read(group, number, H5T_NATIVE_FLOAT, shape.elements, d + b->offset));
cleanup:
    return st;
}

static lsc_status read_direction(const char *path, const char *name, const lsc_layout *layout, float *d)
{
    lsc_status st = LSC_OK;
    hid_t file = H5I_INVALID_HID, group = H5I_INVALID_HID;

    LSC_TRY(lsc_h5_open(path, &file));
    LSC_TRY(lsc_context(lsc_h5_group_open(file, name, &group), "%s", path));
    LSC_TRY(lsc_context(check_count(group, layout), "%s: %s", path, name));
    for (int i = 0; i < learned_blocks(layout); i++)
        LSC_TRY(lsc_context(read_block(group, i, lsc_layout_block(layout, i), d), "%s: %s", path, name));
cleanup:
    lsc_h5_close(group);
    lsc_h5_close(file);
    return st;
}

static lsc_status fill(const lsc_layout *layout, int number, const lsc_direction_options *o, float *d)
{
    lsc_status st = LSC_OK;
    lsc_h5_session session;

    LSC_CHECK(o->path != NULL, LSC_ERR_ARG, "kind file needs a path");
    lsc_h5_begin(&session);
    st = read_direction(o->path, lsc_root_axes[number].direction, layout, d);
    lsc_h5_end(&session);
cleanup:
    return st;
}

const lsc_direction_kind lsc_direction_file = {.finished = true, .fill = fill};
