/*
 * axis.h - resampling along one axis with antialiasing:
 *     out(i) = sum_j w_ij in(j) / sum_j w_ij,    w_ij = k((j + 1/2 - c_i) / s)
 *     c_i = (i + 1/2) n_in / n_out,              s = max(1, n_in / n_out)
 * over the pixels j inside the image. Enlarging, this interpolates between the centres of pixels; reducing, the
 * kernel k is as much wider. Weights are integers, so that the same file gives the same bytes on every machine.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_AXIS_H
#define DS_AXIS_H

#include "base/base.h"

typedef struct {
    double support; /* k is 0 beyond */
    double (*at)(double x);
} ds_kernel;
extern const ds_kernel ds_triangle; /* bilinear */
extern const ds_kernel ds_cubic;    /* Keys 1981 with a = -1/2, Pillow's BICUBIC of resize */

/* What makes the outputs first .. first+n-1: taps [n, most], from input `first` [n], `count` [n] of them. */
typedef struct {
    int n, most;
    int *first, *count;
    int32_t *weight; /* [n, most], each row sums to 2^bits up to rounding */
} ds_axis;

lsc_status ds_axis_new(const ds_kernel *kernel, int n_in, int n_out, int first, int n, int bits, ds_axis *out);
void ds_axis_free(ds_axis *a);

#endif
