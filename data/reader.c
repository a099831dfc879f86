/*
 * Reading augmented images. What is kept is moved and mirrored on its way to floats, as is usual for 32 x 32 images: a
 * crop at a random place of the image with `crop_pad` zeros around it, then a left-right flip with probability 1/2 (He
 * et al. 2016, "Deep Residual Learning for Image Recognition", section 4.2); the zeros are black pixels: they are put
 * on before the normalization. Everything else works on bytes first (augment.h): of the frame, or of what is kept.
 * SPDX-License-Identifier: MIT
 */
#include "data/augment.h"
#include "data/dataset.h"

#include <assert.h>
#include <string.h>

struct ds_reader {
    const ds_dataset *d;
    ds_augment a;
    uint64_t seed;
    uint8_t *image, *turned; /* [kept, height, width]; NULL where bytes are not worked on */
};

/* Do bytes change before they become floats? */
static bool works_on_bytes(const ds_dataset *d, const ds_augment *a)
{
    return a->resized_crop || a->rotate > 0 || a->cutout > 0 || (a->random_frame && d->source != NULL);
}

lsc_status ds_reader_new(const ds_dataset *d, const ds_augment *a, uint64_t seed, ds_reader **out)
{
    lsc_status st = LSC_OK;
    ds_reader *r = NULL;
    const bool bytes = works_on_bytes(d, a);

    LSC_CHECK(!bytes || d->floats == NULL, LSC_ERR_ARG,
              "augmentation: resized crops, rotation and cutout are for images of bytes, these are floats");
    LSC_CHECK(!bytes || a->crop_pad == 0, LSC_ERR_ARG,
              "augmentation: a crop of padded images (%d pixels) goes with none of resized crops, rotation, cutout and "
              "videos",
              a->crop_pad);
    LSC_NEW(r, 1);
    r->d = d;
    r->a = *a;
    r->seed = seed;
    if (bytes) {
        LSC_NEW(r->image, (int64_t)d->kept * d->height * d->width);
        LSC_NEW(r->turned, (int64_t)d->kept * d->height * d->width);
    }
    *out = r;
    r = NULL;
cleanup:
    ds_reader_free(r);
    return st;
}

void ds_reader_free(ds_reader *r)
{
    if (r == NULL)
        return;
    lsc_free(r->image);
    lsc_free(r->turned);
    lsc_free(r);
}

/* ---- what is kept, moved and mirrored -------------------------------------------------------- */

/* How one image is laid out: pixel (x, y) comes from (x + shift_x, y + shift_y), mirrored afterwards. */
typedef struct {
    int shift_x, shift_y;
    bool flip;
} placement;

static placement place(const ds_augment *a, const ds_draw *draw)
{
    static const char operation[] = "augment";
    const uint64_t places = (uint64_t)(2 * a->crop_pad + 1);
    return (placement){
        .shift_x = (int)ds_draw_below(draw, operation, 0, places) - a->crop_pad,
        .shift_y = (int)ds_draw_below(draw, operation, 1, places) - a->crop_pad,
        .flip = a->flip && ds_draw_below(draw, operation, 2, 2) == 1,
    };
}

static void read_placed(const ds_plane *from, int height, int width, const placement *p, float *out)
{
    const float black = ds_plane_normalized(from, 0);
    for (int y = 0; y < height; y++) {
        const int row = y + p->shift_y;
        const bool row_inside = row >= 0 && row < height;
        for (int x = 0; x < width; x++) {
            const int column = (p->flip ? width - 1 - x : x) + p->shift_x;
            const bool inside = row_inside && column >= 0 && column < width;
            out[(int64_t)y * width + x] = inside ? ds_plane_at(from, (int64_t)row * width + column) : black;
        }
    }
}

