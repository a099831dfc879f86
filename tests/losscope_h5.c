/*
 * Plain HDF5 for tests.
 * SPDX-License-Identifier: MIT
 */
#include "losscope_h5.h"

#include "support/support.h"

int look_doubles(const char *path, const char *name, int64_t dims[3], double *out, int64_t n)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set, space;
    hsize_t shape[3] = {0};
    int rank;

    CHECK(file >= 0);
    set = H5Dopen2(file, name, H5P_DEFAULT);
    CHECK(set >= 0);
    space = H5Dget_space(set);
    CHECK(H5Sget_simple_extent_npoints(space) == n);
    rank = H5Sget_simple_extent_dims(space, shape, NULL);
    CHECK(rank >= 0 && rank <= 3);
    CHECK(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
    for (int i = 0; i < 3; i++)
        dims[i] = (int64_t)shape[i];
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(file);
    return rank;
}

void look_text(const char *path, const char *name, char *out, size_t n)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, name, H5P_DEFAULT),
          type = H5Dget_type(set);

    CHECK(H5Tget_class(type) == H5T_STRING && H5Tget_size(type) < n);
    memset(out, 0, n);
    CHECK(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
    H5Tclose(type);
    H5Dclose(set);
    H5Fclose(file);
}

int look_exists(const char *path, const char *name)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    const int there = H5Lexists(file, name, H5P_DEFAULT) > 0;

    H5Fclose(file);
    return there;
}

hid_t spoil_open(const char *path)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);

    CHECK(file >= 0);
    return file;
}

hid_t spoil_new(const char *path)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    CHECK(file >= 0);
    return file;
}

void spoil_remove(hid_t file, const char *name)
{
    if (H5Lexists(file, name, H5P_DEFAULT) > 0)
        CHECK(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
}

void spoil_doubles(hid_t file, const char *name, int rank, const hsize_t *dims, const double *data)
{
    hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, NULL), set;

    spoil_remove(file, name);
    set = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(set >= 0);
    if (data != NULL)
        CHECK(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}
