/*
 * Domains: who is in which, and what a rotation does to an image.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

#include <math.h>

static ds_options with_rotations(const double *degrees, int n)
{
    ds_options o = fixture_options("idx");
    o.rotations = degrees;
    o.n_rotations = n;
    return o;
}

/* The one image `pixels` [side, side], turned. */
static void turn(const uint8_t *pixels, int side, int pad, double degrees, uint8_t *to)
{
    fixture_idx("train", false, &(idx_fixture){.n = 1, .height = side, .width = side, .pixels = pixels});
    ds_options o = with_rotations(&degrees, 1);
    o.pad = pad;
    ds_dataset *d = fixture_open(&o);
    fixture_bytes(d, 0, to);
    ds_close(d);
}

/* 5 x 5, each corner and edge different. */
static void asymmetric(uint8_t *pixels)
{
    for (int k = 0; k < 25; k++)
        pixels[k] = (uint8_t)(3 + k * 10);
}

static void no_rotation_is_an_exact_copy(void **state)
{
    uint8_t before[25], after[25];
    (void)state;
    asymmetric(before);
    turn(before, 5, 0, 0, after);
    CHECK_BYTES(after, before, 25);
}

/* The top row after a turn to the left is the right column before. */
static void a_quarter_turn_moves_the_right_column_to_the_top(void **state)
{
    uint8_t before[25], after[25], want[25];
    (void)state;
    asymmetric(before);
    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 5; x++)
            want[y * 5 + x] = before[x * 5 + 4 - y];
    }
    turn(before, 5, 0, 90, after);
    CHECK_BYTES(after, want, 25);
    turn(before, 5, 0, -270, after);
    CHECK_BYTES(after, want, 25);
}

static void a_quarter_turn_of_a_left_right_symmetric_image_is_its_transpose(void **state)
{
    const uint8_t before[] = {1, 2, 2, 1, 3, 4, 4, 3, 5, 6, 6, 5, 7, 8, 8, 7};
    uint8_t after[16];
    (void)state;
    turn(before, 4, 0, 90, after);
    for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 4; x++)
            CHECK_INT(after[y * 4 + x], before[x * 4 + y]);
    }
}

/* By complex arithmetic in another language: z exp(-i pi/6), bilinear, zero outside; before rounding
 * 38.494 65.048 28.756 / 36.747 200 94.689 / 21.340 54.378 47.942. */
static void thirty_degrees_have_known_values(void **state)
{
    const uint8_t before[] = {10, 90, 20, 30, 200, 60, 40, 50, 120};
    const uint8_t want[] = {38, 65, 29, 37, 200, 95, 21, 54, 48};
    uint8_t after[9];
    (void)state;
    turn(before, 3, 0, 30, after);
    CHECK_BYTES(after, want, 9);
}

static void padding_comes_before_the_rotation(void **state)
{
    uint8_t before[25], after[81], corner = 0;
    (void)state;
    asymmetric(before);
    turn(before, 5, 2, 0, after);
    for (int y = 0; y < 9; y++) {
        for (int x = 0; x < 9; x++) {
            bool inside = x >= 2 && x < 7 && y >= 2 && y < 7;
            CHECK_INT(after[y * 9 + x], inside ? before[(y - 2) * 5 + x - 2] : 0);
        }
    }
    turn(before, 5, 2, 45, after);
    for (int x = 0; x < 9; x++) /* the corner of the image has room at the top */
        corner |= after[x] | after[9 + x];
    CHECK(corner > 0);
}

/* Image i holds the value i + 1 everywhere, so that it is known after any rotation. */
static void numbered_images(const char *split, int n)
{
    uint8_t *pixels = lsc_calloc((size_t)n * 9, 1);
    for (int k = 0; k < n * 9; k++)
        pixels[k] = (uint8_t)(k / 9 + 1);
    fixture_idx(split, false, &(idx_fixture){.n = n, .height = 3, .width = 3, .pixels = pixels});
    lsc_free(pixels);
}

/* The centre is the same at any angle. */
static int number_of(const ds_dataset *d, int64_t i)
{
    uint8_t bytes[9];
    fixture_bytes(d, i, bytes);
    return bytes[4] - 1;
}

