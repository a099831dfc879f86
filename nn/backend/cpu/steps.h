/*
 * steps.h - what the makers of steps share: steps.c, lives.c, buffers.c and conv_layout.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef CPU_STEPS_H
#define CPU_STEPS_H

#include "nn/backend/cpu/cpu.h"

/* lives.c: the buffers of values and gradients, once the steps are final. */
lsc_status cpu_lives_make(cpu_plan *p);
/* buffers.c: give every buffer its offset; *section gets the floats of a section of `images` images. */
lsc_status cpu_buffers_place(cpu_buffer *buffers, int n, int64_t images, int64_t *section);
/* conv_layout.c: 8 or 16, what more of the graph's convolutions are fast with; a warning if some are not. */
int cpu_conv_lanes(const cpu_plan *p);
/* Whether oneDNN has a fast kernel for this convolution of row-major images. */
bool cpu_conv_takes_plain(const cpu_plan *p, const nn_node *node);

#endif
