/*
 * scale.h - ranges, round numbers and colours: what a reader measures a picture with.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_SCALE_H
#define LSC_VIZ_SCALE_H

#include "viz/mesh.h"

#define VIZ_LOG_RATIO 30.0 /* above this max/min a linear colour scale shows one dish of one colour */

/* The least and largest loss that is shown; false: none is. */
bool viz_loss_range(const viz_grid *g, double *least, double *largest);
/* Whether a range asks for a logarithmic scale. */
bool viz_wants_log(double least, double largest);

#define VIZ_LEVELS_MAX 32
/* At most `want` (<= VIZ_LEVELS_MAX) numbers of the series 1, 2, 5, 10, ... in [lo, hi]: multiples of one step, or for
 * a logarithmic scale the series itself, thinned to whole decades where there would be too many. Returns how many. */
int viz_levels(double lo, double hi, bool log, int want, double *out);
/* To ten digits, in the form that reads best: "0.05", "2.3005", "2000", "5e-4", "2e6"; returns out. */
const char *viz_number(double value, char *out, size_t n);

#define VIZ_COLORS 256
/* Viridis, [VIZ_COLORS, 3], 0..1: perceptually uniform and readable without colour vision. */
void viz_colors(double rgb[VIZ_COLORS][3]);

#endif
