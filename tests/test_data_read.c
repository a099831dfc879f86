/*
 * Reading: normalization and augmentation.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

enum { N = 12, SIDE = 6, PLANE = SIDE * SIDE, ELEMENTS = 3 * PLANE };

static const double mean[] = {125.3, 123.0, 113.9}, deviation[] = {63.0, 62.1, 66.7};

/* N grey images of SIDE x SIDE, read with three channels. */
static ds_dataset *open_images(void)
{
    fixture_idx("train", false, &(idx_fixture){.n = N, .height = SIDE, .width = SIDE});
    ds_options o = fixture_options("idx");
    o.channels = 0;
    o.mean = mean;
    o.std = deviation;
    o.n_mean = o.n_std = 3;
    return fixture_open(&o);
}

static void bytes_are_normalized_by_channel(void **state)
{
    float images[2 * ELEMENTS];
    int32_t labels[2], domains[2];
    const int64_t index[] = {11, 3};
    (void)state;
    ds_dataset *d = open_images();
    ds_read(d, index, 2, images, labels, domains);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < ELEMENTS; k++) {
            int c = k / PLANE;
            double want = (fixture_pixel(index[i], k % PLANE) - mean[c]) / deviation[c];
            CHECK_REAL((double)images[i * ELEMENTS + k], want, 1e-6); /* rounded to float once, values below 4 */
        }
        CHECK_INT(labels[i], index[i] % 10);
        CHECK_INT(domains[i], 0);
    }
    ds_close(d);
}

static void without_mean_and_deviation_bytes_become_fractions(void **state)
{
    float image[PLANE];
    const int64_t index = 1;
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 2, .height = SIDE, .width = SIDE});
    ds_options o = fixture_options("idx");
    o.mean = o.std = NULL;
    o.n_mean = o.n_std = 0;
    ds_dataset *d = fixture_open(&o);
    ds_read(d, &index, 1, image, NULL, NULL);
    for (int k = 0; k < PLANE; k++)
        CHECK_REAL((double)image[k], fixture_pixel(1, k) / 255.0, 1e-7);
    ds_close(d);
}

static void no_augmentation_is_plain_reading(void **state)
{
    const int64_t index[] = {0, 5, 5, 11};
    float plain[4 * ELEMENTS], augmented[4 * ELEMENTS];
    (void)state;
    ds_dataset *d = open_images();
    ds_read(d, index, 4, plain, NULL, NULL);
    fixture_augmented(d, &(ds_augment){0}, 1, 0, index, 4, augmented, NULL, NULL);
    CHECK_BYTES(augmented, plain, sizeof plain);
    ds_close(d);
}

static void augmentation_depends_on_seed_epoch_and_index_only(void **state)
{
    const ds_augment a = {.crop_pad = 2, .flip = true};
    int64_t all[N], backwards[N];
    static float images[N * ELEMENTS], again[N * ELEMENTS];
    (void)state;
    ds_dataset *d = open_images();
    for (int i = 0; i < N; i++) {
        all[i] = i;
        backwards[i] = N - 1 - i;
    }
    fixture_augmented(d, &a, 7, 3, all, N, images, NULL, NULL);
    fixture_augmented(d, &a, 7, 3, backwards, N, again, NULL, NULL);
    for (int i = 0; i < N; i++)
        CHECK_BYTES(again + (N - 1 - i) * ELEMENTS, images + i * ELEMENTS, ELEMENTS * sizeof(float));

    fixture_augmented(d, &a, 7, 4, all, N, again, NULL, NULL);
    CHECK(memcmp(again, images, sizeof images) != 0);
    fixture_augmented(d, &a, 8, 3, all, N, again, NULL, NULL);
    CHECK(memcmp(again, images, sizeof images) != 0);
    ds_close(d);
}

