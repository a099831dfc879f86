/*
 * emulated.h - an emulated device: the table of device.h over the processor, as a module of its own
 * (losscope_cuda_emulated.so). Kernels are ours, by the emulator; convolutions are those of the reference. Device
 * memory begins as NaN, and so does what is freed; what CUDA forbids while it records is refused. For tests only.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_EMULATED_H
#define LSC_TEST_EMULATED_H

#include "nn/backend/cuda/device.h"

/* Settings and counts of the process, by the symbol "emulated_control". The environment variable LOSSCOPE_EMULATED sets
 * the first ones at the start: "devices=2 memory=1000000 major=7 fail=12 fail_device=1 broken=1". */
typedef struct {
    int devices, major;
    int64_t memory;   /* bytes of each */
    int64_t fail_at;  /* this call fails, counted from 1 over all functions that can fail; 0: none */
    int fail_device;  /* calls on this device count alone; -1: all */
    int broken;       /* all calls after it fail, too */
    int64_t calls;    /* so far */
    int64_t live;     /* things that were made and not freed: memory, convolutions, graphs, open devices */
    int64_t launches; /* kernels and convolutions that ran, by graphs or not */
    int64_t pinned;   /* pieces of pinned memory that were made */
    int64_t waits;    /* calls in which the host waited for the device */
} emulated_settings;

void emulated_conv(const cuda_conv_shape *s, const cuda_conv_data *data);

#endif
