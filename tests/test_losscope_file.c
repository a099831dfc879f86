/*
 * Surface files: what is written where, and that it comes back.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "losscope_fixture.h"
#include "losscope_h5.h"

static const lsc_axis grid[] = {{-1, 1, 5}, {-0.5, 1, 4}, {0, 2, 3}};
static const char *const names[] = {"loss", "accuracy", "loss_domain0"};

/* Point i has loss i + 0.25, accuracy i / 100; every fourth is not done, and the loss at point 6 is NaN. */
static lsc_surface *new_surface(int n_axes)
{
    lsc_surface *s;

    CHECK_OK(lsc_surface_new(grid, n_axes, names, 3, &s));
    for (int64_t i = 0; i < lsc_surface_points(s); i++)
        if (i % 4 != 3)
            lsc_surface_put(s, i, (double[]){i == 6 ? NAN : (double)i + 0.25, (double)i / 100, -1});
    CHECK_OK(lsc_surface_set(s, "command line", "landscape --ckpt 'r\xc3\xa9seau.bin'"));
    CHECK_OK(lsc_surface_set(s, "empty", ""));
    return s;
}

static lsc_frame *new_frame(int n_dirs)
{
    float center[FIXTURE_N];
    lsc_frame *frame;

    fixture_center(center);
    CHECK_OK(lsc_frame_new(&fixture_layout, center, n_dirs, NULL, &frame));
    return frame;
}

static void check_equal(const lsc_surface *a, const lsc_surface *b)
{
    lsc_axis x[3], y[3];
    const int n_axes = lsc_surface_axes(a, x);
    const size_t n = (size_t)lsc_surface_points(a);

    CHECK_INT(lsc_surface_axes(b, y), n_axes);
    for (int i = 0; i < n_axes; i++)
        CHECK(x[i].min == y[i].min && x[i].max == y[i].max && x[i].n == y[i].n);
    CHECK_INT(lsc_surface_n_done(a), lsc_surface_n_done(b));
    CHECK_BYTES(lsc_surface_done(a), lsc_surface_done(b), n);
    CHECK_INT(lsc_surface_n_fields(a), lsc_surface_n_fields(b));
    for (int f = 0; f < lsc_surface_n_fields(a); f++) {
        CHECK_STR(lsc_surface_field_name(a, f), lsc_surface_field_name(b, f));
        CHECK_BYTES(lsc_surface_field(a, names[f]), lsc_surface_field(b, names[f]), n * sizeof(double));
    }
    CHECK_INT(lsc_surface_n_settings(a), lsc_surface_n_settings(b));
    for (int i = 0; i < lsc_surface_n_settings(a); i++) {
        CHECK_STR(lsc_surface_setting(a, i).key, lsc_surface_setting(b, i).key);
        CHECK_STR(lsc_surface_setting(a, i).value, lsc_surface_setting(b, i).value);
    }
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    for (int n_axes = 1; n_axes <= 3; n_axes++)
        for (int with_frame = 0; with_frame <= 1; with_frame++) {
            const char *path = test_path("s%d%d.h5", n_axes, with_frame);
            lsc_surface *s = new_surface(n_axes), *loaded = NULL;
            lsc_frame *frame = with_frame ? new_frame(n_axes) : NULL;

            CHECK_OK(lsc_surface_save(s, frame, path));
            CHECK_OK(lsc_surface_load(path, &loaded));
            check_equal(loaded, s);
            lsc_frame_free(frame);
            lsc_surface_free(s);
            lsc_surface_free(loaded);
        }
    CHECK_INT(test_folder_entries(), 6);
}

