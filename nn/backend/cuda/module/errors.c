/*
 * What the last failure on this thread was.
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>

#include "nn/backend/cuda/module/module.h"

static _Thread_local char message[512];

const char *module_error(void)
{
    return message;
}

int module_fail(cuda_result result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return result;
}

int module_cuda_failed(cudaError_t error, const char *call)
{
    cudaGetLastError(); /* or the next launch would report it again */
    return module_fail(error == cudaErrorMemoryAllocation ? CUDA_NO_MEMORY : CUDA_FAILED, "%s: %s (%.60s)",
                       cudaGetErrorName(error), cudaGetErrorString(error), call);
}

int module_cudnn_failed(cudnnStatus_t status, const char *call)
{
    char detail[256] = "";
    cudnnGetLastErrorString(detail, sizeof detail);
    return module_fail(status == CUDNN_STATUS_ALLOC_FAILED ? CUDA_NO_MEMORY : CUDA_FAILED, "%s: %s (%.60s)",
                       cudnnGetErrorString(status), detail, call);
}
