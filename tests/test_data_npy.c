/*
 * x.npy and y.npy: what is in them is what is read, bytes and floats; headers that lie are refused.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

#include <sys/stat.h>

#include <math.h>

/* A .npy file, version 1: this header text, padded to a multiple of 64, then the values. */
static void write_npy(const char *name, const char *header, const void *values, size_t n)
{
    lsc_text t = {0};
    size_t length = (10 + strlen(header) + 1 + 63) / 64 * 64 - 10;
    char count[] = {(char)(length & 255), (char)(length >> 8)};
    lsc_text_add_bytes(&t, "\x93NUMPY\x01\x00", 8);
    lsc_text_add_bytes(&t, count, 2);
    lsc_text_add(&t, "%-*s\n", (int)length - 1, header);
    lsc_text_add_bytes(&t, values, n);
    test_write(test_path("%s", name), t.text, t.length);
    lsc_text_free(&t);
}

#define HEADER(type, shape) "{'descr': '" type "', 'fortran_order': False, 'shape': " shape ", }"

static const uint8_t two_labels[] = {1, 4};

static void write_labels(void)
{
    write_npy("y.npy", HEADER("|u1", "(2,)"), two_labels, 2);
}

static ds_options npy_options(void)
{
    ds_options o = fixture_options("npy");
    o.channels = 0;
    return o;
}

static void refused(lsc_status status, const char *text)
{
    ds_options o = npy_options();
    ds_dataset *d = NULL;
    CHECK_FAILS(ds_open(&o, &d), status, text);
    CHECK(d == NULL);
}

/* 2 images of 3 channels of 2 x 4. */
enum { C = 3, H = 2, W = 4, PIXELS = H * W, VALUES = C * PIXELS };

static void bytes_with_channels_first_or_last_are_the_same_images(void **state)
{
    uint8_t first[2 * VALUES], last[2 * VALUES], got[VALUES];
    (void)state;
    for (int k = 0; k < 2 * VALUES; k++) {
        int i = k / VALUES, c = k / PIXELS % C, at = k % PIXELS;
        first[k] = last[i * VALUES + at * C + c] = fixture_pixel(i, k % VALUES);
    }
    write_labels();
    write_npy("x.npy", HEADER("|u1", "(2, 3, 2, 4)"), first, sizeof first);
    ds_options o = npy_options();
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 2);
    CHECK_INT(ds_classes(d), 5);
    CHECK_INT(ds_labels(d)[0], 1);
    CHECK_INT(ds_labels(d)[1], 4);
    fixture_bytes(d, 1, got);
    CHECK_BYTES(got, first + VALUES, VALUES);

    write_npy("x.npy", HEADER("|u1", "(2, 2, 4, 3)"), last, sizeof last);
    ds_dataset *same = fixture_open(&o);
    CHECK_STR(ds_hash(same), ds_hash(d));
    ds_close(same);
    ds_close(d);
}

static void three_dimensions_are_grey_images(void **state)
{
    uint8_t x[2 * 6], got[3 * 6];
    int64_t shape[3];
    (void)state;
    for (int k = 0; k < 12; k++)
        x[k] = (uint8_t)(k * 20);
    write_labels();
    write_npy("x.npy", HEADER("|u1", "(2, 3, 2)"), x, sizeof x);
    ds_options o = npy_options();
    ds_dataset *d = fixture_open(&o);
    ds_image_shape(d, shape);
    CHECK(shape[0] == 3 && shape[1] == 3 && shape[2] == 2);
    fixture_bytes(d, 1, got);
    for (int c = 0; c < 3; c++)
        CHECK_BYTES(got + 6 * c, x + 6, 6);
    ds_close(d);
}

/* Two grey float images of 2 x 2. */
static const float floats[] = {0.5f, -1.25f, 1e6f, 3, 0, 7, -8, 9.75f};

static void write_floats(void)
{
    write_labels();
    write_npy("x.npy", HEADER("<f4", "(2, 2, 2)"), floats, sizeof floats);
}

static void floats_keep_their_values_and_their_unit(void **state)
{
    float got[4];
    const int64_t index = 1;
    const double mean = 2, deviation = 0.5;
    (void)state;
    write_floats();
    ds_options o = npy_options();
    o.channels = 1;
    o.n_mean = o.n_std = 0;
    ds_dataset *d = fixture_open(&o);
    ds_read(d, &index, 1, got, NULL, NULL);
    CHECK_BYTES(got, floats + 4, sizeof got);
    ds_close(d);

    o.mean = &mean;
    o.std = &deviation;
    o.n_mean = o.n_std = 1;
    d = fixture_open(&o);
    ds_read(d, &index, 1, got, NULL, NULL);
    for (int k = 0; k < 4; k++)
        CHECK_REAL((double)got[k], ((double)floats[4 + k] - 2) / 0.5, 0); /* exact in float */
    ds_close(d);
}

