/*
 * Files and options that cannot be right are refused with their place and what would be right; memory that
 * runs out is a status.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

#define IMAGES "train-images-idx3-ubyte"
#define LABELS "train-labels-idx1-ubyte"

static void refused(const ds_options *o, lsc_status status, const char *text)
{
    ds_dataset *d = NULL;
    CHECK_FAILS(ds_open(o, &d), status, text);
    CHECK(d == NULL);
}

typedef struct {
    uint8_t images[16 + 4 * 6], labels[8 + 4];
    size_t images_size, labels_size;
    bool gz;
} pair;

/* Four images of 2 x 3 that are right. */
static pair good_pair(void)
{
    pair p = {.images_size = sizeof p.images, .labels_size = sizeof p.labels};
    fixture_idx_header(p.images, 3, 4, 2, 3);
    fixture_idx_header(p.labels, 1, 4, 0, 0);
    return p;
}

static void refused_pair(const pair *p, const char *text)
{
    ds_options o = fixture_options("idx");
    fixture_file(IMAGES, p->gz, p->images, p->images_size);
    fixture_file(LABELS, p->gz, p->labels, p->labels_size);
    refused(&o, LSC_ERR_FORMAT, text);
}

static void the_good_pair_is_good(void **state)
{
    (void)state;
    pair p = good_pair();
    ds_options o = fixture_options("idx");
    fixture_file(IMAGES, false, p.images, p.images_size);
    fixture_file(LABELS, false, p.labels, p.labels_size);
    ds_close(fixture_open(&o));
}

static void another_magic_is_refused(void **state)
{
    (void)state;
    pair p = good_pair();
    p.images[3] = 1;
    refused_pair(&p, IMAGES ": byte 0: magic 00000801, must be 00000803 (unsigned bytes in 3 dimensions)");
    p = good_pair();
    p.labels[2] = 0x0d;
    refused_pair(&p, LABELS ": byte 0: magic 00000d01, must be 00000801 (unsigned bytes in 1 dimension)");
}

static void empty_and_short_files_are_refused(void **state)
{
    (void)state;
    pair p = good_pair();
    p.images_size = 0;
    refused_pair(&p, IMAGES ": byte 0: the file ends, 16 more bytes of the header are promised");
    p = good_pair();
    p.labels_size = 7;
    refused_pair(&p, LABELS ": byte 7: the file ends, 1 more bytes of the header are promised");
}

static void sides_of_zero_and_of_billions_are_refused(void **state)
{
    (void)state;
    pair p = good_pair();
    p.images[15] = 0;
    refused_pair(&p, IMAGES ": byte 12: dimension 2 is 0, must be 1 to 4096");
    p = good_pair();
    p.images[8] = 0xff;
    refused_pair(&p, IMAGES ": byte 8: dimension 1 is 4278190082, must be 1 to 4096");
}

static void a_promise_beyond_the_file_is_refused_before_memory_is_taken(void **state)
{
    (void)state;
    pair p = good_pair();
    p.images[7] = 5;
    refused_pair(&p, IMAGES ": byte 4: the header promises 30 bytes, more than the file can hold");
    p.images[4] = 0x10;
    refused_pair(&p, IMAGES ": byte 4: the header promises 1610612766 bytes, more than the file can hold");
    p.images[4] = 0x7f; /* 2^31 images and more: no product may overflow */
    p.images[10] = p.images[14] = 0x0f;
    refused_pair(&p, "more than the file can hold");
}

static void a_compressed_file_that_promises_too_much_is_refused(void **state)
{
    (void)state;
    pair p = good_pair();
    p.gz = true;
    p.images[7] = p.labels[7] = 5;
    refused_pair(&p, LABELS ".gz: byte 12: the file ends, 1 more bytes of labels are promised");
    p.images[4] = p.labels[4] = 0x10;
    refused_pair(&p, IMAGES ".gz: byte 4: the header promises 1610612766 bytes, more than the file can hold");
}

static void bytes_after_the_last_image_are_refused(void **state)
{
    (void)state;
    pair p = good_pair();
    p.images[7] = p.labels[7] = 3;
    p.labels_size--;
    refused_pair(&p, IMAGES ": byte 34: the file goes on after all that its header promises");
}

static void counts_of_images_and_labels_must_agree(void **state)
{
    (void)state;
    pair p = good_pair();
    p.labels[7] = 3;
    refused_pair(&p, LABELS ": byte 4: 3 labels for the 4 images of ");
}

