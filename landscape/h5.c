/*
 * HDF5: session, errors, writing to an image in memory.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/h5.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

void lsc_h5_begin(lsc_h5_session *h)
{
    pthread_mutex_lock(&one_at_a_time);
    H5Eget_auto2(H5E_DEFAULT, &h->print, &h->data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    H5Eclear2(H5E_DEFAULT);
}

void lsc_h5_end(lsc_h5_session *h)
{
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, h->print, h->data);
    pthread_mutex_unlock(&one_at_a_time);
}

/* The first record of an upward walk is the innermost: the cause. */
static herr_t take_first(unsigned n, const H5E_error2_t *record, void *out)
{
    const char **cause = out;

    if (n == 0)
        *cause = record->desc;
    return 0;
}

lsc_status lsc_h5_fail(lsc_status code, const char *format, ...)
{
    char text[512], shown[256];
    const char *cause = NULL;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, &cause);
    if (cause == NULL || cause[0] == '\0')
        return lsc_fail(code, "%s", text);
    return lsc_fail(code, "%s (HDF5: %s)", text, lsc_shown(cause, shown, sizeof shown));
}

void lsc_h5_close(hid_t id)
{
    if (id >= 0)
        H5Idec_ref(id);
}

lsc_status lsc_h5_image_new(hid_t *file)
{
    lsc_status st = LSC_OK;
    const size_t step = 1 << 20;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);

    LSC_CHECK(access >= 0 && H5Pset_fapl_core(access, step, false) >= 0, LSC_ERR_BACKEND,
              "HDF5 has no driver for files in memory");
    *file = H5Fcreate("surface in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (*file < 0)
        st = lsc_h5_fail(LSC_ERR_NOMEM, "cannot make a file in memory");
cleanup:
    lsc_h5_close(access);
    return st;
}

lsc_status lsc_h5_image_save(hid_t file, const char *path)
{
    lsc_status st = LSC_OK;
    uint8_t *image = NULL;
    ssize_t n;

    if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_NOMEM, "%s: cannot finish the file in memory", path));
    n = H5Fget_file_image(file, NULL, 0);
    LSC_CHECK(n > 0, LSC_ERR_BACKEND, "%s: HDF5 gives no image of the file in memory", path);
    LSC_NEW(image, n);
    if (H5Fget_file_image(file, image, (size_t)n) != n)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "%s: HDF5 gives no image of the file in memory", path));
    LSC_TRY(lsc_file_write(path, image, (size_t)n));
cleanup:
    lsc_free(image);
    return st;
}

lsc_status lsc_h5_group_new(hid_t where, const char *name, hid_t *group)
{
    lsc_status st = LSC_OK;
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t create = H5Pcreate(H5P_GROUP_CREATE);

    if (create < 0 || H5Pset_link_creation_order(create, order) < 0 || H5Pset_obj_track_times(create, false) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "group %s", name));
    *group = H5Gcreate2(where, name, H5P_DEFAULT, create, H5P_DEFAULT);
    if (*group < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "cannot make group %s", name));
cleanup:
    lsc_h5_close(create);
    return st;
}

lsc_status lsc_h5_write(hid_t where, const char *name, hid_t file_type, hid_t memory_type, int rank,
                        const hsize_t *dims, const void *data)
{
    lsc_status st = LSC_OK;
    hid_t space = H5I_INVALID_HID, set = H5I_INVALID_HID, create = H5Pcreate(H5P_DATASET_CREATE);

    space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, NULL);
    if (create < 0 || H5Pset_obj_track_times(create, false) < 0 || space < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "data set %s", name));
    set = H5Dcreate2(where, name, file_type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    if (set < 0 || H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "cannot make data set %s", name));
cleanup:
    lsc_h5_close(set);
    lsc_h5_close(space);
    lsc_h5_close(create);
    return st;
}

/* A string type for exactly this text; HDF5 has none of length 0. Negative on failure. */
static hid_t text_type(size_t length)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    if (type < 0 || H5Tset_size(type, length > 0 ? length : 1) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
        H5Tset_strpad(type, H5T_STR_NULLPAD) < 0) {
        lsc_h5_close(type);
        return H5I_INVALID_HID;
    }
    return type;
}

lsc_status lsc_h5_write_text(hid_t where, const char *name, const char *text)
{
    lsc_status st = LSC_OK;
    hid_t type = text_type(strlen(text));

    if (type < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "text %s", name));
    LSC_TRY(lsc_h5_write(where, name, type, type, 0, NULL, text));
cleanup:
    lsc_h5_close(type);
    return st;
}
