/*
 * module.h - the inside of losscope_cuda.so: device.h over the CUDA runtime and cuDNN's graph interface. It calls no
 * function of the program that opens it.
 *
 *   module.c   the table, what devices there are; errors.c: what failed last
 *   memory.c   an open device: its streams, memory, copies, recorded graphs
 *   conv.c     convolutions on a device
 *   graph.c    their graphs in cuDNN; plan.c: plans for them, which can also be made with no device, for its
 *              properties alone
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_MODULE_H
#define CUDA_MODULE_H

#include <cuda_runtime_api.h>
#include <cudnn_backend.h>

#include "nn/backend/cuda/kernels.h"

/* ---- errors (errors.c) ------------------------------------------------------------------------ */

/* Keep a message for error(); returns `result`. */
int module_fail(cuda_result result, const char *format, ...) __attribute__((format(printf, 2, 3)));
int module_cuda_failed(cudaError_t error, const char *call);
int module_cudnn_failed(cudnnStatus_t status, const char *call);
const char *module_error(void);

/* Both need a local `result` that is CUDA_DONE and a label `cleanup`. */
#define CUDA_TRY(call)                                                                                                 \
    do {                                                                                                               \
        cudaError_t error_ = (call);                                                                                   \
        if (error_ != cudaSuccess) {                                                                                   \
            result = module_cuda_failed(error_, #call);                                                                \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)
#define CUDNN_TRY(call)                                                                                                \
    do {                                                                                                               \
        cudnnStatus_t status_ = (call);                                                                                \
        if (status_ != CUDNN_STATUS_SUCCESS) {                                                                         \
            result = module_cudnn_failed(status_, #call);                                                              \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)
#define MODULE_TRY(call)                                                                                               \
    do {                                                                                                               \
        result = (call);                                                                                               \
        if (result != CUDA_DONE)                                                                                       \
            goto cleanup;                                                                                              \
    } while (0)

/* ---- an open device (memory.c) ------------------------------------------------------------------ */

enum { MODULE_SLOTS = 2 };

struct cuda_device {
    int number;
    cudaStream_t stream, copies;                            /* computation; prefetches */
    cudaEvent_t data[MODULE_SLOTS], released[MODULE_SLOTS]; /* a copy is there; its last reader was asked for */
    cudaEvent_t began, ended;                               /* of what is timed */
    cudnnHandle_t cudnn;
};

int module_open(int number, cuda_device **out);
void module_close(cuda_device *d);
int module_alloc(cuda_device *d, size_t bytes, void **out);
int module_alloc_pinned(cuda_device *d, size_t bytes, void **out);
void module_free(cuda_device *d, void *memory);
void module_free_pinned(cuda_device *d, void *memory);
int module_upload(cuda_device *d, void *to, const void *from, size_t bytes);
int module_download(cuda_device *d, void *to, const void *from, size_t bytes);
int module_prefetch(cuda_device *d, int slot, void *to, const void *pinned, size_t bytes);
int module_await_data(cuda_device *d, int slot);
int module_release(cuda_device *d, int slot);
int module_await_copy(cuda_device *d, int slot);
int module_launch(cuda_device *d, int kernel, const void *args);
int module_record(cuda_device *d);
int module_recorded(cuda_device *d, cuda_graph **out);
int module_graph_run(cuda_device *d, cuda_graph *graph);
int module_graph_time(cuda_device *d, cuda_graph *graph, double *seconds);
void module_graph_free(cuda_device *d, cuda_graph *graph);
int module_finish(cuda_device *d);

/* ---- convolutions (conv.c) -------------------------------------------------------------------------- */

int module_conv_plans(cuda_device *d, const cuda_conv_shape *shape, bool apart, cuda_conv **out, int *n);
int module_conv_load(cuda_device *d, const cuda_conv_shape *shape, const char *text, size_t n, cuda_conv **out);
int module_conv_save(cuda_device *d, const cuda_conv *conv, char *text, size_t room, size_t *n);
size_t module_conv_workspace(const cuda_conv *conv);
void module_conv_free(cuda_device *d, cuda_conv *conv);
int module_conv_run(cuda_device *d, cuda_conv *conv, const cuda_conv_data *data);

/* ---- graphs and plans (graph.c, plan.c) ---------------------------------------------------------------- */

enum { MODULE_UID_X = 1, MODULE_UID_W, MODULE_UID_SHIFT, MODULE_UID_Z, MODULE_UID_Y };

/* A compiled graph of cuDNN with all that it is made of. */
#define MODULE_PLAN_PARTS 64
typedef struct {
    cudnnBackendDescriptor_t plan, parts[MODULE_PLAN_PARTS];
    int n_parts;
    int64_t workspace, engine;
} module_plan;

/* For what a plan is made: a device by its handle; or the properties of one, where there is none. */
typedef struct {
    cudnnHandle_t handle;
    cudnnBackendDescriptor_t properties;
} module_target;

/* A place in cuDNN's ranking; {0}: before the best. */
typedef struct {
    int mode, config, taken; /* taken: plans of this mode */
} module_cursor;

/* Fills *out with the next plan that is deterministic, sums in float, and, if the shape is strict, does not round
 * factors; the cursor moves behind it. CUDA_UNSUPPORTED: there is none. On failure, too, free is due. */
int module_plan_next(const cuda_conv_shape *shape, const module_target *target, module_cursor *at, module_plan *out);
/* As cuda_api's conv_save and conv_load. A loaded plan is held to the same conditions. On failure, too, free is due. */
int module_plan_save(const module_plan *p, char *text, size_t room, size_t *n);
int module_plan_load(const char *text, size_t n, bool strict, const module_target *target, module_plan *out);
void module_plan_free(module_plan *p);

/* For these files: a new descriptor that is freed with the plan; the finalized graph of a shape. */
int module_part(module_plan *p, cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *out);
int module_graph(module_plan *p, const cuda_conv_shape *shape, cudnnHandle_t handle, cudnnBackendDescriptor_t *out);
#define MODULE_SET(of, attribute, type, n, values) CUDNN_TRY(cudnnBackendSetAttribute(of, attribute, type, n, values))
#define MODULE_SET_PART(of, attribute, value)      MODULE_SET(of, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &(value))

#endif
