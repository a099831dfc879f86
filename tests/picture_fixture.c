/*
 * Pictures that the tests write themselves, with libjpeg and libpng.
 * SPDX-License-Identifier: MIT
 */
#include "picture_fixture.h"

#include <jpeglib.h>
#include <png.h>

void fixture_jpeg(const char *path, const jpeg_fixture *f)
{
    static const J_COLOR_SPACE spaces[] = {[1] = JCS_GRAYSCALE, [3] = JCS_RGB, [4] = JCS_CMYK};
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "wb");

    CHECK(file != NULL);
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, file);
    c.image_height = (JDIMENSION)f->height;
    c.image_width = (JDIMENSION)f->width;
    c.input_components = f->channels;
    c.in_color_space = spaces[f->channels];
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 100, TRUE);
    c.comp_info[0].h_samp_factor = c.comp_info[0].v_samp_factor = 1;

    /* The first scan holds the constant parts, each one more a single coefficient. */
    jpeg_scan_info *scans = lsc_calloc((size_t)f->scans + 1, sizeof *scans);
    for (int i = 0; i < f->scans; i++) {
        scans[i] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = i, .Se = i};
        if (i == 0 && f->channels == 3)
            scans[i] = (jpeg_scan_info){.comps_in_scan = 3, .component_index = {0, 1, 2}};
    }
    if (f->scans > 1) {
        c.scan_info = scans;
        c.num_scans = f->scans;
    }
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < f->height; y++) {
        JSAMPROW row = (JSAMPROW)(f->pixels + (size_t)y * f->width * f->channels);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    lsc_free(scans);
    CHECK_INT(fclose(file), 0);
}

void fixture_png(const char *path, const png_fixture *f)
{
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color palette[256];

    CHECK(file != NULL && info != NULL);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)f->width, (png_uint_32)f->height, f->bits, f->colour,
                 f->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < 256; i++)
        palette[i] = (png_color){(png_byte)i, (png_byte)(2 * i), (png_byte)(255 - i)};
    if (f->colour == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, 1 << f->bits);
        png_set_tRNS(png, info, (const png_byte[]){0}, 1, NULL);
    }
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++) {
        for (int y = 0; y < f->height; y++)
            png_write_row(png, f->rows + (size_t)y * f->row);
    }
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    CHECK_INT(fclose(file), 0);
}

void fixture_png_of(const char *path, int height, int width, const uint8_t rgb[3])
{
    size_t row = 3 * (size_t)width;
    uint8_t *rows = lsc_calloc((size_t)height, row);
    for (size_t k = 0; k < (size_t)height * row; k++)
        rows[k] = rgb[k % 3];
    fixture_png(path, &(png_fixture){height, width, PNG_COLOR_TYPE_RGB, 8, false, rows, row});
    lsc_free(rows);
}
