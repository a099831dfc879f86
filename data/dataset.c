/*
 * Opening a data set: read the files, cut out the domains, pad and rotate, hash, and what its owner asks of it.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <assert.h>
#include <math.h>
#include <unistd.h>

#include "base/hash.h"
#include "data/video_images.h"

/* More than any network here takes, and few enough that sizes stay small. */
#define DS_MAX_PAD 1024

/* Frame and turn the planes of one image. */
static void turn_image(ds_dataset *d, const ds_transform *t, const ds_images *images, int64_t from, int64_t to)
{
    int64_t from_plane = (int64_t)images->height * images->width, to_plane = (int64_t)d->height * d->width;
    for (int c = 0; c < d->kept; c++) {
        int64_t at = (from * d->kept + c) * from_plane, put = (to * d->kept + c) * to_plane;
        if (images->floats != NULL)
            ds_transform_floats(t, images->floats + at, d->floats + put);
        else
            ds_transform_bytes(t, images->bytes + at, d->bytes + put);
    }
}

/* Which images of a cut a data set takes: all, or those that are held back for validation, or the others. Of videos,
 * those that are not taken have not been read. */
typedef struct {
    int64_t n;
    int64_t *image; /* [n] of the split, ascending */
} picks;

static lsc_status pick(const ds_options *o, const ds_cut *cut, bool hold_back, picks *out)
{
    lsc_status st = LSC_OK;
    int32_t *domain = NULL;
    uint8_t *held = NULL;
    picks p = {0};
    const bool validation = hold_back && o->split == DS_VALIDATION;

    LSC_NEW(domain, cut->n);
    LSC_NEW(held, cut->n);
    LSC_NEW(p.image, cut->n);
    for (int64_t i = 0; i < cut->n; i++)
        domain[i] = ds_cut_domain(cut, i);
    if (hold_back && ds_splits_sources(o))
        LSC_TRY(ds_hold_back(domain, NULL, cut->n, o->validation, held));
    for (int64_t i = 0; i < cut->n; i++)
        if ((held[i] != 0) == validation)
            p.image[p.n++] = cut->first + i;
    if (p.n == 0)
        LSC_TRY(ds_nothing_held_back(cut->n_domains, "image"));
    *out = p;
    p.image = NULL;
cleanup:
    lsc_free(p.image);
    lsc_free(held);
    lsc_free(domain);
    return st;
}

/* Frame and turn every image, domain by domain. */
static lsc_status turn_images(ds_dataset *d, const ds_images *images, const ds_cut *cut, const picks *p, int pad)
{
    lsc_status st = LSC_OK;
    ds_transform *t = NULL;
    int64_t values = d->n * d->kept * d->height * d->width;

    if (images->floats != NULL)
        LSC_NEW(d->floats, values);
    else
        LSC_NEW(d->bytes, values);
    for (int domain = 0; domain < d->n_domains; domain++) {
        double degrees = cut->degrees != NULL ? cut->degrees[domain] : 0;
        LSC_TRY(ds_transform_new(images->height, images->width, pad, degrees, &t));
        for (int64_t m = d->member_start[domain]; m < d->member_start[domain + 1]; m++)
            turn_image(d, t, images, p->image[d->members[m]], d->members[m]);
        ds_transform_free(t);
        t = NULL;
    }
cleanup:
    ds_transform_free(t);
    return st;
}

static void take_images(ds_dataset *d, ds_images *images)
{
    assert(images->n == d->n);
    d->bytes = images->bytes;
    d->floats = images->floats;
    images->bytes = NULL;
    images->floats = NULL;
}

/* Labels, domains, and the images of each domain in order. */
static lsc_status fill_labels(ds_dataset *d, const ds_images *images, const ds_cut *cut, const picks *p)
{
    lsc_status st = LSC_OK;
    int64_t m = 0;

    LSC_NEW(d->labels, d->n);
    LSC_NEW(d->domains, d->n);
    LSC_NEW(d->members, d->n);
    LSC_NEW(d->member_start, d->n_domains + 1);
    for (int64_t i = 0; i < d->n; i++) {
        d->labels[i] = images->labels[p->image[i]];
        d->domains[i] =
            d->source != NULL ? d->source->domains[d->source_video[i]] : ds_cut_domain(cut, p->image[i] - cut->first);
    }
    for (int domain = 0; domain < d->n_domains; domain++) {
        for (int64_t i = 0; i < d->n; i++) {
            if (d->domains[i] == domain)
                d->members[m++] = i;
        }
        d->member_start[domain + 1] = m;
    }
cleanup:
    return st;
}

