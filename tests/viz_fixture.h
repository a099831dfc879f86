/*
 * viz_fixture.h - surfaces for tests of the viewer.
 * SPDX-License-Identifier: MIT
 */
#ifndef VIZ_FIXTURE_H
#define VIZ_FIXTURE_H

#include "losscope.h"

/* Losses at a point; fixture_absent leaves it not done. */
extern const double fixture_absent;
double fixture_bowl(const double c[3]);  /* 0.5 + x^2 + 2 y^2 + z^2: max/min < 30 on [-1, 1]^3 */
double fixture_steep(const double c[3]); /* 0.01 + 200 (x^2 + y^2)^2: max/min > 30 */
double
fixture_holes(const double c[3]); /* the bowl with NaN, infinity and a point that is not done around (0.5, 0.5) */
double fixture_never(const double c[3]); /* not done anywhere */

/* Returns new: fields loss and accuracy = 1 / (1 + loss). Fails the test if it cannot. */
lsc_surface *fixture_surface(const lsc_axis *axes, int n_axes, double (*loss)(const double c[3]));
/* The same over [-1, 1]^2. */
lsc_surface *fixture_square(int nx, int ny, double (*loss)(const double c[3]));

#endif
