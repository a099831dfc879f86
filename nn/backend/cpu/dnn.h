/*
 * dnn.h - the part of oneDNN that the cpu backend uses: all that differs between its C APIs 2.6 and 3.x, and a
 * little that makes its calls short.
 *
 *   dnn_desc    a memory descriptor that someone else owns
 *   dnn_layout  one of ours
 *   dnn_kernel  a primitive with its descriptor; one serves all threads, since its scratch memory is given to it
 *   dnn_call    a kernel with its arguments; each thread has its own
 *
 * Measured (2.6.3 and 3.2, AVX2 and AVX-512): relu as a post-op turns NaN into 0, so that a network that has diverged
 * would look finite. DNN_RELU_SLOPE keeps NaN: below zero it gives 1e-30 x, which vanishes in any sum that is not
 * itself that small.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_DNN_H
#define CPU_DNN_H

#include <dnnl.h>

#include "base/base.h"

#define DNN_RELU_SLOPE 1e-30F
#define DNN_MAX_ARGS   6

/* What oneDNN says of a failed call, as LSC_ERR_BACKEND. */
lsc_status dnn_status(dnnl_status_t s, const char *call);
#define DNN_TRY(call) LSC_TRY(dnn_status((call), #call))

/* ---- descriptors ----------------------------------------------------------------------------- */

#if DNNL_VERSION_MAJOR >= 3

typedef const_dnnl_memory_desc_t dnn_desc;
typedef struct {
    dnnl_memory_desc_t desc;
} dnn_layout;

static inline dnn_desc dnn_view(const dnn_layout *l)
{
    return l->desc;
}

static inline dnnl_status_t dnn_layout_init(dnn_layout *l, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_create_with_tag(&l->desc, rank, dims, dnnl_f32, tag);
}

/* Takes one that is {0}. */
static inline void dnn_layout_fini(dnn_layout *l)
{
    if (l->desc)
        dnnl_memory_desc_destroy(l->desc);
    l->desc = NULL;
}

#else

typedef const dnnl_memory_desc_t *dnn_desc;
typedef struct {
    dnnl_memory_desc_t desc;
} dnn_layout;

static inline dnn_desc dnn_view(const dnn_layout *l)
{
    return &l->desc;
}

static inline dnnl_status_t dnn_layout_init(dnn_layout *l, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
    return dnnl_memory_desc_init_by_tag(&l->desc, rank, dims, dnnl_f32, tag);
}

static inline void dnn_layout_fini(dnn_layout *l)
{
    (void)l;
}

#endif

/* ---- post-ops -------------------------------------------------------------------------------- */

#if DNNL_VERSION_MAJOR >= 3

static inline dnnl_status_t dnn_append_sum(dnnl_post_ops_t p)
{
    return dnnl_post_ops_append_sum(p, 1, 0, dnnl_data_type_undef);
}

static inline dnnl_status_t dnn_append_relu(dnnl_post_ops_t p)
{
    return dnnl_post_ops_append_eltwise(p, dnnl_eltwise_relu, DNN_RELU_SLOPE, 0);
}

#else

static inline dnnl_status_t dnn_append_sum(dnnl_post_ops_t p)
{
    return dnnl_post_ops_append_sum(p, 1);
}

static inline dnnl_status_t dnn_append_relu(dnnl_post_ops_t p)
{
    return dnnl_post_ops_append_eltwise(p, 1, dnnl_eltwise_relu, DNN_RELU_SLOPE, 0);
}

#endif

/* ---- convolution: the descriptors of its three passes ------------------------------------------ */

typedef struct {
    dnn_desc src, weights, bias, dst; /* bias NULL: none; the backward passes take none */
    dnnl_dims_t strides, pads;
} dnn_conv;

#if DNNL_VERSION_MAJOR >= 3

static inline dnnl_status_t dnn_conv_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                             dnnl_primitive_attr_t attr)
{
    const dnnl_dims_t dense = {0};
    return dnnl_convolution_forward_primitive_desc_create(pd, e, dnnl_forward_training, dnnl_convolution_direct, c->src,
                                                          c->weights, c->bias, c->dst, c->strides, dense, c->pads,
                                                          c->pads, attr);
}