static void a_label_out_of_range_is_named(void **state)
{
    (void)state;
    pair p = good_pair();
    p.labels[8 + 2] = 10;
    refused_pair(&p, LABELS ": label 2 is 10, with 10 classes it must be 0 to 9");
}

static void a_broken_checksum_is_refused(void **state)
{
    size_t n = 0;
    (void)state;
    ds_options o = fixture_options("idx");
    fixture_idx("train", true, &(idx_fixture){.n = 4, .height = 2, .width = 2});
    char *bytes = test_read(test_path(IMAGES ".gz"), &n);
    bytes[n - 8] ^= 1; /* the CRC of a gzip file: four bytes before its last four */
    test_write(test_path(IMAGES ".gz"), bytes, n);
    refused(&o, LSC_ERR_FORMAT, IMAGES ".gz: after byte 0: incorrect data check");
    lsc_free(bytes);
}

/* Every prefix of both files, plain and compressed. */
static void every_truncation_is_refused(void **state)
{
    const char *names[] = {IMAGES ".gz", LABELS ".gz", IMAGES, LABELS};
    (void)state;
    ds_options o = fixture_options("idx");
    for (int gz = 1; gz >= 0; gz--) {
        fixture_idx("train", gz == 1, &(idx_fixture){.n = 4, .height = 3, .width = 3});
        for (int k = gz == 1 ? 0 : 2; k < (gz == 1 ? 2 : 4); k++) {
            size_t n = 0;
            char *bytes = test_read(test_path("%s", names[k]), &n);
            for (size_t cut = 0; cut < n; cut++) {
                ds_dataset *d = NULL;
                test_write(test_path("%s", names[k]), bytes, cut);
                CHECK_INT(ds_open(&o, &d), LSC_ERR_FORMAT);
            }
            test_write(test_path("%s", names[k]), bytes, n);
            lsc_free(bytes);
        }
        ds_close(fixture_open(&o));
    }
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    ds_options o = fixture_options("idx");
    refused(&o, LSC_ERR_IO, IMAGES ": No such file or directory, and no " IMAGES ".gz");
    o = fixture_options("cifar10");
    refused(&o, LSC_ERR_IO, "data_batch_1.bin");
}

static void a_cifar10_file_must_be_whole_records(void **state)
{
    uint8_t bytes[100] = {0};
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.split = DS_TEST;
    fixture_file("test_batch.bin", false, bytes, sizeof bytes);
    refused(&o, LSC_ERR_FORMAT,
            "test_batch.bin: 100 bytes, must be a multiple of 3073: one label and 3 x 32 x 32 pixels a record");
    fixture_file("test_batch.bin", false, bytes, 0);
    refused(&o, LSC_ERR_FORMAT, "test_batch.bin: 0 bytes");
}

static void a_cifar100_file_must_be_whole_records(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar100");
    o.split = DS_TEST;
    fixture_cifar10("test.bin", 0, 1);
    refused(&o, LSC_ERR_FORMAT,
            "test.bin: 3073 bytes, must be a multiple of 3074: two labels and 3 x 32 x 32 pixels a record");
}

static void a_cifar10_label_out_of_range_is_named(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.classes = 3;
    o.split = DS_TEST;
    fixture_cifar10("test_batch.bin", 0, 6);
    refused(&o, LSC_ERR_FORMAT, "test_batch.bin: label 3 is 3, with 3 classes it must be 0 to 2");
}