/* Written by version 0.1.0 from new_surface(2) and new_frame(2). */
static void files_of_earlier_versions_stay_readable(void **state)
{
    lsc_surface *s = new_surface(2), *loaded = NULL;
    lsc_frame *frame = new_frame(2), *again = NULL;
    const lsc_direction_options o = {.kind = "file", .path = golden_path("surface/version1.h5")};

    (void)state;
    CHECK_OK(lsc_surface_load(o.path, &loaded));
    check_equal(loaded, s);
    CHECK_OK(lsc_frame_new(&fixture_layout, frame->center, 2, &o, &again));
    for (int i = 0; i < 2; i++) /* another C library may round sine and logarithm otherwise */
        CHECK_FLOATS(again->dirs[i], frame->dirs[i], FIXTURE_N, 1e-6);
    lsc_frame_free(frame);
    lsc_frame_free(again);
    lsc_surface_free(s);
    lsc_surface_free(loaded);
}

static void the_root_is_what_the_other_tool_reads(void **state)
{
    const char *path = test_path("s.h5");
    lsc_surface *s = new_surface(2);
    double x[5], y[4], v[20];
    int64_t dims[3];

    (void)state;
    CHECK_OK(lsc_surface_save(s, NULL, path));
    look_doubles(path, "xcoordinates", dims, x, 5);
    look_doubles(path, "ycoordinates", dims, y, 4);
    CHECK_DOUBLES(x, ((double[]){-1, -0.5, 0, 0.5, 1}), 5, 0);
    CHECK_DOUBLES(y, ((double[]){-0.5, 0, 0.5, 1}), 4, 0);
    CHECK_INT(look_doubles(path, "train_loss", dims, v, 20), 2);
    CHECK_INT(dims[0], 4); /* (ny, nx): row = y */
    CHECK_INT(dims[1], 5);
    for (int i = 0; i < 20; i++)
        CHECK_REAL(v[i], i % 4 == 3 ? -1 : i == 6 ? NAN : i + 0.25, 0);
    look_doubles(path, "train_acc", dims, v, 20);
    for (int i = 0; i < 20; i++)
        CHECK_REAL(v[i], i % 4 == 3 ? -1 : i, 1e-13); /* percent; i / 100 * 100 rounds */
    look_doubles(path, "train_err", dims, v, 20);
    for (int i = 0; i < 20; i++)
        CHECK_REAL(v[i], i % 4 == 3 ? -1 : 100 - i, 1e-13);
    look_doubles(path, "loss_domain0", dims, v, 20);
    CHECK_REAL(v[0], -1, 0);
    CHECK(!look_exists(path, "loss"));
    CHECK(!look_exists(path, "test_loss"));
    CHECK(!look_exists(path, "zcoordinates"));
    lsc_surface_free(s);
}

/* Names that mean something at the root already stay what they are there. */
static void a_field_cannot_take_a_name_of_the_root(void **state)
{
    const char *const taken[] = {"train_loss", "loss", "losscope", "xdirection", "dir_file", "xcoordinates", "extra"};
    const char *path = test_path("s.h5");
    lsc_surface *s = NULL, *loaded = NULL;
    lsc_frame *frame = new_frame(1);
    double v[5];
    int64_t dims[3];

    (void)state;
    CHECK_OK(lsc_surface_new(grid, 1, taken, 7, &s));
    lsc_surface_put(s, 0, (double[]){1, 2, 3, 4, 5, 6, 7});
    CHECK_OK(lsc_surface_save(s, frame, path));
    look_doubles(path, "train_loss", dims, v, 5);
    CHECK_REAL(v[0], 2, 0);
    look_doubles(path, "xcoordinates", dims, v, 5);
    CHECK_REAL(v[0], -1, 0);
    look_doubles(path, "extra", dims, v, 5);
    CHECK_DOUBLES(v, ((double[]){7, -1, -1, -1, -1}), 5, 0);
    CHECK_OK(lsc_surface_load(path, &loaded));
    CHECK_REAL(lsc_surface_field(loaded, "train_loss")[0], 1, 0);
    CHECK_REAL(lsc_surface_field(loaded, "losscope")[0], 3, 0);
    lsc_frame_free(frame);
    lsc_surface_free(s);
    lsc_surface_free(loaded);
}

