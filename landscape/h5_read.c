/*
 * HDF5: reading files that may be damaged or hostile. Sizes and types are checked before anything is read;
 * links, external storage and strings of variable length are not followed.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/h5.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SHOWN 96
/* Deflate packs 1032 : 1 at most, so that a data set that claims more holds values that nobody wrote. */
#define PACKED_MAX 1100

lsc_status lsc_h5_open(const char *path, hid_t *file)
{
    lsc_status st = LSC_OK;
    struct stat info;
    hid_t properties = H5I_INVALID_HID;

    LSC_CHECK(stat(path, &info) == 0, LSC_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    LSC_CHECK(S_ISREG(info.st_mode), LSC_ERR_IO, "%s: cannot open: not a regular file", path);
    LSC_CHECK(access(path, R_OK) == 0, LSC_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    properties = H5Pcreate(H5P_FILE_ACCESS);
    /* Files are replaced, never changed in place, so that a reader needs no lock; some file systems have none. */
    if (properties < 0 || H5Pset_file_locking(properties, false, true) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "%s", path));
    *file = H5Fopen(path, H5F_ACC_RDONLY, properties);
    if (*file < 0)
        st = lsc_h5_fail(LSC_ERR_FORMAT, "%s: not an HDF5 file, or damaged", path);
cleanup:
    lsc_h5_close(properties);
    return st;
}

bool lsc_h5_has(hid_t where, const char *name)
{
    H5L_info_t info;

    return H5Lexists(where, name, H5P_DEFAULT) > 0 && H5Lget_info(where, name, &info, H5P_DEFAULT) >= 0 &&
           info.type == H5L_TYPE_HARD;
}

static lsc_status open_object(hid_t where, const char *name, H5I_type_t wanted, hid_t *object)
{
    lsc_status st = LSC_OK;
    const char *what = wanted == H5I_GROUP ? "group" : "data set";
    char shown[NAME_SHOWN];
    hid_t id = H5I_INVALID_HID;

    lsc_shown(name, shown, sizeof shown);
    LSC_CHECK(lsc_h5_has(where, name), LSC_ERR_FORMAT, "%s %s is missing", what, shown);
    id = H5Oopen(where, name, H5P_DEFAULT);
    if (id < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_FORMAT, "%s %s cannot be opened", what, shown));
    LSC_CHECK(H5Iget_type(id) == wanted, LSC_ERR_FORMAT, "%s should be a %s", shown, what);
    *object = id;
    id = H5I_INVALID_HID;
cleanup:
    lsc_h5_close(id);
    return st;
}

lsc_status lsc_h5_group_open(hid_t where, const char *name, hid_t *group)
{
    return open_object(where, name, H5I_GROUP, group);
}

/* Values must come from this file: no external raw data, no virtual data set. */
static bool stored_here(hid_t set)
{
    hid_t create = H5Dget_create_plist(set);
    const bool here = create >= 0 && H5Pget_external_count(create) == 0 && H5Pget_layout(create) != H5D_VIRTUAL;

    lsc_h5_close(create);
    return here;
}

static lsc_status measure_space(hid_t set, const char *shown, lsc_h5_shape *shape)
{
    lsc_status st = LSC_OK;
    hid_t space = H5Dget_space(set);

    LSC_CHECK(space >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL, LSC_ERR_FORMAT, "data set %s has no values",
              shown);
    shape->rank = H5Sget_simple_extent_ndims(space);
    LSC_CHECK(shape->rank >= 0 && shape->rank <= 6, LSC_ERR_FORMAT, "data set %s has rank %d, more than 6", shown,
              shape->rank);
    LSC_CHECK(H5Sget_simple_extent_dims(space, shape->dims, NULL) >= 0, LSC_ERR_FORMAT,
              "the shape of data set %s cannot be read", shown);
    shape->elements = 1;
    for (int i = 0; i < shape->rank; i++)
        LSC_CHECK(shape->dims[i] <= INT32_MAX &&
                      !__builtin_mul_overflow(shape->elements, (int64_t)shape->dims[i], &shape->elements),
                  LSC_ERR_FORMAT, "data set %s is too large: dimension %d is %llu", shown, i,
                  (unsigned long long)shape->dims[i]);
cleanup:
    lsc_h5_close(space);
    return st;
}

