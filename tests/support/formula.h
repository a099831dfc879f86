/*
 * formula.h - weights, images and directions that another program can make too, so that golden values of whole
 * networks need no stored weights.
 *
 *     u(n, k)[j] = 2 frac(43758.5453 sin(12.9898 (j+1) + 78.233 (k+1))) - 1,   j = 0 .. n-1
 *     parameter k of the layout, rank >= 2:   u sqrt(3 / fan_in) sqrt(2) 0.9   fan_in: elements of one filter
 *       rank 1, "....weight":                 g (1 + 0.2 u)   g 0.3 for bn2 of a residual network, else 1
 *       other:                                0.1 u
 *     buffer k among all buffers:             running_mean 0.1 u(n, 1000+k), running_var 1 + 0.5 u(n, 2000+k), count 0
 *     images: u(n, 5000)
 *     direction, parameter k:                 u(n, base+k) |w| / sqrt(n),  |w|: Euclidean norm of the parameter
 * All but the direction is rounded to float once. The sine's argument is a sum of rounded doubles from left to right: a
 * fused multiply-add gives other weights.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_FORMULA_H
#define LSC_TEST_FORMULA_H

#include "losscope.h"

void formula_u(int64_t n, int64_t k, double *out);
/* theta [n], every element a float. */
void formula_theta(const lsc_layout *layout, const char *model, double *theta);
void formula_images(int64_t n, float *images);
/* v [n_learned]; base 7000 in tests/golden/models */
void formula_direction(const lsc_layout *layout, const double *theta, int64_t base, double *v);

#endif
