/*
 * module.h - the inside of losscope_cuda.so: device.h over the CUDA runtime and cuDNN's graph interface. It calls no
 * function of the program that opens it.
 *
 *   module.c   the table, what devices there are; errors.c: what failed last
 *   memory.c   an open device: its streams, memory, copies, recorded graphs
 *   conv.c     convolutions on a device
 *   plan.c     their graphs and plans in cuDNN, which can also be made with no device, for its properties alone
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
void module_graph_free(cuda_device *d, cuda_graph *graph);
int module_finish(cuda_device *d);

/* ---- convolutions (conv.c, plan.c) ---------------------------------------------------------------- */

int module_conv_new(cuda_device *d, const cuda_conv_shape *shape, size_t *workspace, cuda_conv **out);
void module_conv_free(cuda_device *d, cuda_conv *conv);
int module_conv_run(cuda_device *d, cuda_conv *conv, const cuda_conv_data *data);

enum { MODULE_UID_X = 1, MODULE_UID_W, MODULE_UID_SHIFT, MODULE_UID_Z, MODULE_UID_Y };

/* A compiled graph of cuDNN with all that it is made of. */
#define MODULE_PLAN_PARTS 64
typedef struct {
    cudnnBackendDescriptor_t plan, parts[MODULE_PLAN_PARTS];
    int n_parts;
    int64_t workspace, engine;
} module_plan;

/* Fills *out with the first plan of cuDNN's own ranking that is deterministic, sums in float, and, if the shape is
 * strict, does not round factors. handle: of a device; or NULL and the properties of one. CUDA_UNSUPPORTED: none. On
 * failure, too, free is due. */
int module_plan_make(const cuda_conv_shape *shape, cudnnHandle_t handle, cudnnBackendDescriptor_t properties,
                     module_plan *out);
void module_plan_free(module_plan *p);

#endif
