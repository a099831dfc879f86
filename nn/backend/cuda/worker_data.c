/*
 * The data of a worker: everything of a sample's size on the device, and the images there, too, if they fit; otherwise
 * two windows, one filled while the other is evaluated.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/worker.h"

static size_t image_bytes(const cuda_job *job)
{
    const nn_samples *s = &job->o.samples;
    return (size_t)(s->channels * s->shape[1] * s->shape[2]) * (s->value != NULL ? 1 : sizeof(float));
}

/* All images of s to the device, a batch at a time through `staging`. */
static lsc_status upload_images(cuda_worker *w, const nn_samples *s, void *to)
{
    lsc_status st = LSC_OK;
    const size_t size = image_bytes(w->job);
    unsigned char *staging = NULL;
    int64_t *which = NULL;
    LSC_NEW(staging, (size_t)w->batch * size);
    LSC_NEW(which, w->batch);
    for (int64_t first = 0; first < s->n; first += w->batch) {
        int64_t n = s->n - first < w->batch ? s->n - first : w->batch;
        for (int64_t i = 0; i < n; i++)
            which[i] = first + i;
        s->read(s->context, which, n, staging);
        LSC_TRY(
            cuda_said(&w->context, w->context.api->upload(w->context.device, (unsigned char *)to + (size_t)first * size,
                                                          staging, (size_t)n * size)));
    }
cleanup:
    lsc_free(staging);
    lsc_free(which);
    return st;
}

static lsc_status make_windows(cuda_worker *w)
{
    lsc_status st = LSC_OK;
    const size_t size = (size_t)w->batch * image_bytes(w->job);
    for (int i = 0; i < CUDA_WINDOWS; i++) {
        LSC_TRY(cuda_new(&w->context, size, &w->pixels[i]));
        LSC_TRY(cuda_said(&w->context, w->context.api->alloc_pinned(w->context.device, size, &w->pinned[i])));
    }
    lsc_log_info("%s: the images take %.1f GiB and do not fit: they pass through it at each point", w->text,
                 (double)image_bytes(w->job) * (double)w->job->o.samples.n / 0x1p30);
cleanup:
    return st;
}

/* The spare memory is taken for a moment, so that images do not. */
static lsc_status make_images(cuda_worker *w)
{
    void *spare = NULL;
    lsc_status st = cuda_new(&w->context, w->spare, &spare);
    if (st == LSC_OK)
        st = cuda_new(&w->context, (size_t)w->job->o.samples.n * image_bytes(w->job), &w->pixels[0]);
    w->context.api->free(w->context.device, spare);
    if (st == LSC_OK)
        return upload_images(w, &w->job->o.samples, w->pixels[0]);
    return st == LSC_ERR_NOMEM ? make_windows(w) : st;
}

lsc_status cuda_worker_make_data(cuda_worker *w)
{
    lsc_status st = LSC_OK;
    const cuda_context *c = &w->context;
    const cuda_job *job = w->job;
    const nn_samples *s = &job->o.samples;
    const size_t n = (size_t)s->n, blocks = (n + CUDA_SUM_BLOCK - 1) / CUDA_SUM_BLOCK, sums = (size_t)job->n_sums;

    LSC_CHECK(s->n <= INT32_MAX, LSC_ERR_ABSENT, "cuda: %lld samples, at most %d: use cpu", (long long)s->n, INT32_MAX);
    if (s->value != NULL)
        LSC_TRY(cuda_upload_new(c, s->value, (size_t)s->shape[0] * 256 * sizeof(float), &w->value));
    LSC_TRY(cuda_upload_new(c, s->labels, n * sizeof(int32_t), &w->labels));
    LSC_TRY(cuda_upload_new(c, s->domains, n * sizeof(int32_t), &w->domains));
    LSC_TRY(cuda_new(c, n * sizeof(int32_t), &w->index));
    LSC_TRY(cuda_new(c, n * sizeof(double), &w->losses));
    LSC_TRY(cuda_new(c, n, &w->correct));
    LSC_TRY(cuda_new(c, blocks * sums * sizeof(cuda_sum), &w->partial));
    LSC_TRY(cuda_new(c, CUDA_MOST_POINTS * (sums + 1) * sizeof(double), &w->out));
    LSC_TRY(cuda_new(c, CUDA_MOST_POINTS * sizeof(cuda_note), &w->notes));
    if (job->o.norm.n > 0) {
        LSC_TRY(cuda_new(c, (size_t)job->o.norm.n * image_bytes(job), &w->norm_pixels));
        LSC_TRY(upload_images(w, &job->o.norm, w->norm_pixels));
    }
    LSC_TRY(make_images(w));
cleanup:
    return st;
}

void cuda_worker_free_data(cuda_worker *w)
{
    const cuda_api *api = w->context.api;
    void *all[] = {w->pixels[0], w->pixels[1], w->norm_pixels, w->value,   w->labels, w->domains,
                   w->index,     w->losses,    w->correct,     w->partial, w->out,    w->notes};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        api->free(w->context.device, all[i]);
    for (int i = 0; i < CUDA_WINDOWS; i++)
        api->free_pinned(w->context.device, w->pinned[i]);
}

lsc_status cuda_worker_load(cuda_worker *w, int64_t first, int window)
{
    lsc_status st = LSC_OK;
    const cuda_api *api = w->context.api;
    const cuda_job *job = w->job;
    const nn_samples *s = &job->o.samples;
    int64_t n = job->n_selected - first < w->batch ? job->n_selected - first : w->batch;

    /* The copy that filled this window last may still read the pinned memory. */
    LSC_TRY(cuda_said(&w->context, api->await_copy(w->context.device, window)));
    s->read(s->context, job->selected + first, n, w->pinned[window]);
    LSC_TRY(cuda_said(&w->context, api->prefetch(w->context.device, window, w->pixels[window], w->pinned[window],
                                                 (size_t)n * image_bytes(job))));
    LSC_TRY(cuda_said(&w->context, api->await_data(w->context.device, window)));
cleanup:
    return st;
}
