/*
 * Videos: which frames are images, and reading past damaged ones.
 * SPDX-License-Identifier: MIT
 */
#include "data/videos.h"

#include <inttypes.h>

lsc_status ds_video_list_init(ds_video_list *v, int64_t n)
{
    lsc_status st = LSC_OK;
    v->n = n;
    LSC_NEW(v->first, n + 1);
    LSC_NEW(v->labels, n);
    LSC_NEW(v->domains, n);
    LSC_NEW(v->subjects, n);
    LSC_NEW(v->species, n);
cleanup:
    return st;
}

lsc_status ds_video_list_count_frames(ds_video_list *v)
{
    lsc_status st = LSC_OK;
    LSC_NEW(v->told, v->first[v->n]);
    LSC_NEW(v->n_told, 1);
cleanup:
    return st;
}

void ds_video_list_free(ds_video_list *v)
{
    if (v->n_told != NULL && *v->n_told > DS_FRAMES_TOLD)
        lsc_log_warn("%" PRId64 " frames of training videos could not be read, of which %d are named above", *v->n_told,
                     DS_FRAMES_TOLD);
    if (v->free != NULL)
        v->free(v->self);
    lsc_free(v->first);
    lsc_free(v->labels);
    lsc_free(v->domains);
    lsc_free(v->subjects);
    lsc_free(v->species);
    lsc_free(v->told);
    lsc_free(v->n_told);
    *v = (ds_video_list){0};
}

int64_t ds_video_images(int64_t frames, int wanted)
{
    return wanted == 0 || wanted > frames ? frames : wanted;
}

int64_t ds_video_frame(int64_t frames, int64_t n, int64_t k)
{
    return (2 * k + 1) * frames / (2 * n);
}

static void tell_of_damage(const ds_video_list *v)
{
    const int64_t n = __atomic_add_fetch(v->n_told, 1, __ATOMIC_RELAXED);
    if (n <= DS_FRAMES_TOLD)
        lsc_log_warn("%s; another frame of this video is taken%s", lsc_last_error(),
                     n == DS_FRAMES_TOLD ? "; more such frames are counted" : "");
}

lsc_status ds_video_list_read_any(const ds_video_list *v, int64_t video, int64_t frame, ds_picture *out)
{
    lsc_status st = LSC_OK;
    const int64_t first = v->first[video], frames = v->first[video + 1] - first;

    for (int64_t k = 0; k < frames; k++) {
        const int64_t f = first + (frame - first + k) % frames;
        st = v->read(v->self, f, out);
        if (st == LSC_OK || st == LSC_ERR_NOMEM)
            return st;
        if (!__atomic_exchange_n(&v->told[f], 1, __ATOMIC_RELAXED))
            tell_of_damage(v);
    }
    return st;
}
