/*
 * Writing pictures: PNG by libpng's simplified interface, JPEG by libjpeg-turbo with colour not subsampled. libjpeg
 * reports errors by a function that must not return: longjmp, within this file only.
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

typedef struct {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    unsigned char *bytes; /* libjpeg's: freed by free */
    unsigned long n;
} jpeg_writer;

static void escape(j_common_ptr c)
{
    jpeg_writer *w = c->client_data;
    longjmp(w->escape, 1);
}

static lsc_status encode(jpeg_writer *w, const ds_picture *p, int quality)
{
    char message[JMSG_LENGTH_MAX];

    if (setjmp(w->escape) != 0) {
        w->errors.format_message((j_common_ptr)&w->c, message);
        return lsc_fail(LSC_ERR_NOMEM, "%s", message);
    }
    jpeg_create_compress(&w->c);
    jpeg_mem_dest(&w->c, &w->bytes, &w->n);
    w->c.image_height = (JDIMENSION)p->height;
    w->c.image_width = (JDIMENSION)p->width;
    w->c.input_components = 3;
    w->c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&w->c);
    jpeg_set_quality(&w->c, quality, TRUE);
    w->c.comp_info[0].h_samp_factor = w->c.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&w->c, TRUE);
    for (int64_t y = 0; y < p->height; y++) {
        JSAMPROW row = p->rgb + 3 * y * p->width;
        jpeg_write_scanlines(&w->c, &row, 1);
    }
    jpeg_finish_compress(&w->c);
    return LSC_OK;
}

lsc_status ds_jpeg_write(const char *path, const ds_picture *p, int quality)
{
    lsc_status st = LSC_OK;
    jpeg_writer w = {.n = 0};

    w.c.err = jpeg_std_error(&w.errors);
    w.c.client_data = &w;
    w.errors.error_exit = escape;
    LSC_TRY(lsc_context(encode(&w, p, quality), "%s", path));
    LSC_TRY(lsc_file_write(path, w.bytes, w.n));
cleanup:
    jpeg_destroy_compress(&w.c);
    free(w.bytes);
    return st;
}

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