static inline dnnl_status_t dnn_conv_backward_data(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                                   dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attr)
{
    const dnnl_dims_t dense = {0};
    return dnnl_convolution_backward_data_primitive_desc_create(
        pd, e, dnnl_convolution_direct, c->src, c->weights, c->dst, c->strides, dense, c->pads, c->pads, forward, attr);
}

static inline dnnl_status_t dnn_conv_backward_weights(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                                      dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attr)
{
    const dnnl_dims_t dense = {0};
    return dnnl_convolution_backward_weights_primitive_desc_create(pd, e, dnnl_convolution_direct, c->src, c->weights,
                                                                   NULL, c->dst, c->strides, dense, c->pads, c->pads,
                                                                   forward, attr);
}

#else

static inline dnnl_status_t dnn_conv_forward(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                             dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t op;
    dnnl_status_t s = dnnl_convolution_forward_desc_init(&op, dnnl_forward_training, dnnl_convolution_direct, c->src,
                                                         c->weights, c->bias, c->dst, c->strides, c->pads, c->pads);
    return s == dnnl_success ? dnnl_primitive_desc_create(pd, &op, attr, e, NULL) : s;
}

static inline dnnl_status_t dnn_conv_backward_data(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                                   dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t op;
    dnnl_status_t s = dnnl_convolution_backward_data_desc_init(&op, dnnl_convolution_direct, c->src, c->weights, c->dst,
                                                               c->strides, c->pads, c->pads);
    return s == dnnl_success ? dnnl_primitive_desc_create(pd, &op, attr, e, forward) : s;
}

static inline dnnl_status_t dnn_conv_backward_weights(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const dnn_conv *c,
                                                      dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attr)
{
    dnnl_convolution_desc_t op;
    dnnl_status_t s = dnnl_convolution_backward_weights_desc_init(&op, dnnl_convolution_direct, c->src, c->weights,
                                                                  NULL, c->dst, c->strides, c->pads, c->pads);
    return s == dnnl_success ? dnnl_primitive_desc_create(pd, &op, attr, e, forward) : s;
}

#endif

/* ---- kernels and calls (dnn.c) ----------------------------------------------------------------- */

typedef struct {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
} dnn_kernel;

/* The descriptor is there, the primitive is made from it. */
lsc_status dnn_kernel_make(dnn_kernel *k);
/* A reorder from one layout to another. */
lsc_status dnn_kernel_reorder(dnn_kernel *k, dnnl_engine_t e, dnn_desc from, dnn_desc to);
/* Takes one that is {0}. */
void dnn_kernel_fini(dnn_kernel *k);
/* The layout the kernel wants of an argument, DNNL_ARG_SRC, ...; borrowed from the kernel. Its size. */
dnn_desc dnn_kernel_desc(const dnn_kernel *k, int arg);
size_t dnn_kernel_bytes(const dnn_kernel *k, int arg);
/* The implementation is plain loops: 100 times slower than the others. */
bool dnn_is_reference(dnnl_primitive_desc_t desc);
/* Attributes with scratch memory given by the caller; returns new (dnnl_primitive_attr_destroy). */
lsc_status dnn_attributes(bool sum, bool relu, dnnl_primitive_attr_t *out);

typedef struct {
    dnnl_primitive_t primitive; /* borrowed */
    int n;
    dnnl_exec_arg_t args[DNN_MAX_ARGS]; /* the memory objects are the call's own, what they point to is not */
} dnn_call;

/* An argument, and where it lies if that is known already. */
typedef struct {
    int arg;
    void *data;
} dnn_arg;

/* Into {0}. scratch: dnn_kernel_bytes(k, DNNL_ARG_SCRATCHPAD). */
lsc_status dnn_call_init(dnn_call *c, const dnn_kernel *k, dnnl_engine_t e, void *scratch, const dnn_arg *args, int n);
/* Takes one that is {0}. */
void dnn_call_fini(dnn_call *c);
/* Argument i, in the order of dnn_call_init, lies here from now on. */
lsc_status dnn_call_place(dnn_call *c, int i, const void *data);
lsc_status dnn_call_run(const dnn_call *c, dnnl_stream_t stream);

#endif
