/*
 * Convolutions on a device: a plan of cuDNN, executed on the device's stream.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nn/backend/cuda/module/module.h"

struct cuda_conv {
    module_plan plan;
    bool sum;
};

int module_conv_new(cuda_device *d, const cuda_conv_shape *shape, size_t *workspace, cuda_conv **out)
{
    int result = CUDA_DONE;
    cuda_conv *c = calloc(1, sizeof *c);
    if (c == NULL)
        return module_fail(CUDA_NO_MEMORY, "no memory on the host");
    CUDA_TRY(cudaSetDevice(d->number));
    MODULE_TRY(module_plan_make(shape, d->cudnn, NULL, &c->plan));
    c->sum = shape->sum;
    *workspace = (size_t)c->plan.workspace;
    *out = c;
    c = NULL;
cleanup:
    module_conv_free(d, c);
    return result;
}

void module_conv_free(cuda_device *d, cuda_conv *conv)
{
    if (conv == NULL)
        return;
    cudaSetDevice(d->number);
    module_plan_free(&conv->plan);
    free(conv);
}

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
