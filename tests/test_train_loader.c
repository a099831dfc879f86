/*
 * Batches prepared by the second thread are those that anyone would read for (seed, step).
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"
#include "loader_fixture.h"

#define IMAGES 22
#define BATCH  4 /* 5 steps an epoch; two images are left over */
#define PLANE  25

static ds_dataset *open_data(void)
{
    static const double degrees[] = {0, 90};
    fixture_idx("train", false, &(idx_fixture){.n = IMAGES, .height = 5, .width = 5});
    ds_options o = fixture_options("idx");
    o.rotations = degrees;
    o.n_rotations = 2;
    return fixture_open(&o);
}

static tr_loader *open_loader(const ds_dataset *d, int64_t first, int64_t past)
{
    const tr_loader_options o = {.data = d,
                                 .augment = {.crop_pad = 1, .flip = true},
                                 .seed = 11,
                                 .batch = BATCH,
                                 .sampler = DS_BY_DOMAIN,
                                 .first_step = first,
                                 .past_step = past};
    tr_loader *l = NULL;
    CHECK_OK(tr_loader_new(&o, &l));
    return l;
}

static void check_batch(const ds_dataset *d, const tr_batch *b, int64_t step)
{
    const ds_augment augment = {.crop_pad = 1, .flip = true};
    int64_t order[IMAGES];
    float images[BATCH * PLANE];
    int32_t labels[BATCH], domains[BATCH];

    ds_epoch_order(d, 11, step / 5, true, order);
    fixture_augmented(d, &augment, 11, step / 5, order + step % 5 * BATCH, BATCH, images, labels, domains);
    CHECK_INT(b->n, BATCH);
    CHECK_BYTES(b->images, images, sizeof images);
    CHECK_BYTES(b->labels, labels, sizeof labels);
    CHECK_BYTES(b->domains, domains, sizeof domains);
}

static void a_step_gets_the_images_of_its_seed_and_number(void **state)
{
    (void)state;
    ds_dataset *d = open_data();
    tr_loader *l = open_loader(d, 0, 13);
    for (int64_t step = 0; step < 13; step++)
        check_batch(d, fixture_batch(l), step);
    CHECK(fixture_batch(l) == NULL);
    CHECK(fixture_batch(l) == NULL);
    tr_loader_free(l);
    ds_close(d);
}

static void starting_in_the_middle_gives_the_same_batches(void **state)
{
    (void)state;
    ds_dataset *d = open_data();
    tr_loader *l = open_loader(d, 7, 12);
    for (int64_t step = 7; step < 12; step++)
        check_batch(d, fixture_batch(l), step);
    CHECK(fixture_batch(l) == NULL);
    tr_loader_free(l);
    ds_close(d);
}

static void freeing_does_not_wait_for_the_end(void **state)
{
    (void)state;
    ds_dataset *d = open_data();
    for (int taken = 0; taken < 4; taken++) {
        tr_loader *l = open_loader(d, 0, INT64_MAX);
        for (int k = 0; k < taken; k++)
            check_batch(d, fixture_batch(l), k);
        tr_loader_free(l);
    }
    tr_loader_free(NULL);
    ds_close(d);
}

static void a_batch_beyond_the_data_is_refused(void **state)
{
    (void)state;
    ds_dataset *d = open_data();
    tr_loader *l = NULL;
    CHECK_FAILS(tr_loader_new(&(tr_loader_options){.data = d, .batch = 23, .past_step = 1}, &l), LSC_ERR_ARG,
                "a batch of 23 from 22 images");
    ds_close(d);
}

static void two_views_are_the_same_images_augmented_twice(void **state)
{
    (void)state;
    ds_dataset *d = open_data();
    tr_loader_options o = {.data = d,
                           .augment = {.crop_pad = 1, .flip = true},
                           .seed = 11,
                           .batch = BATCH,
                           .views = 2,
                           .sampler = DS_BY_DOMAIN,
                           .past_step = 6};
    tr_loader *l = NULL;
    CHECK_OK(tr_loader_new(&o, &l));
    for (int64_t step = 0; step < 6; step++) {
        const tr_batch *b = fixture_batch(l);
        CHECK_INT(b->n, 2 * BATCH);
        check_batch(d, &(tr_batch){BATCH, b->images, b->labels, b->domains}, step); /* as without views */
        CHECK_BYTES(b->labels + BATCH, b->labels, BATCH * sizeof *b->labels);
        CHECK_BYTES(b->domains + BATCH, b->domains, BATCH * sizeof *b->domains);
        CHECK(memcmp(b->images + BATCH * PLANE, b->images, BATCH * PLANE * sizeof *b->images) != 0);
    }
    tr_loader_free(l);
    /* Without augmentation both are the image itself. */
    o.augment = (ds_augment){0};
    CHECK_OK(tr_loader_new(&o, &l));
    const tr_batch *b = fixture_batch(l);
    CHECK_BYTES(b->images + BATCH * PLANE, b->images, BATCH * PLANE * sizeof *b->images);
    tr_loader_free(l);
    ds_close(d);
}

/* Bytes of the first 11 steps, whatever the number of threads. */
static void batches_do_not_depend_on_threads(void **state)
{
    static float first[11][2 * BATCH * PLANE];
    (void)state;
    ds_dataset *d = open_data();
    for (int threads = 1; threads <= 3; threads++) {
        const tr_loader_options o = {.data = d,
                                     .augment = {.resized_crop = true, .flip = true, .rotate = 90, .cutout = .5},
                                     .seed = 3,
                                     .batch = BATCH,
                                     .views = 2,
                                     .threads = threads,
                                     .past_step = 11};
        tr_loader *l = NULL;
        CHECK_OK(tr_loader_new(&o, &l));
        for (int step = 0; step < 11; step++) {
            const tr_batch *b = fixture_batch(l);
            if (threads == 1)
                memcpy(first[step], b->images, sizeof first[step]);
            CHECK_BYTES(b->images, first[step], sizeof first[step]);
        }
        CHECK(fixture_batch(l) == NULL);
        tr_loader_free(l);
    }
    ds_close(d);
}

static void the_images_that_are_left_wait_for_another_epoch(void **state)
{
    (void)state;
    ds_dataset *d = open_data();
    const tr_loader_options o = {.data = d, .batch = BATCH};
    CHECK(ds_count(d) > 5 * BATCH && ds_count(d) < 6 * BATCH);
    CHECK_INT(tr_loader_steps_per_epoch(&o), 5);
    ds_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(two_views_are_the_same_images_augmented_twice),
        TEST_IN_FOLDER(batches_do_not_depend_on_threads),
        TEST_IN_FOLDER(the_images_that_are_left_wait_for_another_epoch),
        TEST_IN_FOLDER(a_step_gets_the_images_of_its_seed_and_number),
        TEST_IN_FOLDER(starting_in_the_middle_gives_the_same_batches),
        TEST_IN_FOLDER(freeing_does_not_wait_for_the_end),
        TEST_IN_FOLDER(a_batch_beyond_the_data_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
