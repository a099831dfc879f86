/*
 * A folder per class: classes, order, sizes, splits, threads, and what is refused.
 * SPDX-License-Identifier: MIT
 */
#include "data/each.h"
#include "data_fixture.h"
#include "picture_fixture.h"

#include <time.h>

/* ROOT/SPLIT/CLASS/NAME, of one colour. */
static void picture(const char *split, const char *class, const char *name, int height, int width, uint8_t red)
{
    const uint8_t rgb[3] = {red, 100, 200};
    CHECK_OK(lsc_mkdirs(test_path("%s/%s", split, class)));
    fixture_png_of(test_path("%s/%s/%s", split, class, name), height, width, rgb);
}

static ds_options folder_options(void)
{
    ds_options o = fixture_options("folder");
    o.channels = 3;
    return o;
}

static void refused(const ds_options *o, lsc_status status, const char *text)
{
    ds_dataset *d = NULL;
    CHECK_FAILS(ds_open(o, &d), status, text);
    CHECK(d == NULL);
}

static uint8_t red_of(const ds_dataset *d, int64_t i)
{
    int64_t shape[3];
    ds_image_shape(d, shape);
    uint8_t *bytes = lsc_calloc((size_t)(shape[0] * shape[1] * shape[2]), 1);
    fixture_bytes(d, i, bytes);
    uint8_t red = bytes[0];
    lsc_free(bytes);
    return red;
}

static void check_images(const ds_dataset *d, int n, const int *labels, const int *reds)
{
    CHECK_INT(ds_count(d), n);
    for (int i = 0; i < n; i++) {
        CHECK_INT(ds_labels(d)[i], labels[i]);
        CHECK_INT(red_of(d, i), reds[i]);
    }
}

/* Three classes of 3, 1 and 2 pictures of 4 x 6, and what does not count. */
static void write_three_classes(void)
{
    picture("train", "cat", "b.png", 4, 6, 11);
    picture("train", "cat", "a.PNG", 4, 6, 10);
    picture("train", "cat", "c.jpg", 4, 6, 12); /* a PNG all the same */
    picture("train", "ant", "z.jpeg", 4, 6, 20);
    picture("train", "Zebra", "1.png", 4, 6, 30);
    picture("train", "Zebra", "10.png", 4, 6, 31);
    test_write_text(test_path("train/cat/notes.txt"), "no picture");
    test_write_text(test_path("train/cat/.hidden.png"), "no picture");
    test_write_text(test_path("train/README"), "no class");
    CHECK_OK(lsc_mkdirs(test_path("train/.cache")));
}

static void classes_are_sorted_by_bytes_and_take_turns(void **state)
{
    (void)state;
    write_three_classes();
    ds_options o = folder_options();
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 3);
    /* Zebra, ant, cat */
    check_images(d, 6, (int[]){0, 1, 2, 0, 2, 2}, (int[]){30, 20, 10, 31, 11, 12});
    ds_close(d);
    o.limit = 4;
    d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 3);
    check_images(d, 4, (int[]){0, 1, 2, 0}, (int[]){30, 20, 10, 31});
    ds_close(d);
}

static void the_test_split_has_the_labels_of_the_training_split(void **state)
{
    (void)state;
    write_three_classes();
    picture("test", "cat", "a.png", 4, 6, 50);
    ds_options o = folder_options();
    o.split = DS_TEST;
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 3);
    check_images(d, 1, (int[]){2}, (int[]){50});
    ds_close(d);
    picture("val", "ant", "a.png", 4, 6, 60); /* comes before test */
    d = fixture_open(&o);
    check_images(d, 1, (int[]){1}, (int[]){60});
    ds_close(d);
    picture("val", "bee", "a.png", 4, 6, 60);
    refused(&o, LSC_ERR_FORMAT, "val/bee: a class that is not in train");
}

static void a_test_split_alone_has_its_own_classes(void **state)
{
    (void)state;
    picture("val", "b", "a.png", 4, 6, 1);
    picture("val", "a", "a.png", 4, 6, 2);
    ds_options o = folder_options();
    o.split = DS_TEST;
    ds_dataset *d = fixture_open(&o);
    check_images(d, 2, (int[]){0, 1}, (int[]){2, 1});
    ds_close(d);
}

