/*
 * Winograd kernels for AVX-512F: 24 of 32 registers hold sums. Compiled for it; run only where cpu_winograd_find has
 * found it.
 * SPDX-License-Identifier: MIT
 */
#define LANES    16
#define TILES    12
#define CHANNELS 8
#include "nn/backend/cpu/winograd_kernels.h"

const cpu_winograd_kernels cpu_winograd_avx512 = WINOGRAD_KERNELS;