/* bytes [kept, height, width]; NULL: the image as it is kept. */
static void read_image(const ds_reader *r, int64_t row, const uint8_t *bytes, const placement *p, float *out)
{
    const ds_dataset *d = r->d;
    const int64_t pixels = (int64_t)d->height * d->width;
    for (int c = 0; c < d->channels; c++, out += pixels) {
        ds_plane from = ds_plane_of(d, row, c);
        if (bytes != NULL)
            from.bytes = bytes + (d->kept == 1 ? 0 : c) * pixels;
        read_placed(&from, d->height, d->width, p, out);
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* What views are made of: a frame at its own size, or what is kept. */
typedef struct {
    ds_picture picture;
    ds_bytes bytes;
    int height, width;
} source;

static source source_kept(const ds_dataset *d, int64_t row)
{
    const int64_t plane = (int64_t)d->height * d->width;
    return (source){.bytes = {.at = d->bytes + row * d->kept * plane,
                              .channels = d->kept,
                              .plane = plane,
                              .stride = d->width,
                              .step = 1},
                    .height = d->height,
                    .width = d->width};
}

static source source_picture(ds_picture picture)
{
    return (source){
        .picture = picture,
        .bytes = {.at = picture.rgb, .channels = 3, .plane = 1, .stride = 3 * (int64_t)picture.width, .step = 3},
        .height = picture.height,
        .width = picture.width};
}

static lsc_status open_source(const ds_reader *r, int64_t epoch, int64_t index, source *out)
{
    lsc_status st = LSC_OK;
    const ds_dataset *d = r->d;
    const int64_t row = index % d->n;
    ds_picture picture = {0};

    *out = source_kept(d, row);
    if (d->source == NULL || !r->a.random_frame)
        return LSC_OK;
    const ds_draw draw = {r->seed, epoch, index, 0};
    const int64_t *first = d->source->first + d->source_video[row];
    const uint64_t frames = (uint64_t)(first[1] - first[0]);
    st = ds_video_list_read_any(d->source, d->source_video[row],
                                first[0] + (int64_t)ds_draw_below(&draw, "frame", 0, frames), &picture);
    if (st == LSC_ERR_NOMEM)
        return st;
    if (st == LSC_OK)
        *out = source_picture(picture);
    return LSC_OK;
}

/* The source at the size of the images: r->image. */
static lsc_status fit(ds_reader *r, const ds_draw *draw, const source *s)
{
    const ds_dataset *d = r->d;
    const ds_frame all = {d->height, d->width, 0, 0, d->height, d->width};
    if (r->a.resized_crop)
        return ds_crop_resize(&s->bytes, ds_draw_crop(draw, s->height, s->width), d->height, d->width, r->image);
    if (s->picture.rgb != NULL)
        return ds_picture_resize(&s->picture, &all, r->image);
    memcpy(r->image, s->bytes.at, (size_t)d->kept * (size_t)s->bytes.plane);
    return LSC_OK;
}

static void mirror(uint8_t *planes, int rows, int width)
{
    for (int y = 0; y < rows; y++) {
        uint8_t *row = planes + (int64_t)y * width;
        for (int x = 0; x < width / 2; x++) {
            const uint8_t held = row[x];
            row[x] = row[width - 1 - x];
            row[width - 1 - x] = held;
        }
    }
}

static lsc_status read_view(ds_reader *r, const ds_draw *draw, const source *s, float *out)
{
    lsc_status st = LSC_OK;
    static const placement as_it_is = {0};
    const ds_dataset *d = r->d;
    const uint8_t *image = r->image;

    LSC_TRY(fit(r, draw, s));
    if (place(&r->a, draw).flip)
        mirror(r->image, d->kept * d->height, d->width);
    if (r->a.rotate > 0) {
        ds_rotate(r->image, d->kept, d->height, d->width, ds_draw_angle(draw, r->a.rotate), r->turned);
        image = r->turned;
    }
    read_image(r, draw->item % d->n, image, &as_it_is, out);
    ds_cut_out(out, d->channels, d->height, d->width, ds_draw_cutout(draw, r->a.cutout, d->height, d->width));
cleanup:
    return st;
}

lsc_status ds_reader_read(ds_reader *r, int64_t epoch, int64_t index, int views, float *images, int64_t stride)
{
    lsc_status st = LSC_OK;
    source s = {0};

    assert(index >= 0);
    if (r->image != NULL)
        LSC_TRY(open_source(r, epoch, index, &s));
    for (int view = 0; view < views; view++) {
        const ds_draw draw = {r->seed, epoch, index, view};
        if (r->image != NULL) {
            LSC_TRY(read_view(r, &draw, &s, images + view * stride));
        } else {
            const placement p = place(&r->a, &draw);
            read_image(r, index % r->d->n, NULL, &p, images + view * stride);
        }
    }
cleanup:
    ds_picture_free(&s.picture);
    return st;
}
