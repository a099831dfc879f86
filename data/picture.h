/*
 * picture.h - from a JPEG or PNG file to the pixels of one image of a data set: decode, resize, crop.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_PICTURE_H
#define DS_PICTURE_H

#include "base/base.h"

/* So that no small file can ask for much: 2^25 pixels are 100 MB, four times the largest photograph of ImageNet. */
#define DS_PICTURE_FILE_MAX   ((size_t)1 << 26) /* bytes */
#define DS_PICTURE_SIDE_MAX   32768
#define DS_PICTURE_PIXELS_MAX ((int64_t)1 << 25)

typedef struct {
    int height, width;
    uint8_t *rgb; /* [height, width, 3] */
} ds_picture;

/* Returns new pixels (ds_picture_free). Told apart by their first bytes, not by their names. Grey becomes RGB, alpha
 * is dropped, 16 bits become 8, CMYK becomes RGB; colour profiles, gamma and orientation are not looked at.
 * LSC_ERR_IO; LSC_ERR_FORMAT: path and the words of the library, also of a file that is damaged in part. */
lsc_status ds_picture_read(const char *path, ds_picture *out);
void ds_picture_free(ds_picture *p);

/* As a whole or not at all. LSC_ERR_IO, LSC_ERR_NOMEM. quality: 1 .. 100; colour is not subsampled */
lsc_status ds_jpeg_write(const char *path, const ds_picture *p, int quality);
lsc_status ds_png_write(const char *path, const ds_picture *p);

/* Decoders of a whole file in memory; messages without its path (picture_jpeg.c, picture_png.c). */
lsc_status ds_jpeg_decode(const uint8_t *bytes, size_t n, ds_picture *out);
lsc_status ds_png_decode(const uint8_t *bytes, size_t n, ds_picture *out);
/* For decoders, before they take memory: within the limits above? */
lsc_status ds_picture_check_size(int64_t height, int64_t width);

/* What is left of a picture: it is resized to [resized_height, resized_width], of which the rows top ..
 * top+height-1 and the columns left .. left+width-1 are kept. */
typedef struct {
    int resized_height, resized_width;
    int top, left, height, width;
} ds_frame;
/* The shorter side becomes `resize`, the other one resize * longer / shorter rounded down; 0: not resized.
 * Then the centre [crop, crop]; 0: [resize, resize], or all if not resized. A middle between two pixels is rounded
 * to even, as torchvision does. LSC_ERR_FORMAT: the picture is smaller than the crop. */
lsc_status ds_frame_of(const ds_picture *p, int resize, int crop, ds_frame *out);
/* The planes [3, height, width] of the frame (picture_resize.c). */
lsc_status ds_picture_resize(const ds_picture *p, const ds_frame *f, uint8_t *planes);

#endif
