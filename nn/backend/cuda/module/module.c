/*
 * The table of the module, and what devices there are.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include "nn/backend/cuda/module/module.h"

/* ---- devices ---------------------------------------------------------------------------------- */

/* cuDNN takes what it has written down only under the same version of the driver, which is one of CUDA's. */
static const char *versions(void)
{
    static _Thread_local char text[96];
    const size_t cudnn = cudnnGetVersion();
    int driver = 0;
    cudaDriverGetVersion(&driver);
    snprintf(text, sizeof text, "CUDA %d.%d, cuDNN %zu.%zu.%zu, driver for CUDA %d.%d", CUDART_VERSION / 1000,
             CUDART_VERSION % 1000 / 10, cudnn / 10000, cudnn / 100 % 100, cudnn % 100, driver / 1000,
             driver % 1000 / 10);
    return text;
}

static int count(int *n)
{
    cudaError_t error = cudaGetDeviceCount(n);
    if (error == cudaSuccess && *n > 0)
        return CUDA_DONE;
    *n = 0;
    if (error == cudaSuccess || error == cudaErrorNoDevice)
        return module_fail(CUDA_DONE, "the NVIDIA driver sees no card");
    if (error == cudaErrorInsufficientDriver) {
        int driver = 0;
        cudaDriverGetVersion(&driver);
        if (driver == 0)
            return module_fail(CUDA_DONE, "there is no NVIDIA driver");
        return module_fail(CUDA_DONE, "the NVIDIA driver is for CUDA %d.%d, this module needs one for %d.%d",
                           driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    }
    return module_cuda_failed(error, "cudaGetDeviceCount");
}

static int info(int number, cuda_device_info *out)
{
    int result = CUDA_DONE;
    struct cudaDeviceProp properties;
    CUDA_TRY(cudaGetDeviceProperties(&properties, number));
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1, properties.name);
    out->major = properties.major;
    out->minor = properties.minor;
    out->memory = (int64_t)properties.totalGlobalMem;
cleanup:
    return result;
}

/* ---- the table -------------------------------------------------------------------------------- */

__attribute__((visibility("default"))) cuda_module_entry losscope_cuda;

const cuda_api *losscope_cuda(void)
{
    static const cuda_api api = {
        .abi = CUDA_MODULE_ABI,
        .size = sizeof(cuda_api),
        .error = module_error,
        .versions = versions,
        .count = count,
        .info = info,
        .open = module_open,
        .close = module_close,
        .alloc = module_alloc,
        .alloc_pinned = module_alloc_pinned,
        .free = module_free,
        .free_pinned = module_free_pinned,
        .upload = module_upload,
        .download = module_download,
        .prefetch = module_prefetch,
        .await_data = module_await_data,
        .release = module_release,
        .await_copy = module_await_copy,
        .launch = module_launch,
        .conv_plans = module_conv_plans,
        .conv_load = module_conv_load,
        .conv_save = module_conv_save,
        .conv_workspace = module_conv_workspace,
        .conv_free = module_conv_free,
        .conv_run = module_conv_run,
        .record = module_record,
        .recorded = module_recorded,
        .graph_run = module_graph_run,
        .graph_time = module_graph_time,
        .graph_free = module_graph_free,
        .finish = module_finish,
    };
    return &api;
}
