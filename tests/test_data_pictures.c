/*
 * JPEG and PNG: every kind of pixel becomes 8-bit RGB; damaged files and bombs are statuses.
 * SPDX-License-Identifier: MIT
 */
#include "picture_fixture.h"

#include <png.h>
#include <zlib.h>

enum { H = 9, W = 13, PIXELS = H * W };

static ds_picture read_picture(const char *path)
{
    ds_picture p = {0};
    CHECK_OK(ds_picture_read(path, &p));
    return p;
}

static void refused(const char *path, lsc_status status, const char *text)
{
    ds_picture p = {0};
    CHECK_FAILS(ds_picture_read(path, &p), status, text);
    CHECK(p.rgb == NULL);
}

/* A slow gradient, which a JPEG of quality 100 keeps. */
static void fill_gradient(uint8_t *pixels, int channels)
{
    for (int k = 0; k < PIXELS; k++)
        for (int c = 0; c < channels; c++)
            pixels[k * channels + c] = (uint8_t)(20 + 8 * (k / W) + 5 * (k % W) + 30 * c);
}

static void a_jpeg_has_its_pixels(void **state)
{
    uint8_t rgb[PIXELS * 3];
    (void)state;
    fill_gradient(rgb, 3);
    for (int scans = 1; scans <= 2; scans++) { /* baseline, progressive without detail */
        const char *path = test_path("%d.jpg", scans);
        fixture_jpeg(path, &(jpeg_fixture){H, W, 3, rgb, scans});
        ds_picture p = read_picture(path);
        CHECK_INT(p.height, H);
        CHECK_INT(p.width, W);
        for (int k = 0; k < PIXELS * 3; k++)
            CHECK_REAL(p.rgb[k], rgb[k], scans == 1 ? 3 : 60); /* YCbCr in 8 bits; the mean of an 8 x 8 block */
        ds_picture_free(&p);
    }
}

static void a_grey_jpeg_has_equal_channels(void **state)
{
    uint8_t grey[PIXELS];
    (void)state;
    fill_gradient(grey, 1);
    fixture_jpeg(test_path("a.jpg"), &(jpeg_fixture){H, W, 1, grey, 1});
    ds_picture p = read_picture(test_path("a.jpg"));
    for (int k = 0; k < PIXELS * 3; k++) {
        CHECK_REAL(p.rgb[k], grey[k / 3], 1); /* rounding of coefficients */
        CHECK_INT(p.rgb[k], p.rgb[k / 3 * 3]);
    }
    ds_picture_free(&p);
}

static void a_cmyk_jpeg_becomes_rgb(void **state)
{
    uint8_t cmyk[PIXELS * 4];
    (void)state;
    for (int k = 0; k < PIXELS * 4; k++)
        cmyk[k] = (uint8_t[]){200, 100, 50, 204}[k % 4]; /* inverted: 204 of 255 is 1/5 black */
    fixture_jpeg(test_path("a.jpg"), &(jpeg_fixture){H, W, 4, cmyk, 1});
    ds_picture p = read_picture(test_path("a.jpg"));
    for (int k = 0; k < PIXELS * 3; k++)
        CHECK_REAL(p.rgb[k], ((int[]){160, 80, 40}[k % 3]), 2); /* quality 100 in 8 bits */
    ds_picture_free(&p);
}

typedef struct {
    int colour, bits;
    size_t row;
} png_layout;

/* Rows of some bytes; what pixel (y, x), channel c of them is in 8-bit RGB. */
static uint8_t expected(const png_layout *l, const uint8_t *row, int x, int c)
{
    int grey = l->bits < 8 ? row[x * l->bits / 8] >> (8 - l->bits - x * l->bits % 8) & ((1 << l->bits) - 1) : 0;
    switch (l->colour) {
    case PNG_COLOR_TYPE_GRAY:
        return (uint8_t)(l->bits == 8 ? row[x] : grey * 255 / ((1 << l->bits) - 1));
    case PNG_COLOR_TYPE_PALETTE:
        return (uint8_t)(c == 0 ? grey : c == 1 ? 2 * grey : 255 - grey);
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return row[2 * x];
    case PNG_COLOR_TYPE_RGB_ALPHA:
        return row[4 * x + c];
    default: /* RGB of 16 bits, the high byte first: its 257 values a step, to the nearest */
        return (uint8_t)((row[6 * x + 2 * c] * 256 + row[6 * x + 2 * c + 1] + 128) / 257);
    }
}

