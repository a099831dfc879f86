/*
 * block.h - blocks of a layout, for tests that do not link liblosscope, too.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_BLOCK_H
#define LSC_TEST_BLOCK_H

#include "losscope.h"
#include "support/support.h"

/* The block of this name; fails the test if there is none. */
static inline const lsc_block *test_block(const lsc_layout *layout, const char *name)
{
    for (int i = 0; i < layout->n_blocks; i++)
        if (strcmp(layout->blocks[i].name, name) == 0)
            return &layout->blocks[i];
    fail_msg("there is no block %s", name);
    return NULL;
}

static inline int64_t test_block_elements(const lsc_block *b)
{
    int64_t n = 1;
    for (int i = 0; i < b->rank; i++)
        n *= b->shape[i];
    return n;
}

#endif
