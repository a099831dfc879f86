/*
 * safetensors.h - element types of tensors in files, for those who read or write them.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_SAFETENSORS_H
#define NN_SAFETENSORS_H

#include "nn/nn.h"

/* X(name, bytes); the name is the one in files. */
#define NN_DTYPE_LIST(X)                                                                                               \
    X(F32, 4)                                                                                                          \
    X(F64, 8)                                                                                                          \
    X(I64, 8)                                                                                                          \
    X(F16, 2)                                                                                                          \
    X(BF16, 2)                                                                                                         \
    X(U8, 1)                                                                                                           \
    X(I32, 4)                                                                                                          \
    X(I16, 2)                                                                                                          \
    X(I8, 1)                                                                                                           \
    X(BOOL, 1)

typedef struct {
    const char *name;
    size_t size; /* bytes of an element */
} nn_dtype_row;

const nn_dtype_row *nn_dtype_of(nn_dtype type);

#endif
