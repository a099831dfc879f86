/*
 * See module.h.
 * SPDX-License-Identifier: MIT
 */
#include "base/module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static lsc_status refuse(const char *path, const char *why, const char *remedy)
{
    char shown[256];
    return lsc_fail(LSC_ERR_ABSENT, "%s: %s; %s", lsc_shown(path, shown, sizeof shown), why, remedy);
}

/* Its table, if it is a module of this version. */
static lsc_status take(const lsc_module *m, const char *path, void *library, const void **table)
{
    const void *(*entry)(void) = NULL;
    void *symbol = dlsym(library, m->entry);
    const uint32_t *head = NULL;
    char why[96] = "is no module of losscope";

    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from an object's pointer to a function's */
    if (entry != NULL)
        head = entry();
    if (head != NULL && head[0] == m->abi && head[1] == m->size) {
        *table = head;
        return LSC_OK;
    }
    if (head != NULL)
        snprintf(why, sizeof why, "speaks version %u of the module's interface, this program %u", (unsigned)head[0],
                 (unsigned)m->abi);
    dlclose(library);
    return refuse(path, why, "install program and module of the same version");
}

static lsc_status take_file(const lsc_module *m, const char *path, const void **table)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        return take(m, path, library, table);
    /* The loader begins with the path where it is this file that is missing. */
    return refuse(path, lsc_without_path(dlerror(), path),
                  "what it needs must lie where the loader looks, e.g. in LD_LIBRARY_PATH");
}

/* "FOLDER OF THE PROGRAM/LSC_MODULE_FOLDER/losscope_cuda.so". */
static bool beside_program(const char *file, char *out, size_t n)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return false;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    return (size_t)snprintf(out, n, "%s/%s/%s", program, LSC_MODULE_FOLDER, file) < n;
}

lsc_status lsc_module_open(const lsc_module *m, const void **table)
{
    const char *chosen = getenv(m->variable);
    char path[4352];
    if (chosen != NULL && chosen[0] != '\0')
        return take_file(m, chosen, table);
    if (beside_program(m->file, path, sizeof path) && lsc_file_exists(path))
        return take_file(m, path, table);
    void *library = dlopen(m->file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return refuse(m->file, "is not installed", m->remedy);
    return take(m, m->file, library, table);
}
