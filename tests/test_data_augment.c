/*
 * Augmentation: the values of Pillow, what is drawn, and that neither threads nor order make a difference.
 * SPDX-License-Identifier: MIT
 */
#include "data/augment.h"
#include "data_fixture.h"
#include "face_fixture.h"
#include "picture_fixture.h"

#include <math.h>
#include <stdlib.h>

#define WIDTH  37
#define HEIGHT 29

/* ---- Pillow ---------------------------------------------------------------------------------- */

/* tests/golden/augment/make.py */
static void fill_picture(uint8_t *rgb)
{
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            for (int c = 0; c < 3; c++)
                *rgb++ = (uint8_t)(x * x * (3 + c) + y * y * (5 - c) + 7 * x * y);
        }
    }
}

/* Planes [3, n, n] against Pillow's pixels [n, n, 3]; returns what follows these. The largest difference is at most 1,
 * and few values differ: Pillow's fixed-point weights and places are rounded differently. */
static const uint8_t *check_planes(const uint8_t *planes, const uint8_t *want, int n)
{
    int differ = 0;
    for (int i = 0; i < 3 * n * n; i++) {
        const int got = planes[i % 3 * n * n + i / 3];
        CHECK_REAL(got, want[i], 1);
        differ += got != want[i];
    }
    CHECK(differ <= 3 * n * n / 50);
    return want + 3 * n * n;
}

static void pictures_are_cut_turned_and_resized_as_by_pillow(void **state)
{
    static uint8_t rgb[3 * WIDTH * HEIGHT], large[3 * 24 * 24], small[3 * 12 * 12], turned[3 * 24 * 24];
    size_t n;
    uint8_t *golden = (uint8_t *)test_read(golden_path("augment/pillow.u8"), &n);
    const uint8_t *want = golden;
    const ds_bytes from = {rgb, 3, 1, 3 * WIDTH, 3};
    (void)state;
    CHECK_INT(n, 3 * (2 * 24 * 24 + 2 * 12 * 12 + 16 * 16));
    fill_picture(rgb);
    CHECK_OK(ds_crop_resize(&from, (ds_box){3, 5, 17, 20}, 24, 24, large));
    want = check_planes(large, want, 24);
    CHECK_OK(ds_crop_resize(&from, (ds_box){0, 0, HEIGHT, WIDTH}, 12, 12, small));
    want = check_planes(small, want, 12);
    ds_rotate(small, 3, 12, 12, 33, turned);
    want = check_planes(turned, want, 12);
    ds_rotate(large, 3, 24, 24, -117.25, turned);
    want = check_planes(turned, want, 24);
    const ds_picture picture = {HEIGHT, WIDTH, rgb};
    CHECK_OK(ds_picture_resize(&picture, &(ds_frame){16, 16, 0, 0, 16, 16}, turned));
    for (int i = 0; i < 3 * 16 * 16; i++) /* rounded once, by Pillow twice */
        CHECK_REAL(turned[i % 3 * 256 + i / 3], want[i], 1);
    lsc_free(golden);
}

static void turning_by_nothing_and_by_right_angles_is_exact(void **state)
{
    uint8_t image[16], turned[16];
    (void)state;
    for (int i = 0; i < 16; i++)
        image[i] = (uint8_t)(15 * i);
    ds_rotate(image, 1, 4, 4, 0, turned);
    CHECK_BYTES(turned, image, 16);
    ds_rotate(image, 1, 4, 4, 90, turned); /* anticlockwise: the right column becomes the top row */
    for (int i = 0; i < 4; i++)
        CHECK_REAL(turned[i], image[4 * i + 3],
                   1); /* the sine of 90 degrees is 1, its cosine 6e-17; values are cut off */
}

static void a_hidden_part_becomes_its_mean(void **state)
{
    float planes[2 * 9];
    (void)state;
    for (int i = 0; i < 18; i++)
        planes[i] = (float)i;
    ds_cut_out(planes, 2, 3, 3, (ds_box){0, 0, 0, 3});
    CHECK_REAL(planes[0], 0, 0);
    ds_cut_out(planes, 2, 3, 3, (ds_box){1, 1, 2, 2});
    const float want[] = {0, 1, 2, 3, 6, 6, 6, 6, 6, 9, 10, 11, 12, 15, 15, 15, 15, 15};
    CHECK_BYTES(planes, want, sizeof want);
}

/* ---- what is drawn --------------------------------------------------------------------------- */

#define DRAWS 4000

