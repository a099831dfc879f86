/*
 * Whether this process is one of several that a launcher (mpirun, srun) has started, as it says in the environment, and
 * then the module for MPI. A process on its own needs no MPI, and neither opens nor starts it.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/module.h"

#define CLOSE_SECONDS 10 /* for the ranks that are in the middle of a point */

/* Open MPI (also started by srun), MVAPICH, Hydra and its kin, and srun without any of them. */
static const struct {
    const char *rank, *n, *name;
} launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "mpirun"},
    {"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "mpirun"},
    {"PMI_RANK", "PMI_SIZE", "a launcher of MPI"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "srun"},
};

static int number(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    long v = text != NULL ? strtol(text, &end, 10) : -1;
    return text != NULL && end != text && *end == '\0' && v >= 0 && v <= INT32_MAX ? (int)v : -1;
}

landscape_launch landscape_launched(void)
{
    for (size_t i = 0; i < LSC_COUNT(launchers); i++) {
        int rank = number(launchers[i].rank), n = number(launchers[i].n);
        if (n > 1 && rank >= 0 && rank < n)
            return (landscape_launch){rank, n, launchers[i].name};
    }
    return (landscape_launch){0, 1, NULL};
}

static lsc_status wanted(const char *how, const landscape_launch *by, bool *out)
{
    lsc_status st = LSC_OK;
    char shown[64];
    bool is_auto = how == NULL || strcmp(how, "auto") == 0, on = how != NULL && strcmp(how, "on") == 0;
    LSC_CHECK(is_auto || on || strcmp(how, "off") == 0, LSC_ERR_ARG, "--mpi: '%s' is none of auto, on, off",
              lsc_shown(how, shown, sizeof shown));
    *out = on || (is_auto && by->n > 1);
cleanup:
    return st;
}

static lsc_status open_module(landscape_team *t, const landscape_launch *by)
{
    static const lsc_module module = {
        .file = "losscope_mpi.so",
        .variable = "LOSSCOPE_MPI_MODULE",
        .entry = LSC_MPI_MODULE_ENTRY,
        .abi = LSC_MPI_MODULE_ABI,
        .size = sizeof(lsc_mpi_module),
        .remedy = "build where MPI is (-DLSC_WITH_MPI=ON)",
    };
    const void *table = NULL;
    lsc_status st = lsc_module_open(&module, &table);
    t->module = table;
    if (st != LSC_OK && by->n > 1)
        return lsc_context(
            st, "%s started %d processes for one surface, which takes MPI (or --mpi off, for a surface each)", by->name,
            by->n);
    return st;
}

lsc_status landscape_team_open(landscape_team *t, const char *how)
{
    lsc_status st = LSC_OK;
    const landscape_launch by = landscape_launched();
    bool with_mpi = false;
    *t = (landscape_team){.ranks = {.n = 1}, .node = {.n = 1}, .silent = by.rank > 0};
    LSC_TRY(wanted(how, &by, &with_mpi));
    if (!with_mpi) {
        t->silent = false;
        goto cleanup;
    }
    LSC_TRY(open_module(t, &by));
    t->module->open(&t->ranks, &t->node);
    LSC_CHECK(by.n == 1 || t->ranks.n == by.n, LSC_ERR_ABSENT,
              "%s started %d processes, but each is alone for %s: use the mpirun that belongs to it, or of srun the "
              "--mpi=... that it takes (srun --mpi=list)",
              by.name, by.n, t->module->version());
cleanup:
    return st;
}

void landscape_team_close(landscape_team *t, int exit_status)
{
    if (t->module != NULL && t->ranks.send != NULL)
        t->module->close(CLOSE_SECONDS, exit_status);
    *t = (landscape_team){.ranks = {.n = 1}};
}

static int redirect(int fd, int to)
{
    int before = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    dup2(to, fd);
    return before;
}

static void restore(int fd, int before)
{
    if (before < 0)
        return;
    dup2(before, fd);
    close(before);
}

landscape_hushed landscape_hush(void)
{
    landscape_hushed before = {-1, -1};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        return before;
    fflush(NULL);
    before.out = redirect(STDOUT_FILENO, nowhere);
    before.err = redirect(STDERR_FILENO, nowhere);
    close(nowhere);
    return before;
}

void landscape_unhush(landscape_hushed before)
{
    fflush(NULL);
    restore(STDOUT_FILENO, before.out);
    restore(STDERR_FILENO, before.err);
}
