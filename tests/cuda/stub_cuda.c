/*
 * See stub.h: the CUDA runtime. What CUDA forbids while a stream records is refused.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/stub.h"

#include <cuda_runtime_api.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEVICES = 4 };

struct CUstream_st {
    bool recording;
};
struct CUevent_st {
    bool recorded;
};
struct CUgraph_st {
    bool unused;
};
struct CUgraphExec_st {
    bool unused;
};

/* In front of every piece of device memory. */
typedef struct {
    int64_t size;
    int device;
    char pad[52];
} block;

__attribute__((visibility("default"))) stub_settings stub_control = {
    .devices = 1, .driver = CUDART_VERSION, .memory = (int64_t)1 << 30, .fail_device = -1, .failed = STUB_N_CALLS};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t used[MOST_DEVICES];
static stub_call chosen = STUB_N_CALLS; /* of the environment */
static int64_t chosen_time;
static _Thread_local int current;   /* device */
static _Thread_local int recording; /* streams of this thread */

/* ---- failures ------------------------------------------------------------------------------------- */

static const bool can_fail[STUB_N_CALLS] = {
#define REPORTED            true
#define SOMETIMES           true
#define PASSED              true
#define NEVER               false
#define CALL(name, failure) failure,
#include "cuda/stub_calls.def"
#undef CALL
};

bool stub_fails(stub_call call)
{
    stub_settings *c = &stub_control;
    bool fails = false;
    pthread_mutex_lock(&mutex);
    c->called[call]++;
    if (can_fail[call] && (c->fail_device < 0 || c->fail_device == current)) {
        c->calls++;
        fails = c->fail_at > 0 && (c->broken ? c->calls >= c->fail_at : c->calls == c->fail_at);
        fails = fails || (call == chosen && c->called[call] == chosen_time);
    }
    if (fails && c->failed == STUB_N_CALLS)
        c->failed = call;
    pthread_mutex_unlock(&mutex);
    return fails;
}

static cudaError_t failure(void)
{
    return stub_control.no_memory ? cudaErrorMemoryAllocation : cudaErrorLaunchFailure;
}

