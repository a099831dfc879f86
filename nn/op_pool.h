/*
 * op_pool.h - windows of max and average pooling: which places of an [H, W] plane an output sees.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_OP_POOL_H
#define NN_OP_POOL_H

#include "nn/op.h"

/* planes: images times channels. */
typedef struct {
    int64_t planes, h, w, oh, ow, kernel, stride, pad;
} pool_size;

/* Rows [y0, y1) and columns [x0, x1), cut at the border of the image. */
typedef struct {
    int64_t y0, y1, x0, x1;
} pool_window;

static inline pool_size nn_pool_size(const nn_op_args *a)
{
    const nn_node *d = a->node;
    return (pool_size){
        .planes = a->n * d->shape.dim[0],
        .h = d->in_shape.dim[1],
        .w = d->in_shape.dim[2],
        .oh = d->shape.dim[1],
        .ow = d->shape.dim[2],
        .kernel = d->kernel,
        .stride = d->stride,
        .pad = d->pad,
    };
}

/* The window of output i of a plane. */
static inline pool_window nn_pool_window(const pool_size *s, int64_t i)
{
    int64_t y = i / s->ow * s->stride - s->pad, x = i % s->ow * s->stride - s->pad;
    return (pool_window){
        .y0 = y < 0 ? 0 : y,
        .y1 = y + s->kernel < s->h ? y + s->kernel : s->h,
        .x0 = x < 0 ? 0 : x,
        .x1 = x + s->kernel < s->w ? x + s->kernel : s->w,
    };
}

/* The builder of both: adds the node, checks and sets its shape. */
int nn_pool(nn_graph *g, const nn_op *op, int x, int kernel, int stride, int pad);

#endif
