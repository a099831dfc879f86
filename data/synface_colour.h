/*
 * synface_colour.h - arithmetic of synthetic faces on the three channels of a point at once.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_SYNFACE_COLOUR_H
#define DS_SYNFACE_COLOUR_H

#include "base/clones.h"

#include <math.h>

/* Red, green, blue, and a fourth number that means nothing. */
typedef double syn_colour __attribute__((vector_size(32)));
/* A number of four neighbouring points. */
typedef syn_colour syn_four;
typedef int64_t syn_bits __attribute__((vector_size(32)));

/* Vectors are passed to functions that are inlined only: how others take them depends on the instruction set. */
#define SYN_INLINE static inline __attribute__((always_inline))

/* Clang does not even inline those into a function for another instruction set: it has one version of each. */
#if defined(__clang__)
#define SYN_CLONES
#else
#define SYN_CLONES LSC_CLONES
#endif

SYN_INLINE syn_colour syn_grey(double x)
{
    return (syn_colour){x, x, x, x};
}

SYN_INLINE syn_colour syn_rgb(const double c[3])
{
    return (syn_colour){c[0], c[1], c[2], 0};
}

/* Element by element: lo where x < lo, hi where x > hi. */
SYN_INLINE syn_colour syn_clamped(syn_colour x, double lo, double hi)
{
    const syn_bits below = x<lo, above = x> hi;
    const syn_bits kept = (syn_bits)x & ~below & ~above;
    return (syn_colour)(kept | (below & (syn_bits)syn_grey(lo)) | (above & (syn_bits)syn_grey(hi)));
}

/* x where the mask is set, 0 elsewhere. */
SYN_INLINE syn_colour syn_where(syn_bits mask, syn_colour x)
{
    return (syn_colour)(mask & (syn_bits)x);
}

SYN_INLINE syn_colour syn_sqrt(syn_colour x)
{
    return (syn_colour){sqrt(x[0]), sqrt(x[1]), sqrt(x[2]), sqrt(x[3])};
}

/* Integers are all that is left of a number beside this one, in its lowest bits. */
#define SYN_ROUNDER 0x1.8p52

/* The nearest integer, of two the even one; |x| < 2^51. */
SYN_INLINE syn_colour syn_rounded(syn_colour x)
{
    return (x + SYN_ROUNDER) - SYN_ROUNDER;
}

/* exp(x) to two units in the last place, for |x| < 700: 2^k exp(r), with x = k log 2 + r, and exp(r) by its series, odd
 * and even powers apart: two short sums are ready sooner than a long one. */
SYN_INLINE syn_colour syn_exp(syn_colour x)
{
    static const double odd[] = {1.0 / 6227020800, 1.0 / 39916800, 1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6, 1};
    static const double even[] = {1.0 / 479001600, 1.0 / 3628800, 1.0 / 40320, 1.0 / 720, 1.0 / 24, 1.0 / 2, 1};
    const syn_colour shifted = x * 0x1.71547652b82fep0 + SYN_ROUNDER, k = shifted - SYN_ROUNDER;
    /* log 2 in two parts: k times the first, of 32 bits, is exact. */
    const syn_colour r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33, r2 = r * r;
    syn_colour sinh = syn_grey(odd[0]), cosh = syn_grey(even[0]);
    for (int i = 1; i < 7; i++) {
        sinh = sinh * r2 + odd[i];
        cosh = cosh * r2 + even[i];
    }
    return (syn_colour)((syn_bits)(sinh * r + cosh) + ((syn_bits)shifted << 52));
}

/* 1 / (1 + exp(x)) */
SYN_INLINE syn_colour syn_falling(syn_colour x)
{
    return 1 / (1 + syn_exp(x));
}

#endif
