/*
 * An ascending point theta + eps, and how large eps is and in which kind of parameter it lies.
 * Why the shares: with GAC-FAS's scaling nearly all of eps lies in norm layers and biases, which the usual landscape
 * does not move; a user should see that.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

void tr_point(const tr_state *s, const float *eps, int n_points, float *point, tr_step_report *report)
{
    const lsc_layout *layout = s->layout;
    double total = 0;

    memcpy(point, s->theta, (size_t)layout->n * sizeof *point);
    for (int b = 0; b < layout->n_blocks && layout->blocks[b].role != LSC_BUFFER; b++) {
        const lsc_block *block = &layout->blocks[b];
        const int64_t first = block->offset;
        const int64_t past = tr_block_past(layout, b);
        const double norm = lsc_norm2(eps + first, past - first);
        for (int64_t j = first; j < past; j++)
            point[j] = (float)((double)s->theta[j] + (double)eps[j]);
        report->squares[block->role] += norm * norm / n_points;
        total += norm * norm;
    }
    report->perturbation += sqrt(total) / n_points;
}
