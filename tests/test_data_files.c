/*
 * IDX and CIFAR files: what is in them is what is read.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

#define FASHION_MNIST "/usr/share/datasets/fashion-mnist"

/* Image i of d holds fixture_pixel(i, .) [n]. */
static void check_fixture_image(const ds_dataset *d, int64_t i, int64_t n)
{
    uint8_t *got = lsc_calloc((size_t)n, 1), *want = lsc_calloc((size_t)n, 1);
    fixture_bytes(d, i, got);
    for (int64_t k = 0; k < n; k++)
        want[k] = fixture_pixel(i, k);
    CHECK_BYTES(got, want, (size_t)n);
    lsc_free(got);
    lsc_free(want);
}

static void plain_idx_files_are_read(void **state)
{
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 23, .height = 5, .width = 7});
    ds_options o = fixture_options("idx");
    ds_dataset *d = fixture_open(&o);

    CHECK_INT(ds_count(d), 23);
    CHECK_INT(ds_classes(d), 10);
    CHECK_INT(ds_n_domains(d), 1);
    for (int i = 0; i < 23; i++) {
        CHECK_INT(ds_labels(d)[i], i % 10);
        CHECK_INT(ds_domains(d)[i], 0);
        check_fixture_image(d, i, 5 * 7);
    }
    ds_close(d);
}

static void compressed_idx_files_equal_plain_ones(void **state)
{
    (void)state;
    idx_fixture f = {.n = 300, .height = 9, .width = 8};
    ds_options o = fixture_options("idx");
    fixture_idx("train", true, &f);
    ds_dataset *packed = fixture_open(&o);
    fixture_idx("train", false, &f);
    CHECK_INT(remove(test_path("train-images-idx3-ubyte.gz")), 0);
    CHECK_INT(remove(test_path("train-labels-idx1-ubyte.gz")), 0);
    ds_dataset *plain = fixture_open(&o);

    CHECK_INT(ds_count(packed), 300);
    CHECK_STR(ds_hash(packed), ds_hash(plain));
    check_fixture_image(packed, 299, 9 * 8);
    ds_close(plain);
    ds_close(packed);
}

static void the_hash_tells_pixels_labels_and_domains_apart(void **state)
{
    const uint8_t labels[] = {0, 1, 2, 4};
    const double rotations[] = {0, 0};
    char first[65];
    (void)state;
    ds_options o = fixture_options("idx");
    fixture_idx("train", false, &(idx_fixture){.n = 4, .height = 2, .width = 2});
    ds_dataset *d = fixture_open(&o);
    memcpy(first, ds_hash(d), sizeof first);
    ds_close(d);

    o.rotations = rotations;
    o.n_rotations = 2;
    d = fixture_open(&o);
    CHECK(strcmp(ds_hash(d), first) != 0);
    ds_close(d);

    o.n_rotations = 0;
    fixture_idx("train", false, &(idx_fixture){.n = 4, .height = 2, .width = 2, .labels = labels});
    d = fixture_open(&o);
    CHECK(strcmp(ds_hash(d), first) != 0);
    ds_close(d);
}

static void a_limit_reads_no_further_than_its_images(void **state)
{
    const uint8_t labels[] = {1, 2, 77}; /* the third is out of range, but two are asked for */
    (void)state;
    ds_options o = fixture_options("idx");
    o.limit = 2;
    fixture_idx("train", true, &(idx_fixture){.n = 3, .height = 2, .width = 2, .labels = labels});
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 2);
    ds_close(d);
}

static void a_limit_beyond_the_split_takes_all(void **state)
{
    (void)state;
    ds_options o = fixture_options("idx");
    o.split = DS_TEST;
    o.limit = 100;
    fixture_idx("t10k", false, &(idx_fixture){.n = 4, .height = 2, .width = 2});
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 4);
    ds_close(d);
}

