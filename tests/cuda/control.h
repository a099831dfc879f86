/*
 * control.h - use the emulated device in this process, and its settings.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_CUDA_CONTROL_H
#define LSC_TEST_CUDA_CONTROL_H

#include <dlfcn.h>
#include <stdlib.h>

#include "cuda/emulated.h"
#include "support/support.h"

/* Before the first use of a backend: let this module be the one that is opened. */
static inline emulated_settings *control_open(const char *module)
{
    CHECK_INT(setenv("LOSSCOPE_CUDA_MODULE", module, 1), 0);
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    CHECK(library != NULL);
    emulated_settings *settings = dlsym(library, "emulated_control");
    CHECK(settings != NULL);
    return settings;
}

/* One device of 1 GiB in which nothing fails. */
static inline void control_reset(emulated_settings *s)
{
    const int64_t live = s->live;
    *s = (emulated_settings){
        .devices = 1, .major = 9, .memory = (int64_t)1 << 30, .fail_device = -1, .live = live, .plans = 1};
}

#endif
