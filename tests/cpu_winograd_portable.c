/*
 * See cpu_winograd_portable.h.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_winograd_portable.h"

#define LANES    16
#define TILES    12
#define CHANNELS 8
#include "nn/backend/cpu/winograd_kernels.h"

const cpu_winograd_kernels cpu_winograd_portable = WINOGRAD_KERNELS;
