/*
 * Pictures that the tests write themselves.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_PICTURE_FIXTURE_H
#define TESTS_PICTURE_FIXTURE_H

#include "data/picture.h"
#include "support/support.h"

typedef struct {
    int height, width;
    int channels;          /* JPEG: 1 grey, 3 RGB, 4 Adobe's inverted CMYK */
    const uint8_t *pixels; /* [height, width, channels] */
    int scans;             /* more than 1: progressive, so many scans at least */
} jpeg_fixture;
/* Quality 100, chroma not subsampled. */
void fixture_jpeg(const char *path, const jpeg_fixture *f);

typedef struct {
    int height, width;
    int colour, bits; /* as libpng names them: PNG_COLOR_TYPE_RGB, 8 */
    bool interlaced;
    const uint8_t *rows; /* [height, row], packed as PNG packs them */
    size_t row;          /* bytes */
} png_fixture;
/* A palette holds (i, 2 i, 255 - i), of which entry 0 is transparent. */
void fixture_png(const char *path, const png_fixture *f);
/* An RGB picture of one colour. */
void fixture_png_of(const char *path, int height, int width, const uint8_t rgb[3]);

#endif
