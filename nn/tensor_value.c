/*
 * Elements of tensors in files as double, which holds every value of every type but the largest I64. The data may
 * lie at any address.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"

#include <math.h>
#include <string.h>

#define VALUE(id, type)                                                                                                \
    static double id(const uint8_t *data, int64_t i)                                                                   \
    {                                                                                                                  \
        type x;                                                                                                        \
        memcpy(&x, data + (size_t)i * sizeof x, sizeof x);                                                             \
        return (double)x;                                                                                              \
    }

VALUE(f32, float)
VALUE(f64, double)
VALUE(i64, int64_t)
VALUE(u8, uint8_t)
VALUE(i32, int32_t)
VALUE(i16, int16_t)
VALUE(i8, int8_t)

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
static double f16(const uint8_t *data, int64_t i)
{
    unsigned bits = data[2 * i] | (unsigned)data[2 * i + 1] << 8;
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double x;
    if (exponent == 31)
        x = fraction ? (double)NAN : (double)INFINITY;
    else
        x = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits >> 15 ? -x : x;
}

/* The upper half of a float. */
static double bf16(const uint8_t *data, int64_t i)
{
    uint32_t bits = (uint32_t)data[2 * i] << 16 | (uint32_t)data[2 * i + 1] << 24;
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

static double (*const readers[])(const uint8_t *, int64_t) = {
    [NN_DT_F32] = f32, [NN_DT_F64] = f64, [NN_DT_I64] = i64, [NN_DT_F16] = f16, [NN_DT_BF16] = bf16,
    [NN_DT_U8] = u8,   [NN_DT_I32] = i32, [NN_DT_I16] = i16, [NN_DT_I8] = i8,   [NN_DT_BOOL] = u8,
};

double nn_tensor_value(const nn_tensor *t, int64_t i)
{
    return readers[t->dtype](t->data, i);
}