static void our_group_tells_not_done_from_nan(void **state)
{
    const char *path = test_path("s.h5");
    lsc_surface *s = new_surface(3);
    double v[60], axes[9];
    int64_t dims[3];

    (void)state;
    CHECK_OK(lsc_surface_save(s, NULL, path));
    CHECK_INT(look_doubles(path, "losscope/fields/loss", dims, v, 60), 3);
    CHECK_INT(dims[0], 3);
    CHECK_INT(dims[1], 4);
    CHECK_INT(dims[2], 5);
    CHECK(isnan(v[3]) && isnan(v[6]));
    look_doubles(path, "losscope/done", dims, v, 60);
    CHECK_REAL(v[3], 0, 0);
    CHECK_REAL(v[6], 1, 0);
    look_doubles(path, "losscope/axes", dims, axes, 9);
    CHECK_DOUBLES(axes, ((double[]){-1, 1, 5, -0.5, 1, 4, 0, 2, 3}), 9, 0);
    CHECK(look_exists(path, "zcoordinates"));
    lsc_surface_free(s);
}

static void a_surface_is_a_direction_file_too(void **state)
{
    const char *path = test_path("s.h5");
    lsc_surface *s = new_surface(2);
    lsc_frame *frame = new_frame(2), *again = NULL;
    const lsc_direction_options o = {.kind = "file", .path = path};
    char text[128];
    double center[FIXTURE_N];
    int64_t dims[3];

    (void)state;
    CHECK_OK(lsc_surface_save(s, frame, path));
    look_text(path, "dir_file", text, sizeof text);
    CHECK_STR(text, "s.h5");
    look_text(path, "losscope/blocks", text, sizeof text);
    CHECK_STR(text, "conv.weight\nfc.weight\nfc.bias\nbn.weight\nbn.running_mean\nbn.count\n");
    look_doubles(path, "losscope/center", dims, center, FIXTURE_N);
    CHECK_REAL(center[96], frame->center[96], 0);
    CHECK_OK(lsc_frame_new(&fixture_layout, frame->center, 2, &o, &again));
    for (int i = 0; i < 2; i++)
        CHECK_BYTES(again->dirs[i], frame->dirs[i], FIXTURE_N * sizeof(float));
    lsc_frame_free(frame);
    lsc_frame_free(again);
    lsc_surface_free(s);
}

static void equal_surfaces_are_equal_bytes(void **state)
{
    const char *paths[2] = {test_path("a/s.h5"), test_path("b/s.h5")};
    lsc_frame *frame = new_frame(2);
    char *bytes[2];
    size_t n[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        lsc_surface *s = new_surface(2);

        CHECK_OK(lsc_mkdirs(test_path(i == 0 ? "a" : "b")));
        if (i == 1)
            usleep(1100000); /* another second, for time stamps that should not be there */
        CHECK_OK(lsc_surface_save(s, frame, paths[i]));
        bytes[i] = test_read(paths[i], &n[i]);
        lsc_surface_free(s);
    }
    CHECK_INT(n[0], n[1]);
    CHECK_BYTES(bytes[0], bytes[1], n[0]);
    lsc_free(bytes[0]);
    lsc_free(bytes[1]);
    lsc_frame_free(frame);
}

/* The file grows past what is kept in memory at first. */
static void a_large_frame_is_saved_whole(void **state)
{
    const int64_t n = 3000000;
    const lsc_block block = {.name = "w", .role = LSC_WEIGHT, .rank = 2, .shape = {3000, 1000}};
    const lsc_layout layout = {&block, sizeof block, 1, n, n};
    const lsc_direction_options o = {.kind = "file", .path = test_path("s.h5")};
    float *center = lsc_calloc((size_t)n, sizeof *center);
    lsc_frame *frame = NULL, *again = NULL;
    lsc_surface *s = new_surface(1);

    (void)state;
    for (int64_t i = 0; i < n; i++)
        center[i] = (float)(i % 7 - 3);
    CHECK_OK(lsc_frame_new(&layout, center, 1, NULL, &frame));
    CHECK_OK(lsc_surface_save(s, frame, o.path));
    CHECK_OK(lsc_frame_new(&layout, center, 1, &o, &again));
    CHECK_BYTES(again->dirs[0], frame->dirs[0], (size_t)n * sizeof(float));
    lsc_frame_free(frame);
    lsc_frame_free(again);
    lsc_surface_free(s);
    lsc_free(center);
}

