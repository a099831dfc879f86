/*
 * videos.h - data whose items are videos: several frames of one presentation, read when they are needed.
 * Frame f of all lies in video v with first[v] <= f < first[v+1].
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_VIDEOS_H
#define DS_VIDEOS_H

#include "data/face_layout.h"
#include "data/face_name.h"
#include "data/picture.h"

#define DS_FRAMES_TOLD 5

typedef struct {
    int64_t n;
    int64_t *first;    /* [n + 1], at least one frame each */
    int32_t *labels;   /* [n] DS_SPOOF, DS_LIVE */
    int32_t *domains;  /* [n] 0 .. n_domains-1 */
    int32_t *subjects; /* [n] from 0 in each domain */
    int32_t *species;  /* [n] ds_attack */
    int n_domains;
    uint8_t *told;   /* [frames] atomic: it is damaged */
    int64_t *n_told; /* [1] atomic: so many are */
    void *self;      /* of the kind */
    /* Returns new (ds_picture_free); by any thread. LSC_ERR_IO, LSC_ERR_FORMAT: with the frame's name. */
    lsc_status (*read)(const void *self, int64_t frame, ds_picture *out);
    void (*free)(void *self);
    /* OPTIONAL (default: nothing): once, before anything is read; left_out [n]: videos that will not be read. */
    lsc_status (*prepare)(void *self, const uint8_t *left_out);
} ds_video_list;

/* Arrays for n videos; first, labels, ... are the kind's to fill. */
lsc_status ds_video_list_init(ds_video_list *v, int64_t n);
/* Once first is filled: what is told of frames. */
lsc_status ds_video_list_count_frames(ds_video_list *v);
void ds_video_list_free(ds_video_list *v); /* frees what v holds; takes {0} */
/* Images of a video with so many frames: `wanted` of them (0: all). */
int64_t ds_video_images(int64_t frames, int wanted);
/* Frame 0 .. frames-1 that image k of n is: evenly chosen, the middle one of n = 1. */
int64_t ds_video_frame(int64_t frames, int64_t n, int64_t k);
/* The frame, or if it is damaged, which is told of once (of the first DS_FRAMES_TOLD; ds_video_list_free says how many
 * there were), the next one of its video that can be read. Fails where none
 * can, and with LSC_ERR_NOMEM. */
lsc_status ds_video_list_read_any(const ds_video_list *v, int64_t video, int64_t frame, ds_picture *out);

#endif
