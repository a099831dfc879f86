/*
 * See ranks_module.h. Sources: the MPI standard 3.1: 3.8.1 probing, 3.4 what a send may wait for, 5.12 barriers that do
 * not wait, 6.4.2 ranks that share memory; sched_getaffinity(2). Whoever is sent to is waiting for it, or else the
 * message is of a few bytes, which every MPI takes at once. SPDX-License-Identifier: MIT
 */
#include "landscape/ranks_module.h"

#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    MPI_Comm comm; /* of ours alone */
    int rank;
    void *bytes; /* of the message received last */
    size_t capacity;
} mpi;

/* ---- messages ----------------------------------------------------------------------------- */

static lsc_status send(void *self, int to, const void *bytes, size_t n)
{
    (void)self;
    MPI_Send(bytes, (int)n, MPI_BYTE, to, 0, mpi.comm);
    return LSC_OK;
}

static bool reserve(size_t n)
{
    if (n > mpi.capacity) {
        free(mpi.bytes);
        mpi.bytes = malloc(n);
        mpi.capacity = mpi.bytes != NULL ? n : 0;
    }
    return n <= mpi.capacity;
}

static lsc_status receive(void *self, int *from, const void **bytes, size_t *n)
{
    int there = 0, length = 0;
    MPI_Status status;
    (void)self;
    *from = -1;
    MPI_Iprobe(MPI_ANY_SOURCE, 0, mpi.comm, &there, &status);
    if (!there)
        return LSC_OK;
    MPI_Get_count(&status, MPI_BYTE, &length);
    if (!reserve((size_t)length))
        return LSC_ERR_NOMEM;
    MPI_Recv(mpi.bytes, length, MPI_BYTE, status.MPI_SOURCE, 0, mpi.comm, MPI_STATUS_IGNORE);
    *from = status.MPI_SOURCE;
    *bytes = mpi.bytes;
    *n = (size_t)length;
    return LSC_OK;
}

/* ---- the machine ---------------------------------------------------------------------------- */

/* Launchers bind processes to cores each in their own way: what all on the machine may use together is shared, but none
 * gets more threads than cores that it may use itself. */
static void look_around(lsc_node *node)
{
    cpu_set_t own, all;
    MPI_Comm machine;
    MPI_Comm_split_type(mpi.comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_rank(machine, &node->rank);
    MPI_Comm_size(machine, &node->n);
    CPU_ZERO(&own);
    sched_getaffinity(0, sizeof own, &own); /* of more cores than the set has none is found: one thread then */
    all = own;
    MPI_Allreduce(MPI_IN_PLACE, &all, (int)sizeof all, MPI_BYTE, MPI_BOR, machine);
    node->cores = CPU_COUNT(&all) / node->n;
    if (node->cores > CPU_COUNT(&own))
        node->cores = CPU_COUNT(&own);
    if (node->cores < 1)
        node->cores = 1;
    MPI_Comm_free(&machine);
}

/* ---- life ------------------------------------------------------------------------------------- */

static const char *version(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int n = 0;
    MPI_Get_library_version(text, &n);
    text[strcspn(text, ",\n")] = '\0';
    return text;
}

static void open_ranks(lsc_ranks *ranks, lsc_node *node)
{
    int given;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_dup(MPI_COMM_WORLD, &mpi.comm);
    MPI_Comm_rank(mpi.comm, &mpi.rank);
    *ranks = (lsc_ranks){.rank = mpi.rank, .send = send, .receive = receive};
    MPI_Comm_size(mpi.comm, &ranks->n);
    look_around(node);
}

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Processors are left alone meanwhile: another rank may be in the middle of a point. */
static void meet(double seconds, int exit_status)
{
    const double until = seconds_now() + seconds;
    MPI_Request all;
    int there = 0, from;
    const void *bytes;
    size_t n;
    MPI_Ibarrier(mpi.comm, &all);
    for (;;) {
        MPI_Test(&all, &there, MPI_STATUS_IGNORE);
        if (there)
            return;
        if (mpi.rank == 0 && seconds_now() > until)
            MPI_Abort(MPI_COMM_WORLD, exit_status);
        receive(NULL, &from, &bytes, &n);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

static void close_ranks(double seconds, int exit_status)
{
    meet(seconds, exit_status);
    free(mpi.bytes);
    MPI_Comm_free(&mpi.comm);
    MPI_Finalize();
}

__attribute__((visibility("default"))) lsc_mpi_module_entry losscope_mpi_module;

const lsc_mpi_module *losscope_mpi_module(void)
{
    static const lsc_mpi_module module = {
        .abi = LSC_MPI_MODULE_ABI,
        .size = sizeof module,
        .version = version,
        .open = open_ranks,
        .close = close_ranks,
    };
    return &module;
}
