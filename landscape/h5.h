/*
 * h5.h - HDF5 with this project's manners: one thread at a time, nothing printed, failures as messages, files
 * written as images in memory, and nothing believed that a file says about itself.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_H5_H
#define LSC_H5_H

#define H5_USE_110_API /* HDF5 1.12 and later, too, then speak the interface of 1.10 */
#include <hdf5.h>

#include "base/base.h"

/* ---- session ------------------------------------------------------------------------------ */

/* Between begin and end this thread alone is in HDF5 (Debian's is not thread-safe) and HDF5's own printing of
 * errors is off; end gives the caller's settings back. No nesting. */
typedef struct {
    H5E_auto2_t print;
    void *data;
} lsc_h5_session;
void lsc_h5_begin(lsc_h5_session *h);
void lsc_h5_end(lsc_h5_session *h);

/* The message, then what HDF5 says was the cause. */
lsc_status lsc_h5_fail(lsc_status code, const char *format, ...) LSC_PRINTF(2, 3);

/* Closes any kind of identifier; H5I_INVALID_HID is fine. */
void lsc_h5_close(hid_t id);

/* ---- writing ------------------------------------------------------------------------------ */

/* A file in memory: the disk is not touched, so that a full one cannot upset HDF5. */
typedef struct {
    hid_t file;  /* H5I_INVALID_HID: closed */
    void *bytes; /* NULL until the file is closed */
} lsc_h5_image;
lsc_status lsc_h5_image_open(lsc_h5_image *image);
/* Close it and put it in place under `path`: PATH.part, sync, rename. */
lsc_status lsc_h5_image_save(lsc_h5_image *image, const char *path);
void lsc_h5_image_free(lsc_h5_image *image);
/* A group that keeps its members in the order of their creation. */
lsc_status lsc_h5_group_new(hid_t where, const char *name, hid_t *group);
/* A data set without time stamps: equal contents are equal bytes. rank 0: a scalar. */
lsc_status lsc_h5_write(hid_t where, const char *name, hid_t file_type, hid_t memory_type, int rank,
                        const hsize_t *dims, const void *data);
/* A scalar string of fixed length, UTF-8. */
lsc_status lsc_h5_write_text(hid_t where, const char *name, const char *text);

/* ---- reading ------------------------------------------------------------------------------ */

/* LSC_ERR_IO: no such file, no permission; LSC_ERR_FORMAT: not HDF5, or damaged. */
lsc_status lsc_h5_open(const char *path, hid_t *file);
/* Whether `name` is a direct member: links to other places and other files do not count. */
bool lsc_h5_has(hid_t where, const char *name);
lsc_status lsc_h5_group_open(hid_t where, const char *name, hid_t *group);

/* Shape and class of a data set of numbers whose values are stored in this very file, all of them. */
typedef struct {
    H5T_class_t type; /* H5T_FLOAT, H5T_INTEGER */
    int rank;         /* 0..6 */
    hsize_t dims[6];
    int64_t elements;
} lsc_h5_shape;
lsc_status lsc_h5_shape_of(hid_t where, const char *name, lsc_h5_shape *shape);
/* All of a data set that has `elements` numbers; LSC_ERR_FORMAT if it has another count. */
lsc_status lsc_h5_read(hid_t where, const char *name, hid_t memory_type, int64_t elements, void *out);
/* Returns new: a scalar string of fixed length, at most `limit` bytes. */
lsc_status lsc_h5_read_text(hid_t where, const char *name, size_t limit, char **out);
/* Calls `each` for the members of a group or of a file's root, in order of creation where the group knows it, else by
 * name; at most `limit` of them. */
typedef lsc_status (*lsc_h5_member_fn)(void *context, hid_t group, const char *name);
lsc_status lsc_h5_members(hid_t where, int limit, lsc_h5_member_fn each, void *context);

#endif
