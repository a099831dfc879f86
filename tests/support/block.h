/*
 * block.h - blocks of a layout by name.
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

#endif