static double channel_value(const double *values, int n, int channel, double otherwise)
{
    return values == NULL || n == 0 ? otherwise : values[n == 1 ? 0 : channel];
}

/* Mean and deviation of each channel, and what each byte becomes: (byte - mean) / deviation, formed in double. */
static lsc_status fill_values(ds_dataset *d, const ds_options *o)
{
    lsc_status st = LSC_OK;
    LSC_CHECK((o->n_mean <= 1 || o->n_mean == d->channels) && (o->n_std <= 1 || o->n_std == d->channels), LSC_ERR_ARG,
              "data: %d means and %d deviations for images of %d channels, must be 1 or %d", o->n_mean, o->n_std,
              d->channels, d->channels);
    LSC_NEW(d->value, d->channels * 256);
    for (int c = 0; c < d->channels; c++) {
        double mean = channel_value(o->mean, o->n_mean, c, 0);
        double deviation = channel_value(o->std, o->n_std, c, d->floats != NULL ? 1 : 255);
        LSC_CHECK(isfinite(mean) && isfinite(deviation) && deviation > 0, LSC_ERR_ARG,
                  "data: channel %d: mean %g, deviation %g, the deviation must be more than 0", c, mean, deviation);
        d->mean[c] = mean;
        d->deviation[c] = deviation;
        for (int byte = 0; byte < 256; byte++)
            d->value[c * 256 + byte] = (float)((byte - mean) / deviation);
    }
cleanup:
    return st;
}

static lsc_status fill_hash(ds_dataset *d)
{
    lsc_status st = LSC_OK;
    lsc_hash *h = NULL;
    LSC_TRY(lsc_hash_new(&h));
    size_t values = (size_t)(d->n * d->kept * d->height * d->width);
    if (d->floats != NULL)
        lsc_hash_add(h, d->floats, values * sizeof *d->floats);
    else
        lsc_hash_add(h, d->bytes, values);
    lsc_hash_add(h, d->labels, (size_t)d->n * sizeof *d->labels);
    lsc_hash_add(h, d->domains, (size_t)d->n * sizeof *d->domains);
    if (d->source != NULL)
        lsc_hash_add(h, d->source->first, (size_t)(d->source->n + 1) * sizeof *d->source->first);
    lsc_hash_hex(h, d->hash);
cleanup:
    lsc_hash_free(h);
    return st;
}

static lsc_status fill_shape(ds_dataset *d, const ds_options *o, const ds_images *images)
{
    lsc_status st = LSC_OK;
    d->kept = images->channels;
    d->channels = o->channels > 0 ? o->channels : DS_MAX_CHANNELS;
    d->height = images->height + 2 * o->pad;
    d->width = images->width + 2 * o->pad;
    LSC_CHECK(d->channels == d->kept || (d->kept == 1 && d->channels <= DS_MAX_CHANNELS), LSC_ERR_ARG,
              "data: images of %d channels cannot be read with %d", d->kept, d->channels);
cleanup:
    return st;
}

static int64_t most_memory(const ds_options *o)
{
    return o->memory > 0 ? o->memory : (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 4 * 3;
}

static lsc_status check_size(const ds_options *o, const ds_kind *kind)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(o->resize >= 0 && o->resize <= DS_MAX_SIDE && o->crop >= 0 && o->crop <= DS_MAX_SIDE, LSC_ERR_ARG,
              "data: resize is %d and crop is %d, must be 0 to %d", o->resize, o->crop, DS_MAX_SIDE);
    LSC_CHECK(o->resize == 0 || o->crop <= o->resize, LSC_ERR_ARG, "data: crop is %d, more than resize, which is %d",
              o->crop, o->resize);
    LSC_CHECK(kind->resizes || (o->resize == 0 && o->crop == 0), LSC_ERR_ARG,
              "data: images of kind '%s' are kept as they are: resize and crop must be 0", kind->name);
cleanup:
    return st;
}

