/*
 * Videos of faces, live and spoofed, as folders of crops: ROOT/DOMAIN/{train,test}/ANY/VIDEO/crop_* (face_layout.h).
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <string.h>

typedef struct {
    ds_face_list list;
    int64_t *first; /* [list.n + 1], borrowed */
} faces;

static int64_t video_of(const faces *f, int64_t frame)
{
    int64_t lo = 0, hi = f->list.n - 1;
    while (lo < hi) {
        const int64_t middle = (lo + hi + 1) / 2;
        if (f->first[middle] <= frame)
            lo = middle;
        else
            hi = middle - 1;
    }
    return lo;
}

static lsc_status read(const void *self, int64_t frame, ds_picture *out)
{
    lsc_status st = LSC_OK;
    const faces *f = self;
    const int64_t k = video_of(f, frame);
    const ds_face_video *v = &f->list.video[k];
    char *path = lsc_path_join(v->path, v->crops.entry[frame - f->first[k]]->d_name);

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", v->path);
    LSC_TRY(ds_picture_read(path, out));
cleanup:
    lsc_free(path);
    return st;
}

static void release(void *self)
{
    faces *f = self;
    if (f == NULL)
        return;
    ds_face_list_free(&f->list);
    lsc_free(f);
}

/* What a name says of its subject; text NULL: nothing. */
typedef struct {
    const char *text;
    size_t n;
} subject_name;

static bool is_same(const subject_name *a, const subject_name *b)
{
    return a->text != NULL && b->text != NULL && a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

/* Subjects are numbered in each domain as they come; a video whose name tells of none is one by itself. */
static lsc_status number_subjects(const ds_face_list *l, int32_t *subjects)
{
    lsc_status st = LSC_OK;
    subject_name *name = NULL;
    int32_t next[DS_FACE_DOMAINS] = {0};

    LSC_NEW(name, l->n);
    for (int64_t i = 0; i < l->n; i++) {
        const int32_t domain = l->video[i].domain;
        int64_t same = 0;
        name[i].text = ds_face_name_subject(l->video[i].name, &name[i].n);
        while (same < i && !(l->video[same].domain == domain && is_same(&name[same], &name[i])))
            same++;
        subjects[i] = same < i ? subjects[same] : next[domain]++;
    }
cleanup:
    lsc_free(name);
    return st;
}

static lsc_status fill(const faces *f, ds_video_list *v)
{
    for (int64_t i = 0; i < v->n; i++) {
        const ds_face_video *video = &f->list.video[i];
        v->first[i + 1] = v->first[i] + video->crops.n;
        v->labels[i] = video->label;
        v->domains[i] = video->domain;
        v->species[i] = video->label == DS_LIVE ? DS_NO_ATTACK : ds_face_name_attack(video->name);
    }
    return number_subjects(&f->list, v->subjects);
}

static lsc_status videos(const ds_request *r, ds_video_list *out)
{
    lsc_status st = LSC_OK;
    faces *f = NULL;
    ds_video_list v = {.n_domains = r->domains.n, .read = read, .free = release};

    LSC_NEW(f, 1);
    v.self = f;
    for (int domain = 0; domain < r->domains.n; domain++) {
        for (int part = 0; part < r->n_parts; part++)
            LSC_TRY(ds_face_list_add(r->folder, &r->domains, domain, r->part[part], NULL, NULL, &f->list));
    }
    LSC_TRY(ds_video_list_init(&v, f->list.n));
    f->first = v.first;
    LSC_TRY(fill(f, &v));
    LSC_TRY(ds_video_list_count_frames(&v));
    *out = v;
    v = (ds_video_list){0};
cleanup:
    ds_video_list_free(&v);
    return st;
}

const ds_kind ds_kind_faces = {.name = "faces", .classes = DS_LIVE + 1, .videos = videos, .resizes = true};