static void every_kind_of_png_becomes_rgb(void **state)
{
    static const png_layout layouts[] = {
        {PNG_COLOR_TYPE_GRAY, 1, 2},     {PNG_COLOR_TYPE_GRAY, 4, 7},           {PNG_COLOR_TYPE_GRAY, 8, W},
        {PNG_COLOR_TYPE_PALETTE, 4, 7},  {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2 * W}, {PNG_COLOR_TYPE_RGB_ALPHA, 8, 4 * W},
        {PNG_COLOR_TYPE_RGB, 16, 6 * W},
    };
    static uint8_t rows[H * 6 * W];
    (void)state;
    for (size_t k = 0; k < sizeof rows; k++)
        rows[k] = (uint8_t)(k * 73 + k / 11);
    for (size_t i = 0; i < 2 * LSC_COUNT(layouts); i++) {
        const png_layout *l = &layouts[i / 2];
        const char *path = test_path("%zu.png", i);
        fixture_png(path, &(png_fixture){H, W, l->colour, l->bits, i % 2 == 1, rows, l->row});
        ds_picture p = read_picture(path);
        CHECK_INT(p.height, H);
        CHECK_INT(p.width, W);
        for (int k = 0; k < PIXELS * 3; k++)
            CHECK_INT(p.rgb[k], expected(l, rows + (size_t)(k / 3 / W) * l->row, k / 3 % W, k % 3));
        ds_picture_free(&p);
    }
}

static void a_format_is_known_by_its_content(void **state)
{
    (void)state;
    fixture_png_of(test_path("a.jpg"), 2, 3, (const uint8_t[]){1, 2, 3});
    ds_picture p = read_picture(test_path("a.jpg"));
    CHECK_INT(p.rgb[4], 2);
    ds_picture_free(&p);
    test_write_text(test_path("b.jpg"), "GIF89a");
    refused(test_path("b.jpg"), LSC_ERR_FORMAT, "b.jpg: neither a JPEG nor a PNG file");
    test_write_text(test_path("c.png"), "");
    refused(test_path("c.png"), LSC_ERR_FORMAT, "c.png: neither a JPEG nor a PNG file");
    refused(test_path("d.png"), LSC_ERR_IO, "d.png: cannot open: No such file or directory");
}

/* Both files, whole. */
static void write_both(void)
{
    uint8_t rgb[PIXELS * 3];
    fill_gradient(rgb, 3);
    fixture_jpeg(test_path("a.jpg"), &(jpeg_fixture){H, W, 3, rgb, 1});
    fixture_png(test_path("a.png"), &(png_fixture){H, W, PNG_COLOR_TYPE_RGB, 8, true, rgb, 3 * W});
}

static void damaged_files_are_refused_in_the_words_of_the_library(void **state)
{
    size_t n = 0;
    (void)state;
    write_both();
    char *bytes = test_read(test_path("a.jpg"), &n);
    test_write(test_path("a.jpg"), bytes, n - 40);
    refused(test_path("a.jpg"), LSC_ERR_FORMAT, "a.jpg: Premature end of JPEG file");
    lsc_free(bytes);

    bytes = test_read(test_path("a.png"), &n);
    bytes[n - 20] ^= 1; /* in the last bytes of the pixels, or their checksum */
    test_write(test_path("a.png"), bytes, n);
    refused(test_path("a.png"), LSC_ERR_FORMAT, "a.png: IDAT: ");
    test_write(test_path("a.png"), bytes, 60);
    refused(test_path("a.png"), LSC_ERR_FORMAT, "a.png: the file ends too early");
    lsc_free(bytes);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    write_both();
    for (int kind = 0; kind < 2; kind++) {
        size_t n = 0;
        char *bytes = test_read(test_path(kind == 0 ? "a.jpg" : "a.png"), &n);
        for (size_t cut = 0; cut < n; cut++) {
            ds_picture p = {0};
            lsc_status (*decode)(const uint8_t *, size_t, ds_picture *) = kind == 0 ? ds_jpeg_decode : ds_png_decode;
            uint8_t *part = lsc_calloc(cut, 1); /* of its own, so that asan sees its end */
            memcpy(part, bytes, cut);
            CHECK_INT(decode(part, cut, &p), LSC_ERR_FORMAT);
            CHECK(p.rgb == NULL);
            lsc_free(part);
        }
        lsc_free(bytes);
    }
}

/* Every byte changed: a picture or a status (asan looks on). */
static void every_changed_byte_is_survived(void **state)
{
    (void)state;
    write_both();
    for (int kind = 0; kind < 2; kind++) {
        size_t n = 0;
        char *bytes = test_read(test_path(kind == 0 ? "a.jpg" : "a.png"), &n);
        for (size_t k = 0; k < 3 * n; k++) {
            char was = bytes[k / 3];
            ds_picture p = {0};
            bytes[k / 3] = (char)(was ^ (int[]){1, 0x80, 0xff}[k % 3]);
            lsc_status st =
                kind == 0 ? ds_jpeg_decode((uint8_t *)bytes, n, &p) : ds_png_decode((uint8_t *)bytes, n, &p);
            CHECK(st == LSC_OK || st == LSC_ERR_FORMAT);
            ds_picture_free(&p);
            bytes[k / 3] = was;
        }
        lsc_free(bytes);
    }
}

static void put_32(char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(value >> (24 - 8 * i));
}

