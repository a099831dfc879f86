/*
 * A module of another version of the interface.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/cuda/device.h"

__attribute__((visibility("default"))) cuda_module_entry losscope_cuda;

const cuda_api *losscope_cuda(void)
{
    static const cuda_api api = {.abi = CUDA_MODULE_ABI + 1, .size = sizeof(cuda_api)};
    return &api;
}
