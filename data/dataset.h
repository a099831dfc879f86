/*
 * dataset.h - for those who write data sets: what a kind reads, and what data/ makes of it.
 *
 * A kind is data/dataset_NAME.c and a row of datasets.def. It checks its files as if an enemy had written
 * them: every length before it is used, every label before it is kept.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_DATASET_H
#define DS_DATASET_H

#include "data/data.h"
#include "data/videos.h"

/* Of one split, no more than any file of the kinds known here holds, and an amount that fits in memory. */
#define DS_MAX_PIXELS   ((int64_t)1 << 31)
#define DS_MAX_CHANNELS 3
#define DS_MAX_SIDE     4096
#define DS_MAX_CLASSES  1000000

typedef struct {
    const char *folder;
    bool test;        /* the test split instead of the training split */
    int64_t most;     /* at most these first images; 0: all */
    int classes;      /* labels must be less; 0: as the files say */
    bool copied;      /* domains are cut, frames put on: the images are twice in memory for a while, ... */
    int pad;          /* ... the second time with a frame of so many pixels */
    int64_t memory;   /* bytes, for both */
    int resize, crop; /* for kinds that resize, as in ds_options */
    int threads;      /* likewise */
    /* For kinds of videos. */
    ds_domain_names domains;
    ds_part part[DS_N_PARTS];
    int n_parts;
    int frames;
    const ds_synfaces *synfaces;
} ds_request;

/* Images as they are in the files, in file order: bytes or floats, the other is NULL. */
typedef struct {
    int64_t n;
    int channels, height, width;
    uint8_t *bytes;  /* [n, channels, height, width] */
    float *floats;   /* likewise, all finite */
    int32_t *labels; /* [n] */
    int classes;     /* where the request has none */
} ds_images;
void ds_images_free(ds_images *images);

typedef struct {
    const char *name, *source;
    int classes;  /* the usual number; 0: load finds it in the files */
    bool resizes; /* takes resize and crop */
    /* REQUIRED: one of these two. They fill *out only on success. LSC_ERR_IO, LSC_ERR_FORMAT: path, place, what would
     * be right. */
    lsc_status (*load)(const ds_request *r, ds_images *out);       /* ds_images_free */
    lsc_status (*videos)(const ds_request *r, ds_video_list *out); /* ds_video_list_free; of two labels */
} ds_kind;

/* The check of one label, for load. `path` and `index` say where it lies. */
lsc_status ds_check_label(const char *path, int64_t index, int64_t label, int classes);
/* Whether images of this n and shape, of so many bytes a value, fit in memory: for load, before it allocates them.
 * LSC_ERR_ARG has both numbers and the keys that make it less. */
lsc_status ds_check_memory(const ds_request *r, const ds_images *images, size_t value_size);
/* By name; LSC_ERR_ARG lists the known ones. */
lsc_status ds_kind_find(const char *name, const ds_kind **out);

/* One channel of one image, and how its values become normalized ones (read.c). */
typedef struct {
    const uint8_t *bytes; /* [height, width]; NULL: floats */
    const float *floats;
    const float *value; /* [256] */
    double mean, deviation;
} ds_plane;
ds_plane ds_plane_of(const ds_dataset *d, int64_t index, int channel);
static inline float ds_plane_normalized(const ds_plane *p, float value)
{
    return (float)(((double)value - p->mean) / p->deviation);
}
static inline float ds_plane_at(const ds_plane *p, int64_t k)
{
    return p->bytes != NULL ? p->value[p->bytes[k]] : ds_plane_normalized(p, p->floats[k]);
}

/* Which images of a split a data set holds, and which domain each belongs to. */
typedef struct {
    int n_domains;
    const double *degrees; /* [n_domains]; NULL: not rotated */
    int64_t first, n;      /* the images first .. first+n-1 of the split */
    int64_t per_domain;    /* domain d holds the d-th run of these; 0: every n_domains-th image, from the d-th */
} ds_cut;

/* Which split must be read, and how many of its first images. LSC_ERR_ARG: options that contradict each other. */
lsc_status ds_cut_request(const ds_options *o, ds_request *out);
/* available: images read. LSC_ERR_ARG: fewer than asked for. Borrows the rotations of o. */
lsc_status ds_cut_make(const ds_options *o, int64_t available, ds_cut *out);
int ds_cut_domain(const ds_cut *cut, int64_t i);
/* Whether this split is what is left, or what is taken, when a validation set is held back. */
bool ds_splits_sources(const ds_options *o);
lsc_status ds_check_validation(const ds_options *o); /* LSC_ERR_ARG */

struct ds_dataset {
    int64_t n;
    int kept;                    /* channels of bytes or floats: 1 or `channels` */
    int channels, height, width; /* of what is read */
    int n_domains, classes;
    uint8_t *bytes;                       /* [n, kept, height, width]; NULL: floats */
    float *floats;                        /* likewise; NULL: bytes */
    int32_t *labels;                      /* [n] */
    int32_t *domains;                     /* [n] */
    int32_t *subjects, *videos, *species; /* [n]; NULL: not known */
    char **species_names;                 /* [n_species] */
    int n_species;
    ds_video_list *source; /* whose frames the images are; NULL: images alone */
    int32_t *source_video; /* [n] in source */
    int64_t *members;      /* [n] the images by domain */
    int64_t *member_start; /* [n_domains + 1] in members */
    double mean[DS_MAX_CHANNELS], deviation[DS_MAX_CHANNELS];
    float *value; /* [channels, 256] what each byte becomes */
    char hash[65];
};

/* Which of n items a validation set takes (hold_back.c): held [n] is 1 for those of the first floor(share * groups)
 * groups of each domain, but one at least of two or more, in an order of their own that depends on nothing else. group
 * [n]: the subjects; NULL: each item by itself. */
lsc_status ds_hold_back(const int32_t *domain, const int32_t *group, int64_t n, double share, uint8_t *held);
/* LSC_ERR_ARG: of n_domains domains none has two of "image" or "subject", so that nothing is held back. */
lsc_status ds_nothing_held_back(int n_domains, const char *what);

/* A frame of `pad` zeros, then a rotation: maps of planes (transform.c). */
typedef struct ds_transform ds_transform;
/* Returns new: for planes [height, width] of a rotation by `degrees`. */
lsc_status ds_transform_new(int height, int width, int pad, double degrees, ds_transform **out);
void ds_transform_free(ds_transform *t);
/* from [height, width] -> to [height + 2 pad, width + 2 pad] */
void ds_transform_bytes(const ds_transform *t, const uint8_t *from, uint8_t *to); /* rounded */
void ds_transform_floats(const ds_transform *t, const float *from, float *to);

#endif
