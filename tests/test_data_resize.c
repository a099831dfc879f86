/*
 * Resizing: known values, and those of Pillow.
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"
#include "support/support.h"

/* The whole of a picture, resized. */
static void resized(const ds_picture *p, int height, int width, uint8_t *planes)
{
    const ds_frame f = {height, width, 0, 0, height, width};
    CHECK_OK(ds_picture_resize(p, &f, planes));
}

/* One row of grey values, as all three channels. */
static ds_picture row_of(const uint8_t *grey, int n, uint8_t *rgb)
{
    for (int k = 0; k < 3 * n; k++)
        rgb[k] = grey[k / 3];
    return (ds_picture){.height = 1, .width = n, .rgb = rgb};
}

static void a_picture_of_the_same_size_is_unchanged(void **state)
{
    uint8_t rgb[4 * 5 * 3], planes[3 * 4 * 5];
    (void)state;
    for (int k = 0; k < 60; k++)
        rgb[k] = (uint8_t)(k * 41);
    resized(&(ds_picture){4, 5, rgb}, 4, 5, planes);
    for (int k = 0; k < 60; k++)
        CHECK_INT(planes[k % 3 * 20 + k / 3], rgb[k]);
}

static void doubling_interpolates_between_centres(void **state)
{
    uint8_t rgb[12], planes[3 * 8];
    (void)state;
    ds_picture p = row_of((const uint8_t[]){0, 100, 200, 40}, 4, rgb);
    /* Centres at -1/4, 1/4, 3/4, ... of the old ones: 3/4 and 1/4; the ends have one neighbour only. */
    const uint8_t want[8] = {0, 25, 75, 125, 175, 160, 80, 40};
    resized(&p, 1, 8, planes);
    for (int c = 0; c < 3; c++)
        CHECK_BYTES(planes + 8 * c, want, 8);
}

static void halving_weighs_four_pixels(void **state)
{
    uint8_t rgb[18], planes[3 * 3];
    (void)state;
    ds_picture p = row_of((const uint8_t[]){0, 80, 160, 240, 8, 16}, 6, rgb);
    /* s = 2: weights 1/8, 3/8, 3/8, 1/8; at the ends 3/7, 3/7, 1/7. */
    const uint8_t want[3] = {(3 * 0 + 3 * 80 + 160 + 3) / 7, (80 + 3 * 160 + 3 * 240 + 8 + 4) / 8,
                             (240 + 3 * 8 + 3 * 16 + 3) / 7};
    resized(&p, 1, 3, planes);
    CHECK_BYTES(planes, want, 3);
}

static void one_colour_stays_that_colour(void **state)
{
    enum { H = 700, W = 3 };
    static uint8_t rgb[H * W * 3], planes[3 * 50 * 7];
    (void)state;
    memset(rgb, 255, sizeof rgb);
    for (int height = 1; height <= 50; height += 7) {
        resized(&(ds_picture){H, W, rgb}, height, 7, planes);
        for (int k = 0; k < 3 * height * 7; k++)
            CHECK_INT(planes[k], 255);
    }
}

/* 7 x 11, some pattern. */
static void fill_pattern(uint8_t rgb[7 * 11 * 3])
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 11; x++)
            for (int c = 0; c < 3; c++)
                rgb[(y * 11 + x) * 3 + c] = (uint8_t)(y * 37 + x * 23 + c * 91 + y * x * c % 17 * 9);
}

/* Image.resize(size, Image.BILINEAR) of Pillow 13.0.0 of the pattern, [3, H, W]. */
static const uint8_t pillow_down[3 * 3 * 5] = {
    51,  95,  147, 178, 146, 130, 171, 164, 97,  75,  192, 147, 69, 101, 145, 148, 150, 116, 144, 122, 170, 125, 140,
    161, 141, 102, 168, 142, 109, 86,  122, 136, 128, 125, 146, 92, 137, 132, 80,  97,  120, 107, 97,  106, 144};
