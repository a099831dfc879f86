/*
 * kernels.h - the arguments of our own kernels, and their numbers. A kernel takes its struct by value; pointers are of
 * the device. Part of the module's interface: CUDA_MODULE_ABI changes with it.
 *
 * Activations [N, H, W, C] are of the network's real (float, half, bfloat16), vectors [N, F] and all that
 * follows are float, logits and losses double. B images of a chunk, N samples in all.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_KERNELS_H
#define CUDA_KERNELS_H

#include "nn/backend/cuda/device.h"

#define CUDA_MAX_DIRS  3
#define CUDA_SUM_BLOCK 4096 /* samples of one partial sum: results do not depend on the chunks */

/* clang-format off */
enum {
#define KERNEL(name, file) CUDA_KERNEL_##name,
#include "nn/backend/cuda/kernels/kernels.def"
#undef KERNEL
    CUDA_N_KERNELS
};
/* clang-format on */

/* Where a run stands; one on the device, so that recorded graphs need no new arguments. */
typedef struct {
    int64_t point;      /* row of coords and results */
    int64_t first;      /* sample of the chunk */
    int32_t negative;   /* a running variance is: the point has no value */
    int32_t not_finite; /* some logit of the point */
} cuda_state;

/* One output channel of a convolution or linear layer, or of a batch norm that stands alone (no elements). Offsets are
 * of this channel in theta, -1 where there is none: of a batch norm on batch statistics there is no mean nor variance,
 * and scale and shift are its weight and bias. */
typedef struct {
    int64_t weight;  /* the filter [C, R, R], which becomes [R, R, C] */
    int64_t bias;    /* the layer's own */
    int64_t norm[4]; /* weight, bias, mean, variance */
    double eps;
    int64_t out;      /* bytes, in `weights` */
    int32_t elements; /* C R R */
    int32_t taps;     /* R R */
    int32_t real;     /* cuda_real of what is written */
    int32_t tf32;     /* floats that tensor cores will read: rounded to 10 bits of mantissa */
    int32_t unit;     /* the filter is used at unit length */
    /* Of what it reads and puts out, in `exponents`: these activations are kept times 2^exponent; -1: as they are. */
    int32_t exponent_in, exponent_out;
} cuda_row;

/* The network's parameters at a point, folded and converted: a block of threads for each row. */
typedef struct {
    const cuda_row *rows;
    int32_t n_rows, n_dirs;
    const float *center, *dirs[CUDA_MAX_DIRS]; /* [n] */
    const double *coords;                      /* [points, n_dirs] */
    cuda_state *state;
    /* Running statistics formed anew: their sums over batches [n - n_learned], and one over the number of batches.
     * NULL: they are those of theta. */
    const double *statistics;
    int64_t n_learned;
    double share;
    const int32_t *exponents;
    unsigned char *weights;
    float *scale, *shift; /* [n_rows] */
} cuda_weights;

/* Samples state->first .. of the data as activations [B, H, W, C]. */
typedef struct {
    const void *pixels;   /* [N, kept, H, W] bytes or floats; window: [B, kept, H, W] */
    const float *value;   /* [C, 256]: what a byte becomes; NULL: pixels are floats */
    const int32_t *index; /* [N] where sample i lies; NULL: at i */
    const cuda_state *state;
    int64_t total; /* N; images behind it are 0 */
    int32_t window, n, kept, c, h, w, real;
    float factor; /* 2^exponent */
    void *out;
} cuda_input;

/* y = act(factor (x scale + shift + z scale + shift)), by channel; NULL: there is none. */
typedef struct {
    const void *x, *z;
    const float *scale[2], *shift[2]; /* of x, of z: [C] */
    float factor;
    int32_t relu, real;
    int64_t n, c; /* elements; channels */
    void *y;
} cuda_join;

/* Of x - p over places, p the channel's first value: so a constant has neither. */
typedef struct {
    double sum, squares;
} cuda_moment;