/* Whether `image` (channel 0) is image i moved by (dx, dy) with black around it, perhaps mirrored first. */
static bool is_moved(const float *image, int i, int dx, int dy, bool mirrored)
{
    for (int k = 0; k < PLANE; k++) {
        int x = k % SIDE, column = (mirrored ? SIDE - 1 - x : x) + dx, row = k / SIDE + dy;
        bool inside = column >= 0 && column < SIDE && row >= 0 && row < SIDE;
        int byte = inside ? fixture_pixel(i, row * SIDE + column) : 0;
        if (image[k] != (float)((byte - mean[0]) / deviation[0]))
            return false;
    }
    return true;
}

/* Every crop and both sides occur, and nothing else: 2 x 9 outcomes, 600 draws (missing one has chance 2e-14). */
static void a_crop_moves_by_at_most_the_padding_and_a_flip_mirrors(void **state)
{
    const ds_augment a = {.crop_pad = 1, .flip = true};
    int seen[2][3][3] = {0}, missing = 0;
    (void)state;
    ds_dataset *d = open_images();
    for (int draw = 0; draw < 600; draw++) {
        float image[ELEMENTS];
        int64_t index = draw % N;
        int found = 0;
        fixture_augmented(d, &a, 1, draw / N, &index, 1, image, NULL, NULL);
        for (int k = 0; k < 18; k++) {
            bool here = is_moved(image, (int)index, k / 6 - 1, k / 2 % 3 - 1, k % 2 == 1);
            seen[k % 2][k / 6][k / 2 % 3] += here;
            found += here;
        }
        CHECK_INT(found, 1);
    }
    for (int k = 0; k < 18; k++)
        missing += seen[k % 2][k / 6][k / 2 % 3] == 0;
    CHECK_INT(missing, 0);
    ds_close(d);
}

static void the_channels_of_an_image_move_together(void **state)
{
    const ds_augment a = {.crop_pad = 2, .flip = true};
    (void)state;
    ds_dataset *d = open_images();
    for (int64_t i = 0; i < N; i++) {
        float image[ELEMENTS];
        fixture_augmented(d, &a, 5, 0, &i, 1, image, NULL, NULL);
        for (int k = 0; k < PLANE; k++) {
            double grey = (double)image[k] * deviation[0] + mean[0];
            CHECK_REAL((double)image[PLANE + k] * deviation[1] + mean[1], grey, 1e-4); /* float rounding times 63 */
            CHECK_REAL((double)image[2 * PLANE + k] * deviation[2] + mean[2], grey, 1e-4);
        }
    }
    ds_close(d);
}

static void reading_allocates_nothing(void **state)
{
    const ds_augment a = {.crop_pad = 2, .flip = true};
    const int64_t index[] = {1, 2, 3, 4};
    static float images[4 * ELEMENTS];
    int64_t order[N];
    (void)state;
    ds_dataset *d = open_images();
    ds_reader *r = NULL;
    CHECK_OK(ds_reader_new(d, &a, 1, &r));
    test_malloc_begin();
    ds_epoch_order(d, 1, 0, DS_BY_DOMAIN, order);
    ds_epoch_order(d, 1, 0, DS_SHUFFLED, order);
    ds_read(d, index, 4, images, NULL, NULL);
    CHECK_OK(ds_reader_read(r, 0, index[0], 2, images, ELEMENTS));
    test_malloc_count count = test_malloc_end();
    CHECK_INT(count.calls, 0);
    ds_reader_free(r);
    ds_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(bytes_are_normalized_by_channel),
        TEST_IN_FOLDER(without_mean_and_deviation_bytes_become_fractions),
        TEST_IN_FOLDER(no_augmentation_is_plain_reading),
        TEST_IN_FOLDER(augmentation_depends_on_seed_epoch_and_index_only),
        TEST_IN_FOLDER(a_crop_moves_by_at_most_the_padding_and_a_flip_mirrors),
        TEST_IN_FOLDER(the_channels_of_an_image_move_together),
        TEST_IN_FOLDER(reading_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
