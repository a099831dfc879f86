/*
 * emulator.h - our CUDA kernels on the processor, from the same sources. Every thread of a block is a fiber; they take
 * turns at barriers. Shared memory begins as NaN in every block. For tests only.
 *
 * What it finds: wrong values, missing barriers (in some order of the threads), reads of what was not written. What it
 * does not: races inside a warp without a barrier, alignment, speed.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_EMULATOR_H
#define LSC_TEST_EMULATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "nn/backend/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The order in which the threads of a block take turns; a seed for a shuffled one. */
typedef enum { EMULATOR_FORWARD, EMULATOR_BACKWARD, EMULATOR_SHUFFLED } emulator_order;

/* Of the calling thread. */
typedef struct {
    emulator_order order;
    int skipped;            /* the barrier in this line of its source is left out; 0: none */
    int lines[16], n_lines; /* lines of the barriers that were met since n_lines was set to 0 */
} emulator_settings;
emulator_settings *emulator_of_thread(void);

/* Run a kernel: a row of kernels.def and its arguments, whose pointers are ordinary ones. */
void emulator_run(int kernel, const void *args);
size_t emulator_args_size(int kernel);
const char *emulator_name(int kernel);

#ifdef __cplusplus
}
#endif
#endif
