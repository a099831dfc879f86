/*
 * JPEG and PNG, by the first bytes, and what is left of a picture. A PNG is read once as it is and once with its check
 * sums mended, without which no change of it would get far.
 * SPDX-License-Identifier: MIT
 */
#include "data/picture.h"
#include "files.h"
#include "fuzz.h"

#include <string.h>

#include <zlib.h>

#define PIXELS_MAX (1 << 16) /* larger pictures are slow, and nothing but the limit (test data_pictures) is different  \
                              */
#define PNG_MAGIC  8
#define CHUNK_SIZE 12 /* length, kind and check sum of a chunk */

static uint64_t big_endian(const uint8_t *b, int n)
{
    uint64_t x = 0;
    for (int i = 0; i < n; i++)
        x = x << 8 | b[i];
    return x;
}

/* What could be a JPEG's start of a frame, or the head of a PNG, asks for too many pixels. */
static bool is_large(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i + 9 <= n; i++)
        if (bytes[i] == 0xff && (bytes[i + 1] & 0xf0) == 0xc0 &&
            big_endian(bytes + i + 5, 2) * big_endian(bytes + i + 7, 2) > PIXELS_MAX)
            return true;
    return n >= 24 && bytes[0] == 0x89 && big_endian(bytes + 16, 4) * big_endian(bytes + 20, 4) > PIXELS_MAX;
}

static void read_picture(const uint8_t *bytes, size_t n)
{
    ds_picture p = {0};
    ds_frame f;
    uint8_t planes[3 * 4 * 4];
    if (ds_picture_read(fuzz_file("picture", bytes, n), &p) == LSC_OK && ds_frame_of(&p, 5, 4, &f) == LSC_OK)
        (void)ds_picture_resize(&p, &f, planes);
    ds_picture_free(&p);
}

/* Every chunk gets the check sum of what is in it. */
static void mend(uint8_t *bytes, size_t n)
{
    for (size_t at = PNG_MAGIC; n - at >= CHUNK_SIZE;) {
        size_t length = (size_t)big_endian(bytes + at, 4);
        if (length > n - at - CHUNK_SIZE)
            return;
        uLong sum = crc32(0, bytes + at + 4, (uInt)length + 4);
        at += CHUNK_SIZE + length;
        for (int i = 0; i < 4; i++)
            bytes[at - 4 + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    uint8_t *copy;
    if (is_large(bytes, n))
        return 0;
    read_picture(bytes, n);
    if (n < PNG_MAGIC || bytes[0] != 0x89 || (copy = lsc_calloc(n, 1)) == NULL)
        return 0;
    memcpy(copy, bytes, n);
    mend(copy, n);
    read_picture(copy, n);
    lsc_free(copy);
    return 0;
}
