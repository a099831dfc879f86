/*
 * cpu_winograd_portable.h - the Winograd kernels of 16 lanes, compiled for any machine.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CPU_WINOGRAD_PORTABLE_H
#define LSC_CPU_WINOGRAD_PORTABLE_H

#include "nn/backend/cpu/winograd.h"

extern const cpu_winograd_kernels cpu_winograd_portable;

#endif
