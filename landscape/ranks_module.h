/*
 * ranks_module.h - the module losscope_mpi.so: ranks of liblosscope (losscope.h) by MPI. It exports one function, needs
 * nothing of ours, and is opened only where a launcher has started several processes: all others need no MPI.
 * What MPI itself cannot do ends all ranks with MPI's own words.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_RANKS_MODULE_H
#define LSC_RANKS_MODULE_H

#include "losscope.h"

#define LSC_MPI_MODULE_ABI   1u
#define LSC_MPI_MODULE_ENTRY "losscope_mpi_module"

/* This process among those on its machine. */
typedef struct {
    int rank, n;
    int cores; /* its share of those that they may use, at least 1 */
} lsc_node;

typedef struct {
    uint32_t abi, size;           /* LSC_MPI_MODULE_ABI, sizeof: checked before anything is called */
    const char *(*version)(void); /* "Open MPI v4.1.4"; also before open */
    /* Called by all ranks, once. `ranks` works until close. */
    void (*open)(lsc_ranks *ranks, lsc_node *node);
    /* Called by all ranks, once. Messages that nobody received are forgotten. Rank 0 waits for the others so many
     * seconds, then ends them by force; the exit status is then this one. */
    void (*close)(double seconds, int exit_status);
} lsc_mpi_module;

typedef const lsc_mpi_module *lsc_mpi_module_entry(void);

#endif
