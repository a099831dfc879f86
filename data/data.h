/*
 * data.h - labelled images: data sets, domains, augmentation, the order of an epoch.
 *
 * Images are kept as they are in their files, as bytes or (npy) floats [N, C, H, W], grey ones with C = 1, repeated
 * when they are read, and normalized when they are read: (value - mean_c) / std_c. Pixels that are put around an
 * image are 0 before this. What a loader gives depends on (seed, epoch, index) only.
 *
 * Where data are videos of faces, an image is one of the frames of a video that are evaluated, at the size of the
 * network. Augmented reading takes any frame of the same video, at its own size, decoded when it is needed.
 * An open data set is constant: any number of threads may read it at once.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_DATA_H
#define DS_DATA_H

#include "base/base.h"
#include "data/synface.h"

typedef enum {
    DS_TRAIN, /* the source domains (or the training split) */
    DS_HELD,  /* the held-out domains, cut from the training split behind the source domains; with no held domain: the
                 test split. Videos: the held-out domains' test part */
    DS_TEST,  /* the test split, image i rotated as source domain i mod n. Videos: the source domains' test part */
    DS_VALIDATION, /* what ds_options.validation holds back from DS_TRAIN */
} ds_split;

typedef struct {
    const char *kind; /* a row of datasets.def: "idx", "cifar10", ... (docs/data.md) */
    const char *path; /* folder */
    ds_split split;
    const double *rotations; /* degrees, anticlockwise about the centre, bilinear, zero outside */
    int n_rotations;         /* 0: one domain, not rotated */
    const double *held_rotations;
    int n_held;
    int64_t per_domain; /* images of each domain, disjoint, in file order; 0: all, shared out evenly */
    double validation;  /* share of the subjects of each source domain (of its images, where subjects are not known)
                           that is held back from DS_TRAIN, one at least of two; 0: none. The same ones for every
                           seed */
    int64_t limit;      /* without domains: at most the first images of the split; 0: all */
    int pad;            /* zero pixels on each side, put on before the rotation */
    const double *mean, *std; /* [n_channels] or [1]: of bytes in 0..255, of floats in their own unit; NULL: bytes
                                 become 0..1, floats stay */
    int n_mean, n_std;
    int channels;     /* 0: 3, grey repeated */
    int classes;      /* labels must be less; 0: the data set's usual number, or what its files say */
    int resize, crop; /* folder: the shorter side becomes `resize` pixels (0: not resized), then the centre
                         [crop, crop] is kept (0: [resize, resize], or all if not resized). Videos: both sides become
                         `resize` pixels, crop is 0 */
    /* Videos (faces, synfaces): domains are folders, and none of rotations, per_domain, limit, pad is set. */
    const char *domains, *held_domains; /* names, parted by spaces or commas; NULL is "" */
    bool held_all;                      /* held-out domains: their training part, too */
    int frames;                         /* images of each video, evenly chosen from its frames; 0: all frames */
    uint64_t frame_seed;                /* not 0: they are drawn by this seed, each from all frames */
    const ds_synfaces *synfaces;        /* of this kind; size is `resize` */
    int threads; /* that decode pictures when a folder is opened; 0: one for each processor. Images do not depend on it
                  */
    int64_t memory; /* bytes that the images may take; 0: three quarters of the machine's */
} ds_options;

typedef struct ds_dataset ds_dataset;

/* Returns new. LSC_ERR_IO, LSC_ERR_FORMAT: path, offset and what would be right (labels out of range,
 * lengths that do not agree). LSC_ERR_ARG: unknown kind, fewer images than asked for, more than fit in memory. */
lsc_status ds_open(const ds_options *o, ds_dataset **out);
void ds_close(ds_dataset *d);
int64_t ds_count(const ds_dataset *d);
void ds_image_shape(const ds_dataset *d, int64_t shape[3]); /* C, H, W */
int64_t ds_classes(const ds_dataset *d);
int ds_n_domains(const ds_dataset *d);
const int32_t *ds_labels(const ds_dataset *d);  /* [N] */
const int32_t *ds_domains(const ds_dataset *d); /* [N], 0 .. n_domains-1 */
/* Of videos of faces, [N] each: the person, the video, the kind of attack (-1: a live one), numbered from 0 in each
 * domain, the species over all of them. NULL: not known. */
