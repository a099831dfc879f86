/*
 * Blocks of a layout.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

int64_t lsc_block_elements(const lsc_block *block)
{
    int64_t n = 1;

    for (int i = 0; i < block->rank; i++)
        n *= block->shape[i];
    return n;
}

int64_t lsc_block_past(const lsc_layout *layout, int b)
{
    return b + 1 < layout->n_blocks ? layout->blocks[b + 1].offset : layout->n;
}