static void floats_are_framed_turned_and_cropped_with_zeros(void **state)
{
    float got[16], moved[16];
    const int64_t index = 0;
    const double quarter = 90, mean = 1;
    (void)state;
    write_floats();
    ds_options o = npy_options();
    o.channels = 1;
    o.pad = 1;
    o.mean = &mean;
    o.rotations = &quarter;
    o.n_rotations = 1;
    ds_dataset *d = fixture_open(&o);
    ds_read(d, &index, 1, got, NULL, NULL);
    CHECK_REAL((double)got[0], -1, 0);           /* the frame is 0 before the mean is taken off */
    CHECK_REAL((double)got[5], -1.25 - 1, 1e-6); /* top left was top right; cos 90 is 6e-17, not 0 */
    CHECK_REAL((double)got[10], 1e6 - 1, 1e-1);  /* and bottom right was bottom left; rounding of 1e6 */
    CHECK_REAL((double)got[9], 0.5 - 1, 1e-6);
    for (int epoch = 0; epoch < 20; epoch++) {
        fixture_augmented(d, &(ds_augment){.crop_pad = 4}, 1, epoch, &index, 1, moved, NULL, NULL);
        bool corner = moved[0] == -1 || moved[15] == -1;
        CHECK(corner);
    }
    ds_close(d);
}

static void the_hash_of_floats_is_of_their_bits(void **state)
{
    float other[8];
    (void)state;
    write_floats();
    ds_options o = npy_options();
    ds_dataset *d = fixture_open(&o);
    memcpy(other, floats, sizeof other);
    other[3] = nextafterf(other[3], 4);
    write_npy("x.npy", HEADER("<f4", "(2, 2, 2)"), other, sizeof other);
    ds_dataset *e = fixture_open(&o);
    CHECK(strcmp(ds_hash(d), ds_hash(e)) != 0);
    ds_close(d);
    ds_close(e);
}

static void values_that_are_not_finite_are_refused(void **state)
{
    float other[8];
    (void)state;
    write_floats();
    memcpy(other, floats, sizeof other);
    other[6] = NAN;
    write_npy("x.npy", HEADER("<f4", "(2, 2, 2)"), other, sizeof other);
    refused(LSC_ERR_FORMAT, "x.npy: image 1 has a value that is not finite");
}

static void labels_of_every_integer_type_are_read(void **state)
{
    static const struct {
        const char *header;
        uint8_t bytes[16];
        size_t n;
    } rows[] = {
        {HEADER("|i1", "(2,)"), {1, 4}, 2},
        {HEADER("<u2", "(2,)"), {1, 0, 4, 0}, 4},
        {HEADER("<i4", "(2,)"), {1, 0, 0, 0, 4, 0, 0, 0}, 8},
        {HEADER("<i8", "(2,)"), {1, [8] = 4}, 16},
        {"{\"shape\": (2,), \"fortran_order\": False, \"descr\": \"<u8\"}", {1, [8] = 4}, 16},
    };
    (void)state;
    write_floats();
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        write_npy("y.npy", rows[i].header, rows[i].bytes, rows[i].n);
        ds_options o = npy_options();
        ds_dataset *d = fixture_open(&o);
        CHECK_INT(ds_labels(d)[0], 1);
        CHECK_INT(ds_labels(d)[1], 4);
        ds_close(d);
    }
}

static void labels_that_cannot_be_right_are_named(void **state)
{
    (void)state;
    write_floats();
    write_npy("y.npy", HEADER("|i1", "(2,)"), (const int8_t[]){1, -2}, 2);
    refused(LSC_ERR_FORMAT, "y.npy: label 1 is -2, with 1000000 classes it must be 0 to 999999");
    write_npy("y.npy", HEADER("<f4", "(2,)"), floats, 8);
    refused(LSC_ERR_FORMAT, "y.npy: values of type 'f4' in 1 dimensions, must be integers [N]");
    write_npy("y.npy", HEADER("|u1", "(2, 1)"), two_labels, 2);
    refused(LSC_ERR_FORMAT, "y.npy: values of type 'u1' in 2 dimensions, must be integers [N]");
    write_npy("y.npy", HEADER("|u1", "(1,)"), two_labels, 1);
    refused(LSC_ERR_FORMAT, "y.npy: 1 labels for the 2 images of ");
}