/* Open a data set and look at it. *type is its file type, to be closed by the caller. */
static lsc_status open_set(hid_t where, const char *name, hid_t *set, hid_t *type, lsc_h5_shape *shape)
{
    lsc_status st = LSC_OK;
    char shown[NAME_SHOWN];

    lsc_shown(name, shown, sizeof shown);
    LSC_TRY(open_object(where, name, H5I_DATASET, set));
    LSC_CHECK(stored_here(*set), LSC_ERR_FORMAT, "data set %s: its values lie in another file", shown);
    *type = H5Dget_type(*set);
    LSC_CHECK(*type >= 0, LSC_ERR_FORMAT, "the type of data set %s cannot be read", shown);
    shape->type = H5Tget_class(*type);
    LSC_TRY(measure_space(*set, shown, shape));
    LSC_CHECK((double)shape->elements * (double)H5Tget_size(*type) <= PACKED_MAX * (double)H5Dget_storage_size(*set),
              LSC_ERR_FORMAT, "data set %s has values that were never stored", shown);
cleanup:
    return st;
}

static lsc_status open_numbers(hid_t where, const char *name, hid_t *set, lsc_h5_shape *shape)
{
    lsc_status st = LSC_OK;
    hid_t type = H5I_INVALID_HID;
    char shown[NAME_SHOWN];

    LSC_TRY(open_set(where, name, set, &type, shape));
    LSC_CHECK((shape->type == H5T_FLOAT || shape->type == H5T_INTEGER) && H5Tget_size(type) <= 8, LSC_ERR_FORMAT,
              "data set %s does not hold numbers of at most 8 bytes", lsc_shown(name, shown, sizeof shown));
cleanup:
    lsc_h5_close(type);
    return st;
}

lsc_status lsc_h5_shape_of(hid_t where, const char *name, lsc_h5_shape *shape)
{
    hid_t set = H5I_INVALID_HID;
    lsc_status st = open_numbers(where, name, &set, shape);

    lsc_h5_close(set);
    return st;
}

lsc_status lsc_h5_read(hid_t where, const char *name, hid_t memory_type, int64_t elements, void *out)
{
    lsc_status st = LSC_OK;
    hid_t set = H5I_INVALID_HID;
    lsc_h5_shape shape;
    char shown[NAME_SHOWN];

    lsc_shown(name, shown, sizeof shown);
    LSC_TRY(open_numbers(where, name, &set, &shape));
    LSC_CHECK(shape.elements == elements, LSC_ERR_FORMAT, "data set %s has %lld values, should have %lld", shown,
              (long long)shape.elements, (long long)elements);
    if (H5Dread(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_FORMAT, "data set %s cannot be read", shown));
cleanup:
    lsc_h5_close(set);
    return st;
}

lsc_status lsc_h5_read_text(hid_t where, const char *name, size_t limit, char **out)
{
    lsc_status st = LSC_OK;
    hid_t set = H5I_INVALID_HID, type = H5I_INVALID_HID;
    lsc_h5_shape shape;
    char shown[NAME_SHOWN], *text = NULL;
    size_t n;

    lsc_shown(name, shown, sizeof shown);
    LSC_TRY(open_set(where, name, &set, &type, &shape));
    LSC_CHECK(shape.type == H5T_STRING && H5Tis_variable_str(type) == 0 && shape.elements == 1, LSC_ERR_FORMAT,
              "data set %s should be one string of fixed length", shown);
    n = H5Tget_size(type);
    LSC_CHECK(n <= limit, LSC_ERR_FORMAT, "text %s has %zu bytes, more than %zu", shown, n, limit);
    LSC_NEW(text, n + 1);
    if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_FORMAT, "text %s cannot be read", shown));
    *out = text;
    text = NULL;
cleanup:
    lsc_free(text);
    lsc_h5_close(type);
    lsc_h5_close(set);
    return st;
}

typedef struct {
    lsc_h5_member_fn each;
    void *context;
    lsc_status status;
} visit;

static herr_t visit_member(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    visit *v = data;

    (void)info;
    v->status = v->each(v->context, group, name);
    return v->status == LSC_OK ? 0 : 1; /* 1: stop, but not HDF5's error */
}

lsc_status lsc_h5_members(hid_t where, int limit, lsc_h5_member_fn each, void *context)
{
    lsc_status st = LSC_OK;
    visit v = {each, context, LSC_OK};
    H5G_info_t info;
    unsigned order = 0;
    hid_t group = H5Gopen2(where, ".", H5P_DEFAULT), create = H5Gget_create_plist(group);

    LSC_CHECK(create >= 0 && H5Gget_info(group, &info) >= 0 && H5Pget_link_creation_order(create, &order) >= 0,
              LSC_ERR_FORMAT, "a group cannot be read");
    LSC_CHECK(info.nlinks <= (hsize_t)limit, LSC_ERR_FORMAT, "a group has %llu members, more than %d",
              (unsigned long long)info.nlinks, limit);
    if (H5Literate(group, order & H5P_CRT_ORDER_TRACKED ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, H5_ITER_INC, NULL,
                   visit_member, &v) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_FORMAT, "the members of a group cannot be read"));
    st = v.status;
cleanup:
    lsc_h5_close(create);
    lsc_h5_close(group);
    return st;
}
