/*
 * An open device: streams, memory, copies, kernels, recorded graphs. A device is used by one thread at a time, not
 * always by the same, so every call chooses it first. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "nn/backend/cuda/module/module.h"

/* ---- life ------------------------------------------------------------------------------------- */

int module_open(int number, cuda_device **out)
{
    int result = CUDA_DONE;
    cuda_device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return module_fail(CUDA_NO_MEMORY, "no memory on the host");
    d->number = number;
    CUDA_TRY(cudaSetDevice(number));
    CUDA_TRY(cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking));
    CUDA_TRY(cudaStreamCreateWithFlags(&d->copies, cudaStreamNonBlocking));
    for (int slot = 0; slot < MODULE_SLOTS; slot++) {
        CUDA_TRY(cudaEventCreateWithFlags(&d->data[slot], cudaEventDisableTiming));
        CUDA_TRY(cudaEventCreateWithFlags(&d->released[slot], cudaEventDisableTiming));
    }
    CUDA_TRY(cudaEventCreate(&d->began));
    CUDA_TRY(cudaEventCreate(&d->ended));
    CUDNN_TRY(cudnnCreate(&d->cudnn));
    CUDNN_TRY(cudnnSetStream(d->cudnn, d->stream));
    *out = d;
    d = NULL;
cleanup:
    module_close(d);
    return result;
}

static void drop_event(cudaEvent_t event)
{
    if (event != NULL)
        cudaEventDestroy(event);
}

void module_close(cuda_device *d)
{
    if (d == NULL)
        return;
    cudaSetDevice(d->number);
    if (d->cudnn != NULL)
        cudnnDestroy(d->cudnn);
    for (int slot = 0; slot < MODULE_SLOTS; slot++) {
        drop_event(d->data[slot]);
        drop_event(d->released[slot]);
    }
    drop_event(d->began);
    drop_event(d->ended);
    if (d->copies != NULL)
        cudaStreamDestroy(d->copies);
    if (d->stream != NULL)
        cudaStreamDestroy(d->stream);
    free(d);
}

/* ---- memory and copies -------------------------------------------------------------------------- */

int module_alloc(cuda_device *d, size_t bytes, void **out)
{
    int result = CUDA_DONE;
    void *memory = NULL;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaMalloc(&memory, bytes > 0 ? bytes : 1));
    *out = memory;
cleanup:
    return result;
}

int module_alloc_pinned(cuda_device *d, size_t bytes, void **out)
{
    int result = CUDA_DONE;
    void *memory = NULL;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaMallocHost(&memory, bytes > 0 ? bytes : 1));
    *out = memory;
cleanup:
    return result;
}

void module_free(cuda_device *d, void *memory)
{
    cudaSetDevice(d->number);
    cudaFree(memory);
}

void module_free_pinned(cuda_device *d, void *memory)
{
    cudaSetDevice(d->number);
    cudaFreeHost(memory);
}

/* From pageable memory: the copy is staged before the call returns. */
int module_upload(cuda_device *d, void *to, const void *from, size_t bytes)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, d->stream));
    CUDA_TRY(cudaStreamSynchronize(d->stream));
cleanup:
    return result;
}

int module_download(cuda_device *d, void *to, const void *from, size_t bytes)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, d->stream));
    CUDA_TRY(cudaStreamSynchronize(d->stream));
cleanup:
    return result;
}

/* Waiting for an event that was never recorded is no waiting. */
int module_prefetch(cuda_device *d, int slot, void *to, const void *pinned, size_t bytes)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaStreamWaitEvent(d->copies, d->released[slot], 0));
    CUDA_TRY(cudaMemcpyAsync(to, pinned, bytes, cudaMemcpyHostToDevice, d->copies));
    CUDA_TRY(cudaEventRecord(d->data[slot], d->copies));
cleanup:
    return result;
}

int module_await_data(cuda_device *d, int slot)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaStreamWaitEvent(d->stream, d->data[slot], 0));
cleanup:
    return result;
}

int module_release(cuda_device *d, int slot)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaEventRecord(d->released[slot], d->stream));
cleanup:
    return result;
}

int module_await_copy(cuda_device *d, int slot)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaEventSynchronize(d->data[slot]));
cleanup:
    return result;
}

/* ---- kernels ------------------------------------------------------------------------------------ */

#define KERNEL(name, file) int cuda_run_##name(const void *args, void *stream);
#include "nn/backend/cuda/kernels/kernels.def"
#undef KERNEL

int module_launch(cuda_device *d, int kernel, const void *args)
{
    static int (*const run[CUDA_N_KERNELS])(const void *args, void *stream) = {
#define KERNEL(name, file) cuda_run_##name,
#include "nn/backend/cuda/kernels/kernels.def"
#undef KERNEL
    };
    static const char *const names[CUDA_N_KERNELS] = {
#define KERNEL(name, file) #name,
#include "nn/backend/cuda/kernels/kernels.def"
#undef KERNEL
    };
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    cudaError_t error = (cudaError_t)run[kernel](args, d->stream);
    if (error != cudaSuccess)
        result = module_cuda_failed(error, names[kernel]);
cleanup:
    return result;
}

/* ---- recorded graphs ------------------------------------------------------------------------------ */

int module_record(cuda_device *d)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal));
cleanup:
    return result;
}

int module_recorded(cuda_device *d, cuda_graph **out)
{
    int result = CUDA_DONE;
    cudaGraph_t graph = NULL;
    cudaGraphExec_t exec = NULL;
    CUDA_TRY(cudaStreamEndCapture(d->stream, &graph)); /* first, or after a failure the stream would go on recording */
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaGraphInstantiate(&exec, graph, 0));
    *out = (cuda_graph *)exec;
cleanup:
    if (graph != NULL)
        cudaGraphDestroy(graph);
    return result;
}

int module_graph_run(cuda_device *d, cuda_graph *graph)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaGraphLaunch((cudaGraphExec_t)graph, d->stream));
cleanup:
    return result;
}

/* The first launch is under way when the second is asked for, so that the host is not timed. */
int module_graph_time(cuda_device *d, cuda_graph *graph, double *seconds)
{
    int result = CUDA_DONE;
    float milliseconds = 0;
    MODULE_TRY(module_graph_run(d, graph));
    CUDA_TRY(cudaEventRecord(d->began, d->stream));
    MODULE_TRY(module_graph_run(d, graph));
    CUDA_TRY(cudaEventRecord(d->ended, d->stream));
    CUDA_TRY(cudaEventSynchronize(d->ended));
    CUDA_TRY(cudaEventElapsedTime(&milliseconds, d->began, d->ended));
    *seconds = (double)milliseconds / 1e3;
cleanup:
    return result;
}

void module_graph_free(cuda_device *d, cuda_graph *graph)
{
    if (graph == NULL)
        return;
    cudaSetDevice(d->number);
    cudaGraphExecDestroy((cudaGraphExec_t)graph);
}

int module_finish(cuda_device *d)
{
    int result = CUDA_DONE;
    CUDA_TRY(cudaSetDevice(d->number));
    CUDA_TRY(cudaStreamSynchronize(d->stream));
cleanup:
    return result;
}
