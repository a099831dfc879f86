/*
 * Convolutions on a device: plans of cuDNN, executed on the device's stream; the rectifier in them, or apart by a
 * kernel of ours, since cuDNN promises only of few engines that NaN stays NaN in its own
 * (CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP). SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "nn/backend/cuda/module/module.h"

struct cuda_conv {
    module_plan plan;
    bool sum, apart;
    cuda_join rectifier; /* if it is apart; its data are missing */
};

static const char mark[] = "apart\n"; /* begins the text of one with the rectifier apart */

/* ---- life --------------------------------------------------------------------------------------- */

static int new_conv(const cuda_conv_shape *s, bool apart, cuda_conv **out)
{
    cuda_conv *c = calloc(1, sizeof *c);
    if (c == NULL)
        return module_fail(CUDA_NO_MEMORY, "no memory on the host");
    c->sum = s->sum;
    c->apart = apart;
    c->rectifier = (cuda_join){.factor = 1, .relu = true, .real = s->real, .n = s->n * s->k * s->oh * s->ow, .c = s->k};
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
static int next_conv(cuda_device *d, const cuda_conv_shape *shape, bool apart, module_cursor *at, cuda_conv **out)
{
    int result = CUDA_DONE;
    cuda_conv *c = NULL;
    cuda_conv_shape in_cudnn = *shape;
    in_cudnn.relu = shape->relu && !apart;
    MODULE_TRY(new_conv(shape, apart, &c));
    MODULE_TRY(module_plan_next(&in_cudnn, &(module_target){.handle = d->cudnn}, at, &c->plan));
    *out = c;
    c = NULL;
cleanup:
    module_conv_free(d, c);
    return result;
}

int module_conv_plans(cuda_device *d, const cuda_conv_shape *shape, bool apart, cuda_conv **out, int *n)
{
    int result = CUDA_DONE, made = 0;
    module_cursor at = {0};
    CUDA_TRY(cudaSetDevice(d->number));
    for (; made < *n && result == CUDA_DONE; made += result == CUDA_DONE)
        result = next_conv(d, shape, apart, &at, &out[made]);
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
    const size_t marked = sizeof mark - 1;
    const bool apart = n >= marked && memcmp(text, mark, marked) == 0;
    if (apart && !shape->relu)
        return module_fail(CUDA_UNSUPPORTED, "a plan that was kept is for a rectifier");
    CUDA_TRY(cudaSetDevice(d->number));
    MODULE_TRY(new_conv(shape, apart, &c));
    MODULE_TRY(module_plan_load(text + apart * marked, n - apart * marked, shape->strict,
                                &(module_target){.handle = d->cudnn}, &c->plan));
    *out = c;
    c = NULL;
cleanup:
    module_conv_free(d, c);
    return result;
}

int module_conv_save(cuda_device *d, const cuda_conv *conv, char *text, size_t room, size_t *n)
{
    int result = CUDA_DONE;
    size_t marked = conv->apart ? sizeof mark - 1 : 0;
    const bool fits = text != NULL && room > marked;
    CUDA_TRY(cudaSetDevice(d->number));
    MODULE_TRY(module_plan_save(&conv->plan, fits ? text + marked : NULL, fits ? room - marked : 0, n));
    *n += marked;
    if (fits)
        memcpy(text, mark, marked);
cleanup:
    return result;
}

size_t module_conv_workspace(const cuda_conv *conv)
{
    return (size_t)conv->plan.workspace;
}

/* ---- execution ------------------------------------------------------------------------------------ */

/* In place. */
static int rectify(cuda_device *d, const cuda_conv *conv, void *y)
{
    cuda_join join = conv->rectifier;
    join.x = join.y = y;
    return module_launch(d, CUDA_KERNEL_join, &join);
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
    if (conv->apart)
        MODULE_TRY(rectify(d, conv, data->y));
cleanup:
    if (pack != NULL)
        cudnnBackendDestroyDescriptor(pack);
    return result;
}
