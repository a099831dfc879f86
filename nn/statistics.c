/*
 * Running statistics of batch norm formed anew: the means of the statistics of several batches (Izmailov et al. 2018,
 * arXiv:1803.05407, section 3.2), as PyTorch's update_bn forms them with momentum None. A plan moves buffers that are 0
 * by NN_NORM_MOMENTUM towards a batch's statistics, which makes them that share of these.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"

#include <string.h>

static size_t real_size(const nn_mean_statistics *m)
{
    return m->real == NN_F64 ? sizeof(double) : sizeof(float);
}

static int64_t n_buffers(const nn_mean_statistics *m)
{
    return m->layout->n - m->layout->n_learned;
}

lsc_status nn_mean_statistics_init(nn_mean_statistics *m, const lsc_layout *layout, nn_real real)
{
    lsc_status st = LSC_OK;
    *m = (nn_mean_statistics){.layout = layout, .real = real};
    if (n_buffers(m) > 0)
        LSC_NEW(m->sums, n_buffers(m));
cleanup:
    return st;
}

void nn_mean_statistics_fini(nn_mean_statistics *m)
{
    lsc_free(m->sums);
    *m = (nn_mean_statistics){0};
}

void nn_mean_statistics_begin(nn_mean_statistics *m)
{
    m->n = 0;
    for (int64_t j = 0; j < n_buffers(m); j++)
        m->sums[j] = 0;
}

void nn_mean_statistics_clear(const nn_mean_statistics *m, void *theta)
{
    memset((char *)theta + (size_t)m->layout->n_learned * real_size(m), 0, (size_t)n_buffers(m) * real_size(m));
}

void nn_mean_statistics_add(nn_mean_statistics *m, const void *theta)
{
    m->n++;
    for (int64_t j = 0; j < n_buffers(m); j++) {
        const int64_t at = m->layout->n_learned + j;
        m->sums[j] += m->real == NN_F64 ? ((const double *)theta)[at] : (double)((const float *)theta)[at];
    }
}

void nn_mean_statistics_set(const nn_mean_statistics *m, void *theta)
{
    for (int b = 0; b < m->layout->n_blocks; b++) {
        const lsc_block *block = &m->layout->blocks[b];
        if (block->role != LSC_BUFFER)
            continue;
        const double scale = block->rank == 0 ? 1 : 1 / (NN_NORM_MOMENTUM * (double)m->n);
        for (int64_t j = block->offset; j < lsc_block_past(m->layout, b); j++) {
            const double mean = scale * m->sums[j - m->layout->n_learned];
            if (m->real == NN_F64)
                ((double *)theta)[j] = mean;
            else
                ((float *)theta)[j] = (float)mean;
        }
    }
}