/* Areas are uniform in .08 .. 1 where they fit: a tenth of them fails a try. Mean .54, of 4,000 with a standard
 * deviation of .27 / 63; large parts are refused more often, so that the mean is a little less. */
static void crops_lie_inside_and_have_areas_and_ratios_in_range(void **state)
{
    double area = 0, ratio = 0;
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        const ds_draw d = {7, i / 100, i % 100, 1};
        const ds_box b = ds_draw_crop(&d, 120, 160);
        CHECK(b.top >= 0 && b.left >= 0 && b.top + b.height <= 120 && b.left + b.width <= 160);
        const double share = (double)b.height * b.width / (120 * 160), r = (double)b.width / b.height;
        CHECK(share > .075 && share <= 1);
        CHECK(r > .73 && r < 1.37);
        area += share / DRAWS;
        ratio += log(r) / DRAWS;
    }
    CHECK(area > .42 && area < .56);
    CHECK(ratio > -.03 && ratio < .09); /* a wide picture refuses tall parts */
}

static void pictures_too_narrow_for_any_part_give_their_middle(void **state)
{
    const ds_draw d = {7, 0, 0, 0};
    (void)state;
    for (int item = 0; item < 50; item++) {
        ds_draw each = d;
        each.item = item;
        ds_box b = ds_draw_crop(&each, 400, 3);
        CHECK(b.height <= 4 && b.width <= 3);
        b = ds_draw_crop(&each, 1, 1);
        CHECK_INT(b.height * b.width, 1);
    }
}

static void a_half_of_all_images_has_a_part_hidden(void **state)
{
    int hidden = 0;
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        const ds_draw d = {7, 0, i, 0};
        const ds_box b = ds_draw_cutout(&d, .5, 64, 48);
        hidden += b.height > 0 && b.width > 0;
        CHECK(b.height <= 0 || (b.top >= 0 && b.top + b.height <= 64));
        CHECK(b.width <= 0 || (b.left >= 0 && b.left + b.width <= 48));
        CHECK_INT(ds_draw_cutout(&d, 0, 64, 48).height, 0);
    }
    CHECK(hidden > .46 * DRAWS && hidden < .52 * DRAWS); /* parts of less than two pixels hide nothing */
}

static void angles_are_even(void **state)
{
    double sum = 0, squares = 0;
    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        const ds_draw d = {7, 3, i, 1};
        const double angle = ds_draw_angle(&d, 180);
        CHECK(angle >= -180 && angle < 180);
        sum += angle / DRAWS;
        squares += angle * angle / DRAWS;
    }
    CHECK_REAL(sum, 0, 8); /* 180 / sqrt(3) / sqrt(4000) is 1.6 */
    CHECK_REAL(sqrt(squares), 180 / sqrt(3), 180 * .03);
}

static void seeds_epochs_items_views_and_operations_differ(void **state)
{
    const ds_draw a = {7, 3, 5, 0};
    ds_draw others[] = {a, a, a, a};
    const double x = ds_draw_uniform(&a, "rotation", 0);
    (void)state;
    others[0].seed++;
    others[1].epoch++;
    others[2].item++;
    others[3].view++;
    for (size_t i = 0; i < LSC_COUNT(others); i++)
        CHECK(ds_draw_uniform(&others[i], "rotation", 0) != x);
    CHECK(ds_draw_uniform(&a, "cutout", 0) != x);
    CHECK(ds_draw_uniform(&a, "rotation", 1) != x);
    CHECK_REAL(ds_draw_uniform(&a, "rotation", 0), x, 0);
}

/* ---- reading ----------------------------------------------------------------------------------- */

#define SIDE   16
#define PIXELS (3 * SIDE * SIDE)

static const ds_augment everything = {
    .random_frame = true, .resized_crop = true, .flip = true, .rotate = 180, .cutout = .5};

static ds_dataset *open_faces(void)
{
    static uint8_t rgb[3 * WIDTH * HEIGHT];
    fill_picture(rgb);
    for (int k = 0; k < 4; k++) {
        char name[64];
        snprintf(name, sizeof name, "oulu/train/%s/v%d", k % 2 == 0 ? "live" : "spoof", k);
        fixture_video(name, 3);
        fixture_png(test_path("%s/crop_0010.png", name),
                    &(png_fixture){HEIGHT, WIDTH, 2 /* RGB */, 8, false, rgb, 3 * WIDTH});
    }
    ds_options o = fixture_options("faces");
    o.channels = 3;
    o.domains = "oulu";
    o.resize = SIDE;
    o.frames = 1;
    return fixture_open(&o);
}

