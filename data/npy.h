/*
 * npy.h - reading arrays of NumPy's .npy files, little-endian and in C order, header first and values in parts.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_NPY_H
#define DS_NPY_H

#include "base/base.h"

#define NPY_RANK_MAX 4

typedef struct {
    FILE *file;
    char *path;
    char type; /* 'u' unsigned, 'i' signed, 'f' float */
    int size;  /* bytes of one value */
    int rank;
    int64_t dim[NPY_RANK_MAX]; /* each at least 1 */
    int64_t count;             /* their product; the file holds exactly so many values */
} ds_npy;

/* Opens a file and checks its header against its size. Takes an array of any type of integers or floats;
 * LSC_ERR_FORMAT says what is wrong with others. Initialise with {0}; close takes that too. */
lsc_status ds_npy_open(const char *path, ds_npy *out);
void ds_npy_close(ds_npy *a);
/* The next n values, as they are in the file. */
lsc_status ds_npy_read(ds_npy *a, void *values, int64_t n);

#endif
