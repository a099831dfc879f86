/*
 * module.h - opens parts of the programs that are shared objects of their own, because what they need is not
 * everywhere: losscope_cuda.so, losscope_mpi.so. Link lsc_module.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_MODULE_H
#define LSC_MODULE_H

#include "base/base.h"

typedef struct {
    const char *file;     /* "losscope_cuda.so" */
    const char *variable; /* of the environment: a path, which then is the only place; empty counts as none */
    const char *entry;    /* the one symbol that it exports: a function without arguments that returns its table */
    uint32_t abi, size;   /* what the table begins with: two uint32_t */
    const char *remedy;   /* what to do where it is not installed */
} lsc_module;

/* The table of a module, found by $VARIABLE, in the folder of modules beside the program, or where the loader looks for
 * libraries. It stays open. LSC_ERR_ABSENT: there is none, it cannot be opened, or it is of another version; and what
 * to do about it. */
lsc_status lsc_module_open(const lsc_module *m, const void **table);

#endif