static const uint8_t pillow_up[3 * 8 * 13] = {
    0,   18,  37,  57,  76,  96,  115, 134, 154, 173, 193, 212, 230, 30,  48,  67,  87,  106, 126, 145, 164, 184, 203,
    223, 194, 52,  62,  80,  99,  119, 138, 158, 177, 196, 216, 141, 79,  80,  36,  95,  113, 132, 152, 171, 191, 210,
    229, 149, 64,  32,  51,  69,  127, 145, 164, 184, 203, 206, 130, 149, 70,  44,  64,  83,  101, 160, 178, 197, 217,
    211, 148, 19,  38,  58,  77,  97,  116, 134, 192, 210, 200, 201, 156, 32,  51,  70,  90,  109, 129, 148, 166, 222,
    240, 102, 23,  42,  62,  81,  100, 120, 139, 159, 178, 196, 91,  109, 128, 148, 167, 187, 206, 225, 245, 127, 28,
    47,  65,  121, 145, 170, 196, 157, 39,  65,  90,  116, 116, 119, 145, 168, 153, 183, 215, 166, 79,  56,  88,  121,
    153, 185, 177, 144, 174, 186, 221, 171, 104, 82,  121, 160, 127, 152, 191, 204, 168, 93,  218, 173, 104, 95,  140,
    176, 165, 138, 170, 156, 167, 181, 26,  171, 82,  94,  146, 184, 188, 151, 135, 198, 122, 83,  139, 51,  27,  80,
    140, 185, 191, 156, 174, 74,  128, 86,  38,  80,  133, 57,  116, 181, 176, 159, 184, 33,  185, 89,  75,  82,  53,
    112, 182, 200, 219, 239, 179, 22,  41,  60,  80,  99,  119, 138, 156, 212, 81,  65,  97,  114, 112, 144, 176, 208,
    127, 95,  179, 208, 68,  48,  74,  120, 165, 194, 150, 195, 119, 67,  114, 183, 88,  21,  74,  132, 151, 164, 189,
    69,  177, 67,  47,  90,  97,  64,  53,  118, 121, 131, 146, 125, 114, 140, 57,  64,  77,  55,  120, 86,  163, 110,
    105, 116, 57,  203, 99,  43,  81,  108, 99,  176, 118, 171, 163, 116, 61,  35,  109, 78,  67,  112, 139, 136, 203,
    148, 52,  9,   109, 197, 107, 88,  69,  157, 185, 167, 148, 131};

static void values_are_those_of_pillow(void **state)
{
    uint8_t rgb[7 * 11 * 3], planes[3 * 8 * 13];
    (void)state;
    fill_pattern(rgb);
    /* Pillow rounds after each of the two axes: 1 apart at most. */
    resized(&(ds_picture){7, 11, rgb}, 3, 5, planes);
    for (int k = 0; k < 45; k++)
        CHECK_REAL(planes[k], pillow_down[k], 1);
    resized(&(ds_picture){7, 11, rgb}, 8, 13, planes);
    for (int k = 0; k < 312; k++)
        CHECK_REAL(planes[k], pillow_up[k], 1);
}

static void a_crop_is_a_part_of_the_whole(void **state)
{
    uint8_t rgb[7 * 11 * 3], whole[3 * 5 * 9], part[3 * 2 * 3];
    (void)state;
    fill_pattern(rgb);
    resized(&(ds_picture){7, 11, rgb}, 5, 9, whole);
    CHECK_OK(ds_picture_resize(&(ds_picture){7, 11, rgb}, &(ds_frame){5, 9, 2, 4, 2, 3}, part));
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 2; y++)
            CHECK_BYTES(part + (c * 2 + y) * 3, whole + (c * 5 + 2 + y) * 9 + 4, 3);
}

static void check_frame(ds_picture p, int resize, int crop, ds_frame want)
{
    ds_frame got;
    CHECK_OK(ds_frame_of(&p, resize, crop, &got));
    CHECK_INT(got.resized_height, want.resized_height);
    CHECK_INT(got.resized_width, want.resized_width);
    CHECK_INT(got.top, want.top);
    CHECK_INT(got.left, want.left);
    CHECK_INT(got.height, want.height);
    CHECK_INT(got.width, want.width);
}

static void frames_are_those_of_torchvision(void **state)
{
    (void)state;
    check_frame((ds_picture){375, 500, NULL}, 256, 224, (ds_frame){256, 341, 16, 58, 224, 224}); /* 58.5 to even */
    check_frame((ds_picture){500, 333, NULL}, 256, 224, (ds_frame){384, 256, 80, 16, 224, 224});
    check_frame((ds_picture){40, 30, NULL}, 20, 0, (ds_frame){26, 20, 3, 0, 20, 20});
    check_frame((ds_picture){40, 30, NULL}, 0, 7, (ds_frame){40, 30, 16, 12, 7, 7}); /* 16.5 and 11.5 to even */
    check_frame((ds_picture){40, 30, NULL}, 0, 0, (ds_frame){40, 30, 0, 0, 40, 30});
}

static void a_crop_larger_than_the_picture_is_refused(void **state)
{
    ds_frame f;
    (void)state;
    CHECK_FAILS(ds_frame_of(&(ds_picture){40, 30, NULL}, 0, 31, &f), LSC_ERR_FORMAT,
                "40 x 30 pixels, fewer than data.crop 31: data.resize makes it larger");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_picture_of_the_same_size_is_unchanged),
        TEST(doubling_interpolates_between_centres),
        TEST(halving_weighs_four_pixels),
        TEST(one_colour_stays_that_colour),
        TEST(values_are_those_of_pillow),
        TEST(a_crop_is_a_part_of_the_whole),
        TEST(frames_are_those_of_torchvision),
        TEST(a_crop_larger_than_the_picture_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
