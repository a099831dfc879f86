/*
 * PNG by libpng, which reports errors by a function that must not return: longjmp, within this file only.
 * Palettes and grey become RGB, alpha is dropped, 16 bits become round(v * 255 / 65535). Gamma, profiles and texts are
 * passed over.
 * Source: libpng-manual.txt, sections III and V.
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    char message[256];
    const uint8_t *bytes;
    size_t n, at;
    bool no_memory;
    png_bytep *rows; /* [height], into the picture */
    ds_picture picture;
} png_reader;

static void escape(png_structp png, png_const_charp message)
{
    png_reader *r = png_get_error_ptr(png);
    snprintf(r->message, sizeof r->message, "%s", message);
    longjmp(r->escape, 1);
}

static png_voidp allocate(png_structp png, png_alloc_size_t n)
{
    png_reader *r = png_get_mem_ptr(png);
    void *p = lsc_calloc(n, 1);
    r->no_memory = r->no_memory || p == NULL;
    return p;
}

static void release(png_structp png, png_voidp p)
{
    (void)png;
    lsc_free(p);
}

/* Warnings are about what is not used here; damaged pixels are errors. */
static void ignore(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void take(png_structp png, png_bytep to, size_t n)
{
    png_reader *r = png_get_io_ptr(png);
    if (n > r->n - r->at)
        png_error(png, "the file ends too early");
    memcpy(to, r->bytes + r->at, n);
    r->at += n;
}

/* Whatever it is, rows of 8-bit RGB come out. */
static void ask_for_rgb(png_reader *r)
{
    png_set_expand(r->png);
    png_set_scale_16(r->png);
    png_set_strip_alpha(r->png);
    png_set_gray_to_rgb(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
}

static lsc_status decode(png_reader *r)
{
    lsc_status st = LSC_OK;

    png_set_read_fn(r->png, r, take);
    png_set_user_limits(r->png, DS_PICTURE_SIDE_MAX, DS_PICTURE_SIDE_MAX);
    /* All but what pixels are made of: libpng would take memory for a text of the length that the file promises. */
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_read_info(r->png, r->info);
    LSC_TRY(ds_picture_check_size(png_get_image_height(r->png, r->info), png_get_image_width(r->png, r->info)));
    r->picture.height = (int)png_get_image_height(r->png, r->info);
    r->picture.width = (int)png_get_image_width(r->png, r->info);
    ask_for_rgb(r);
    size_t row = png_get_rowbytes(r->png, r->info);
    LSC_CHECK(row == 3 * (size_t)r->picture.width, LSC_ERR_FORMAT, "rows of %zu bytes for %d pixels of RGB", row,
              r->picture.width);
    LSC_NEW(r->rows, r->picture.height);
    LSC_NEW(r->picture.rgb, (size_t)r->picture.height * row);
    for (int y = 0; y < r->picture.height; y++)
        r->rows[y] = r->picture.rgb + (size_t)y * row;
    png_read_image(r->png, r->rows);
    png_read_end(r->png, NULL);
cleanup:
    return st;
}

/* All that longjmp comes back to; what changes meanwhile lies behind r. */
static lsc_status decode_or_escape(png_reader *r)
{
    if (setjmp(r->escape) != 0)
        return lsc_fail(r->no_memory ? LSC_ERR_NOMEM : LSC_ERR_FORMAT, "%s", r->message);
    return decode(r);
}

lsc_status ds_png_decode(const uint8_t *bytes, size_t n, ds_picture *out)
{
    lsc_status st = LSC_OK;
    png_reader r = {.bytes = bytes, .n = n};

    r.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r, escape, ignore, &r, allocate, release);
    r.info = r.png != NULL ? png_create_info_struct(r.png) : NULL;
    LSC_CHECK(r.info != NULL, LSC_ERR_NOMEM, "no memory for libpng");
    LSC_TRY(decode_or_escape(&r));
    *out = r.picture;
    r.picture = (ds_picture){0};
cleanup:
    png_destroy_read_struct(&r.png, &r.info, NULL);
    lsc_free(r.rows);
    ds_picture_free(&r.picture);
    return st;
}

/* By libpng's simplified interface, which returns where it fails. */
lsc_status ds_png_write(const char *path, const ds_picture *p)
{
    lsc_status st = LSC_OK;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)p->width,
                       .height = (png_uint_32)p->height,
                       .format = PNG_FORMAT_RGB};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    uint8_t *bytes = NULL;

    LSC_NEW(bytes, n);
    LSC_CHECK(png_image_write_to_memory(&image, bytes, &n, 0, p->rgb, 0, NULL) != 0, LSC_ERR_NOMEM, "%s: %s", path,
              image.message);
    LSC_TRY(lsc_file_write(path, bytes, n));
cleanup:
    lsc_free(bytes);
    return st;
}
