/*
 * Random direction: d_j ~ N(0, 1), independent for each parameter.
 * The number depends on (seed, direction number, block name, index in the block) only, so that models which
 * share a block share its draw, whatever else they hold.
 * Source: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets", section 4, arXiv:1712.09913.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/engine.h"

static lsc_status fill(const lsc_layout *layout, int number, const lsc_direction_options *o, float *d)
{
    for (int i = 0; i < layout->n_blocks; i++) {
        const lsc_block *b = lsc_layout_block(layout, i);
        const lsc_rng rng = {o->seed, lsc_rng_stream(b->name, (uint64_t)number, 0)};
        const int64_t n = b->role == LSC_BUFFER ? 0 : lsc_block_elements(b);

        for (int64_t j = 0; j < n; j++)
            d[b->offset + j] = (float)lsc_rng_normal(rng, (uint64_t)j);
    }
    return LSC_OK;
}

const lsc_direction_kind lsc_direction_random = {.fill = fill};