static void a_frame_of_other_dimensions_is_refused(void **state)
{
    lsc_surface *s = new_surface(2);
    lsc_frame *frame = new_frame(1);

    (void)state;
    CHECK_FAILS(lsc_surface_save(s, frame, test_path("s.h5")), LSC_ERR_SHAPE,
                "the frame has 1 directions, the surface 2 axes");
    lsc_frame_free(frame);
    lsc_surface_free(s);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
    lsc_surface *s = new_surface(1);

    (void)state;
    CHECK_FAILS(lsc_surface_save(s, NULL, test_path("no/s.h5")), LSC_ERR_IO, "No such file or directory");
    lsc_surface_free(s);
}

static herr_t count_print(hid_t stack, void *data)
{
    (void)stack;
    ++*(int *)data;
    return 0;
}

/* A host program with its own HDF5 keeps its way of telling errors, and hears nothing of ours. */
static void the_callers_error_printing_is_left_alone(void **state)
{
    int printed = 0;
    lsc_surface *s = NULL;

    (void)state;
    H5Eset_auto2(H5E_DEFAULT, count_print, &printed);
    test_write_text(test_path("no.h5"), "this is not HDF5");
    CHECK_FAILS(lsc_surface_load(test_path("no.h5"), &s), LSC_ERR_FORMAT, "not an HDF5 file, or damaged (HDF5: ");
    CHECK_INT(printed, 0);
    CHECK(H5Fopen("/no/such/file", H5F_ACC_RDONLY, H5P_DEFAULT) < 0);
    CHECK_INT(printed, 1);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

typedef struct {
    lsc_surface *surface;
    const char *path;
    int failures;
} saved;

static lsc_status save_and_load(void *context)
{
    lsc_status st = LSC_OK;
    lsc_surface *s = NULL;
    const saved *what = context;

    LSC_TRY(lsc_surface_save(what->surface, NULL, what->path));
    LSC_TRY(lsc_surface_load(what->path, &s));
cleanup:
    lsc_surface_free(s);
    return st;
}

static void files_survive_failing_allocations(void **state)
{
    saved what = {new_surface(2), test_path("s.h5"), 0};

    (void)state;
    CHECK(test_torture(save_and_load, &what) >= 10);
    lsc_surface_free(what.surface);
}

static void *save_and_load_often(void *context)
{
    saved *what = context;

    for (int i = 0; i < 50; i++)
        what->failures += save_and_load(what) != LSC_OK;
    return NULL;
}

/* HDF5 as Debian builds it may be entered by one thread only. */
static void threads_may_use_different_files_at_once(void **state)
{
    saved what[3];
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        what[i] = (saved){new_surface(2), test_path("s%d.h5", i), 0};
        CHECK_INT(pthread_create(&threads[i], NULL, save_and_load_often, &what[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_INT(pthread_join(threads[i], NULL), 0);
        CHECK_INT(what[i].failures, 0);
        lsc_surface_free(what[i].surface);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(what_is_saved_is_loaded),
        TEST(files_of_earlier_versions_stay_readable),
        TEST_IN_FOLDER(the_root_is_what_the_other_tool_reads),
        TEST_IN_FOLDER(a_field_cannot_take_a_name_of_the_root),
        TEST_IN_FOLDER(our_group_tells_not_done_from_nan),
        TEST_IN_FOLDER(a_surface_is_a_direction_file_too),
        TEST_IN_FOLDER(equal_surfaces_are_equal_bytes),
        TEST_IN_FOLDER(a_large_frame_is_saved_whole),
        TEST_IN_FOLDER(a_frame_of_other_dimensions_is_refused),
        TEST_IN_FOLDER(a_folder_that_cannot_be_written_is_told),
        TEST_IN_FOLDER(the_callers_error_printing_is_left_alone),
        TEST_IN_FOLDER(files_survive_failing_allocations),
        TEST_IN_FOLDER(threads_may_use_different_files_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