static void the_test_split_has_the_classes_of_the_training_split(void **state)
{
    (void)state;
    write_floats();
    write_npy("x_test.npy", HEADER("<f4", "(2, 2, 2)"), floats, sizeof floats);
    write_npy("y_test.npy", HEADER("|u1", "(2,)"), (const uint8_t[]){0, 3}, 2);
    ds_options o = npy_options();
    o.split = DS_TEST;
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 5);
    CHECK_INT(ds_labels(d)[1], 3);
    ds_close(d);

    CHECK_INT(remove(test_path("y.npy")), 0);
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_IO, "the number of classes (or give model.classes): ");
    o.classes = 4;
    ds_close(fixture_open(&o));
    o.classes = 3;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_FORMAT, "y_test.npy: label 1 is 3, with 3 classes it must be 0 to 2");
}

static void a_limit_reads_the_first_images(void **state)
{
    (void)state;
    write_floats();
    ds_options o = npy_options();
    o.limit = 1;
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 1);
    CHECK_INT(ds_classes(d), 5);
    ds_close(d);
    o.limit = 0;
    o.memory = 31;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_ARG, "2 images of 1 x 2 x 2 need 3.2e-08 GB of memory, at most 3.1e-08 GB");
}

static void headers_that_cannot_be_right_are_refused(void **state)
{
    static const struct {
        const char *header, *text;
    } rows[] = {
        {HEADER(">f4", "(2, 2, 2)"), "x.npy: values of type '>f4', must be little-endian ('<f4')"},
        {HEADER("<f8", "(2, 2, 1)"), "x.npy: values of type 'f8', must be uint8 or float32"},
        {HEADER("|O", "(2, 2, 2)"), "x.npy: values of type '|O', must be integers or floats of 1 to 8 bytes"},
        {HEADER("<U7", "(2, 2, 2)"), "x.npy: values of type '<U7', must be integers or floats"},
        {HEADER("<f4", "(2, 2, 3)"), "x.npy: 160 bytes, by its header it must have 176"},
        {HEADER("<f4", "(1, 2, 2)"), "x.npy: 160 bytes, by its header it must have 144"},
        {HEADER("<f4", "(2, 4)"), "x.npy: an array of 2 dimensions, must be [N, H, W]"},
        {HEADER("<f4", "(2, 2, 2, 1, 1)"), "x.npy: an array of 5 dimensions, must be 1 to 4"},
        {HEADER("<f4", "()"), "x.npy: an array of 0 dimensions"},
        {HEADER("<f4", "(2, 2, 2, 1)"), NULL},
        {HEADER("<f4", "(2, 1, 2, 2)"), NULL},
        {HEADER("<f4", "(2, 2, 1, 2)"), "x.npy: an array of 4 dimensions, must be [N, H, W], [N, C, H, W]"},
        {HEADER("<f4", "(2, 0, 2)"), "x.npy: dimension 1 is 0, must be 1 or more"},
        {HEADER("<f4", "(99999999999999999999999, 2, 2)"), "must be 1 or more, and no more than 2^40 values in all"},
        {HEADER("<f4", "(1048576, 1048576, 1048576)"), "x.npy: dimension 2 is 1048576, must be 1 or more, and no more"},
        {HEADER("<f4", "(1099511627776, 1, 1)"), "x.npy: 160 bytes, by its header it must have 4398046511232"},
        {HEADER("<f4", "(-2, 2, 2)"), "of the header: must be {'descr'"},
        {HEADER("<f4", "(2, 2, 2"), "of the header: must be {'descr'"},
        {HEADER("<f4", "(2, 2, 2)") "x", "of the header: must be {'descr'"},
        {HEADER("0123456789012345678901234567890123456789", "(2, 2, 2)"), "of the header: must be {'descr'"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2, 2)}", "character 10 of the header"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2, 2)}",
         "x.npy: the values are in Fortran order, must be in C order (numpy.ascontiguousarray)"},
        {"{'descr': '<f4', 'fortran_order': None, 'shape': (2, 2, 2)}", "of the header: must be"},
        {"{'descr': '<f4', 'shape': (2, 2, 2)}", "of the header: must be"},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2)}", "of the header: must be"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2, 2), 'more': 1}", "of the header: must be"},
        {"", "of the header: must be"},
    };
    (void)state;
    write_labels();
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        write_npy("x.npy", rows[i].header, floats, sizeof floats);
        if (rows[i].text != NULL) {
            refused(LSC_ERR_FORMAT, rows[i].text);
        } else {
            ds_options o = npy_options();
            ds_close(fixture_open(&o));
        }
    }
}

