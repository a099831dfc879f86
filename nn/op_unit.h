/*
 * op_unit.h - vectors of unit length, as torch.nn.functional.normalize makes them:
 *     u = x / max(|x|, eps)
 * and how u moves with x: ru = inverse (rx - moves u (u . rx)), the same projection for gradients.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_OP_UNIT_H
#define NN_OP_UNIT_H

#include <math.h>

#define NN_UNIT_EPS 1e-12 /* torch.nn.functional.normalize's default */

typedef struct {
    double inverse; /* 1 / max(|x|, eps) */
    double moves;   /* 1, or 0 where eps is the larger: then u is a multiple of x */
} unit_scale;

/* Given |x|^2; NaN stays NaN. */
static inline unit_scale unit_scale_of(double squares, double eps)
{
    double norm = sqrt(squares);
    return norm < eps ? (unit_scale){1 / eps, 0} : (unit_scale){1 / norm, 1};
}

#endif