static void more_classes_than_usual_are_an_option(void **state)
{
    const uint8_t labels[] = {3, 46};
    (void)state;
    ds_options o = fixture_options("idx");
    o.classes = 47;
    fixture_idx("train", false, &(idx_fixture){.n = 2, .height = 2, .width = 2, .labels = labels});
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 47);
    CHECK_INT(ds_labels(d)[1], 46);
    ds_close(d);
}

static void cifar10_batches_follow_each_other(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.channels = 0;
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i + 1);
        fixture_cifar10(name, 4 * i, 4);
    }
    ds_dataset *d = fixture_open(&o);

    CHECK_INT(ds_count(d), 20);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(ds_labels(d)[i], i % 10);
        check_fixture_image(d, i, 3 * 32 * 32);
    }
    ds_close(d);
}

static void a_limit_opens_only_the_batches_it_needs(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.channels = 3;
    o.limit = 6;
    fixture_cifar10("data_batch_1.bin", 0, 4);
    fixture_cifar10("data_batch_2.bin", 4, 4);
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 6);
    CHECK_INT(ds_labels(d)[5], 5);
    ds_close(d);
}

static void cifar100_has_fine_and_coarse_labels(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar100");
    o.channels = 3;
    fixture_cifar100("train.bin", 5);
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 5);
    CHECK_INT(ds_classes(d), 100);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(ds_labels(d)[i], 99 - i);
        check_fixture_image(d, i, 3 * 32 * 32);
    }
    ds_close(d);

    o.kind = "cifar100_coarse";
    d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 20);
    for (int i = 0; i < 5; i++)
        CHECK_INT(ds_labels(d)[i], i);
    ds_close(d);
}

static void without_held_out_domains_the_test_batch_is_held_out(void **state)
{
    (void)state;
    ds_options o = fixture_options("cifar10");
    o.channels = 3;
    o.split = DS_HELD;
    fixture_cifar10("test_batch.bin", 7, 5);
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 5);
    CHECK_INT(ds_labels(d)[0], 7);
    ds_close(d);
}

static void the_first_images_of_fashion_mnist_are_known(void **state)
{
    /* From the files of Debian's dataset-fashion-mnist 0.0~git20200523.55506a9, by Python's gzip and hashlib. */
    static const int32_t labels[] = {9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4};
    (void)state;
    if (!lsc_file_exists(FASHION_MNIST))
        skip();
    ds_options o = fixture_options("idx");
    o.path = FASHION_MNIST;
    o.limit = 2000;
    ds_dataset *d = fixture_open(&o);

    CHECK_INT(ds_count(d), 2000);
    CHECK_BYTES(ds_labels(d), labels, sizeof labels);
    CHECK_STR(ds_hash(d), "9b1b46f7802f3d6b482566604f7114c48db9fef448854685127cfded932ba3cf");
    ds_close(d);
}

static void kinds_have_names_and_texts(void **state)
{
    const char *text = NULL;
    (void)state;
    CHECK_STR(ds_kind_at(0, &text, NULL), "idx");
    CHECK_HAS(text, "MNIST");
    CHECK_STR(ds_kind_at(1, NULL, NULL), "cifar10");
    CHECK(ds_kind_at(100, &text, NULL) == NULL && ds_kind_at(-1, &text, NULL) == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(plain_idx_files_are_read),
        TEST_IN_FOLDER(compressed_idx_files_equal_plain_ones),
        TEST_IN_FOLDER(the_hash_tells_pixels_labels_and_domains_apart),
        TEST_IN_FOLDER(a_limit_reads_no_further_than_its_images),
        TEST_IN_FOLDER(a_limit_beyond_the_split_takes_all),
        TEST_IN_FOLDER(more_classes_than_usual_are_an_option),
        TEST_IN_FOLDER(cifar10_batches_follow_each_other),
        TEST_IN_FOLDER(a_limit_opens_only_the_batches_it_needs),
        TEST_IN_FOLDER(cifar100_has_fine_and_coarse_labels),
        TEST_IN_FOLDER(without_held_out_domains_the_test_batch_is_held_out),
        TEST_IN_FOLDER(the_first_images_of_fashion_mnist_are_known),
        TEST(kinds_have_names_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
