/*
 * device.h - what the cuda backend needs of a GPU, as one table of functions: memory, copies, kernels, convolutions,
 * graphs of launches. The module losscope_cuda.so is one implementation, over the CUDA runtime and cuDNN; the emulated
 * device of the tests is another. The module is opened at run time and exports cuda_module_entry alone.
 *
 * Everything runs in the order in which it was asked for, except prefetches. Functions that return an int return a
 * cuda_result; what went wrong is then said by error().
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_DEVICE_H
#define CUDA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Changes with any change of this file or of kernels.h. */
#define CUDA_MODULE_ABI 6

/* Of the plans that a device proposes for a convolution at most so many are compared. */
#define CUDA_MOST_PLANS 8

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    CUDA_DONE,
    CUDA_NO_MEMORY,   /* on the device */
    CUDA_UNSUPPORTED, /* cuDNN has no plan for this convolution */
    CUDA_FAILED,
} cuda_result;

typedef enum { CUDA_F32, CUDA_F16, CUDA_BF16, CUDA_N_REALS } cuda_real; /* of stored activations and weights */

typedef struct {
    char name[128];
    int major, minor; /* compute capability */
    int64_t memory;   /* bytes, all of it */
} cuda_device_info;

/* y = relu(conv(x, w) + shift + z) over NHWC tensors; z and relu are optional. Sizes of one image as in nn/op.h. */
typedef struct {
    cuda_real real; /* of x, w, z, y; shift is float */
    bool strict;    /* CUDA_F32: no tensor cores, which would round the factors to TF32 */
    int64_t n;      /* images */
    int64_t c, h, w, k, oh, ow;
    int kernel, stride, pad;
    bool sum, relu;
} cuda_conv_shape;

typedef struct {
    const void *x, *w, *z; /* [N, H, W, C], [K, R, R, C], [N, OH, OW, K] or NULL */
    const float *shift;    /* [K] */
    void *y;               /* [N, OH, OW, K] */
    void *workspace;
} cuda_conv_data;

typedef struct cuda_device cuda_device; /* one that is open, for one thread at a time */
typedef struct cuda_conv cuda_conv;     /* a convolution, compiled in one of several ways */
typedef struct cuda_graph cuda_graph;   /* launches and convolutions, recorded once and run often */

typedef struct {
    uint32_t abi, size;         /* CUDA_MODULE_ABI, sizeof: checked before anything is called */
    const char *(*error)(void); /* of the last failure on this thread */
    /* "CUDA 13.0, cuDNN 9.19.0, driver for CUDA 13.0": a plan as text is for these alone. */
    const char *(*versions)(void);

    int (*count)(int *n); /* 0 without a driver, too: error() then says so */
    int (*info)(int number, cuda_device_info *out);
    int (*open)(int number, cuda_device **out);
    void (*close)(cuda_device *d); /* takes NULL */

    int (*alloc)(cuda_device *d, size_t bytes, void **out);        /* of the device */
    int (*alloc_pinned)(cuda_device *d, size_t bytes, void **out); /* of the host, for prefetches */
    void (*free)(cuda_device *d, void *memory);                    /* both take NULL */
    void (*free_pinned)(cuda_device *d, void *memory);
    int (*upload)(cuda_device *d, void *to, const void *from, size_t bytes);   /* `from` may change afterwards */
    int (*download)(cuda_device *d, void *to, const void *from, size_t bytes); /* waits for it */
    /* Copies from pinned memory beside the computation. Slot 0 or 1: prefetch(slot) begins once the computation that
     * was asked for before the last await_use(slot) is over; await_data(slot) lets what follows wait for the copy. */
    int (*prefetch)(cuda_device *d, int slot, void *to, const void *pinned, size_t bytes);
    int (*await_data)(cuda_device *d, int slot);
    int (*release)(cuda_device *d, int slot);    /* what was asked for so far is the last to read the slot's data */
    int (*await_copy)(cuda_device *d, int slot); /* the host waits until the pinned memory may be written again */

    /* kernel: a row of kernels.def; args: its struct of kernels.h, copied. */
    int (*launch)(cuda_device *d, int kernel, const void *args);

    /* Up to *n ways to compute a convolution, in the device's own ranking; *n: how many there are, at least 1. apart:
     * with the rectifier in a launch of its own, which keeps NaN. CUDA_UNSUPPORTED: none. */
    int (*conv_plans)(cuda_device *d, const cuda_conv_shape *shape, bool apart, cuda_conv **out, int *n);
    /* One of them as text: *n its length, with `text` NULL that alone. CUDA_UNSUPPORTED: it cannot be written down. */
    int (*conv_save)(cuda_device *d, const cuda_conv *conv, char *text, size_t room, size_t *n);
    /* From such a text, for the same shape. CUDA_UNSUPPORTED: it is of another device or version, or damaged. */
    int (*conv_load)(cuda_device *d, const cuda_conv_shape *shape, const char *text, size_t n, cuda_conv **out);
    size_t (*conv_workspace)(const cuda_conv *conv);    /* bytes that a run needs */
    void (*conv_free)(cuda_device *d, cuda_conv *conv); /* takes NULL */
    int (*conv_run)(cuda_device *d, cuda_conv *conv, const cuda_conv_data *data);

    /* Between record and recorded, launches and convolutions are kept instead of run. */
    int (*record)(cuda_device *d);
    int (*recorded)(cuda_device *d, cuda_graph **out);
    int (*graph_run)(cuda_device *d, cuda_graph *graph);
    /* Run it twice and wait; the second's seconds by the device's clock. */
    int (*graph_time)(cuda_device *d, cuda_graph *graph, double *seconds);
    void (*graph_free)(cuda_device *d, cuda_graph *graph); /* takes NULL */
    int (*finish)(cuda_device *d);                         /* the host waits until all is done */
} cuda_api;

#define CUDA_MODULE_ENTRY "losscope_cuda"
typedef const cuda_api *cuda_module_entry(void);

#ifdef __cplusplus
}
#endif
#endif
