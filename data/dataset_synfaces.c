/*
 * Synthetic faces (synface.h), rendered when the data set is opened and kept in memory.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"
#include "data/each.h"

#include <string.h>

/* One subject of one domain. */
typedef struct {
    int generated; /* domain in ds_synface_domains */
    int subject;
    int64_t first; /* video */
} person;

typedef struct {
    int threads;
    ds_synfaces o;
    person *people; /* [n_people] */
    int64_t n_people;
    uint8_t *rgb; /* [frames, size, size, 3] */
} synfaces;

static int64_t picture_bytes(const synfaces *s)
{
    return 3 * (int64_t)s->o.size * s->o.size;
}

static lsc_status read(const void *self, int64_t frame, ds_picture *out)
{
    lsc_status st = LSC_OK;
    const synfaces *s = self;
    ds_picture p = {.height = s->o.size, .width = s->o.size};

    LSC_NEW(p.rgb, picture_bytes(s));
    memcpy(p.rgb, s->rgb + frame * picture_bytes(s), (size_t)picture_bytes(s));
    *out = p;
cleanup:
    return st;
}

static void release(void *self)
{
    synfaces *s = self;
    if (s == NULL)
        return;
    lsc_free(s->people);
    lsc_free(s->rgb);
    lsc_free(s);
}

static lsc_status find_domain(const char *name, int *out)
{
    lsc_status st = LSC_OK;
    char shown[DS_FACE_DOMAIN_MAX + 32];
    int domain = 0;
    while (domain < DS_SYNFACE_DOMAINS && strcmp(ds_synface_domains[domain], name) != 0)
        domain++;
    LSC_CHECK(domain < DS_SYNFACE_DOMAINS, LSC_ERR_ARG,
              "synthetic faces: no domain '%s' (known: oulu casia replay msu)", lsc_shown(name, shown, sizeof shown));
    *out = domain;
cleanup:
    return st;
}

static bool is_wanted(const ds_request *r, int subject)
{
    const ds_part part = ds_synface_is_test(subject) ? DS_PART_TEST : DS_PART_TRAIN;
    return r->part[0] == part || (r->n_parts > 1 && r->part[1] == part);
}

/* Whose videos the request asks for, and what they are. */
static lsc_status fill(const ds_request *r, synfaces *s, ds_video_list *v)
{
    lsc_status st = LSC_OK;
    const int64_t most = (int64_t)r->domains.n * s->o.subjects;
    int64_t k = 0;

    LSC_NEW(s->people, most);
    LSC_TRY(ds_video_list_init(v, most * s->o.videos));
    v->n_domains = r->domains.n;
    for (int domain = 0; domain < r->domains.n; domain++) {
        int generated = 0;
        LSC_TRY(find_domain(r->domains.name[domain], &generated));
        for (int subject = 0; subject < s->o.subjects; subject++) {
            if (!is_wanted(r, subject))
                continue;
            s->people[s->n_people++] = (person){generated, subject, k};
            for (int video = 0; video < s->o.videos; video++, k++) {
                v->first[k + 1] = v->first[k] + s->o.frames;
                v->species[k] = ds_synface_attack(&s->o, video);
                v->labels[k] = v->species[k] == DS_NO_ATTACK ? DS_LIVE : DS_SPOOF;
                v->domains[k] = domain;
                v->subjects[k] = subject;
            }
        }
    }
    v->n = k;
cleanup:
    return st;
}

static lsc_status render(void *context, int64_t i)
{
    lsc_status st = LSC_OK;
    const synfaces *s = context;
    const person *p = &s->people[i];
    ds_renderer *renderer = NULL;
    uint8_t *rgb = s->rgb + p->first * s->o.frames * picture_bytes(s);

    LSC_TRY(ds_renderer_new(&s->o, &renderer));
    for (int video = 0; video < s->o.videos; video++) {
        for (int frame = 0; frame < s->o.frames; frame++, rgb += picture_bytes(s))
            ds_render(renderer, p->generated, p->subject, video, frame, rgb);
    }
cleanup:
    ds_renderer_free(renderer);
    return st;
}

/* Only whose videos are read; subjects are left out whole. */
static lsc_status prepare(void *self, const uint8_t *left_out)
{
    synfaces *s = self;
    int64_t n = 0;
    for (int64_t i = 0; i < s->n_people; i++) {
        if (!left_out[s->people[i].first])
            s->people[n++] = s->people[i];
    }
    s->n_people = n;
    return ds_each(s->threads, "faces", n, render, s);
}

static lsc_status check_memory(const ds_request *r, const synfaces *s, int64_t frames)
{
    const ds_images all = {.n = frames, .channels = 3, .height = s->o.size, .width = s->o.size};
    return ds_check_memory(r, &all, 1);
}

static lsc_status videos(const ds_request *r, ds_video_list *out)
{
    lsc_status st = LSC_OK;
    synfaces *s = NULL;
    ds_video_list v = {.read = read, .free = release, .prepare = prepare};

    LSC_NEW(s, 1);
    v.self = s;
    LSC_CHECK(r->synfaces != NULL, LSC_ERR_ARG, "synthetic faces: none of their options are given");
    s->threads = r->threads;
    s->o = *r->synfaces;
    s->o.size = r->resize;
    LSC_TRY(ds_synfaces_check(&s->o));
    LSC_TRY(fill(r, s, &v));
    LSC_TRY(check_memory(r, s, v.first[v.n]));
    LSC_NEW(s->rgb, v.first[v.n] * picture_bytes(s));
    LSC_TRY(ds_video_list_count_frames(&v));
    *out = v;
    v = (ds_video_list){0};
cleanup:
    ds_video_list_free(&v);
    return st;
}

const ds_kind ds_kind_synfaces = {.name = "synfaces", .classes = DS_LIVE + 1, .videos = videos, .resizes = true};
