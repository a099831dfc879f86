/*
 * Decoding the images of videos: resized to a square, the ratio of the sides not kept, as is usual for faces.
 * SPDX-License-Identifier: MIT
 */
#include "data/video_images.h"

#include <string.h>

#include "data/each.h"

static lsc_status check_keys(const ds_options *o)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(o->n_rotations == 0 && o->n_held == 0 && o->per_domain == 0 && o->limit == 0, LSC_ERR_ARG,
              "data: '%s' has domains of its own (data.domains): data.rotations, data.held_rotations, data.per_domain "
              "and data.limit are not for it",
              o->kind);
    LSC_CHECK(o->pad == 0, LSC_ERR_ARG, "data: pad is %d, must be 0 for '%s'", o->pad, o->kind);
    LSC_CHECK(o->resize > 0 && o->crop == 0, LSC_ERR_ARG,
              "data: resize is %d and crop is %d; for '%s' resize is the side of the images in pixels, and crop is 0",
              o->resize, o->crop, o->kind);
    LSC_CHECK(o->frames >= 0, LSC_ERR_ARG, "data: frames is %d, must be 0 (all) or more", o->frames);
cleanup:
    return st;
}

/* No video may be trained on and tested on. */
static lsc_status check_apart(const ds_domain_names *sources, const ds_domain_names *held)
{
    lsc_status st = LSC_OK;
    for (int i = 0; i < held->n; i++)
        for (int j = 0; j < sources->n; j++)
            LSC_CHECK(
                strcmp(held->name[i], sources->name[j]) != 0, LSC_ERR_CONFIG,
                "data.held_domains: '%s' is one of data.domains, too, and with data.held_all it would be tested on "
                "what it is trained on: leave it out of one of them",
                held->name[i]);
cleanup:
    return st;
}

/* Which domains and parts the options ask for. */
static lsc_status fill_request(const ds_options *o, ds_request *r)
{
    lsc_status st = LSC_OK;
    ds_domain_names held;

    LSC_TRY(check_keys(o));
    LSC_TRY(ds_check_validation(o));
    LSC_TRY(lsc_context(ds_domain_names_parse(o->domains != NULL ? o->domains : "", &r->domains), "data.domains"));
    LSC_TRY(
        lsc_context(ds_domain_names_parse(o->held_domains != NULL ? o->held_domains : "", &held), "data.held_domains"));
    LSC_CHECK(r->domains.n > 0, LSC_ERR_ARG, "data.domains: empty, must name the source domains, e.g. \"oulu casia\"");
    if (o->held_all)
        LSC_TRY(check_apart(&r->domains, &held));
    r->folder = o->path;
    r->test = o->split == DS_HELD || o->split == DS_TEST;
    r->part[r->n_parts++] = r->test ? DS_PART_TEST : DS_PART_TRAIN;
    if (o->split == DS_HELD && held.n > 0) {
        r->domains = held;
        if (o->held_all)
            r->part[r->n_parts++] = DS_PART_TRAIN;
    }
    r->frames = o->frames;
    r->synfaces = o->synfaces;
cleanup:
    return st;
}

typedef struct {
    const ds_request *request;
    const ds_video_list *videos;
    bool replaces; /* damaged frames */
    uint64_t frame_seed;
    const uint8_t *left_out; /* [videos->n] */
    int32_t *video;          /* [n] of the images */
    int64_t *frame;          /* [n] */
    ds_images images;
} frames_load;

static lsc_status read_image(void *context, int64_t i)
{
    lsc_status st = LSC_OK;
    const frames_load *l = context;
    const ds_video_list *v = l->videos;
    const int side = l->request->resize;
    const ds_frame all = {.resized_height = side, .resized_width = side, .height = side, .width = side};
    ds_picture picture = {0};

    LSC_TRY(l->replaces ? ds_video_list_read_any(v, l->video[i], l->frame[i], &picture)
                        : v->read(v->self, l->frame[i], &picture));
    LSC_TRY(ds_picture_resize(&picture, &all, l->images.bytes + 3 * i * side * side));
cleanup:
    ds_picture_free(&picture);
    return st;
}

static int64_t images_of(const frames_load *l, int64_t video)
{
    const int64_t *first = l->videos->first + video;
    return l->left_out[video] ? 0 : ds_video_images(first[1] - first[0], l->request->frames);
}

/* Frame of a video that its image j of n is. */
static int64_t frame_of(const frames_load *l, int64_t video, int64_t n, int64_t j)
{
    const int64_t *first = l->videos->first + video, frames = first[1] - first[0];
    if (l->frame_seed == 0)
        return ds_video_frame(frames, n, j);
    const lsc_rng r = {l->frame_seed, lsc_rng_stream("evaluated frame", (uint64_t)video, 0)};
    return (int64_t)lsc_rng_below(r, (uint64_t)j, (uint64_t)frames);
}