/* x [N, C] by channel; N places of all images. */
typedef struct {
    const void *x;
    int32_t real, c, width, n_blocks; /* width: channels side by side in a block, a power of two up to 64 */
    int64_t n, places;                /* places of a block */
    cuda_moment *partial;             /* [n_blocks, C] */
} cuda_moments;

/* Batch norm by the statistics of the batch x [N, C]: scale x + shift. */
typedef struct {
    const void *x;
    const cuda_moment *partial;
    const float *weight, *bias; /* [C]; bias is times factor */
    float *scale, *shift;       /* [C] */
    double *mean, *var; /* [C] unbiased; added to, but written by the first batch of a point (state->first is 0) */
    const cuda_state *state;
    double eps, factor; /* 2^exponent of x and of scale x + shift */
    int32_t real, c, n_blocks;
    int64_t n;
} cuda_norm;

typedef struct {
    const void *x;
    void *y;
    int32_t real, c, h, w, oh, ow, kernel, stride, pad;
    int64_t n; /* images */
} cuda_pool;
typedef cuda_pool cuda_maxpool, cuda_avgpool;

/* Channels at .. at + from-1 of y [N, to] are x [N, from]; N places of all images. */
typedef struct {
    const void *x;
    void *y;
    int32_t real, from, to, at;
    int64_t n;
} cuda_concat;

/* [N, H, W, C] -> [N, C H W] float. */
typedef struct {
    const void *x;
    float *y;
    int32_t real, c, plane;
    const int32_t *exponent; /* x is kept times 2^exponent, y is not */
    int64_t n;
} cuda_flatten;

/* y [N, K] = relu(x [N, F] w [K, F] + shift [K]). */
typedef struct {
    const float *x, *w, *shift;
    float *y;
    int32_t n, f, k, relu;
} cuda_linear;

/* Rows at unit length: x / max(|x|, eps). */
typedef struct {
    const float *x;
    float *y;
    int32_t n, f;
    double eps;
} cuda_l2norm;

/* The largest |x| that each of up to CUDA_PEAK_BLOCKS blocks of threads meets, 0 for the others; NaN is passed over. */
#define CUDA_PEAK_BLOCKS 64
typedef struct {
    const void *x;
    int32_t real;
    int64_t n;
    float *peaks; /* [CUDA_PEAK_BLOCKS] */
} cuda_peak;

/* Exponents with which the largest value is kept as 2^6 to 2^7, from 1 on; the first, that of the images, stays. */
typedef struct {
    const float *peaks; /* [n, CUDA_PEAK_BLOCKS] */
    int32_t *exponents; /* [n] */
    int32_t n;
} cuda_exponents;

typedef struct {
    const float *x;
    double *y;
    int64_t n;
} cuda_logits;

/* Loss and correctness of the samples of a chunk. */
typedef struct {
    const double *logits;  /* [B, K] */
    const int32_t *labels; /* by place, as pixels */
    const int32_t *index;
    cuda_state *state;
    int64_t total;
    int32_t n, k, loss; /* loss: row of losses.def */
    double *losses;     /* [N] */
    uint8_t *correct;   /* [N] */
} cuda_loss;

typedef struct {
    double loss;
    int64_t samples, correct;
} cuda_sum;

/* Sums over blocks of CUDA_SUM_BLOCK samples: of all, and of each domain. */
typedef struct {
    const double *losses;
    const uint8_t *correct;
    const int32_t *domains, *index;
    int64_t total;
    int32_t n_blocks, n_fields; /* n_fields: 1 + domains */
    cuda_sum *partial;          /* [n_fields, n_blocks] */
} cuda_sums;

/* What is known of a point. */
typedef struct {
    int32_t negative, not_finite;
} cuda_note;

/* The results of the point: mean loss, accuracy, mean loss of each domain. Then comes the next. */
typedef struct {
    const cuda_sum *partial;
    int32_t n_blocks, n_fields;
    cuda_state *state;
    double *out;      /* [points, 1 + n_fields] */
    cuda_note *notes; /* [points] */
} cuda_point;

typedef struct {
    cuda_state *state;
    int32_t n;
} cuda_advance;

#endif
