/*
 * stub.h - the real module over a CUDA runtime and a cuDNN that are none (losscope_cuda_stub.so): memory is the host's,
 * kernels do nothing, convolutions make NaN, every call can be made to fail. What is tested by it are the module's own
 * error paths; for values there is the emulated device. For tests only. SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_CUDA_STUB_H
#define LSC_TEST_CUDA_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
#define CALL(name, failure) STUB_##name,
#include "cuda/stub_calls.def"
#undef CALL
    STUB_N_CALLS
} stub_call;

/* Settings and counts of the process, by the symbol "stub_control". The environment variable LOSSCOPE_STUB fails one
 * call at the start: "cudaMalloc 3" the third of this name. */
typedef struct {
    int devices;
    int driver;       /* version; one older than the runtime's: no device can be used; 0: there is none */
    int64_t memory;   /* bytes of each device */
    int64_t fail_at;  /* this call fails, counted from 1; 0: none */
    int fail_device;  /* calls on this device count alone; -1: all */
    bool no_memory;   /* it fails for want of memory */
    bool broken;      /* all calls after it fail, too */
    stub_call failed; /* the first that failed; STUB_N_CALLS: none yet */
    int64_t calls;    /* that can fail, so far */
    int64_t live;     /* things that were made and not freed */
    int64_t pinned;   /* pieces of pinned memory that were made */
    int64_t called[STUB_N_CALLS];
} stub_settings;

extern stub_settings stub_control;

/* Every function of the stub begins with it: whether it fails. */
bool stub_fails(stub_call call);
/* A piece of n zeroed bytes that counts as live; NULL: no memory. */
void *stub_new(size_t n);
void stub_delete(void *p);
/* A whole piece of device memory becomes NaN. */
void stub_make_nan(void *memory);

#endif