static void pictures_are_resized_and_cropped(void **state)
{
    int64_t shape[3];
    uint8_t bytes[3 * 8 * 8];
    (void)state;
    picture("train", "a", "a.png", 30, 40, 9);
    picture("train", "b", "a.png", 17, 11, 9);
    ds_options o = folder_options();
    o.resize = 10;
    o.crop = 8;
    ds_dataset *d = fixture_open(&o);
    ds_image_shape(d, shape);
    CHECK(shape[0] == 3 && shape[1] == 8 && shape[2] == 8);
    for (int64_t i = 0; i < 2; i++) {
        fixture_bytes(d, i, bytes);
        for (int k = 0; k < 192; k++)
            CHECK_INT(bytes[k], ((int[]){9, 100, 200}[k / 64]));
    }
    ds_close(d);
}

static void pictures_of_different_sizes_need_a_size(void **state)
{
    (void)state;
    picture("train", "a", "a.png", 4, 6, 1);
    picture("train", "b", "b.png", 6, 4, 1);
    ds_options o = folder_options();
    refused(&o, LSC_ERR_FORMAT, "train/b/b.png: 6 x 4 pixels, the first image has 4 x 6: set data.resize or data.crop");
    o.crop = 5;
    refused(&o, LSC_ERR_FORMAT, "train/a/a.png: 4 x 6 pixels, fewer than data.crop 5: data.resize makes it larger");
    o.crop = 4;
    ds_close(fixture_open(&o));
    picture("train", "a", "a.png", 2, 5000, 1);
    o.crop = 0;
    refused(&o, LSC_ERR_FORMAT, "a.png: 2 x 5000 pixels, at most 4096 a side are kept: set data.resize or data.crop");
}

static void sizes_that_cannot_be_right_are_refused(void **state)
{
    (void)state;
    ds_options o = folder_options();
    o.resize = -1;
    refused(&o, LSC_ERR_ARG, "data: resize is -1 and crop is 0, must be 0 to 4096");
    o.resize = 100, o.crop = 101;
    refused(&o, LSC_ERR_ARG, "data: crop is 101, more than resize, which is 100");
    o = fixture_options("idx"), o.crop = 4;
    refused(&o, LSC_ERR_ARG, "data: images of kind 'idx' are kept as they are: resize and crop must be 0");
}

static void folders_that_cannot_be_right_are_named(void **state)
{
    (void)state;
    ds_options o = folder_options();
    refused(&o, LSC_ERR_IO, "no folder train in it: No such file or directory");
    o.split = DS_TEST;
    refused(&o, LSC_ERR_IO, "no folder val or test in it: No such file or directory");
    o.split = DS_TRAIN;
    test_write_text(test_path("file"), "");
    o.path = test_path("file");
    refused(&o, LSC_ERR_IO, "file: no folder train in it: Not a directory");
    o = folder_options();
    CHECK_OK(lsc_mkdirs(test_path("train")));
    refused(&o, LSC_ERR_FORMAT, "train: no folder in it, must hold one for each class");
    CHECK_OK(lsc_mkdirs(test_path("train/a")));
    refused(&o, LSC_ERR_FORMAT, "train/a: no .jpg, .jpeg or .png file in it");
    picture("train", "a", "a.png", 2, 2, 1);
    picture("train", "b", "a.png", 2, 2, 1);
    o.classes = 1;
    refused(&o, LSC_ERR_FORMAT, "folders of 2 classes, more than the 1 that are asked for");
    o.classes = 7;
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_classes(d), 7);
    ds_close(d);
}

static void more_than_fits_in_memory_is_refused_before_it_is_read(void **state)
{
    (void)state;
    picture("train", "a", "a.png", 4, 4, 1);
    CHECK_OK(lsc_mkdirs(test_path("train/b")));
    test_write_text(test_path("train/b/b.png"), "not read");
    ds_options o = folder_options();
    o.resize = 1000;
    o.memory = 5000000;
    refused(
        &o, LSC_ERR_ARG,
        "2 images of 3 x 1000 x 1000 need 0.006 GB of memory, at most 0.005 GB are taken: a smaller data.limit (with "
        "domains: data.per_domain) would do");
    o.limit = 1;
    ds_close(fixture_open(&o));
}

/* Many pictures of different sizes. */
static void write_many(void)
{
    for (int i = 0; i < 40; i++) {
        char class[8], name[16];
        snprintf(class, sizeof class, "%d", i % 3);
        snprintf(name, sizeof name, "%02d.png", i);
        picture("train", class, name, 5 + i * 7 % 30, 5 + i * 11 % 40, (uint8_t)(i * 6));
    }
}

static void images_do_not_depend_on_the_number_of_threads(void **state)
{
    char hash[65] = "";
    (void)state;
    write_many();
    ds_options o = folder_options();
    o.resize = 9;
    for (o.threads = 1; o.threads <= 7; o.threads += 3) {
        ds_dataset *d = fixture_open(&o);
        if (o.threads > 1)
            CHECK_STR(ds_hash(d), hash);
        memcpy(hash, ds_hash(d), sizeof hash);
        ds_close(d);
    }
}