static void options_that_cannot_be_right_are_refused(void **state)
{
    const double not_finite = 0.0 / 0.0, zero = 0;
    (void)state;
    ds_options good = fixture_options("idx"), o = good;
    fixture_idx("train", false, &(idx_fixture){.n = 6, .height = 2, .width = 2});

    o.kind = "imagenet";
    refused(&o, LSC_ERR_ARG, "data: unknown kind 'imagenet' (known: idx cifar10 cifar100 ");
    o = good, o.path = NULL;
    refused(&o, LSC_ERR_ARG, "data: a kind and a folder must be named");
    o = good, o.pad = -1;
    refused(&o, LSC_ERR_ARG, "data: pad is -1, must be 0 to 1024");
    o = good, o.limit = -1;
    refused(&o, LSC_ERR_ARG, "data: limit is -1, must be 0 (all) or more");
    o = good, o.limit = 2, o.per_domain = 2;
    refused(&o, LSC_ERR_ARG, "data: a limit is for data without domains");
    o = good, o.n_rotations = 1, o.rotations = &not_finite;
    refused(&o, LSC_ERR_ARG, "data: rotations: number 0 is not finite");
    o = good, o.std = &zero;
    refused(&o, LSC_ERR_ARG, "data: channel 0: mean 0, deviation 0, the deviation must be more than 0");
    o = good, o.n_mean = 2;
    refused(&o, LSC_ERR_ARG, "data: 2 means and 1 deviations for images of 1 channels, must be 1 or 1");
    o = good, o.channels = 4;
    refused(&o, LSC_ERR_ARG, "data: images of 1 channels cannot be read with 4");
    o = good, o.memory = 6 * 4 - 1;
    refused(&o, LSC_ERR_ARG,
            "6 images of 1 x 2 x 2 need 2.4e-08 GB of memory, at most 2.3e-08 GB are taken: a smaller");
    o.memory++, o.pad = 1; /* twice, the second time 4 x 4 */
    refused(&o, LSC_ERR_ARG,
            "need 1.2e-07 GB of memory, at most 2.4e-08 GB are taken: a smaller data.limit (with domains:");
    o = good, o.per_domain = 7;
    refused(&o, LSC_ERR_ARG, "holds 6 images, 1 source and 0 held-out domains of 7 need 7");
}

static void a_grey_reader_refuses_coloured_images(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.split = DS_TEST;
    fixture_cifar10("test_batch.bin", 0, 1);
    refused(&o, LSC_ERR_ARG, "data: images of 3 channels cannot be read with 1");
}

/* By their sizes: nothing of it is read. */
static void more_cifar_images_than_fit_in_memory_are_refused(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.channels = 0;
    o.memory = 3 * 3072 - 100;
    fixture_cifar10("data_batch_1.bin", 0, 3);
    o.limit = 3;
    refused(&o, LSC_ERR_ARG, "3 images of 3 x 32 x 32 need 9.22e-06 GB of memory, at most 9.12e-06 GB are taken");
    o.limit = 2;
    ds_dataset *d = NULL;
    CHECK_OK(ds_open(&o, &d));
    ds_close(d);
}

static void every_failing_allocation_is_a_status(void **state)
{
    const double rotations[] = {0, 45};
    (void)state;
    ds_options o = fixture_options("idx");
    o.rotations = rotations;
    o.n_rotations = 2;
    fixture_idx("train", true, &(idx_fixture){.n = 4, .height = 2, .width = 2});
    CHECK(test_torture(fixture_open_and_close, &o) >= 10);

    o = fixture_options("cifar10");
    o.channels = 0;
    o.limit = 2;
    fixture_cifar10("data_batch_1.bin", 0, 2);
    CHECK(test_torture(fixture_open_and_close, &o) >= 8);
    fixture_cifar100("train.bin", 2);
    o.kind = "cifar100";
    CHECK(test_torture(fixture_open_and_close, &o) >= 8);
    o.kind = "cifar100_coarse";
    CHECK(test_torture(fixture_open_and_close, &o) >= 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(the_good_pair_is_good),
        TEST_IN_FOLDER(another_magic_is_refused),
        TEST_IN_FOLDER(empty_and_short_files_are_refused),
        TEST_IN_FOLDER(sides_of_zero_and_of_billions_are_refused),
        TEST_IN_FOLDER(a_promise_beyond_the_file_is_refused_before_memory_is_taken),
        TEST_IN_FOLDER(a_compressed_file_that_promises_too_much_is_refused),
        TEST_IN_FOLDER(bytes_after_the_last_image_are_refused),
        TEST_IN_FOLDER(counts_of_images_and_labels_must_agree),
        TEST_IN_FOLDER(a_label_out_of_range_is_named),
        TEST_IN_FOLDER(a_broken_checksum_is_refused),
        TEST_IN_FOLDER(every_truncation_is_refused),
        TEST_IN_FOLDER(a_missing_file_is_named),
        TEST_IN_FOLDER(a_cifar10_file_must_be_whole_records),
        TEST_IN_FOLDER(a_cifar100_file_must_be_whole_records),
        TEST_IN_FOLDER(a_cifar10_label_out_of_range_is_named),
        TEST_IN_FOLDER(options_that_cannot_be_right_are_refused),
        TEST_IN_FOLDER(a_grey_reader_refuses_coloured_images),
        TEST_IN_FOLDER(more_cifar_images_than_fit_in_memory_are_refused),
        TEST_IN_FOLDER(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