#define CALLED(name)                                                                                                   \
    do {                                                                                                               \
        if (stub_fails(STUB_##name))                                                                                   \
            return failure();                                                                                          \
    } while (0)
/* ... and where it may not be called while a stream records. */
#define CALLED_AT_ONCE(name)                                                                                           \
    do {                                                                                                               \
        CALLED(name);                                                                                                  \
        if (recording > 0)                                                                                             \
            return cudaErrorStreamCaptureUnsupported;                                                                  \
    } while (0)

__attribute__((constructor)) static void read_environment(void)
{
    static const char *const names[] = {
#define CALL(name, failure) #name,
#include "cuda/stub_calls.def"
#undef CALL
    };
    char name[64] = "";
    long long time = 0;
    const char *text = getenv("LOSSCOPE_STUB");
    if (text == NULL || sscanf(text, "%63s %lld", name, &time) != 2)
        return;
    for (int i = 0; i < STUB_N_CALLS; i++)
        if (strcmp(names[i], name) == 0)
            chosen = (stub_call)i;
    chosen_time = time;
}

cudaError_t cudaGetLastError(void)
{
    stub_fails(STUB_cudaGetLastError);
    return cudaSuccess;
}

const char *cudaGetErrorName(cudaError_t error)
{
    stub_fails(STUB_cudaGetErrorName);
    return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorStub";
}

const char *cudaGetErrorString(cudaError_t error)
{
    stub_fails(STUB_cudaGetErrorString);
    return error == cudaErrorMemoryAllocation ? "out of memory" : "made to fail";
}

/* ---- things ----------------------------------------------------------------------------------------- */

static void live(int change)
{
    pthread_mutex_lock(&mutex);
    stub_control.live += change;
    pthread_mutex_unlock(&mutex);
}

void *stub_new(size_t n)
{
    void *p = calloc(1, n);
    if (p != NULL)
        live(1);
    return p;
}

void stub_delete(void *p)
{
    if (p == NULL)
        return;
    free(p);
    live(-1);
}

/* What frees does so, whatever it says. */
#define DELETED(name, p)                                                                                               \
    do {                                                                                                               \
        bool fails_ = stub_fails(STUB_##name);                                                                         \
        stub_delete(p);                                                                                                \
        return fails_ ? failure() : cudaSuccess;                                                                       \
    } while (0)

static cudaError_t made(void *p, void *out)
{
    if (p == NULL)
        return cudaErrorMemoryAllocation;
    memcpy(out, &p, sizeof p);
    return cudaSuccess;
}

/* ---- devices ------------------------------------------------------------------------------------------ */

cudaError_t cudaGetDeviceCount(int *count)
{
    CALLED(cudaGetDeviceCount);
    if (stub_control.driver < CUDART_VERSION)
        return cudaErrorInsufficientDriver;
    *count = stub_control.devices;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    CALLED(cudaDriverGetVersion);
    *version = stub_control.driver;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device)
{
    CALLED(cudaGetDeviceProperties);
    if (device < 0 || device >= stub_control.devices)
        return cudaErrorInvalidDevice;
    memset(properties, 0, sizeof *properties);
    snprintf(properties->name, sizeof properties->name, "Stub");
    properties->major = 9;
    properties->totalGlobalMem = (size_t)stub_control.memory;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    current = device;
    CALLED(cudaSetDevice);
    return cudaSuccess;
}

/* ---- memory ------------------------------------------------------------------------------------------- */

cudaError_t cudaMalloc(void **out, size_t bytes)
{
    CALLED_AT_ONCE(cudaMalloc);
    const int64_t size = (int64_t)bytes;
    pthread_mutex_lock(&mutex);
    bool fits = used[current] + size <= stub_control.memory;
    if (fits)
        used[current] += size;
    pthread_mutex_unlock(&mutex);
    block *b = fits ? stub_new(sizeof *b + bytes) : NULL;
    if (b == NULL)
        return cudaErrorMemoryAllocation;
    *b = (block){.size = size, .device = current};
    *out = b + 1;
    return cudaSuccess;
}

void stub_make_nan(void *memory)
{
    memset(memory, 0xff, (size_t)((block *)memory - 1)->size);
}

cudaError_t cudaFree(void *memory)
{
    bool fails = stub_fails(STUB_cudaFree);
    block *b = memory != NULL ? (block *)memory - 1 : NULL;
    if (recording > 0)
        return cudaErrorStreamCaptureUnsupported;
    if (b != NULL) {
        pthread_mutex_lock(&mutex);
        used[b->device] -= b->size;
        pthread_mutex_unlock(&mutex);
    }
    stub_delete(b);
    return fails ? failure() : cudaSuccess;
}

cudaError_t cudaMallocHost(void **out, size_t bytes)
{
    CALLED_AT_ONCE(cudaMallocHost);
    stub_control.pinned++;
    return made(stub_new(bytes), out);
}

cudaError_t cudaFreeHost(void *memory)
{
    DELETED(cudaFreeHost, memory);
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    (void)kind;
    CALLED(cudaMemcpyAsync);
    if (!stream->recording)
        memcpy(to, from, bytes);
    return cudaSuccess;
}

/* ---- streams and events ----------------------------------------------------------------------------------- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned int flags)
{
    (void)flags;
    CALLED(cudaStreamCreateWithFlags);
    return made(stub_new(sizeof **out), out);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    recording -= stream->recording;
    DELETED(cudaStreamDestroy, stream);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    (void)stream;
    CALLED_AT_ONCE(cudaStreamSynchronize);
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags)
{
    (void)stream;
    (void)event;
    (void)flags;
    CALLED(cudaStreamWaitEvent);
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *out)
{
    CALLED(cudaEventCreate);
    return made(stub_new(sizeof **out), out);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned int flags)
{
    (void)flags;
    CALLED(cudaEventCreateWithFlags);
    return made(stub_new(sizeof **out), out);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    DELETED(cudaEventDestroy, event);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    (void)stream;
    CALLED(cudaEventRecord);
    event->recorded = true;
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    (void)event;
    CALLED_AT_ONCE(cudaEventSynchronize);
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t began, cudaEvent_t ended)
{
    CALLED(cudaEventElapsedTime);
    if (!began->recorded || !ended->recorded)
        return cudaErrorInvalidResourceHandle;
    *milliseconds = 1;
    return cudaSuccess;
}

/* ---- recorded graphs and kernels ----------------------------------------------------------------------------- */

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    (void)mode;
    CALLED_AT_ONCE(cudaStreamBeginCapture);
    stream->recording = true;
    recording++;
    return cudaSuccess;
}

/* As with CUDA, the stream records no more even where the graph cannot be had. */
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    recording -= stream->recording;
    stream->recording = false;
    CALLED(cudaStreamEndCapture);
    return made(stub_new(sizeof **graph), graph);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long flags)
{
    (void)graph;
    (void)flags;
    CALLED(cudaGraphInstantiate);
    return made(stub_new(sizeof **out), out);
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    DELETED(cudaGraphDestroy, graph);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    DELETED(cudaGraphExecDestroy, exec);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    (void)exec;
    (void)stream;
    CALLED_AT_ONCE(cudaGraphLaunch);
    return cudaSuccess;
}

#define KERNEL(name, file)                                                                                             \
    int cuda_run_##name(const void *args, void *stream);                                                               \
    int cuda_run_##name(const void *args, void *stream)                                                                \
    {                                                                                                                  \
        (void)args;                                                                                                    \
        (void)stream;                                                                                                  \
        CALLED(kernel);                                                                                                \
        return cudaSuccess;                                                                                            \
    }
#include "nn/backend/cuda/kernels/kernels.def"
#undef KERNEL
