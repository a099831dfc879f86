/*
 * emulated.h - an emulated device: the table of device.h over the processor, as a module of its own
 * (losscope_cuda_emulated.so). Kernels are ours, by the emulator; convolutions are those of the reference. Device
 * memory begins as NaN, and so does what is freed; what CUDA forbids while it records is refused, a first run of a
 * convolution, too: it would load kernels. For tests only.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_EMULATED_H
#define LSC_TEST_EMULATED_H

#include "nn/backend/cuda/device.h"

#define EMULATED_TIMES 5

/* Settings and counts of the process, by the symbol "emulated_control". The environment variable LOSSCOPE_EMULATED sets
 * the first ones at the start: "devices=2 memory=1000000 major=7 driver=3 fail=12 fail_device=1 broken=1 cuts=1
 * differ=1 plans=3 saves=1 lose=3". */
typedef struct {
    int devices, major;
    int driver;       /* its version, part of the table's; 0: none is said */
    int64_t memory;   /* bytes of each */
    int64_t fail_at;  /* this call fails, counted from 1 over all functions that can fail; 0: none */
    int fail_device;  /* calls on this device count alone; -1: all */
    int broken;       /* all calls after it fail, too */
    int64_t calls;    /* so far */
    int64_t live;     /* things that were made and not freed: memory, convolutions, graphs, open devices */
    int64_t launches; /* kernels and convolutions that ran, by graphs or not */
    int64_t pinned;   /* pieces of pinned memory that were made */
    int64_t waits;    /* calls in which the host waited for the device */

    int cuts;   /* tensor cores cut floats after 10 bits of mantissa instead of rounding them */
    int differ; /* half of the convolutions that are made do otherwise, and round sums up: as other engines would */

    int plans;        /* ways that are proposed for each convolution, at most CUDA_MOST_PLANS */
    int saves;        /* whether they can be written down ... */
    int unsaved;      /* ... but for the first so many */
    int64_t proposed; /* of all convolutions so far */
    int64_t made;     /* ways, proposed or loaded, while they differ */
    int64_t loaded;   /* from texts */
    int64_t timed;    /* runs by the device's clock */
    double seconds[CUDA_MOST_PLANS][EMULATED_TIMES]; /* of each plan, run after run; negative: it fails */
    int lose;                     /* the first so many plans make 0 of NaN in the rectifier, unless it is apart */
    int unrecorded;               /* the first so many plans fail while the device records */
    int64_t ran[CUDA_MOST_PLANS]; /* runs of each, timed ones not counted */
} emulated_settings;

extern emulated_settings emulated_control;

/* ---- for its files ------------------------------------------------------------------------------- */

struct cuda_conv {
    cuda_conv_shape shape;
    int plan;   /* which of those that are proposed */
    bool apart; /* the rectifier */
    bool other; /* one of those that differ */
    int timed;  /* runs so far */
    bool ran;   /* so that its kernels are loaded */
};

int emulated_fail(cuda_result result, const char *what);
/* Begins every function that cannot run while the device records. */
int emulated_begin_at_once(const cuda_device *d, const char *what);
/* Something was made, or freed: -1. */
void emulated_live(int change);
/* emulated_conv.c */
void emulated_conv(const cuda_conv *conv, const cuda_conv_data *data);
/* emulated_plans.c: of the table */
int emulated_conv_plans(cuda_device *d, const cuda_conv_shape *shape, bool apart, cuda_conv **out, int *n);
int emulated_conv_save(cuda_device *d, const cuda_conv *conv, char *text, size_t room, size_t *n);
int emulated_conv_load(cuda_device *d, const cuda_conv_shape *shape, const char *text, size_t n, cuda_conv **out);
size_t emulated_conv_workspace(const cuda_conv *conv);
void emulated_conv_free(cuda_device *d, cuda_conv *conv);
int emulated_conv_time(cuda_conv *conv, double *seconds); /* of a run */

#endif
