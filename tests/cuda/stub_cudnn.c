/*
 * See stub.h: cuDNN's graph interface. Any graph can be finalized and has three plans, of the engines 0, 1 and 2, whose
 * text is their number. SPDX-License-Identifier: MIT
 */
#include <cudnn_backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/stub.h"

enum { ENGINES = 3, WORKSPACE = 128 };
static const char text[] = "engine ";

struct cudnnContext {
    bool unused;
};

typedef struct {
    int64_t engine;
    bool known; /* SetAttribute or GetAttribute gave it one */
    void *y;    /* of a pack */
} descriptor;

static cudnnStatus_t failure(void)
{
    return stub_control.no_memory ? CUDNN_STATUS_ALLOC_FAILED : CUDNN_STATUS_EXECUTION_FAILED;
}

#define CALLED(name)                                                                                                   \
    do {                                                                                                               \
        if (stub_fails(STUB_##name))                                                                                   \
            return failure();                                                                                          \
    } while (0)

/* ---- handles ------------------------------------------------------------------------------------------ */

cudnnStatus_t cudnnCreate(cudnnHandle_t *out)
{
    CALLED(cudnnCreate);
    cudnnHandle_t handle = stub_new(sizeof *handle);
    if (handle == NULL)
        return CUDNN_STATUS_ALLOC_FAILED;
    *out = handle;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
    bool fails = stub_fails(STUB_cudnnDestroy);
    stub_delete(handle);
    return fails ? failure() : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
    (void)handle;
    (void)stream;
    CALLED(cudnnSetStream);
    return CUDNN_STATUS_SUCCESS;
}

size_t cudnnGetVersion(void)
{
    stub_fails(STUB_cudnnGetVersion);
    return CUDNN_VERSION;
}

const char *cudnnGetErrorString(cudnnStatus_t status)
{
    (void)status;
    stub_fails(STUB_cudnnGetErrorString);
    return "CUDNN_STATUS_STUB";
}

void cudnnGetLastErrorString(char *message, size_t n)
{
    stub_fails(STUB_cudnnGetLastErrorString);
    snprintf(message, n, stub_control.no_memory ? "out of memory" : "made to fail");
}

/* ---- descriptors ---------------------------------------------------------------------------------------- */

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *out)
{
    (void)type;
    CALLED(cudnnBackendCreateDescriptor);
    descriptor *d = stub_new(sizeof *d);
    if (d == NULL)
        return CUDNN_STATUS_ALLOC_FAILED;
    *out = d;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t d)
{
    bool fails = stub_fails(STUB_cudnnBackendDestroyDescriptor);
    stub_delete(d);
    return fails ? failure() : CUDNN_STATUS_SUCCESS;
}

/* A configuration and a text make a plan one of their engine. */
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t of, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t n, const void *values)
{
    descriptor *d = of;
    (void)type;
    CALLED(cudnnBackendSetAttribute);
    if (name == CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)
        *d = **(descriptor *const *)values;
    if (name == CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS)
        d->y = ((void *const *)values)[3]; /* as module/conv.c orders them */
    if (name == CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION) {
        if (n != (int64_t)sizeof text || memcmp(values, text, sizeof text - 1) != 0)
            return CUDNN_STATUS_BAD_PARAM;
        *d = (descriptor){.engine = ((const char *)values)[n - 1] - '0', .known = true};
    }
    return CUDNN_STATUS_SUCCESS;
}

static void give_text(const descriptor *d, int64_t room, int64_t *n, char *out)
{
    char own[sizeof text + 1];
    *n = snprintf(own, sizeof own, "%s%d", text, (int)d->engine % 10);
    if (room > 0)
        memcpy(out, own, (size_t)(*n < room ? *n : room));
}

cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t const of, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t room, int64_t *n, void *values)
{
    const descriptor *d = of;
    (void)type;
    CALLED(cudnnBackendGetAttribute);
    *n = 1;
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS) {
        for (*n = 0; *n < ENGINES && *n < room; ++*n)
            *((descriptor *const *)values)[*n] = (descriptor){.engine = *n, .known = true};
    } else if (name == CUDNN_ATTR_ENGINECFG_ENGINE || name == CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG) {
        **(descriptor *const *)values = *d;
    } else if (name == CUDNN_ATTR_ENGINE_GLOBAL_INDEX) {
        *(int64_t *)values = d->engine;
    } else if (name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE) {
        *n = 0;
    } else if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE) {
        *(int64_t *)values = WORKSPACE;
    } else if (name == CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION) {
        give_text(d, room, n, values);
    } else {
        return CUDNN_STATUS_BAD_PARAM;
    }
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t d)
{
    (void)d;
    CALLED(cudnnBackendFinalize);
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack)
{
    (void)handle;
    CALLED(cudnnBackendExecute);
    if (!((const descriptor *)plan)->known)
        return CUDNN_STATUS_BAD_PARAM;
    stub_make_nan(((const descriptor *)pack)->y);
    return CUDNN_STATUS_SUCCESS;
}
