/*
 * The table of ops.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

static const nn_op *const ops[] = {
#define OP(name, file) &nn_op_##name,
#include "nn/ops.def"
#undef OP
};

const nn_op *nn_op_at(int i)
{
    return i >= 0 && i < (int)LSC_COUNT(ops) ? ops[i] : NULL;
}

const nn_op *nn_op_find(const char *name)
{
    for (size_t i = 0; i < LSC_COUNT(ops); i++)
        if (strcmp(ops[i]->name, name) == 0)
            return ops[i];
    return NULL;
}
