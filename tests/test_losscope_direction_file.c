/*
 * Directions from a file: the other tool's for a ResNet-20, and files that do not fit.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#include "losscope_fixture.h"
#include "losscope_h5.h"

#define BLOCKS_MAX 80

/* The learned blocks of the CIFAR ResNet-20 with convolutions in its short-cuts, in PyTorch's order. */
typedef struct {
    lsc_block blocks[BLOCKS_MAX];
    char names[BLOCKS_MAX][16];
    lsc_layout layout;
} resnet20;

static void add(resnet20 *m, lsc_role role, int rank, int64_t a, int64_t b, int64_t k)
{
    const int i = m->layout.n_blocks++;

    snprintf(m->names[i], sizeof m->names[i], "block%d", i);
    m->blocks[i] = (lsc_block){m->names[i], role, rank, {a, b, k, k}, m->layout.n, 0};
    m->layout.n += lsc_block_elements(&m->blocks[i]);
}

static void add_convolution(resnet20 *m, int64_t out, int64_t in, int64_t k)
{
    add(m, LSC_WEIGHT, 4, out, in, k);
    add(m, LSC_NORM, 1, out, 0, 0);
    add(m, LSC_NORM, 1, out, 0, 0);
}

static void make_resnet20(resnet20 *m)
{
    *m = (resnet20){.layout = {.blocks = m->blocks, .block_size = sizeof(lsc_block)}};
    add_convolution(m, 16, 3, 3);
    for (int stage = 0; stage < 3; stage++)
        for (int i = 0; i < 3; i++) {
            const int64_t out = 16 << stage, in = stage > 0 && i == 0 ? out / 2 : out;

            add_convolution(m, out, in, 3);
            add_convolution(m, out, out, 3);
            if (in != out)
                add_convolution(m, out, in, 1);
        }
    add(m, LSC_WEIGHT, 2, 10, 64, 0);
    add(m, LSC_BIAS, 1, 10, 0, 0);
    m->layout.n_learned = m->layout.n;
}

static void the_other_tools_directions_are_taken_as_stored(void **state)
{
    static resnet20 m;
    const lsc_direction_options o = {.kind = "file", .path = golden_path("reference-surface/directions.h5"), .seed = 9};
    lsc_frame *f = NULL;
    float *center;

    (void)state;
    make_resnet20(&m);
    CHECK_INT(m.layout.n_blocks, 65);
    center = lsc_calloc((size_t)m.layout.n, sizeof *center);
    CHECK_OK(lsc_frame_new(&m.layout, center, 2, &o, &f));
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < m.layout.n_blocks; i++) {
            const int64_t n = lsc_block_elements(&m.blocks[i]);
            double *want = lsc_calloc((size_t)n, sizeof *want);
            hid_t file = H5Fopen(o.path, H5F_ACC_RDONLY, H5P_DEFAULT), set;
            char name[32];

            snprintf(name, sizeof name, "%cdirection/%d", 'x' + d, i);
            set = H5Dopen2(file, name, H5P_DEFAULT);
            CHECK(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, want) >= 0);
            for (int64_t j = 0; j < n; j++)
                CHECK_REAL(f->dirs[d][m.blocks[i].offset + j], want[j], 0);
            H5Dclose(set);
            H5Fclose(file);
            lsc_free(want);
        }
    CHECK_STR(f->kind, "file");
    CHECK_INT(f->normalization, LSC_NORMALIZE_NONE);
    CHECK_INT(f->seed, 0); /* it had no part in it */
    lsc_frame_free(f);
    lsc_free(center);
}

static lsc_status read_into_fixture(const char *path, int n_dirs)
{
    const lsc_direction_options o = {.kind = "file", .path = path};
    float center[FIXTURE_N];
    lsc_frame *f = NULL;
    lsc_status st;

    fixture_center(center);
    st = lsc_frame_new(&fixture_layout, center, n_dirs, &o, &f);
    lsc_frame_free(f);
    return st;
}

/* A direction file that fits the fixture, with `xdirection` only. */
static const char *new_file(const char *name)
{
    const char *path = test_path("%s", name);
    hid_t file = spoil_new(path), group = H5Gcreate2(file, "xdirection", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    double values[48] = {1};

    spoil_doubles(group, "0", 4, (hsize_t[]){4, 3, 2, 2}, values);
    spoil_doubles(group, "1", 2, (hsize_t[]){5, 7}, values);
    spoil_doubles(group, "2", 1, (hsize_t[]){5}, values);
    spoil_doubles(group, "3", 1, (hsize_t[]){4}, values);
    H5Gclose(group);
    H5Fclose(file);
    return path;
}

static void files_that_do_not_fit_are_refused(void **state)
{
    const char *path = new_file("d.h5");
    hid_t file;

    (void)state;
    CHECK_OK(read_into_fixture(path, 1));
    CHECK_FAILS(read_into_fixture(NULL, 1), LSC_ERR_ARG, "direction 0: kind file needs a path");
    CHECK_FAILS(read_into_fixture(test_path("no.h5"), 1), LSC_ERR_IO, "cannot open: No such file");
    CHECK_FAILS(read_into_fixture(path, 2), LSC_ERR_FORMAT, "d.h5: group ydirection is missing");
    file = spoil_open(path);
    spoil_doubles(file, "xdirection/1", 2, (hsize_t[]){7, 5}, NULL);
    H5Fclose(file);
    CHECK_FAILS(read_into_fixture(path, 1), LSC_ERR_FORMAT, "data set 1 has values that were never stored");
    file = spoil_open(path);
    spoil_doubles(file, "xdirection/1", 2, (hsize_t[]){7, 5}, (double[35]){0});
    H5Fclose(file);
    CHECK_FAILS(read_into_fixture(path, 1), LSC_ERR_SHAPE, "data set 1 has not the shape of its block fc.weight");
    file = spoil_open(path);
    spoil_doubles(file, "xdirection/1", 3, (hsize_t[]){5, 7, 1}, (double[35]){0});
    H5Fclose(file);
    CHECK_FAILS(read_into_fixture(path, 1), LSC_ERR_SHAPE, "data set 1 has not the shape of its block fc.weight");
    file = spoil_open(path);
    spoil_doubles(file, "xdirection/1", 2, (hsize_t[]){5, 7}, (double[35]){[9] = NAN});
    H5Fclose(file);
    CHECK_FAILS(read_into_fixture(path, 1), LSC_ERR_ARG, "direction 0 is not finite");
    file = spoil_open(path);
    spoil_remove(file, "xdirection/3");
    H5Fclose(file);
    CHECK_FAILS(read_into_fixture(path, 1), LSC_ERR_SHAPE, "3 data sets, the model has 4 learned blocks");
}

static void directions_of_whole_states_are_refused_with_the_remedy(void **state)
{
    const char *path = new_file("d.h5");
    hid_t file = spoil_open(path);

    (void)state;
    spoil_doubles(file, "xdirection/4", 1, (hsize_t[]){4}, (double[4]){0});
    spoil_doubles(file, "xdirection/5", 0, NULL, (double[1]){0});
    H5Fclose(file);
    CHECK_FAILS(read_into_fixture(path, 1), LSC_ERR_SHAPE, "dir_type states is not read: use weights");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_other_tools_directions_are_taken_as_stored),
        TEST_IN_FOLDER(files_that_do_not_fit_are_refused),
        TEST_IN_FOLDER(directions_of_whole_states_are_refused_with_the_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
