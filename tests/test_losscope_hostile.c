/*
 * Surface files that are damaged, or lie: a message, never a crash, and no memory for what is not there.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>
#include <sys/stat.h>

#include "losscope.h"
#include "losscope_h5.h"

/* 3 x 2 points of two fields, all done, with a setting. */
static const char *new_file(void)
{
    const char *path = test_path("s.h5");
    const lsc_axis axes[] = {{-1, 1, 3}, {0, 1, 2}};
    const char *const fields[] = {"loss", "accuracy"};
    lsc_surface *s = NULL;

    CHECK_OK(lsc_surface_new(axes, 2, fields, 2, &s));
    for (int i = 0; i < 6; i++)
        lsc_surface_put(s, i, (double[]){i, 0.5});
    CHECK_OK(lsc_surface_set(s, "host", "here"));
    CHECK_OK(lsc_surface_save(s, NULL, path));
    lsc_surface_free(s);
    return path;
}

static lsc_status load(const char *path)
{
    lsc_surface *s = NULL;
    lsc_status st = lsc_surface_load(path, &s);

    CHECK(st == LSC_OK || s == NULL);
    lsc_surface_free(s);
    return st;
}

static void what_is_not_a_file_is_refused(void **state)
{
    (void)state;
    CHECK_FAILS(load(test_path("no.h5")), LSC_ERR_IO, "no.h5: cannot open: No such file or directory");
    CHECK_FAILS(load(test_folder()), LSC_ERR_IO, "not a regular file");
    CHECK_INT(mkfifo(test_path("fifo"), 0600), 0);
    CHECK_FAILS(load(test_path("fifo")), LSC_ERR_IO, "not a regular file");
    test_write(test_path("empty.h5"), "", 0);
    CHECK_FAILS(load(test_path("empty.h5")), LSC_ERR_FORMAT, "empty.h5: not an HDF5 file, or damaged");
}

static void every_cut_is_noticed(void **state)
{
    const char *path = new_file(), *cut = test_path("cut.h5");
    size_t n;
    char *bytes = test_read(path, &n);

    (void)state;
    for (size_t k = 0; k < n; k += 53) {
        test_write(cut, bytes, k);
        CHECK_FAILS(load(cut), LSC_ERR_FORMAT, "cut.h5: ");
    }
    lsc_free(bytes);
}

/* All structure carries checksums, so that what is read in spite of a flipped byte differs in values only. */
static void no_flipped_byte_crashes_the_reader(void **state)
{
    const char *path = new_file(), *flipped = test_path("flipped.h5");
    size_t n;
    char *bytes = test_read(path, &n);
    int refused = 0;

    (void)state;
    for (size_t k = 0; k < n; k += 7) {
        lsc_status st;

        bytes[k] = (char)~bytes[k];
        test_write(flipped, bytes, n);
        st = load(flipped);
        bytes[k] = (char)~bytes[k];
        CHECK(st == LSC_OK || st == LSC_ERR_FORMAT);
        refused += st == LSC_ERR_FORMAT;
    }
    CHECK(refused > 100);
    lsc_free(bytes);
}

/* A file like new_file's but for one thing. */
#define SPOILED(change, message)                                                                                       \
    do {                                                                                                               \
        const char *path = new_file();                                                                                 \
        hid_t file = spoil_open(path);                                                                                 \
        change;                                                                                                        \
        H5Fclose(file);                                                                                                \
        CHECK_FAILS(load(path), LSC_ERR_FORMAT, "s.h5: /losscope: " message);                                          \
    } while (0)

#define AXES "losscope/axes"
#define LOSS "losscope/fields/loss"
#define HOST "losscope/notes/host"

static void what_is_missing_is_named(void **state)
{
    (void)state;
    SPOILED(spoil_remove(file, AXES), "data set axes is missing");
    SPOILED(spoil_remove(file, "losscope/version"), "data set version is missing");
    SPOILED(spoil_remove(file, "losscope/done"), "data set done is missing");
    SPOILED(spoil_remove(file, "losscope/fields"), "group fields is missing");
    SPOILED(spoil_remove(file, "losscope/settings"), "group settings is missing");
    SPOILED(spoil_remove(file, LOSS); spoil_remove(file, "losscope/fields/accuracy"), "surface: n_fields is 0");
}

static void axes_are_checked_before_they_are_believed(void **state)
{
    (void)state;
    SPOILED(spoil_doubles(file, "losscope/version", 0, NULL, (double[]){2}), "version is 2, this library reads 1");
    SPOILED(spoil_doubles(file, AXES, 1, (hsize_t[]){6}, (double[6]){0}), "axes should be 1 to 3 rows");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){4, 3}, (double[12]){0}), "axes should be 1 to 3 rows");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){1, 3}, (double[]){-1, 1, 1e300}), "axis 0 has 1e+300 points");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){1, 3}, (double[]){-1, 1, NAN}), "axis 0 has nan points");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){1, 3}, (double[]){-1, 1, 2.5}), "axis 0 has 2.5 points");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){1, 3}, (double[]){1, -1, 6}), "axis 0: min 1 is not below max");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){1, 3}, (double[]){-1, 1, 7}), "the axes span 7 points, the mask");
}