static void views_differ_and_repeat_and_show_one_frame(void **state)
{
    static float once[3 * PIXELS], again[PIXELS];
    (void)state;
    ds_dataset *d = open_faces();
    ds_reader *r = NULL, *other = NULL;
    CHECK_OK(ds_reader_new(d, &everything, 9, &r));
    CHECK_OK(ds_reader_new(d, &everything, 9, &other));
    CHECK_OK(ds_reader_read(r, 4, 2, 3, once, PIXELS));
    CHECK(memcmp(once, once + PIXELS, PIXELS * sizeof *once) != 0);
    CHECK_OK(ds_reader_read(other, 4, 1, 2, again, 0));
    CHECK_OK(ds_reader_read(other, 4, 2, 1, again, 0));
    CHECK_BYTES(again, once, sizeof again);
    CHECK_OK(ds_reader_read(other, 4, 2 + ds_count(d), 1, again, 0)); /* a further use of it */
    CHECK(memcmp(again, once, sizeof again) != 0);
    ds_reader_free(r);
    ds_reader_free(other);
    ds_close(d);
}

/* Frames 0 and 1 are of one colour, frame 2 is not. */
static void every_frame_of_a_video_is_drawn(void **state)
{
    static float image[PIXELS];
    int seen[3] = {0};
    (void)state;
    ds_dataset *d = open_faces();
    ds_reader *r = NULL;
    CHECK_OK(ds_reader_new(d, &(ds_augment){.random_frame = true}, 9, &r));
    for (int epoch = 0; epoch < 60; epoch++) {
        CHECK_OK(ds_reader_read(r, epoch, 0, 1, image, 0));
        const bool plain = image[0] == image[SIDE * SIDE - 1];
        seen[!plain ? 2 : image[0] == 0 ? 0 : 1]++;
    }
    for (int k = 0; k < 3; k++)
        CHECK(seen[k] > 8); /* of 20, standard deviation 3.7 */
    ds_reader_free(r);
    ds_close(d);
}

static void operations_that_do_not_go_together_are_refused(void **state)
{
    ds_reader *r = NULL;
    (void)state;
    ds_dataset *d = open_faces();
    CHECK_FAILS(ds_reader_new(d, &(ds_augment){.crop_pad = 2, .rotate = 3}, 1, &r), LSC_ERR_ARG,
                "a crop of padded images (2 pixels) goes with none of resized crops, rotation, cutout and videos");
    ds_close(d);
}

/* Grey bytes of the usual kinds may be augmented so, too. */
static void images_that_are_no_videos_are_augmented_from_what_is_kept(void **state)
{
    static float image[64];
    double sum = 0;
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 3, .height = 8, .width = 8});
    ds_options o = fixture_options("idx");
    ds_dataset *d = fixture_open(&o);
    ds_reader *r = NULL;
    CHECK_OK(ds_reader_new(d, &everything, 1, &r));
    CHECK_OK(ds_reader_read(r, 0, 1, 1, image, 0));
    for (int k = 0; k < 64; k++)
        sum += (double)image[k];
    CHECK(sum > 0);
    ds_reader_free(r);
    ds_close(d);
}

static lsc_status torture(void *context)
{
    static float image[PIXELS];
    ds_reader *r = NULL;
    lsc_status st = LSC_OK;
    LSC_TRY(ds_reader_new(context, &everything, 1, &r));
    LSC_TRY(ds_reader_read(r, 0, 0, 1, image, 0));
cleanup:
    ds_reader_free(r);
    return st;
}

static void failing_allocations_leave_nothing_behind(void **state)
{
    (void)state;
    ds_dataset *d = open_faces();
    CHECK(test_torture(torture, d) > 8);
    ds_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pictures_are_cut_turned_and_resized_as_by_pillow),
        TEST(turning_by_nothing_and_by_right_angles_is_exact),
        TEST(a_hidden_part_becomes_its_mean),
        TEST(crops_lie_inside_and_have_areas_and_ratios_in_range),
        TEST(pictures_too_narrow_for_any_part_give_their_middle),
        TEST(a_half_of_all_images_has_a_part_hidden),
        TEST(angles_are_even),
        TEST(seeds_epochs_items_views_and_operations_differ),
        TEST_IN_FOLDER(views_differ_and_repeat_and_show_one_frame),
        TEST_IN_FOLDER(every_frame_of_a_video_is_drawn),
        TEST_IN_FOLDER(operations_that_do_not_go_together_are_refused),
        TEST_IN_FOLDER(images_that_are_no_videos_are_augmented_from_what_is_kept),
        TEST_IN_FOLDER(failing_allocations_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