static void what_is_not_npy_is_refused(void **state)
{
    (void)state;
    write_labels();
    refused(LSC_ERR_IO, "x.npy: cannot open: No such file or directory");
    test_write_text(test_path("x.npy"), "P5 2 2 255 ....");
    refused(LSC_ERR_FORMAT, "x.npy: byte 0: not a .npy file (numpy.save writes them)");
    test_write(test_path("x.npy"), "\x93NUMPY\x04\x00 ..", 12);
    refused(LSC_ERR_FORMAT, "x.npy: byte 6: version 4, must be 1 to 3");
    test_write(test_path("x.npy"), "\x93NUMPY\x02\x00\x00\x00\x00\xff", 12);
    refused(LSC_ERR_FORMAT, "x.npy: byte 8: a header of 4278190080 bytes, must be at most 65536");
    CHECK_INT(remove(test_path("x.npy")), 0);
    CHECK_OK(lsc_mkdirs(test_path("x.npy")));
    refused(LSC_ERR_IO, "x.npy: cannot read: it is a folder");
    CHECK_INT(remove(test_path("x.npy")), 0);
    CHECK_INT(mkfifo(test_path("x.npy"), 0600), 0);
    refused(LSC_ERR_IO, "x.npy: is not a regular file");
}

static void every_truncation_is_refused(void **state)
{
    size_t n = 0;
    (void)state;
    write_floats();
    const char *path = test_path("x.npy");
    char *bytes = test_read(path, &n);
    ds_options o = npy_options();
    for (size_t cut = 0; cut < n; cut++) {
        ds_dataset *d = NULL;
        test_write(path, bytes, cut);
        CHECK_INT(ds_open(&o, &d), LSC_ERR_FORMAT);
    }
    lsc_free(bytes);
}

/* Every byte of the header set to many values: a status, and no more (asan looks on). */
static void every_changed_byte_of_a_header_is_survived(void **state)
{
    size_t n = 0;
    int read = 0, refusals = 0;
    (void)state;
    write_floats();
    const char *path = test_path("x.npy");
    char *bytes = test_read(path, &n);
    ds_options o = npy_options();
    for (size_t at = 0; at < 80; at++) {
        char was = bytes[at];
        for (int value = 0; value < 256; value += 17) {
            ds_dataset *d = NULL;
            bytes[at] = (char)value;
            test_write(path, bytes, n);
            lsc_status st = ds_open(&o, &d);
            CHECK(st == LSC_OK || st == LSC_ERR_FORMAT);
            read += st == LSC_OK;
            refusals += st != LSC_OK;
            ds_close(d);
        }
        bytes[at] = was;
    }
    CHECK(read > 0 && refusals > 900);
    lsc_free(bytes);
}

static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    write_labels();
    write_npy("x.npy", HEADER("<f4", "(2, 2, 2, 1)"), floats, sizeof floats);
    ds_options o = npy_options();
    o.pad = 1;
    CHECK(test_torture(fixture_open_and_close, &o) >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(bytes_with_channels_first_or_last_are_the_same_images),
        TEST_IN_FOLDER(three_dimensions_are_grey_images),
        TEST_IN_FOLDER(floats_keep_their_values_and_their_unit),
        TEST_IN_FOLDER(floats_are_framed_turned_and_cropped_with_zeros),
        TEST_IN_FOLDER(the_hash_of_floats_is_of_their_bits),
        TEST_IN_FOLDER(values_that_are_not_finite_are_refused),
        TEST_IN_FOLDER(labels_of_every_integer_type_are_read),
        TEST_IN_FOLDER(labels_that_cannot_be_right_are_named),
        TEST_IN_FOLDER(the_test_split_has_the_classes_of_the_training_split),
        TEST_IN_FOLDER(a_limit_reads_the_first_images),
        TEST_IN_FOLDER(headers_that_cannot_be_right_are_refused),
        TEST_IN_FOLDER(what_is_not_npy_is_refused),
        TEST_IN_FOLDER(every_truncation_is_refused),
        TEST_IN_FOLDER(every_changed_byte_of_a_header_is_survived),
        TEST_IN_FOLDER(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