/* 16000 x 16000 values of which one block of 8 x 8 is there. */
static void make_sparse(hid_t file, const char *name)
{
    const hsize_t huge[] = {16000, 16000}, few[] = {8, 8};
    const double values[64] = {0};
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), all = H5Screate_simple(2, huge, NULL),
          block = H5Screate_simple(2, few, NULL), set;

    H5Pset_chunk(create, 2, few);
    spoil_remove(file, name);
    set = H5Dcreate2(file, name, H5T_IEEE_F64LE, all, H5P_DEFAULT, create, H5P_DEFAULT);
    H5Sselect_hyperslab(all, H5S_SELECT_SET, (hsize_t[]){0, 0}, NULL, few, NULL);
    CHECK(H5Dwrite(set, H5T_NATIVE_DOUBLE, block, all, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(block);
    H5Sclose(all);
    H5Pclose(create);
}

static void sizes_that_were_never_stored_are_not_allocated(void **state)
{
    const hsize_t huge[] = {16000, 16000}, beyond[] = {1u << 31, 1u << 31, 1u << 31};

    (void)state;
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){2, 3}, (double[]){-1, 1, 16000, -1, 1, 16000});
            spoil_doubles(file, "losscope/done", 2, huge, NULL), "data set done has values that were never stored");
    SPOILED(spoil_doubles(file, AXES, 2, (hsize_t[]){2, 3}, (double[]){-1, 1, 16000, -1, 1, 16000});
            make_sparse(file, "losscope/done"), "data set done has values that were never stored");
    SPOILED(spoil_doubles(file, "losscope/done", 3, beyond, NULL), "data set done is too large: dimension 0");
    SPOILED(spoil_doubles(file, LOSS, 1, (hsize_t[]){5}, (double[5]){0}), "data set loss has 5 values, should have 6");
}

static void the_mask_decides_what_is_done(void **state)
{
    const char *path = new_file();
    hid_t file = spoil_open(path);
    lsc_surface *s = NULL;

    (void)state;
    spoil_doubles(file, "losscope/done", 2, (hsize_t[]){2, 3}, (double[]){7, 0, 1, 1, 0, 1});
    H5Fclose(file);
    CHECK_OK(lsc_surface_load(path, &s));
    CHECK_INT(lsc_surface_n_done(s), 4);
    CHECK_BYTES(lsc_surface_done(s), ((uint8_t[]){1, 0, 1, 1, 0, 1}), 6);
    CHECK_DOUBLES(lsc_surface_field(s, "loss"), ((double[]){0, NAN, 2, 3, NAN, 5}), 6, 0);
    lsc_surface_free(s);
}

static void make_text(hid_t file, const char *name, size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR), set;

    H5Tset_size(type, size);
    spoil_remove(file, name);
    set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (size == H5T_VARIABLE)
        H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (const char *[]){"variable"});
    H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
}

static void types_are_checked(void **state)
{
    (void)state;
    SPOILED(make_text(file, HOST, H5T_VARIABLE), "notes: data set host should be one string of fixed length");
    SPOILED(make_text(file, HOST, 1u << 30), "notes: data set host has values that were never stored");
    SPOILED(spoil_doubles(file, HOST, 0, NULL, (double[]){1}), "notes: data set host should be one string");
    SPOILED(make_text(file, LOSS, 8), "data set loss has values that were never stored");
    SPOILED(make_text(file, LOSS, H5T_VARIABLE), "data set loss does not hold numbers");
    SPOILED(spoil_doubles(file, "losscope/fields/a b", 2, (hsize_t[]){2, 3}, (double[6]){0}),
            "surface: field 2 is named 'a b'");
    SPOILED(spoil_remove(file, "losscope/fields");
            spoil_doubles(file, "losscope/fields", 1, (hsize_t[]){1}, (double[]){1}), "fields should be a group");
}

static void values_from_elsewhere_are_refused(void **state)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, (hsize_t[]){2, 3}, NULL);

    (void)state;
    H5Pset_external(create, "/etc/passwd", 0, 48);
    SPOILED(spoil_remove(file, LOSS);
            H5Dclose(H5Dcreate2(file, LOSS, H5T_IEEE_F64LE, space, H5P_DEFAULT, create, H5P_DEFAULT)),
            "data set loss: its values lie in another file");
    H5Pclose(create);
    H5Sclose(space);
    SPOILED(spoil_remove(file, LOSS);
            H5Lcreate_external("other.h5", "/x", file, LOSS, H5P_DEFAULT, H5P_DEFAULT), "data set loss is missing");
    SPOILED(spoil_remove(file, LOSS);
            H5Lcreate_soft("/train_loss", file, LOSS, H5P_DEFAULT, H5P_DEFAULT), "data set loss is missing");
}

static void too_many_members_are_refused(void **state)
{
    (void)state;
    SPOILED(
        for (int i = 0; i < 5000; i++) {
            char name[40];
            snprintf(name, sizeof name, "losscope/notes/%d", i);
            H5Lcreate_soft("/x", file, name, H5P_DEFAULT, H5P_DEFAULT);
        },
        "notes: a group has 5001 members, more than 4096");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(what_is_not_a_file_is_refused),
        TEST_IN_FOLDER(every_cut_is_noticed),
        TEST_IN_FOLDER(no_flipped_byte_crashes_the_reader),
        TEST_IN_FOLDER(what_is_missing_is_named),
        TEST_IN_FOLDER(axes_are_checked_before_they_are_believed),
        TEST_IN_FOLDER(sizes_that_were_never_stored_are_not_allocated),
        TEST_IN_FOLDER(the_mask_decides_what_is_done),
        TEST_IN_FOLDER(types_are_checked),
        TEST_IN_FOLDER(values_from_elsewhere_are_refused),
        TEST_IN_FOLDER(too_many_members_are_refused),
    };
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
