/*
 * Convolution (cross-correlation, as torch.nn.Conv2d): in [C, H, W] -> out [K, OH, OW], square kernel,
 *     out[k, y, x] = bias[k] + sum_{c,i,j} weight[k, c, i, j] in[c, y*stride + i - pad, x*stride + j - pad]
 * Blocks: weight [K, C, R, R], bias [K] (may be absent). Places outside the image count as zero.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <math.h>

typedef struct {
    int64_t n, c, k, h, w, oh, ow;
    int64_t taps, in_plane, out_plane;
    int kernel, stride, pad;
} conv_size;

/* One tap: the places [y0, y1) x [x0, x1) of the output for which it lies inside the image, and its shift. */
typedef struct {
    int64_t y0, y1, x0, x1, dy, dx;
} conv_tap;

static conv_size sizes(const nn_op_args *a)
{
    const nn_node *d = a->node;
    const int64_t *in = d->in_shape.dim, *out = d->shape.dim;
    return (conv_size){
        .n = a->n,
        .c = in[0],
        .k = out[0],
        .h = in[1],
        .w = in[2],
        .oh = out[1],
        .ow = out[2],
        .taps = (int64_t)d->kernel * d->kernel,
        .in_plane = in[1] * in[2],
        .out_plane = out[1] * out[2],
        .kernel = d->kernel,
        .stride = d->stride,
        .pad = d->pad,
    };
}

/* The outputs [*from, *to) of `count` for which  y*stride + shift  lies in 0 .. size-1. */
static void inside(int64_t shift, int64_t stride, int64_t size, int64_t count, int64_t *from, int64_t *to)
{
    int64_t end = size > shift ? (size - 1 - shift) / stride + 1 : 0;
    *from = shift < 0 ? (-shift + stride - 1) / stride : 0;
    *to = end < count ? end : count;
    if (*to < *from)
        *to = *from;
}

static conv_tap tap(const conv_size *s, int64_t r)
{
    conv_tap t = {.dy = r / s->kernel - s->pad, .dx = r % s->kernel - s->pad};
    inside(t.dy, s->stride, s->h, s->oh, &t.y0, &t.y1);
    inside(t.dx, s->stride, s->w, s->ow, &t.x0, &t.x1);
    return t;
}

/* Where row y of the tap's places begins, in an in plane and in an out plane. */
static inline int64_t in_at(const conv_size *s, const conv_tap *t, int64_t y)
{
    return (y * s->stride + t->dy) * s->w + t->x0 * s->stride + t->dx;
}

static inline int64_t out_at(const conv_size *s, const conv_tap *t, int64_t y)
{
    return y * s->ow + t->x0;
}

#define NN_KERNELS "nn/op_conv2d_kernels.h"
#include "nn/op_kernels.h"
NN_DISPATCH(forward)
NN_DISPATCH(backward)
NN_DISPATCH(forward_r)
NN_DISPATCH(backward_r)

static double flops(const nn_node *d)
{
    return 2.0 * d->kernel * d->kernel * (double)d->in_shape.dim[0] * (double)nn_shape_elements(&d->shape);
}

/* He et al. 2015, fan out: N(0, 2 / (K R R)). The bias stays 0. */
static void init(const nn_node *d, lsc_rng rng, float *const block[NN_MAX_BLOCKS])
{
    int64_t fan_out = d->shape.dim[0] * d->kernel * d->kernel;
    double deviation = sqrt(2.0 / (double)fan_out);
    for (int64_t i = 0; i < fan_out * d->in_shape.dim[0]; i++)
        block[0][i] = (float)(deviation * lsc_rng_normal(rng, (uint64_t)i));
}

const nn_op nn_op_conv2d = {
    .name = "conv2d",
    .text = "convolution with a square kernel",
    .forward = forward,
    .backward = backward,
    .flops = flops,
    .init = init,
    .forward_r = forward_r,
    .backward_r = backward_r,
};

int nn_conv2d(nn_graph *g, int x, const char *name, int64_t channels, int kernel, int stride, int pad, bool bias)
{
    nn_node *node = nn_graph_add(g, &nn_op_conv2d, name, &x, 1);
    char text[80];
    if (node == NULL)
        return -1;
    const int64_t *in = node->in_shape.dim;
    if (node->in_shape.rank != 3 || kernel < 1 || stride < 1 || pad < 0 ||
        nn_window_count(in[1], kernel, stride, pad) < 1 || nn_window_count(in[2], kernel, stride, pad) < 1) {
        nn_graph_fail(g, LSC_ERR_SHAPE,
                      "conv2d '%s': kernel %d, stride %d, pad %d do not fit the input %s, which needs [C, H, W]", name,
                      kernel, stride, pad, nn_shape_text(&node->in_shape, text, sizeof text));
        return -1;
    }
    node->kernel = kernel;
    node->stride = stride;
    node->pad = pad;
    node->shape.dim[0] = channels;
    node->shape.dim[1] = nn_window_count(in[1], kernel, stride, pad);
    node->shape.dim[2] = nn_window_count(in[2], kernel, stride, pad);
    nn_graph_block(g, node, "weight", LSC_WEIGHT, 4, (int64_t[]){channels, in[0], kernel, kernel});
    if (bias)
        nn_graph_block(g, node, "bias", LSC_BIAS, 1, &channels);
    else
        nn_graph_no_block(node);
    return nn_graph_last(g);
}
