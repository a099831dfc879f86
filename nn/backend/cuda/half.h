/*
 * half.h - the 16-bit reals of devices on the host, by their bits: IEEE half (1, 5, 10) and bfloat16 (1, 8, 7), rounded
 * to nearest, ties to even, as devices do.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_HALF_H
#define CUDA_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t half_float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float half_bits_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^e for e = -126 .. 127. */
static inline float half_power(int e)
{
    return half_bits_float((uint32_t)(e + 127) << 23);
}

static inline float half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = h & 0x7fff;
    if (rest >= 0x7c00) /* infinity, NaN */
        return half_bits_float(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    /* The exponent is taken as a float's, then its bias is mended by an exact product, for subnormal numbers, too. */
    return half_bits_float(sign | half_float_bits(half_bits_float(rest << 13) * half_power(127 - 15)));
}

static inline uint16_t half_from_float(float x)
{
    uint32_t bits = half_float_bits(x), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
    if (rest > 0x7f800000)
        return (uint16_t)(sign | 0x7e00); /* NaN */
    if (rest >= 0x477ff000)               /* 65520 and more round to infinity */
        return (uint16_t)(sign | 0x7c00);
    if (rest < 0x38800000) { /* subnormal: the sum with 1/2 rounds to multiples of 2^-24 */
        uint32_t sum = half_float_bits(half_bits_float(rest) + 0.5f);
        return (uint16_t)(sign | (sum - 0x3f000000));
    }
    rest -= (uint32_t)(127 - 15) << 23;
    return (uint16_t)(sign | (rest + 0xfff + (rest >> 13 & 1)) >> 13);
}

static inline float bfloat_to_float(uint16_t h)
{
    return half_bits_float((uint32_t)h << 16);
}

static inline uint16_t bfloat_from_float(float x)
{
    uint32_t bits = half_float_bits(x);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return 0x7fff; /* NaN */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#endif
