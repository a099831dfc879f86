/*
 * A convolution on the emulated device: that of the reference backend in float, between conversions of layout and
 * precision. Factors are rounded, or cut, as tensor cores do.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/emulated.h"
#include "nn/backend/cuda/half.h"
#include "nn/device_math.h"
#include "nn/op.h"

static float load(const cuda_conv_shape *s, const void *p, int64_t i)
{
    if (s->real == CUDA_F16)
        return half_to_float(((const uint16_t *)p)[i]);
    if (s->real == CUDA_BF16)
        return bfloat_to_float(((const uint16_t *)p)[i]);
    return ((const float *)p)[i];
}

static void store(const cuda_conv_shape *s, void *p, int64_t i, float x)
{
    if (s->real == CUDA_F16)
        ((uint16_t *)p)[i] = half_from_float(x);
    else if (s->real == CUDA_BF16)
        ((uint16_t *)p)[i] = bfloat_from_float(x);
    else
        ((float *)p)[i] = x;
}

/* A factor as tensor cores take it: of a float 10 bits of mantissa. */
static float factor(const cuda_conv *conv, float x)
{
    if (conv->shape.strict || conv->shape.real != CUDA_F32)
        return x;
    return (emulated_control.cuts != 0) != conv->other ? half_bits_float(half_float_bits(x) & ~0x1fffu) : nn_tf32(x);
}

/* [N, P, C] -> [N, C, P] */
static float *channels_first(const cuda_conv *conv, const void *from, int64_t n, int64_t plane, int64_t c)
{
    float *to = lsc_calloc((size_t)(n * plane * c), sizeof *to);
    for (int64_t i = 0; to != NULL && i < n * plane * c; i++)
        to[(i / c / plane * c + i % c) * plane + i / c % plane] = factor(conv, load(&conv->shape, from, i));
    return to;
}

static void finish(const cuda_conv *conv, const cuda_conv_data *d, const float *y)
{
    const cuda_conv_shape *s = &conv->shape;
    const bool loses = conv->plan < emulated_control.lose && !conv->apart; /* the rectifier makes 0 of NaN */
    const int64_t plane = s->oh * s->ow;
    for (int64_t i = 0; i < s->n * plane * s->k; i++) {
        int64_t k = i % s->k, place = i / s->k;
        float v = y[(place / plane * s->k + k) * plane + place % plane] + d->shift[k];
        if (s->sum)
            v += load(s, d->z, i);
        if (conv->other && isfinite(v))
            v = nextafterf(v, INFINITY);
        store(s, d->y, i, s->relu && (loses ? !(v > 0) : v < 0) ? 0 : v);
    }
}

void emulated_conv(const cuda_conv *conv, const cuda_conv_data *data)
{
    const cuda_conv_shape *s = &conv->shape;
    nn_node node = {.op = &nn_op_conv2d,
                    .n_in = 1,
                    .in_shape = {3, {s->c, s->h, s->w}},
                    .shape = {3, {s->k, s->oh, s->ow}},
                    .n_blocks = 2,
                    .block = {0, -1},
                    .kernel = s->kernel,
                    .stride = s->stride,
                    .pad = s->pad};
    float *x = channels_first(conv, data->x, s->n, s->h * s->w, s->c);
    float *w = channels_first(conv, data->w, s->k, (int64_t)s->kernel * s->kernel, s->c);
    float *y = lsc_calloc((size_t)(s->n * s->k * s->oh * s->ow), sizeof *y);
    nn_op_args a = {.real = NN_F32, .n = s->n, .node = &node, .in = {x}, .block = {w}, .out = y};
    if (x != NULL && w != NULL && y != NULL) {
        nn_op_conv2d.forward(&a);
        finish(conv, data, y);
    }
    lsc_free(x);
    lsc_free(w);
    lsc_free(y);
}
