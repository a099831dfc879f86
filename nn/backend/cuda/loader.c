/*
 * See loader.h. What comes of it is kept: a process that was told once that there is no GPU stays with that.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/loader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE "losscope_cuda.so"

static struct {
    pthread_once_t once;
    const cuda_api *api;
    char message[LSC_MESSAGE_MAX]; /* where api is NULL */
} loaded = {.once = PTHREAD_ONCE_INIT};

/* ---- the module ------------------------------------------------------------------------------- */

static void refuse(const char *path, const char *why, const char *remedy)
{
    char shown[256];
    snprintf(loaded.message, sizeof loaded.message, "%s: %s; %s", lsc_shown(path, shown, sizeof shown), why, remedy);
}

static void take(const char *path, void *library)
{
    const cuda_api *api = NULL;
    cuda_module_entry *entry = NULL;
    void *symbol = dlsym(library, CUDA_MODULE_ENTRY);
    char why[96];

    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from an object's pointer to a function's */
    if (entry != NULL)
        api = entry();
    if (api != NULL && api->abi == CUDA_MODULE_ABI && api->size == sizeof *api) {
        loaded.api = api;
        return;
    }
    if (api != NULL)
        snprintf(why, sizeof why, "speaks version %u of the module's interface, this program %d", api->abi,
                 CUDA_MODULE_ABI);
    refuse(path, api != NULL ? why : "is no module of losscope", "install program and module of the same version");
    dlclose(library);
}

static void take_file(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        take(path, library);
    else
        refuse(path, dlerror(), "what it needs must lie where the loader looks, e.g. in LD_LIBRARY_PATH");
}

/* "FOLDER OF THE PROGRAM/LSC_MODULE_FOLDER/losscope_cuda.so". */
static bool beside_program(char *out, size_t n)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return false;
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    return (size_t)snprintf(out, n, "%s/%s/%s", program, LSC_MODULE_FOLDER, MODULE) < n;
}

static void load(void)
{
    const char *chosen = getenv("LOSSCOPE_CUDA_MODULE");
    char path[4352];
    if (chosen != NULL) {
        take_file(chosen);
        return;
    }
    if (beside_program(path, sizeof path) && lsc_file_exists(path)) {
        take_file(path);
        return;
    }
    void *library = dlopen(MODULE, RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        take(MODULE, library);
    else
        refuse(MODULE, "is not installed", "build with the CUDA toolkit and cuDNN 9 (docs/gpu.md), or use cpu");
}

lsc_status cuda_load(const cuda_api **out)
{
    lsc_status st = LSC_OK;
    pthread_once(&loaded.once, load);
    LSC_CHECK(loaded.api != NULL, LSC_ERR_ABSENT, "%s", loaded.message);
    *out = loaded.api;
cleanup:
    return st;
}

/* ---- devices ------------------------------------------------------------------------------------ */

static bool is_too_old(const cuda_device_info *info)
{
    return info->major < CUDA_LEAST_MAJOR;
}

static lsc_status device_count(const cuda_api *api, int *n)
{
    lsc_status st = LSC_OK;
    char shown[256];
    *n = 0;
    LSC_CHECK(api->count(n) == CUDA_DONE && *n > 0, LSC_ERR_ABSENT, "there is no GPU to use: %s",
              lsc_shown(api->error(), shown, sizeof shown));
cleanup:
    return st;
}

lsc_status cuda_check_device(const cuda_api *api, int number)
{
    lsc_status st = LSC_OK;
    cuda_device_info info;
    char shown[128];
    int n = 0;
    LSC_TRY(device_count(api, &n));
    LSC_CHECK(number >= 0 && number < n, LSC_ERR_ABSENT, "cuda:%d: there are only the devices 0 .. %d", number, n - 1);
    LSC_CHECK(api->info(number, &info) == CUDA_DONE, LSC_ERR_ABSENT, "cuda:%d: %s", number,
              lsc_shown(api->error(), shown, sizeof shown));
    LSC_CHECK(!is_too_old(&info), LSC_ERR_ABSENT,
              "cuda:%d: %s has compute capability %d.%d, need %d.0 (Ampere) or newer: use cpu", number,
              lsc_shown(info.name, shown, sizeof shown), info.major, info.minor, CUDA_LEAST_MAJOR);
cleanup:
    return st;
}

lsc_status cuda_usable(const cuda_api **api, int *number, int most, int *n)
{
    lsc_status st = LSC_OK;
    int all = 0, found = 0;
    LSC_TRY(cuda_load(api));
    LSC_TRY(device_count(*api, &all));
    for (int i = 0; i < all && found < most; i++) {
        st = cuda_check_device(*api, i);
        if (st == LSC_OK)
            number[found++] = i;
    }
    if (found == 0)
        goto cleanup; /* with what is said of the last one */
    st = LSC_OK;
    *n = found;
cleanup:
    return st;
}

const char *cuda_device_text(int i, char *out, size_t n)
{
    const cuda_api *api = NULL;
    cuda_device_info info;
    char shown[128];
    int count = 0;
    if (cuda_load(&api) != LSC_OK || device_count(api, &count) != LSC_OK || i >= count)
        return NULL;
    if (api->info(i, &info) != CUDA_DONE)
        return lsc_shown(api->error(), out, n);
    snprintf(out, n, "%s, %.1f GiB, compute capability %d.%d%s", lsc_shown(info.name, shown, sizeof shown),
             (double)info.memory / 0x1p30, info.major, info.minor,
             is_too_old(&info) ? ": too old, need 8.0 or newer" : "");
    return out;
}