const int32_t *ds_subjects(const ds_dataset *d);
const int32_t *ds_videos(const ds_dataset *d);
const int32_t *ds_species(const ds_dataset *d);
const char *ds_species_name(const ds_dataset *d, int species); /* NULL past the last */
const char *ds_hash(const ds_dataset *d);                      /* SHA-256 of pixels, labels and domains as kept, hex */
/* Name of kind i; what it is and, or NULL, where it is from. Both may be NULL. NULL past the last. */
const char *ds_kind_at(int i, const char **text, const char **source);

/* Images by index (0 <= index < N), normalized, [n, C, H, W]; labels and domains [n] may be NULL. */
void ds_read(const ds_dataset *d, const int64_t *index, int64_t n, float *images, int32_t *labels, int32_t *domains);

/* Images as a device takes them, to normalize them itself: bytes as they are kept, or normalized floats. */
typedef struct {
    const float *value; /* [C, 256]: what a byte of channel c becomes; NULL: the images are floats. Borrowed */
    int channels;       /* that an image comes with: C, or 1 for bytes of grey, which are every channel's */
} ds_raw;
ds_raw ds_raw_form(const ds_dataset *d);
/* By index, [n, channels of the form, H, W]. */
void ds_read_raw(const ds_dataset *d, const int64_t *index, int64_t n, void *images);

/* In this order: */
typedef struct {
    bool random_frame; /* videos: any frame of the image's video instead of the image */
    int crop_pad;      /* random crop after this many zero pixels on each side; 0: none */
    bool resized_crop; /* 8 to 100 % of the area, ratio 3/4 to 4/3, bicubic (augment.h); not with crop_pad */
    bool flip;         /* left-right with probability 1/2 */
    double rotate;     /* by up to so many degrees either way, bicubic, zero outside; 0: none */
    double cutout;     /* probability of a part that becomes its mean; 0: none */
} ds_augment;

/* One thread's way to read augmented images. */
typedef struct ds_reader ds_reader;
/* Returns new. LSC_ERR_ARG: operations that exclude each other, or need bytes where the data are floats. */
lsc_status ds_reader_new(const ds_dataset *d, const ds_augment *a, uint64_t seed, ds_reader **out);
void ds_reader_free(ds_reader *r);
/* The image of an index with the numbers of (seed, epoch, index, view) for `views` views of the same frame, normalized
 * [C, H, W] at images + view * stride. index may be i + r N: the r-th further use of image i in this epoch. A picture
 * that cannot be read is told of once, and another frame of the video taken, or if there is none the image as it is
 * kept: nothing is lost by a damaged file. Fails with LSC_ERR_NOMEM. */
lsc_status ds_reader_read(ds_reader *r, int64_t epoch, int64_t index, int views, float *images, int64_t stride);

/* How the images of an epoch follow each other. */
typedef enum {
    DS_SHUFFLED,    /* each once, in any order */
    DS_BY_DOMAIN,   /* each once, domains taking turns: every run of n_domains m images holds m of each domain while
                       none is used up */
    DS_ROUND_ROBIN, /* of every domain and label equally many: the smaller of these sets several times */
} ds_sampler;
/* Images of an epoch: N, or with round robin n_domains n_classes times the size of the largest set of a domain and
 * label. */
int64_t ds_epoch_length(const ds_dataset *d, ds_sampler sampler);
/* order [ds_epoch_length]: indices, of round robin as ds_reader_read takes them. */
void ds_epoch_order(const ds_dataset *d, uint64_t seed, int64_t epoch, ds_sampler sampler, int64_t *order);
/* A fixed subset: the first n of a permutation by seed, sorted; spread evenly over domains: a smaller subset is
 * a part of a larger one. n <= N. index [n]. */
void ds_subset(const ds_dataset *d, uint64_t seed, int64_t n, int64_t *index);

#endif
