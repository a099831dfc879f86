/*
 * conv.h - what the files of the convolution share. A linear layer is a 1 x 1 convolution of an image of one pixel.
 *
 * Forward and the gradient by data run image by image, with kernels for one image: as fast as kernels for a block
 * (measured; faster on AVX-512 at 16 channels), and any number of images will do. The gradient by weights has a
 * kernel for a whole block, so that it adds up the images of the block itself.
 * SPDX-License-Identifier: MIT
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
/* Elements of the weights as oneDNN sees them. */
int64_t cpu_conv_weights(const conv_size *s);

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

/* What a thread has of its own. */
typedef struct {
    dnn_call forward, to_forward;
    dnn_call data, to_data, weights_block, weights_image, from_weights;
} conv_calls;

typedef struct {
    conv_size size;
    dnn_kernel forward, to_forward; /* to_forward: weights from row-major */
    float *weights, *bias;          /* as forward wants them */
    conv_calls *calls;              /* [threads] */
    /* backward only */
    dnn_kernel data, to_data;                /* gradient by data */
    float *data_weights;                     /* as `data` wants them */
    dnn_kernel weights_block, weights_image; /* gradient by weights: of a block, of an image */
    dnn_kernel from_weights;                 /* to row-major */
    int64_t sum_floats;                      /* of a unit's sum of gradients by weights */
    float *sums;                             /* [units, sum_floats] */
    double *bias_sums;                       /* [units, 2, groups of channels, CPU_STRIP] */
} conv;

/* Scale and bias of output channel k at the plan's theta, a norm folded in. */
double cpu_conv_fold(const cpu_step *s, int64_t k, double *bias);

/* conv_backward.c */
lsc_status cpu_conv_make_backward(cpu_step *s);
void cpu_conv_free_backward(conv *c, int threads);
lsc_status cpu_conv_connect_backward(cpu_step *s, cpu_worker *w);
lsc_status cpu_conv_backward(const cpu_step *s, const cpu_block *b);
lsc_status cpu_conv_gradient(const cpu_step *s, cpu_worker *w);

#endif
