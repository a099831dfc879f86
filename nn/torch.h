/*
 * torch.h - what PyTorch's files are made of: storages and the tensors that lie in them.
 *
 * torch.save pickles an object in which every tensor is a call of torch._utils._rebuild_tensor_v2(storage, offset,
 * size, stride, ...) and every storage a persistent id ("storage", class, key, device, elements). The bytes of the
 * storages follow the pickle, or lie in members of a zip archive.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_TORCH_H
#define NN_TORCH_H

#include "nn/pickle.h"
#include "nn/safetensors.h"
#include "nn/tensor_file.h"

/* What a persistent id says; the same storage may be named many times. */
typedef struct nn_torch_storage {
    struct nn_torch_storage *next;
    nn_py_text class;      /* torch.FloatStorage, without the module */
    const nn_dtype *dtype; /* NULL: of a class that is not read */
    nn_py_text key;
    int64_t elements;     /* of the whole storage */
    int64_t first, last;  /* of the view on it that this is: all of it but in files before 2018 */
    const uint8_t *bytes; /* once they are found */
} nn_torch_storage;

typedef struct {
    const nn_torch_storage *storage;
    int64_t offset; /* in elements, as the strides */
    int rank;
    int64_t shape[8], stride[8];
} nn_torch_tensor;

/* The host of a pickle by torch.save. */
typedef struct {
    nn_arena *arena;
    nn_torch_storage *storages;
    int n_storages;
} nn_torch_host;
nn_pickle_host nn_torch_host_of(nn_torch_host *h);

/* ---- state_dict.c ----------------------------------------------------------------------------------- */

typedef struct nn_torch_named {
    struct nn_torch_named *next;
    const char *name; /* keys joined by dots */
    nn_torch_tensor *tensor;
} nn_torch_named;

/* The tensors of the state_dict within `top`, in its order, and where it lies: keys joined by dots, "" at the top.
 * LSC_ERR_FORMAT: there is none, or there are several. */
lsc_status nn_state_dict(nn_arena *arena, nn_py *top, nn_torch_named **out, int *n, const char **where);

#endif
