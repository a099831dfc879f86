/*
 * face_layout.h - the folders that face anti-spoofing data is kept in:
 *
 *     ROOT/DOMAIN/{train,test}/ANY/VIDEO/crop_*.jpg, .jpeg or .png
 *
 * DOMAIN: oulu, casia, replay, msu, or any other name. One VIDEO is one presentation, live or a spoof: one of these
 * words is a word of ANY or VIDEO, both are not. Only what lies below DOMAIN/{train,test} is looked at, so that a root
 * such as /data/liveness labels nothing.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_FACE_LAYOUT_H
#define DS_FACE_LAYOUT_H

#include "data/entries.h"

#define DS_CROPS_MIN       3  /* of a video, as the released loader demands */
#define DS_FACE_DOMAIN_MAX 64 /* bytes of a domain's name */
#define DS_FACE_DOMAINS    32 /* of one data set */

enum { DS_SPOOF, DS_LIVE }; /* labels */
typedef enum { DS_PART_TRAIN, DS_PART_TEST, DS_N_PARTS } ds_part;
extern const char *const ds_part_names[DS_N_PARTS];

typedef struct {
    char name[DS_FACE_DOMAINS][DS_FACE_DOMAIN_MAX];
    int n;
} ds_domain_names;

typedef struct {
    char *path;       /* ROOT/DOMAIN/PART/ANY/VIDEO */
    const char *name; /* VIDEO, in path */
    int32_t domain, label;
    ds_part part;
    ds_entries crops; /* DS_CROPS_MIN at least */
} ds_face_video;

typedef struct {
    ds_face_video *video; /* [n] */
    int64_t n, room;
} ds_face_list;

/* Names parted by spaces or commas, each once, none of which leads out of the root. LSC_ERR_ARG. */
lsc_status ds_domain_names_parse(const char *text, ds_domain_names *out);
/* Label by the words of `below`, a path: DS_LIVE or DS_SPOOF. LSC_ERR_FORMAT: both words or none. */
lsc_status ds_face_label(const char *below, int32_t *label);

/* For ds_entries_list: crop_*.jpg and so on. */
int ds_face_is_crop(const struct dirent *e);

/* Called for what is wrong with one video or folder, which is left out then; lsc_last_error() says what. */
typedef void (*ds_face_problem)(void *context);
/* Append the videos of one part of one domain, by name. problem NULL: the first one is returned instead.
 * LSC_ERR_IO: no such folder; LSC_ERR_FORMAT: no video in it, a video with fewer crops, without a clear label. */
lsc_status ds_face_list_add(const char *root, const ds_domain_names *domains, int domain, ds_part part,
                            ds_face_problem problem, void *context, ds_face_list *list);
void ds_face_list_free(ds_face_list *list);

#endif