static void pictures_of_too_many_pixels_are_refused_before_they_are_decoded(void **state)
{
    size_t n = 0;
    (void)state;
    write_both();
    char *bytes = test_read(test_path("a.png"), &n);
    put_32(bytes + 16, 30000); /* IHDR: width, height; then its checksum */
    put_32(bytes + 20, 30000);
    put_32(bytes + 29, (uint32_t)crc32(0, (const Bytef *)bytes + 12, 17));
    test_write(test_path("a.png"), bytes, n);
    refused(test_path("a.png"), LSC_ERR_FORMAT, "a.png: 30000 x 30000 pixels, at most 33554432 in all are decoded");
    put_32(bytes + 16, 40000);
    put_32(bytes + 29, (uint32_t)crc32(0, (const Bytef *)bytes + 12, 17));
    test_write(test_path("a.png"), bytes, n);
    refused(test_path("a.png"), LSC_ERR_FORMAT, "a.png: Invalid IHDR data");
    lsc_free(bytes);

    bytes = test_read(test_path("a.jpg"), &n);
    size_t at = 0;
    while ((uint8_t)bytes[at] != 0xff || (uint8_t)bytes[at + 1] != 0xc0)
        at++;
    memset(bytes + at + 5, 0x7f, 4); /* the frame header: height and width */
    test_write(test_path("a.jpg"), bytes, n);
    refused(test_path("a.jpg"), LSC_ERR_FORMAT, "a.jpg: 32639 x 32639 pixels, at most 33554432 in all are decoded");
    lsc_free(bytes);
}

/* A text of a gigabyte, of which nothing follows. */
static void a_promised_length_takes_no_memory(void **state)
{
    (void)state;
    enum { HEAD = 33 };
    static const char text[] = "\x3b\0\0\x0atEXtComment";
    lsc_text t = {0};
    size_t n = 0;
    write_both();
    char *bytes = test_read(test_path("a.png"), &n);
    lsc_text_add_bytes(&t, bytes, HEAD);
    lsc_text_add_bytes(&t, text, sizeof text);
    lsc_text_add_bytes(&t, bytes + HEAD, n - HEAD);
    test_write(test_path("a.png"), t.text, t.length);
    test_malloc_begin();
    refused(test_path("a.png"), LSC_ERR_FORMAT, "a.png: the file ends too early");
    test_malloc_count count = test_malloc_end();
    CHECK(!count.counted || count.largest < 1 << 20);
    lsc_text_free(&t);
    lsc_free(bytes);
}

static void a_jpeg_of_hundreds_of_scans_is_refused(void **state)
{
    uint8_t grey[PIXELS];
    size_t n = 0, sos = 0;
    lsc_text t = {0};
    (void)state;
    fill_gradient(grey, 1);
    fixture_jpeg(test_path("a.jpg"), &(jpeg_fixture){H, W, 1, grey, 3});
    char *bytes = test_read(test_path("a.jpg"), &n);
    for (size_t k = 0; k + 1 < n; k++)
        if ((uint8_t)bytes[k] == 0xff && (uint8_t)bytes[k + 1] == 0xda)
            sos = k; /* the last scan, repeated */
    lsc_text_add_bytes(&t, bytes, sos);
    for (int i = 0; i < 200; i++)
        lsc_text_add_bytes(&t, bytes + sos, n - 2 - sos);
    lsc_text_add_bytes(&t, bytes + n - 2, 2);
    test_write(test_path("a.jpg"), t.text, t.length);
    refused(test_path("a.jpg"), LSC_ERR_FORMAT, "a.jpg: more than 100 scans");
    lsc_text_free(&t);
    lsc_free(bytes);
}

static lsc_status read_and_free(void *context)
{
    ds_picture p = {0};
    lsc_status st = ds_picture_read(context, &p);
    ds_picture_free(&p);
    return st;
}

static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    write_both();
    CHECK(test_torture(read_and_free, (void *)test_path("a.jpg")) >= 3);
    CHECK(test_torture(read_and_free, (void *)test_path("a.png")) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_jpeg_has_its_pixels),
        TEST_IN_FOLDER(a_grey_jpeg_has_equal_channels),
        TEST_IN_FOLDER(a_cmyk_jpeg_becomes_rgb),
        TEST_IN_FOLDER(every_kind_of_png_becomes_rgb),
        TEST_IN_FOLDER(a_format_is_known_by_its_content),
        TEST_IN_FOLDER(damaged_files_are_refused_in_the_words_of_the_library),
        TEST_IN_FOLDER(every_truncation_is_refused),
        TEST_IN_FOLDER(every_changed_byte_is_survived),
        TEST_IN_FOLDER(pictures_of_too_many_pixels_are_refused_before_they_are_decoded),
        TEST_IN_FOLDER(a_promised_length_takes_no_memory),
        TEST_IN_FOLDER(a_jpeg_of_hundreds_of_scans_is_refused),
        TEST_IN_FOLDER(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
