/*
 * tensor_file.h - what nn_tensors_read returns, for the readers of its formats.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_TENSOR_FILE_H
#define NN_TENSOR_FILE_H

#include "nn/arena.h"
#include "nn/nn.h"

/* Tensors point into `bytes` where the file holds them row by row, into the arena otherwise; names and metadata are
 * the arena's. */
struct nn_tensors {
    uint8_t *bytes; /* the whole file */
    size_t size;
    nn_arena arena;
    nn_tensor *tensors;
    const nn_tensor **by_name; /* sorted */
    int n;
    nn_meta *meta;
    int n_meta;
    const char *where; /* NULL: the format knows one place only */
};

/* nn_tensors_read of a file in memory. Takes the bytes, also on failure. Returns new. */
lsc_status nn_tensors_parse(uint8_t *bytes, size_t n, nn_tensors **out);

/* Fill t from t->bytes: tensors, n, meta, where. A half-filled t is freed by the caller. */
typedef lsc_status nn_tensors_reader(nn_tensors *t);
nn_tensors_reader nn_safetensors_read; /* safetensors.c */
nn_tensors_reader nn_torch_zip_read;   /* torch_file.c: torch.save since PyTorch 1.6 */
nn_tensors_reader nn_torch_old_read;   /* torch_file.c: torch.save before */

#endif
