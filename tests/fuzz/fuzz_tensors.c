/*
 * Tensors in files: safetensors, torch.save's zip archives and what came before, by the first bytes.
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"
#include "nn/tensor_file.h"

#include <string.h>

/* Every element and every name is read; the sum keeps the compiler from leaving that out. */
static double sum_of(const nn_tensors *t)
{
    double sum = 0;
    for (int k = 0; k < nn_tensors_count(t); k++) {
        const nn_tensor *tensor = nn_tensors_at(t, k);
        sum += nn_tensors_find(t, tensor->name) == tensor;
        for (int64_t i = 0; i < tensor->elements; i++)
            sum += nn_tensor_value(tensor, i);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    nn_tensors *t = NULL;
    uint8_t *copy = lsc_calloc(n, 1);
    if (copy == NULL)
        return 0;
    if (n > 0)
        memcpy(copy, bytes, n);
    if (nn_tensors_parse(copy, n, &t) == LSC_OK) {
        volatile double sum = sum_of(t);
        (void)sum;
    }
    nn_tensors_free(t);
    return 0;
}
