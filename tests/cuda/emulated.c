/*
 * See emulated.h.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/emulated.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/emulator.h"

__attribute__((visibility("default"))) cuda_module_entry losscope_cuda;

/* In front of every piece of memory. */
typedef struct {
    size_t size;
    bool pinned;
    char pad[48];
} block;

typedef struct {
    int kernel; /* -1: a convolution */
    cuda_conv *conv;
    cuda_conv_data data;
    unsigned char args[256];
} launch;

struct cuda_graph {
    launch *launches;
    int n, capacity;
};

struct cuda_device {
    int number;
    cuda_graph *recording;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int64_t used[16]; /* bytes of each device */
static _Thread_local char message[160];

static const char *error(void)
{
    return message;
}

int emulated_fail(cuda_result result, const char *what)
{
    snprintf(message, sizeof message, "emulated: %s", what);
    return result;
}

void emulated_live(int change)
{
    pthread_mutex_lock(&mutex);
    emulated_control.live += change;
    pthread_mutex_unlock(&mutex);
}

/* Every function that can fail begins here. */
static int begin(int device, const char *what)
{
    emulated_settings *c = &emulated_control;
    pthread_mutex_lock(&mutex);
    int64_t call = c->fail_device < 0 || c->fail_device == device ? ++c->calls : 0;
    bool fails = c->fail_at > 0 && call > 0 && (c->broken ? call >= c->fail_at : call == c->fail_at);
    pthread_mutex_unlock(&mutex);
    return fails ? emulated_fail(CUDA_FAILED, what) : CUDA_DONE;
}

/* ... and what a device does not do while it records, here. */
int emulated_begin_at_once(const cuda_device *d, const char *what)
{
    int result = begin(d->number, what);
    if (result == CUDA_DONE && d->recording != NULL)
        result = emulated_fail(CUDA_FAILED, "not while it records");
    return result;
}

/* ---- devices ---------------------------------------------------------------------------------------- */

static const char *versions(void)
{
    static _Thread_local char text[64];
    if (emulated_control.driver == 0)
        return "emulated";
    snprintf(text, sizeof text, "emulated, driver %d", emulated_control.driver);
    return text;
}

static int count(int *n)
{
    int result = begin(-1, "count");
    *n = result == CUDA_DONE ? emulated_control.devices : 0;
    if (result == CUDA_DONE && *n == 0)
        emulated_fail(CUDA_DONE, "there is no card");
    return result;
}

static int info(int number, cuda_device_info *out)
{
    int result = begin(number, "info");
    if (result != CUDA_DONE)
        return result;
    *out = (cuda_device_info){.major = emulated_control.major, .memory = emulated_control.memory};
    snprintf(out->name, sizeof out->name, "Emulated %d", number);
    return CUDA_DONE;
}

static int open_device(int number, cuda_device **out)
{
    int result = begin(number, "open");
    if (result != CUDA_DONE)
        return result;
    *out = calloc(1, sizeof **out);
    (*out)->number = number;
    emulated_live(1);
    return CUDA_DONE;
}

static void free_launches(cuda_graph *graph)
{
    if (graph == NULL)
        return;
    free(graph->launches);
    free(graph);
    emulated_live(-1);
}

static void close_device(cuda_device *d)
{
    if (d == NULL)
        return;
    free_launches(d->recording);
    free(d);
    emulated_live(-1);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static int new_block(int device, size_t bytes, bool pinned, void **out)
{
    pthread_mutex_lock(&mutex);
    bool fits = pinned || used[device] + (int64_t)bytes <= emulated_control.memory;
    if (fits && !pinned)
        used[device] += (int64_t)bytes;
    pthread_mutex_unlock(&mutex);
    if (!fits)
        return emulated_fail(CUDA_NO_MEMORY, "out of memory");
    block *b = malloc(sizeof *b + bytes);
    if (b == NULL)
        return emulated_fail(CUDA_NO_MEMORY, "out of memory on the host");
    b->size = bytes;
    b->pinned = pinned;
    memset(b + 1, 0xff, bytes);
    emulated_live(1);
    emulated_control.pinned += pinned;
    *out = b + 1;
    return CUDA_DONE;
}

static void free_block(const cuda_device *d, void *memory)
{
    if (memory == NULL)
        return;
    block *b = (block *)memory - 1;
    pthread_mutex_lock(&mutex);
    if (!b->pinned)
        used[d->number] -= (int64_t)b->size;
    pthread_mutex_unlock(&mutex);
    memset(memory, 0xff, b->size);
    free(b);
    emulated_live(-1);
}

static int alloc(cuda_device *d, size_t bytes, void **out)
{
    int result = emulated_begin_at_once(d, "alloc");
    return result == CUDA_DONE ? new_block(d->number, bytes, false, out) : result;
}

static int alloc_pinned(cuda_device *d, size_t bytes, void **out)
{
    int result = emulated_begin_at_once(d, "alloc_pinned");
    return result == CUDA_DONE ? new_block(d->number, bytes, true, out) : result;
}

static void free_memory(cuda_device *d, void *memory)
{
    free_block(d, memory);
}

static void waited(void)
{
    pthread_mutex_lock(&mutex);
    emulated_control.waits++;
    pthread_mutex_unlock(&mutex);
}

static int copy(cuda_device *d, const char *what, void *to, const void *from, size_t bytes)
{
    int result = emulated_begin_at_once(d, what);
    if (result == CUDA_DONE)
        memcpy(to, from, bytes);
    return result;
}

static int upload(cuda_device *d, void *to, const void *from, size_t bytes)
{
    waited();
    return copy(d, "upload", to, from, bytes);
}

static int download(cuda_device *d, void *to, const void *from, size_t bytes)
{
    waited();
    return copy(d, "download", to, from, bytes);
}

static int prefetch(cuda_device *d, int slot, void *to, const void *pinned, size_t bytes)
{
    (void)slot;
    return copy(d, "prefetch", to, pinned, bytes);
}

static int await_data(cuda_device *d, int slot)
{
    (void)slot;
    return emulated_begin_at_once(d, "await_data");
}

static int release(cuda_device *d, int slot)
{
    (void)slot;
    return emulated_begin_at_once(d, "release");
}

static int await_copy(cuda_device *d, int slot)
{
    (void)slot;
    return emulated_begin_at_once(d, "await_copy");
}

/* ---- launches ---------------------------------------------------------------------------------------- */

static void run(const launch *l)
{
    if (l->kernel < 0)
        emulated_conv(l->conv, &l->data);
    else
        emulator_run(l->kernel, l->args);
    pthread_mutex_lock(&mutex);
    emulated_control.launches++;
    if (l->kernel < 0)
        emulated_control.ran[l->conv->plan]++;
    pthread_mutex_unlock(&mutex);
}

static void run_or_keep(cuda_device *d, const launch *l)
{
    cuda_graph *g = d->recording;
    if (g == NULL) {
        run(l);
        return;
    }
    if (g->n == g->capacity) {
        g->capacity = 2 * g->capacity + 16;
        g->launches = realloc(g->launches, (size_t)g->capacity * sizeof *g->launches);
    }
    g->launches[g->n++] = *l;
}

static int launch_kernel(cuda_device *d, int kernel, const void *args)
{
    int result = begin(d->number, emulator_name(kernel));
    launch l = {.kernel = kernel};
    if (result != CUDA_DONE)
        return result;
    memcpy(l.args, args, emulator_args_size(kernel));
    run_or_keep(d, &l);
    return CUDA_DONE;
}

static int conv_run(cuda_device *d, cuda_conv *conv, const cuda_conv_data *data)
{
    int result = begin(d->number, "conv_run");
    if (result == CUDA_DONE && d->recording != NULL && !conv->ran)
        result = emulated_fail(CUDA_FAILED, "kernels are loaded while it records");
    if (result == CUDA_DONE && d->recording != NULL && conv->plan < emulated_control.unrecorded)
        result = emulated_fail(CUDA_FAILED, "this plan is not recorded");
    conv->ran = conv->ran || d->recording == NULL;
    if (result == CUDA_DONE)
        run_or_keep(d, &(launch){.kernel = -1, .conv = conv, .data = *data});
    return result;
}

static int record(cuda_device *d)
{
    int result = emulated_begin_at_once(d, "record");
    if (result != CUDA_DONE)
        return result;
    d->recording = calloc(1, sizeof *d->recording);
    emulated_live(1);
    return CUDA_DONE;
}

static int recorded(cuda_device *d, cuda_graph **out)
{
    int result = begin(d->number, "recorded");
    cuda_graph *graph = d->recording;
    d->recording = NULL;
    if (result == CUDA_DONE)
        *out = graph;
    else
        free_launches(graph);
    return result;
}

static int graph_run(cuda_device *d, cuda_graph *graph)
{
    int result = emulated_begin_at_once(d, "graph_run");
    for (int i = 0; result == CUDA_DONE && i < graph->n; i++)
        run(&graph->launches[i]);
    return result;
}

/* Of one that begins with a convolution. */
static int graph_time(cuda_device *d, cuda_graph *graph, double *seconds)
{
    int result = graph_run(d, graph);
    return result == CUDA_DONE ? emulated_conv_time(graph->launches[0].conv, seconds) : result;
}

static void graph_free(cuda_device *d, cuda_graph *graph)
{
    (void)d;
    free_launches(graph);
}

static int finish(cuda_device *d)
{
    waited();
    return emulated_begin_at_once(d, "finish");
}

/* ---- the table ----------------------------------------------------------------------------------------- */

const cuda_api *losscope_cuda(void)
{
    static const cuda_api api = {
        .abi = CUDA_MODULE_ABI,
        .size = sizeof(cuda_api),
        .error = error,
        .versions = versions,
        .count = count,
        .info = info,
        .open = open_device,
        .close = close_device,
        .alloc = alloc,
        .alloc_pinned = alloc_pinned,
        .free = free_memory,
        .free_pinned = free_memory,
        .upload = upload,
        .download = download,
        .prefetch = prefetch,
        .await_data = await_data,
        .release = release,
        .await_copy = await_copy,
        .launch = launch_kernel,
        .conv_plans = emulated_conv_plans,
        .conv_save = emulated_conv_save,
        .conv_load = emulated_conv_load,
        .conv_workspace = emulated_conv_workspace,
        .conv_free = emulated_conv_free,
        .conv_run = conv_run,
        .record = record,
        .recorded = recorded,
        .graph_run = graph_run,
        .graph_time = graph_time,
        .graph_free = graph_free,
        .finish = finish,
    };
    return &api;
}
