/*
 * winograd.h - 3 x 3 convolutions of stride 1 with a border of one zero by the minimal filtering F(4x4, 3x3):
 *
 *     Y = A^T [ sum_c (G g_kc G^T) * (B^T d_c B) ] A
 *
 * d: tiles of 6 x 6 pixels that overlap by two, g: filters, *: element by element, Y: tiles of 4 x 4 pixels. 36
 * products do the work of 144. Source: Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks",
 * section 4.3, arXiv:1509.09308; the 36 products of all channels are 36 products of matrices [tiles, C] [C, K].
 *
 * The gradient by data is a convolution, too, of the gradients with filters that are turned by half a circle. That by
 * weights, with dY the gradient of a tile, is the transpose of the formula above:
 *
 *     dg_kc = G^T [ sum over tiles (A dY_k A^T) * (B^T d_c B) ] G
 *
 * Filters are transformed in double and rounded once: the rest in float has a relative error of 1e-6 on white noise.
 * Pixels of a tile are computed from this tile alone, in the same way wherever it lies, so bits depend neither on
 * threads nor on blocks. NaN and infinity make the whole of their tiles NaN.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_WINOGRAD_H
#define CPU_WINOGRAD_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_WINOGRAD_POINTS 36 /* of a transformed tile */

typedef struct cpu_winograd cpu_winograd;

/* out [N, K/lanes, H, W, lanes] = relu?(in [N, C/lanes, H, W, lanes] convolved + bias [K] [+ out]). */
typedef struct {
    int64_t images;
    const float *in, *weights, *bias;
    float *out;
    float *scratch;
    bool sum, relu;
} cpu_winograd_call;

/* sum [C, K/lanes, 9, lanes] = [sum +] the gradient by filters of these images. */
typedef struct {
    int64_t images;
    const float *in, *dout;
    float *sum, *scratch;
    bool begins;
} cpu_winograd_products;

/* Filters [K, C, 3, 3] of the convolution, filter k times scale[k]; back: for its gradient by data, whose input are K
 * channels and whose output C. */
typedef struct {
    const float *filters;
    const double *scale;
    bool back;
} cpu_winograd_filters;

/* Compiled for one instruction set; see winograd_kernels.h. */
typedef struct {
    int lanes;
    int tiles; /* that are multiplied at once */
    void (*filters)(const cpu_winograd *w, int64_t group, const cpu_winograd_filters *from, float *to);
    void (*run)(const cpu_winograd *w, const cpu_winograd_call *a);
    void (*gradient)(const cpu_winograd *w, const cpu_winograd_products *a);
} cpu_winograd_kernels;

extern const cpu_winograd_kernels cpu_winograd_avx2, cpu_winograd_avx512;

struct cpu_winograd {
    const cpu_winograd_kernels *kernels;
    int64_t c, k;              /* channels in and out */
    int64_t cp, kp;            /* padded to whole lanes */
    int64_t h, w;              /* pixels, in and out */
    int64_t down, across;      /* tiles of an image */
    int64_t batch;             /* tiles that go through all stages together */
    int64_t in_plane, m_plane; /* floats between the points of transformed tiles, in and out */
    int64_t u_plane;           /* of transformed gradients by filters */
};

/* For this machine; NULL if it has none for so many lanes. */
const cpu_winograd_kernels *cpu_winograd_find(int lanes);
/* Whether it is faster than a direct convolution. */
bool cpu_winograd_wins(int64_t c, int64_t k, int64_t h, int64_t w);
cpu_winograd cpu_winograd_make(const cpu_winograd_kernels *kernels, int64_t c, int64_t k, int64_t h, int64_t w);

/* Floats of the transformed weights, which the caller has made zero, and of the scratch memory of a call. */
int64_t cpu_winograd_weights(const cpu_winograd *w);
int64_t cpu_winograd_scratch(const cpu_winograd *w);
void cpu_winograd_set(const cpu_winograd *w, const cpu_winograd_filters *from, float *weights);
/* Floats of a gradient by filters, and of its scratch memory. */
int64_t cpu_winograd_sum(const cpu_winograd *w);
int64_t cpu_winograd_sum_scratch(const cpu_winograd *w);
/* A sum -> filters [K, C, 3, 3]. */
void cpu_winograd_unpack(const cpu_winograd *w, const float *sum, float *filters);

#endif
