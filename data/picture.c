/*
 * Pictures: which decoder reads a file, what sizes are taken, and which part of a picture is kept.
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *magic;
    size_t n;
    lsc_status (*decode)(const uint8_t *bytes, size_t n, ds_picture *out);
} formats[] = {
    {"\xff\xd8\xff", 3, ds_jpeg_decode},
    {"\x89PNG\r\n\x1a\n", 8, ds_png_decode},
};

lsc_status ds_picture_read(const char *path, ds_picture *out)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes = NULL;
    size_t n = 0, i = 0;

    LSC_TRY(lsc_file_read(path, DS_PICTURE_FILE_MAX, &bytes, &n));
    while (i < LSC_COUNT(formats) && (n < formats[i].n || memcmp(bytes, formats[i].magic, formats[i].n) != 0))
        i++;
    LSC_CHECK(i < LSC_COUNT(formats), LSC_ERR_FORMAT, "%s: neither a JPEG nor a PNG file", path);
    LSC_TRY(lsc_context(formats[i].decode(bytes, n, out), "%s", path));
cleanup:
    lsc_free(bytes);
    return st;
}

void ds_picture_free(ds_picture *p)
{
    lsc_free(p->rgb);
    *p = (ds_picture){0};
}

lsc_status ds_picture_check_size(int64_t height, int64_t width)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(height >= 1 && height <= DS_PICTURE_SIDE_MAX && width >= 1 && width <= DS_PICTURE_SIDE_MAX &&
                  height * width <= DS_PICTURE_PIXELS_MAX,
              LSC_ERR_FORMAT, "%lld x %lld pixels, at most %lld in all are decoded, and %d a side", (long long)height,
              (long long)width, (long long)DS_PICTURE_PIXELS_MAX, DS_PICTURE_SIDE_MAX);
cleanup:
    return st;
}

/* The middle `part` of `whole`; from rint as Python's round: halves to even. */
static int middle(int whole, int part)
{
    return (int)lrint((whole - part) / 2.0);
}

lsc_status ds_frame_of(const ds_picture *p, int resize, int crop, ds_frame *out)
{
    lsc_status st = LSC_OK;
    ds_frame f = {.resized_height = p->height, .resized_width = p->width};
    int shorter = p->height < p->width ? p->height : p->width;

    if (resize > 0) {
        f.resized_height = (int)((int64_t)resize * p->height / shorter);
        f.resized_width = (int)((int64_t)resize * p->width / shorter);
    }
    if (crop == 0)
        crop = resize;
    f.height = crop > 0 ? crop : p->height;
    f.width = crop > 0 ? crop : p->width;
    LSC_CHECK(f.height <= f.resized_height && f.width <= f.resized_width, LSC_ERR_FORMAT,
              "%d x %d pixels, fewer than data.crop %d: data.resize makes it larger", p->height, p->width, crop);
    f.top = middle(f.resized_height, f.height);
    f.left = middle(f.resized_width, f.width);
    *out = f;
cleanup:
    return st;
}
