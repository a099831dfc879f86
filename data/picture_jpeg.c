/*
 * JPEG by libjpeg-turbo, which reports errors by a function that must not return: longjmp, within this file only.
 * Warnings that say that pixels were lost count as errors. Source: libjpeg.txt, "Error handling".
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

/* A small file can hold many scans that each touch every pixel; what programs write has about ten. */
#define JPEG_SCANS_MAX 100

typedef struct {
    struct jpeg_decompress_struct c;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    char message[JMSG_LENGTH_MAX];
    const uint8_t *bytes;
    size_t n;
    uint8_t *row; /* [width, 4] */
    ds_picture picture;
} jpeg_reader;

static void escape(j_common_ptr c)
{
    jpeg_reader *r = c->client_data;
    c->err->format_message(c, r->message);
    longjmp(r->escape, 1);
}

/* level -1: a warning; these leave all pixels as they were meant. */
static void take_note(j_common_ptr c, int level)
{
    int code = c->err->msg_code;
    bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_NOT_SEQUENTIAL || code == JWRN_JFIF_MAJOR ||
                    code == JWRN_ADOBE_XFORM || code == JWRN_BOGUS_ICC;
    if (level < 0 && !harmless)
        escape(c);
}

static void count_scans(j_common_ptr c)
{
    jpeg_reader *r = c->client_data;
    if (r->c.input_scan_number <= JPEG_SCANS_MAX)
        return;
    snprintf(r->message, sizeof r->message, "more than %d scans", JPEG_SCANS_MAX);
    longjmp(r->escape, 1);
}

/* Adobe's CMYK is stored inverted: 255 is no ink. */
static void cmyk_to_rgb(const uint8_t *from, int width, bool inverted, uint8_t *to)
{
    for (int x = 0; x < width; x++) {
        int black = inverted ? from[4 * x + 3] : 255 - from[4 * x + 3];
        for (int c = 0; c < 3; c++) {
            int ink = inverted ? from[4 * x + c] : 255 - from[4 * x + c];
            to[3 * x + c] = (uint8_t)((ink * black + 127) / 255);
        }
    }
}

static void read_row(jpeg_reader *r, uint8_t *rgb)
{
    JSAMPROW row = r->row;
    jpeg_read_scanlines(&r->c, &row, 1);
    if (r->c.out_color_space == JCS_CMYK)
        cmyk_to_rgb(r->row, r->picture.width, r->c.saw_Adobe_marker, rgb);
    else
        memcpy(rgb, r->row, 3 * (size_t)r->picture.width);
}

static lsc_status decode(jpeg_reader *r)
{
    lsc_status st = LSC_OK;

    jpeg_create_decompress(&r->c);
    r->c.progress = &r->progress;
    jpeg_mem_src(&r->c, r->bytes, r->n);
    jpeg_read_header(&r->c, TRUE);
    LSC_TRY(ds_picture_check_size(r->c.image_height, r->c.image_width));
    r->picture.height = (int)r->c.image_height;
    r->picture.width = (int)r->c.image_width;
    r->c.out_color_space = r->c.num_components == 4 ? JCS_CMYK : JCS_RGB;
    LSC_NEW(r->row, 4 * (int64_t)r->picture.width);
    LSC_NEW(r->picture.rgb, 3 * (int64_t)r->picture.height * r->picture.width);
    jpeg_start_decompress(&r->c);
    for (int64_t y = 0; y < r->picture.height; y++)
        read_row(r, r->picture.rgb + 3 * y * r->picture.width);
    jpeg_finish_decompress(&r->c);
cleanup:
    return st;
}

/* All that longjmp comes back to; what changes meanwhile lies behind r. */
static lsc_status decode_or_escape(jpeg_reader *r)
{
    if (setjmp(r->escape) != 0)
        return lsc_fail(r->errors.msg_code == JERR_OUT_OF_MEMORY ? LSC_ERR_NOMEM : LSC_ERR_FORMAT, "%s", r->message);
    return decode(r);
}

lsc_status ds_jpeg_decode(const uint8_t *bytes, size_t n, ds_picture *out)
{
    jpeg_reader r = {.bytes = bytes, .n = n, .progress.progress_monitor = count_scans};

    r.c.err = jpeg_std_error(&r.errors);
    r.c.client_data = &r;
    r.errors.error_exit = escape;
    r.errors.emit_message = take_note;
    lsc_status st = decode_or_escape(&r);
    jpeg_destroy_decompress(&r.c);
    lsc_free(r.row);
    if (st == LSC_OK)
        *out = r.picture;
    else
        ds_picture_free(&r.picture);
    return st;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    unsigned char *bytes; /* libjpeg's: freed by free */
    unsigned long n;
} jpeg_writer;

static void escape_writing(j_common_ptr c)
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
    w.errors.error_exit = escape_writing;
    LSC_TRY(lsc_context(encode(&w, p, quality), "%s", path));
    LSC_TRY(lsc_file_write(path, w.bytes, w.n));
cleanup:
    jpeg_destroy_compress(&w.c);
    free(w.bytes);
    return st;
}
