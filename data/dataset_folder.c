/*
 * A folder per class, as ImageNet is laid out: ROOT/train/CLASS/PICTURE and ROOT/val/CLASS/PICTURE, JPEG and PNG.
 * Each picture is resized (data.resize) and cropped (data.crop) when the data set is opened, by several threads, and
 * kept as bytes. Without these keys all pictures must have the size of the first one.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"
#include "data/each.h"
#include "data/folder.h"
#include "data/picture.h"

typedef struct {
    const ds_request *request;
    ds_folder folder;
    ds_images images;
} folder_load;

/* The picture of item i and the frame of it; *path is new, also on failure. */
static lsc_status read_picture(const folder_load *l, int64_t i, char **path, ds_picture *picture, ds_frame *frame)
{
    lsc_status st = LSC_OK;
    *path = ds_folder_path(&l->folder, i);
    LSC_CHECK(*path != NULL, LSC_ERR_NOMEM, "no memory for the path of image %lld", (long long)i);
    LSC_TRY(ds_picture_read(*path, picture));
    LSC_TRY(lsc_context(ds_frame_of(picture, l->request->resize, l->request->crop, frame), "%s", *path));
cleanup:
    return st;
}

/* Height and width of all images: those of the first. */
static lsc_status find_size(folder_load *l)
{
    lsc_status st = LSC_OK;
    char *path = NULL;
    ds_picture picture = {0};
    ds_frame frame = {0};

    LSC_TRY(read_picture(l, 0, &path, &picture, &frame));
    LSC_CHECK(frame.height <= DS_MAX_SIDE && frame.width <= DS_MAX_SIDE, LSC_ERR_FORMAT,
              "%s: %d x %d pixels, at most %d a side are kept: set data.resize or data.crop", path, frame.height,
              frame.width, DS_MAX_SIDE);
    l->images.height = frame.height;
    l->images.width = frame.width;
cleanup:
    lsc_free(path);
    ds_picture_free(&picture);
    return st;
}

static lsc_status read_image(void *context, int64_t i)
{
    lsc_status st = LSC_OK;
    folder_load *l = context;
    char *path = NULL;
    ds_picture picture = {0};
    ds_frame frame = {0};
    int64_t pixels = (int64_t)l->images.height * l->images.width;

    LSC_TRY(read_picture(l, i, &path, &picture, &frame));
    LSC_CHECK(frame.height == l->images.height && frame.width == l->images.width, LSC_ERR_FORMAT,
              "%s: %d x %d pixels, the first image has %d x %d: set data.resize or data.crop", path, frame.height,
              frame.width, l->images.height, l->images.width);
    LSC_TRY(ds_picture_resize(&picture, &frame, l->images.bytes + 3 * i * pixels));
    l->images.labels[i] = l->folder.folder[l->folder.item[i].folder].label;
cleanup:
    lsc_free(path);
    ds_picture_free(&picture);
    return st;
}

static lsc_status load(const ds_request *r, ds_images *out)
{
    lsc_status st = LSC_OK;
    folder_load l = {.request = r, .images.channels = 3};

    LSC_TRY(ds_folder_list(r->folder, r->test, r->most, &l.folder));
    LSC_CHECK(r->classes == 0 || l.folder.n_classes <= r->classes, LSC_ERR_FORMAT,
              "%s: folders of %d classes, more than the %d that are asked for", r->folder, l.folder.n_classes,
              r->classes);
    LSC_TRY(find_size(&l));
    l.images.n = l.folder.n_items;
    l.images.classes = l.folder.n_classes;
    LSC_TRY(ds_check_memory(r, &l.images, 1));
    LSC_NEW(l.images.bytes, 3 * l.images.n * l.images.height * l.images.width);
    LSC_NEW(l.images.labels, l.images.n);
    LSC_TRY(ds_each(r->threads, "images", l.images.n, read_image, &l));
    *out = l.images;
    l.images = (ds_images){0};
cleanup:
    ds_folder_free(&l.folder);
    ds_images_free(&l.images);
    return st;
}

const ds_kind ds_kind_folder = {.name = "folder", .load = load, .resizes = true};
