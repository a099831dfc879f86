/*
 * Winograd kernels for AVX2 with FMA: 12 of 16 registers hold sums. Compiled for it; run only where cpu_winograd_find
 * has found it.
 * SPDX-License-Identifier: MIT
 */
#define LANES    8
#define TILES    6
#define CHANNELS 4
#include "nn/backend/cpu/winograd_kernels.h"

const cpu_winograd_kernels cpu_winograd_avx2 = WINOGRAD_KERNELS;