/* What the kind reads from the files. */
static lsc_status load(const ds_options *o, ds_request *request, ds_images *images, ds_dataset *d)
{
    lsc_status st = LSC_OK;
    const ds_kind *kind = NULL;

    LSC_CHECK(o->kind != NULL && o->path != NULL, LSC_ERR_ARG, "data: a kind and a folder must be named");
    LSC_TRY(ds_kind_find(o->kind, &kind));
    LSC_CHECK(o->pad >= 0 && o->pad <= DS_MAX_PAD, LSC_ERR_ARG, "data: pad is %d, must be 0 to %d", o->pad, DS_MAX_PAD);
    request->classes = o->classes > 0 ? o->classes : kind->classes;
    request->memory = most_memory(o);
    request->resize = o->resize;
    request->crop = o->crop;
    request->threads = o->threads;
    LSC_TRY(check_size(o, kind));
    if (kind->videos != NULL) {
        LSC_TRY(ds_videos_open(o, kind, request, images, d));
    } else {
        LSC_TRY(ds_cut_request(o, request));
        LSC_TRY(kind->load(request, images));
    }
    if (request->classes > 0)
        images->classes = request->classes;
cleanup:
    return st;
}

lsc_status ds_open(const ds_options *o, ds_dataset **out)
{
    lsc_status st = LSC_OK;
    ds_dataset *d = NULL;
    ds_images images = {0};
    ds_request request = {0};
    ds_cut cut;
    picks p = {0};

    LSC_NEW(d, 1);
    LSC_TRY(load(o, &request, &images, d));
    if (d->source != NULL)
        cut = (ds_cut){.n_domains = d->source->n_domains, .n = images.n};
    else
        LSC_TRY(ds_cut_make(o, images.n, &cut));
    LSC_TRY(pick(o, &cut, d->source == NULL, &p));
    d->classes = images.classes;
    d->n = p.n;
    d->n_domains = cut.n_domains;
    LSC_TRY(fill_shape(d, o, &images));
    LSC_TRY(fill_labels(d, &images, &cut, &p));
    if (request.copied)
        LSC_TRY(turn_images(d, &images, &cut, &p, o->pad));
    else
        take_images(d, &images);
    LSC_TRY(fill_values(d, o));
    LSC_TRY(fill_hash(d));
    *out = d;
    d = NULL;
cleanup:
    lsc_free(p.image);
    ds_images_free(&images);
    ds_close(d);
    return st;
}

void ds_close(ds_dataset *d)
{
    if (d == NULL)
        return;
    if (d->source != NULL)
        ds_video_list_free(d->source);
    lsc_free(d->source);
    lsc_free(d->source_video);
    lsc_free(d->bytes);
    lsc_free(d->floats);
    lsc_free(d->labels);
    lsc_free(d->domains);
    lsc_free(d->subjects);
    lsc_free(d->videos);
    lsc_free(d->species);
    for (int k = 0; k < d->n_species; k++)
        lsc_free(d->species_names[k]);
    lsc_free(d->species_names);
    lsc_free(d->members);
    lsc_free(d->member_start);
    lsc_free(d->value);
    lsc_free(d);
}

int64_t ds_count(const ds_dataset *d)
{
    return d->n;
}

void ds_image_shape(const ds_dataset *d, int64_t shape[3])
{
    shape[0] = d->channels;
    shape[1] = d->height;
    shape[2] = d->width;
}

int64_t ds_classes(const ds_dataset *d)
{
    return d->classes;
}

int ds_n_domains(const ds_dataset *d)
{
    return d->n_domains;
}

const int32_t *ds_labels(const ds_dataset *d)
{
    return d->labels;
}

const int32_t *ds_domains(const ds_dataset *d)
{
    return d->domains;
}

const int32_t *ds_subjects(const ds_dataset *d)
{
    return d->subjects;
}

const int32_t *ds_videos(const ds_dataset *d)
{
    return d->videos;
}

const int32_t *ds_species(const ds_dataset *d)
{
    return d->species;
}

const char *ds_species_name(const ds_dataset *d, int species)
{
    return species >= 0 && species < d->n_species ? d->species_names[species] : NULL;
}

const char *ds_hash(const ds_dataset *d)
{
    return d->hash;
}
