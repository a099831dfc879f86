/*
 * format.h - for implementers of a format: fill a const viz_format at the foot of viz/format_X.c and add a row to
 * formats.def. SPDX-License-Identifier: MIT
 */
#ifndef LSC_VIZ_FORMAT_H
#define LSC_VIZ_FORMAT_H

#include "viz/viz.h"

#define FORMAT(name, file, text) extern const viz_format viz_format_##name;
#include "viz/formats.def"
#undef FORMAT

#endif
