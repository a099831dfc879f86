/*
 * properties.h - a device that is not there, by its properties alone.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_CUDA_PROPERTIES_H
#define LSC_TEST_CUDA_PROPERTIES_H

#include "nn/backend/cuda/module/module.h"
#include "support/support.h"

/* name: a file of tests/golden/cuda-devices. Destroy with cudnnBackendDestroyDescriptor. */
static inline cudnnBackendDescriptor_t properties_of(const char *name)
{
    cudnnBackendDescriptor_t d = NULL;
    char *path = lsc_format("cuda-devices/%s.json", name), *json = test_read(golden_path(path), NULL);
    CHECK_INT(cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &d), CUDNN_STATUS_SUCCESS);
    CHECK_INT(cudnnBackendSetAttribute(d, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                                       (int64_t)strlen(json), json),
              CUDNN_STATUS_SUCCESS);
    CHECK_INT(cudnnBackendFinalize(d), CUDNN_STATUS_SUCCESS);
    lsc_free(json);
    lsc_free(path);
    return d;
}

#endif
