/*
 * losscope_h5.h - plain HDF5 for tests: look into files and make wrong ones, past the library under test.
 * SPDX-License-Identifier: MIT
 */
#ifndef LOSSCOPE_H5_H
#define LOSSCOPE_H5_H

#include <stddef.h>
#include <stdint.h>

#include "landscape/h5.h"

/* All of a data set as doubles; dims up to 3, 0 past its rank. Fails the test if it is not there. */
int look_doubles(const char *path, const char *name, int64_t dims[3], double *out, int64_t n);
/* A scalar string of fixed length. */
void look_text(const char *path, const char *name, char *out, size_t n);
/* Whether there is such a member. */
int look_exists(const char *path, const char *name);

/* Open an existing file for changes, or a new one; the test closes it with H5Fclose. */
hid_t spoil_open(const char *path);
hid_t spoil_new(const char *path);
/* Remove `name` if it is there, and put this in its place. */
void spoil_remove(hid_t file, const char *name);
void spoil_doubles(hid_t file, const char *name, int rank, const hsize_t *dims, const double *data);

#endif