static void the_first_unreadable_image_is_named_by_any_number_of_threads(void **state)
{
    (void)state;
    write_many();
    test_write_text(test_path("train/1/37.png"), "broken");
    test_write_text(test_path("train/2/20.png"), "broken"); /* the 7th of its class, before the 13th */
    ds_options o = folder_options();
    o.resize = 9;
    for (int k = 0; k < 10; k++) {
        o.threads = 1 + k;
        refused(&o, LSC_ERR_FORMAT, "train/2/20.png: neither a JPEG nor a PNG file");
    }
    CHECK_INT(remove(test_path("train/0/00.png")), 0);
    CHECK_OK(lsc_mkdirs(test_path("train/0/00.png")));
    refused(&o, LSC_ERR_IO, "train/0/00.png: cannot read: it is a folder");
}

typedef struct {
    int begun[100];
    int64_t fail_from;
} counted;

static lsc_status count_index(void *context, int64_t i)
{
    counted *c = context;
    __atomic_fetch_add(&c->begun[i], 1, __ATOMIC_RELAXED);
    return i >= c->fail_from ? lsc_fail(LSC_ERR_FORMAT, "number %d", (int)i) : LSC_OK;
}

static void every_index_is_worked_on_once(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 20; threads += 5) {
        counted c = {.fail_from = 100};
        CHECK_OK(ds_each(threads, "numbers", 100, count_index, &c));
        for (int i = 0; i < 100; i++)
            CHECK_INT(c.begun[i], 1);
    }
    CHECK_OK(ds_each(0, "numbers", 0, count_index, NULL));
}

static void after_a_failure_nothing_is_begun(void **state)
{
    counted c = {.fail_from = 60};
    (void)state;
    CHECK_FAILS(ds_each(1, "numbers", 100, count_index, &c), LSC_ERR_FORMAT, "number 60");
    CHECK_INT(c.begun[60], 1);
    CHECK_INT(c.begun[61], 0);
}

typedef struct {
    int begun;
    int64_t slow; /* of 0 and 1, which both fail, the one that is to end last */
} two_failures;

static lsc_status fail_both(void *context, int64_t i)
{
    two_failures *t = context;
    const struct timespec moment = {.tv_nsec = 1000000}, long_after = {.tv_nsec = 30000000};
    __atomic_fetch_add(&t->begun, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&t->begun, __ATOMIC_RELAXED) < 2)
        nanosleep(&moment, NULL);
    if (i == t->slow)
        nanosleep(&long_after, NULL);
    return lsc_fail(LSC_ERR_FORMAT, "number %d", (int)i);
}

static void of_two_failures_the_one_of_the_smaller_index_counts(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        two_failures t = {.slow = slow};
        CHECK_FAILS(ds_each(2, "numbers", 2, fail_both, &t), LSC_ERR_FORMAT, "number 0");
    }
}

static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    picture("train", "a", "a.png", 4, 6, 1);
    picture("train", "b", "b.png", 6, 4, 1);
    picture("val", "b", "b.png", 6, 4, 1);
    ds_options o = folder_options();
    o.resize = 4;
    o.threads = 1;
    CHECK(test_torture(fixture_open_and_close, &o) >= 30);
    o.split = DS_TEST;
    o.threads = 2;
    CHECK(test_torture(fixture_open_and_close, &o) >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(classes_are_sorted_by_bytes_and_take_turns),
        TEST_IN_FOLDER(the_test_split_has_the_labels_of_the_training_split),
        TEST_IN_FOLDER(a_test_split_alone_has_its_own_classes),
        TEST_IN_FOLDER(pictures_are_resized_and_cropped),
        TEST_IN_FOLDER(pictures_of_different_sizes_need_a_size),
        TEST_IN_FOLDER(sizes_that_cannot_be_right_are_refused),
        TEST_IN_FOLDER(folders_that_cannot_be_right_are_named),
        TEST_IN_FOLDER(more_than_fits_in_memory_is_refused_before_it_is_read),
        TEST_IN_FOLDER(images_do_not_depend_on_the_number_of_threads),
        TEST_IN_FOLDER(the_first_unreadable_image_is_named_by_any_number_of_threads),
        TEST(every_index_is_worked_on_once),
        TEST(after_a_failure_nothing_is_begun),
        TEST(of_two_failures_the_one_of_the_smaller_index_counts),
        TEST_IN_FOLDER(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