static void source_domains_are_runs_and_held_out_ones_follow(void **state)
{
    const double source[] = {0, 30, 60}, held[] = {90, 120};
    (void)state;
    numbered_images("train", 25);
    ds_options o = with_rotations(source, 3);
    o.held_rotations = held;
    o.n_held = 2;
    o.per_domain = 4;
    ds_dataset *train = fixture_open(&o);
    o.split = DS_HELD;
    ds_dataset *held_out = fixture_open(&o);

    CHECK_INT(ds_count(train), 12);
    CHECK_INT(ds_n_domains(train), 3);
    CHECK_INT(ds_count(held_out), 8);
    CHECK_INT(ds_n_domains(held_out), 2);
    for (int i = 0; i < 12; i++) {
        CHECK_INT(number_of(train, i), i);
        CHECK_INT(ds_labels(train)[i], i % 10);
        CHECK_INT(ds_domains(train)[i], i / 4);
    }
    for (int i = 0; i < 8; i++) {
        CHECK_INT(number_of(held_out, i), 12 + i);
        CHECK_INT(ds_labels(held_out)[i], (12 + i) % 10);
        CHECK_INT(ds_domains(held_out)[i], i / 4);
    }
    ds_close(train);
    ds_close(held_out);
}

static void all_images_are_shared_out_evenly(void **state)
{
    const double source[] = {0, 30}, held[] = {90};
    (void)state;
    numbered_images("train", 11);
    ds_options o = with_rotations(source, 2);
    o.held_rotations = held;
    o.n_held = 1;
    ds_dataset *train = fixture_open(&o);
    o.split = DS_HELD;
    ds_dataset *held_out = fixture_open(&o);
    CHECK_INT(ds_count(train), 6);
    CHECK_INT(ds_count(held_out), 3);
    CHECK_INT(number_of(held_out, 0), 6);
    ds_close(train);
    ds_close(held_out);
}

static void each_domain_has_its_own_angle(void **state)
{
    const double source[] = {0, 90};
    uint8_t first[25], second[25], pixels[50];
    (void)state;
    asymmetric(pixels);
    asymmetric(pixels + 25);
    fixture_idx("train", false, &(idx_fixture){.n = 2, .height = 5, .width = 5, .pixels = pixels});
    ds_options o = with_rotations(source, 2);
    ds_dataset *d = fixture_open(&o);
    fixture_bytes(d, 0, first);
    fixture_bytes(d, 1, second);
    CHECK_BYTES(first, pixels, 25);
    CHECK_INT(second[0], first[4]);
    ds_close(d);
}

static void the_test_split_takes_the_angles_in_turn(void **state)
{
    const double source[] = {0, 30, 60};
    (void)state;
    numbered_images("t10k", 7);
    ds_options o = with_rotations(source, 3);
    o.split = DS_TEST;
    o.per_domain = 4; /* of the training split */
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 7);
    for (int i = 0; i < 7; i++) {
        CHECK_INT(ds_domains(d)[i], i % 3);
        CHECK_INT(number_of(d, i), i);
    }
    ds_close(d);
}

static void too_few_images_for_the_domains_are_refused(void **state)
{
    const double source[] = {0, 30}, held[] = {90};
    ds_dataset *d = NULL;
    (void)state;
    numbered_images("train", 11);
    ds_options o = with_rotations(source, 2);
    o.held_rotations = held;
    o.n_held = 1;
    o.per_domain = 4;
    o.split = DS_HELD;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_ARG, "holds 11 images, 2 source and 1 held-out domains of 4 need 12");
    o.per_domain = 1000000000;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_ARG, "of 1000000000 need 3000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(no_rotation_is_an_exact_copy),
        TEST_IN_FOLDER(a_quarter_turn_moves_the_right_column_to_the_top),
        TEST_IN_FOLDER(a_quarter_turn_of_a_left_right_symmetric_image_is_its_transpose),
        TEST_IN_FOLDER(thirty_degrees_have_known_values),
        TEST_IN_FOLDER(padding_comes_before_the_rotation),
        TEST_IN_FOLDER(source_domains_are_runs_and_held_out_ones_follow),
        TEST_IN_FOLDER(all_images_are_shared_out_evenly),
        TEST_IN_FOLDER(each_domain_has_its_own_angle),
        TEST_IN_FOLDER(the_test_split_takes_the_angles_in_turn),
        TEST_IN_FOLDER(too_few_images_for_the_domains_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
