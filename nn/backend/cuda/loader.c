/*
 * See loader.h. What comes of it is kept: a process that was told once that there is no GPU stays with that.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/loader.h"

#include <pthread.h>

#include "base/module.h"

static struct {
    pthread_once_t once;
    const cuda_api *api;
    char message[LSC_MESSAGE_MAX]; /* where api is NULL */
} loaded = {.once = PTHREAD_ONCE_INIT};

/* ---- the module ------------------------------------------------------------------------------- */

static void load(void)
{
    static const lsc_module module = {
        .file = "losscope_cuda.so",
        .variable = "LOSSCOPE_CUDA_MODULE",
        .entry = CUDA_MODULE_ENTRY,
        .abi = CUDA_MODULE_ABI,
        .size = sizeof(cuda_api),
        .remedy = "build with the CUDA toolkit and cuDNN 9 (docs/gpu.md), or use cpu",
    };
    const void *table = NULL;
    if (lsc_module_open(&module, &table) == LSC_OK)
        loaded.api = table;
    else
        snprintf(loaded.message, sizeof loaded.message, "%s", lsc_last_error());
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
    LSC_CHECK(api->info(number, &info) == CUDA_DONE, LSC_ERR_BACKEND, "cuda:%d: %s", number,
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
        else if (st == LSC_ERR_BACKEND && most > 1)
            lsc_log_warn("%s; going on without it", lsc_last_error());
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
