/*
 * HDF5: session, errors, writing to an image in memory.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/h5.h"

#include <pthread.h>
#include <stdlib.h>
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

/* ---- an image in memory ------------------------------------------------------------------- */

static void *image_grow(void *bytes, size_t n, H5FD_file_image_op_t why, void *image)
{
    (void)why, (void)image;
    return realloc(bytes, n);
}

/* HDF5 is done with the bytes: when it closes the file, they are the finished image. */
static herr_t image_take(void *bytes, H5FD_file_image_op_t why, void *image)
{
    if (why == H5FD_FILE_IMAGE_OP_FILE_CLOSE)
        ((lsc_h5_image *)image)->bytes = bytes;
    else
        free(bytes);
    return 0;
}

static void *image_share(void *image)
{
    return image;
}

static herr_t image_unshare(void *image)
{
    (void)image;
    return 0;
}

lsc_status lsc_h5_image_open(lsc_h5_image *image)
{
    lsc_status st = LSC_OK;
    const size_t step = 1 << 20;
    H5FD_file_image_callbacks_t memory = {
        .image_realloc = image_grow,
        .image_free = image_take,
        .udata_copy = image_share,
        .udata_free = image_unshare,
        .udata = image,
    };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);

    *image = (lsc_h5_image){.file = H5I_INVALID_HID};
    /* The format of HDF5 1.8: its structures carry checksums. Older ones do not, and damage in them can crash the
     * reading library; newer ones shut out older readers. */
    if (access < 0 || H5Pset_fapl_core(access, step, false) < 0 || H5Pset_file_image_callbacks(access, &memory) < 0 ||
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) < 0 ||
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 || create < 0 ||
        H5Pset_obj_track_times(create, false) < 0)
        LSC_TRY(lsc_h5_fail(LSC_ERR_BACKEND, "HDF5 cannot keep a file in memory"));
    image->file = H5Fcreate("surface in memory", H5F_ACC_TRUNC, create, access);
    if (image->file < 0)
        st = lsc_h5_fail(LSC_ERR_NOMEM, "cannot make a file in memory");
cleanup:
    lsc_h5_close(create);
    lsc_h5_close(access);
    return st;
}

lsc_status lsc_h5_image_save(lsc_h5_image *image, const char *path)
{
    lsc_status st = LSC_OK;
    const hid_t file = image->file;
    const ssize_t n = H5Fflush(file, H5F_SCOPE_LOCAL) < 0 ? -1 : H5Fget_file_image(file, NULL, 0);

    /* The bytes come from closing the file, not from H5Fget_file_image: what that gives is marked as open for writing
     * or, in HDF5 1.10, has a wrong checksum. */
    image->file = H5I_INVALID_HID;
    if (H5Fclose(file) < 0 || n <= 0 || image->bytes == NULL)
        LSC_TRY(lsc_h5_fail(LSC_ERR_NOMEM, "%s: cannot finish the file in memory", path));
    LSC_TRY(lsc_file_write(path, image->bytes, (size_t)n));
cleanup:
    return st;
}

void lsc_h5_image_free(lsc_h5_image *image)
{
    lsc_h5_close(image->file);
    free(image->bytes);
    *image = (lsc_h5_image){.file = H5I_INVALID_HID};
}

/* ---- groups and data sets ----------------------------------------------------------------- */

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
