/*
 * synface.h - synthetic faces for anti-spoofing: live ones, printed photographs, and screens, in four domains with a
 * light, a background and a camera each. A learnable task with a cue of the attack (delta) and, if asked for, one
 * that only seems to tell them apart (kappa): its sign is the other way round in the last domain.
 *
 *     S1 subject -> S2 scene -> S3 print or screen -> S4 camera -> [size, size, 3] bytes
 *
 * Each picture is a function of (options, domain, subject, video, frame) alone. Light is linear until the camera's
 * gamma; S1 to S3 are on grids of 2 and 4 points a pixel, with a margin of 8 % that is cut off before S4, so that what
 * an attack displaces leaves no trace at the edge.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_SYNFACE_H
#define DS_SYNFACE_H

#include "base/base.h"
#include "data/face_name.h"

#define DS_SYNFACE_DOMAINS      4
#define DS_SYNFACE_VIDEOS_MAX   6
#define DS_SYNFACE_SUBJECTS_MAX 999
#define DS_SYNFACE_FRAMES_MAX   1000

typedef struct {
    uint64_t seed;
    double delta; /* 0..1: how much an attack can be seen */
    double kappa; /* 0..1: colour and exposure that go with the label, against it in the last domain */
    int size;     /* pixels a side, a multiple of 8 */
    int subjects; /* of each domain, 5..999; every fifth is of the test part */
    int videos;   /* of each subject, 2..6 */
    int frames;   /* of each video, 3..1000; frame k has the number 5 k */
    int spoofs;   /* for each live video, 1..3 */
} ds_synfaces;

/* LSC_ERR_ARG: which is out of its range. */
lsc_status ds_synfaces_check(const ds_synfaces *o);
/* The folders' names: those of the real sets whose video names are imitated. */
extern const char *const ds_synface_domains[DS_SYNFACE_DOMAINS];
/* Video 0 is live, `spoofs` attacks follow it, print and replay taking turns, and so on. */
ds_attack ds_synface_attack(const ds_synfaces *o, int video);
bool ds_synface_is_test(int subject);
/* The name of a video as its real set has it, e.g. oulu_train_live_1_1_07_1. Returns new or NULL. */
char *ds_synface_name(const ds_synfaces *o, int domain, int subject, int video);

/* One thread's pictures; what frames of a video or videos of a subject share is kept from call to call. */
typedef struct ds_renderer ds_renderer;
lsc_status ds_renderer_new(const ds_synfaces *o, ds_renderer **out); /* returns new; o has been checked */
void ds_renderer_free(ds_renderer *r);
/* rgb [size, size, 3]; frame: 0 .. frames-1 */
void ds_render(ds_renderer *r, int domain, int subject, int video, int frame, uint8_t *rgb);

#endif
