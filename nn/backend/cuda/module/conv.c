/*
 * Convolutions on a device: plans of cuDNN, executed on the device's stream.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nn/backend/cuda/module/module.h"

struct cuda_conv {
    module_plan plan;
    bool sum;
};

/* ---- life --------------------------------------------------------------------------------------- */

static int new_conv(const cuda_conv_shape *shape, cuda_conv **out)
{
    cuda_conv *c = calloc(1, sizeof *c);
    if (c == NULL)
        return module_fail(CUDA_NO_MEMORY, "no memory on the host");
    c->sum = shape->sum;
    *out = c;
    return CUDA_DONE;
}

void module_conv_free(cuda_device *d, cuda_conv *conv)
{
    if (conv == NULL)
        return;
    cudaSetDevice(d->number);
    module_plan_free(&conv->plan);
    free(conv);
}

/* The next of the ranking. */
static int next_conv(cuda_device *d, const cuda_conv_shape *shape, module_cursor *at, cuda_conv **out)
{
    int result = CUDA_DONE;
    cuda_conv *c = NULL;
    MODULE_TRY(new_conv(shape, &c));
    MODULE_TRY(module_plan_next(shape, &(module_target){.handle = d->cudnn}, at, &c->plan));
    *out = c;
    c = NULL;
cleanup:
    module_conv_free(d, c);
    return result;
}

int module_conv_plans(cuda_device *d, const cuda_conv_shape *shape, cuda_conv **out, int *n)
{
    int result = CUDA_DONE, made = 0;
    module_cursor at = {0};
    CUDA_TRY(cudaSetDevice(d->number));
    for (; made < *n && result == CUDA_DONE; made += result == CUDA_DONE)
        result = next_conv(d, shape, &at, &out[made]);
    if (result == CUDA_UNSUPPORTED && made > 0)
        result = CUDA_DONE; /* there are no more */
    if (result == CUDA_DONE)
        *n = made;
cleanup:
    while (result != CUDA_DONE && made > 0) {
        module_conv_free(d, out[--made]);
        out[made] = NULL;
    }
    return result;
}

int module_conv_load(cuda_device *d, const cuda_conv_shape *shape, const char *text, size_t n, cuda_conv **out)
{
    int result = CUDA_DONE;
    cuda_conv *c = NULL;
    CUDA_TRY(cudaSetDevice(d->number));
    MODULE_TRY(new_conv(shape, &c));
    MODULE_TRY(module_plan_load(text, n, shape->strict, &(module_target){.handle = d->cudnn}, &c->plan));
    *out = c;
    c = NULL;
cleanup:
    module_conv_free(d, c);
    return result;
}

int module_conv_save(cuda_device *d, const cuda_conv *conv, char *text, size_t room, size_t *n)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    MODULE_TRY(module_plan_save(&conv->plan, text, room, n));
cleanup:
    return result;
}

size_t module_conv_workspace(const cuda_conv *conv)
{
    return (size_t)conv->plan.workspace;
}

/* ---- execution ------------------------------------------------------------------------------------ */

int module_conv_run(cuda_device *d, cuda_conv *conv, const cuda_conv_data *data)
{
    int result = CUDA_DONE;
    cudnnBackendDescriptor_t pack = NULL;
    const int64_t uids[] = {MODULE_UID_X, MODULE_UID_W, MODULE_UID_SHIFT, MODULE_UID_Y, MODULE_UID_Z};
    const void *pointers[] = {data->x, data->w, data->shift, data->y, data->z};
    const int n = conv->sum ? 5 : 4;

    CUDA_TRY(cudaSetDevice(d->number));
    CUDNN_TRY(cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack));
    CUDNN_TRY(cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n, uids));
    CUDNN_TRY(cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n, pointers));
    CUDNN_TRY(
        cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &data->workspace));
    CUDNN_TRY(cudnnBackendFinalize(pack));
    CUDNN_TRY(cudnnBackendExecute(d->cudnn, conv->plan.plan, pack));
cleanup:
    if (pack != NULL)
        cudnnBackendDestroyDescriptor(pack);
    return result;
}

int module_conv_time(cuda_device *d, cuda_conv *conv, const cuda_conv_data *data, double *seconds)
{
    int result = CUDA_DONE;
    float milliseconds = 0;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaEventRecord(d->began, d->stream));
    MODULE_TRY(module_conv_run(d, conv, data));
    CUDA_TRY(cudaEventRecord(d->ended, d->stream));
    CUDA_TRY(cudaEventSynchronize(d->ended));
    CUDA_TRY(cudaEventElapsedTime(&milliseconds, d->began, d->ended));
    *seconds = (double)milliseconds / 1e3;
cleanup:
    return result;
}
