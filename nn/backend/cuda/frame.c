/*
 * A frame on a device, and the points of a call: what the weights of nets are formed from.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/cuda.h"

lsc_status cuda_frame_init(const cuda_context *c, int64_t n, cuda_frame *f)
{
    lsc_status st = LSC_OK;
    *f = (cuda_frame){.context = c, .n = n};
    LSC_TRY(cuda_new(c, (size_t)n * sizeof(float), &f->center));
    LSC_TRY(cuda_new(c, sizeof(cuda_state), &f->state));
cleanup:
    return st;
}

void cuda_frame_fini(cuda_frame *f)
{
    if (f->context == NULL)
        return;
    void *all[] = {f->center, f->dirs[0], f->dirs[1], f->dirs[2], f->coords, f->state};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        f->context->api->free(f->context->device, all[i]);
    *f = (cuda_frame){0};
}

static lsc_status reserve_points(cuda_frame *f, int64_t n)
{
    lsc_status st = LSC_OK;
    if (f->coords != NULL && f->coords_capacity >= n)
        return LSC_OK;
    f->context->api->free(f->context->device, f->coords);
    f->coords = NULL;
    LSC_TRY(cuda_new(f->context, (size_t)(n * CUDA_MAX_DIRS) * sizeof *f->coords, &f->coords));
    f->coords_capacity = n;
cleanup:
    return st;
}

static lsc_status reserve_dirs(cuda_frame *f, int n)
{
    lsc_status st = LSC_OK;
    for (int i = 0; i < n; i++)
        if (f->dirs[i] == NULL)
            LSC_TRY(cuda_new(f->context, (size_t)f->n * sizeof(float), &f->dirs[i]));
cleanup:
    return st;
}

lsc_status cuda_frame_reserve(cuda_frame *f, int64_t n)
{
    lsc_status st = reserve_points(f, n);
    return st == LSC_OK ? reserve_dirs(f, CUDA_MAX_DIRS) : st;
}

lsc_status cuda_frame_set(cuda_frame *f, const float *center, const float *const *dirs, int n_dirs)
{
    lsc_status st = LSC_OK;
    const cuda_context *c = f->context;
    const size_t bytes = (size_t)f->n * sizeof(float);
    LSC_CHECK(n_dirs >= 0 && n_dirs <= CUDA_MAX_DIRS, LSC_ERR_ARG, "cuda: %d directions, need 0 .. %d", n_dirs,
              CUDA_MAX_DIRS);
    LSC_TRY(reserve_dirs(f, n_dirs));
    LSC_TRY(cuda_said(c, c->api->upload(c->device, f->center, center, bytes)));
    for (int i = 0; i < n_dirs; i++)
        LSC_TRY(cuda_said(c, c->api->upload(c->device, f->dirs[i], dirs[i], bytes)));
    f->n_dirs = n_dirs;
cleanup:
    return st;
}

lsc_status cuda_frame_set_points(cuda_frame *f, const double *coords, int64_t n)
{
    lsc_status st = LSC_OK;
    const cuda_context *c = f->context;
    const cuda_state first = {0};
    const size_t bytes = (size_t)(n * f->n_dirs) * sizeof *coords;
    LSC_TRY(reserve_points(f, n));
    if (bytes > 0)
        LSC_TRY(cuda_said(c, c->api->upload(c->device, f->coords, coords, bytes)));
    LSC_TRY(cuda_said(c, c->api->upload(c->device, f->state, &first, sizeof first)));
cleanup:
    return st;
}
