/*
 * conv.h - what the files of the convolution share. A linear layer is a 1 x 1 convolution of an image of one pixel.
 *
 *   conv.c           the step: weights, passes, gradients, and the R-operator of them
 *   conv_direct.c    an engine: oneDNN's direct kernels
 *   conv_winograd.c  an engine: our own, for the shapes that Winograd's algorithm is faster for
 *   conv_layout.c    which layouts oneDNN is fast with
 *
 * A convolution is linear in its weights and in its images. So the R-operator needs no kernels of its own: with x, W
 * and the derivatives rx, V of both along a direction, out = W x has rout = W rx + V x, and likewise in the passes
 * back. SPDX-License-Identifier: MIT
 */
#ifndef CPU_CONV_H
#define CPU_CONV_H

#include "nn/backend/cpu/steps.h"

/* in [C, H, W] -> out [K, OH, OW]. oneDNN sees whole lanes, cp and kp channels, the added ones zero: it has fast
 * kernels for those. Images read as they come have cp = c. */
typedef struct {
    int64_t c, k, cp, kp, h, w, oh, ow, kernel, stride, pad;
} conv_size;

conv_size cpu_conv_size(const nn_node *node, int lanes, bool plain);

/* ---- engines ------------------------------------------------------------------------------------ */

/* Weights as an engine wants them for its two passes over images, and the bias [kp]. */
typedef struct {
    float *forward, *data, *bias; /* data: NULL where no gradient by data is needed */
} conv_weights;

/* A pass over the images of a block: to = weights from [+ bias] [+ to]. */
typedef struct {
    const conv_weights *weights;
    const float *bias; /* [kp]; forward only */
    const float *from;
    float *to;
    bool add;
} conv_pass;

/* What the gradient by weights is made of, for the images of a block. */
typedef struct {
    const float *in, *dout;
    float *sum;  /* [sum_floats], in the engine's own layout */
    bool begins; /* overwrite the sum */
} conv_products;

typedef struct {
    /* Fills conv->floats. */
    lsc_status (*make)(cpu_step *s);
    void (*free)(cpu_step *s);
    lsc_status (*connect)(cpu_step *s, cpu_worker *w); /* NULL: nothing */
    /* From filters [K, C, R, R], filter k times scale[k]. */
    lsc_status (*set)(const cpu_step *s, cpu_worker *w, const float *filters, const double *scale,
                      const conv_weights *to);
    /* The step's own rectifier is applied; so is its sum, which is always added. */
    lsc_status (*forward)(const cpu_step *s, const cpu_block *b, const conv_pass *a);
    lsc_status (*data)(const cpu_step *s, const cpu_block *b, const conv_pass *a);
    lsc_status (*weights)(const cpu_step *s, const cpu_block *b, const conv_products *a);
    /* The sum over sums [units, sum_floats] -> to [K, C, R, R]. */
    lsc_status (*gradient)(const cpu_step *s, cpu_worker *w, const float *sums, float *to);
} conv_engine;

extern const conv_engine cpu_conv_direct, cpu_conv_winograd;
/* The images are in blocks of channels, and Winograd's algorithm is there and wins. */
bool cpu_conv_takes_winograd(const cpu_step *s);

/* ---- the step ------------------------------------------------------------------------------------- */

/* Floats of the engine's arrays. */
typedef struct {
    int64_t forward, data, sum; /* data: 0 where no gradient by data is needed; sum: of a unit */
} conv_floats;

typedef struct {
    const conv_engine *engine;
    void *self; /* the engine's */
    conv_size size;
    conv_floats floats;
    conv_weights theta, v; /* v: along the direction of the R-operator; NULL until it is used */
    double *scale;         /* [k] of the filters: of a norm folded in */
    float *no_bias;        /* zeros, for as many channels as there are in or out */
    /* backward only */
    float *sums;       /* [units, floats.sum] */
    double *bias_sums; /* [units, 2, groups of channels, CPU_STRIP] */
} conv;

static inline bool cpu_conv_has_bias(const cpu_step *s)
{
    return s->norm[0] || s->node->block[1] >= 0;
}

/* ---- layouts (conv_layout.c) ------------------------------------------------------------------------ */

typedef struct {
    dnn_layout src, weights, bias, dst;
} conv_layouts;

/* Of so many images; the layout of the weights is oneDNN's choice. Into {0}. */
lsc_status cpu_conv_layouts_init(conv_layouts *l, const conv_size *size, int64_t images, dnnl_format_tag_t src,
                                 dnnl_format_tag_t dst);
void cpu_conv_layouts_fini(conv_layouts *l);
/* The same for a call of dnn.h. Borrows l. */
dnn_conv cpu_conv_arguments(const conv_layouts *l, const conv_size *size, bool bias);
/* Of channels in groups of 8 or 16; plain: the images as they come. */
dnnl_format_tag_t cpu_conv_tag(int lanes, bool plain);

/* A reorder of weights between row-major [KP, CP, R, R] and a layout of oneDNN's. */
lsc_status cpu_conv_from_plain(const cpu_plan *p, const conv_size *size, dnn_desc to, dnn_kernel *out);
lsc_status cpu_conv_to_plain(const cpu_plan *p, const conv_size *size, dnn_desc from, dnn_kernel *out);

#endif