/* Which frame of which video each image is. */
static void choose_frames(frames_load *l)
{
    const ds_video_list *v = l->videos;
    int64_t i = 0;
    for (int64_t k = 0; k < v->n; k++) {
        const int64_t n = images_of(l, k);
        for (int64_t j = 0; j < n; j++, i++) {
            l->video[i] = (int32_t)k;
            l->frame[i] = v->first[k] + frame_of(l, k, n, j);
            l->images.labels[i] = v->labels[k];
        }
    }
}

static lsc_status load(frames_load *l)
{
    lsc_status st = LSC_OK;
    const int side = l->request->resize;
    ds_images *images = &l->images;

    *images = (ds_images){.channels = 3, .height = side, .width = side, .classes = DS_LIVE + 1};
    for (int64_t k = 0; k < l->videos->n; k++)
        images->n += images_of(l, k);
    if (images->n == 0)
        LSC_TRY(ds_nothing_held_back(l->videos->n_domains, "subject"));
    LSC_TRY(ds_check_memory(l->request, images, 1));
    LSC_NEW(l->video, images->n);
    LSC_NEW(l->frame, images->n);
    LSC_NEW(images->labels, images->n);
    LSC_NEW(images->bytes, 3 * images->n * side * side);
    choose_frames(l);
    LSC_TRY(ds_each(l->request->threads, "images", images->n, read_image, l));
cleanup:
    return st;
}

/* The videos that a training or validation set leaves to the other. */
static lsc_status leave_out(const ds_options *o, const ds_video_list *v, uint8_t *left_out)
{
    lsc_status st = LSC_OK;
    if (!ds_splits_sources(o))
        return LSC_OK;
    LSC_TRY(ds_hold_back(v->domains, v->subjects, v->n, o->validation, left_out));
    for (int64_t k = 0; k < v->n; k++)
        left_out[k] = left_out[k] == (o->split == DS_TRAIN);
cleanup:
    return st;
}

/* What each image belongs to; videos are numbered from 0 in each domain. */
static lsc_status fill_rows(ds_dataset *d, int64_t n)
{
    lsc_status st = LSC_OK;
    const ds_video_list *v = d->source;
    int32_t *number = NULL, *next = NULL;

    LSC_NEW(number, v->n);
    LSC_NEW(next, v->n_domains);
    LSC_NEW(d->subjects, n);
    LSC_NEW(d->videos, n);
    LSC_NEW(d->species, n);
    LSC_NEW(d->species_names, DS_N_ATTACKS);
    for (int64_t k = 0; k < v->n; k++)
        number[k] = next[v->domains[k]]++;
    for (int64_t i = 0; i < n; i++) {
        const int32_t k = d->source_video[i];
        d->subjects[i] = v->subjects[k];
        d->videos[i] = number[k];
        d->species[i] = v->species[k];
    }
    for (; d->n_species < DS_N_ATTACKS; d->n_species++) {
        d->species_names[d->n_species] = lsc_strdup(ds_attack_names[d->n_species]);
        LSC_CHECK(d->species_names[d->n_species] != NULL, LSC_ERR_NOMEM, "no memory for the name of a species");
    }
cleanup:
    lsc_free(number);
    lsc_free(next);
    return st;
}

lsc_status ds_videos_open(const ds_options *o, const ds_kind *kind, ds_request *r, ds_images *images, ds_dataset *d)
{
    lsc_status st = LSC_OK;
    frames_load l = {.request = r, .replaces = o->split == DS_TRAIN, .frame_seed = o->frame_seed};
    uint8_t *left_out = NULL;

    LSC_TRY(fill_request(o, r));
    LSC_NEW(d->source, 1);
    LSC_TRY(kind->videos(r, d->source));
    LSC_NEW(left_out, d->source->n);
    LSC_TRY(leave_out(o, d->source, left_out));
    if (d->source->prepare != NULL)
        LSC_TRY(d->source->prepare(d->source->self, left_out));
    l.videos = d->source;
    l.left_out = left_out;
    LSC_TRY(load(&l));
    d->source_video = l.video;
    l.video = NULL;
    LSC_TRY(fill_rows(d, l.images.n));
    *images = l.images;
    l.images = (ds_images){0};
cleanup:
    lsc_free(left_out);
    lsc_free(l.video);
    lsc_free(l.frame);
    ds_images_free(&l.images);
    return st;
}
