/*
 * Stochastic weight averaging: the mean of theta at the ends of epochs, from swa.start of the run on. It wants a
 * learning rate that does not vanish, so that the averaged points differ: train.schedule constant, or cosine with a
 * floor. Source: Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization", UAI,
 * arXiv:1803.05407.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>

typedef struct {
    double start;
    int64_t every;
} swa_options;

static const cfg_field fields[] = {
    CFG_REAL(swa_options, start, "swa.start", "0.75", 0, 1, "part of the run after which averaging begins"),
    CFG_INT(swa_options, every, "swa.every", "1", 1, 1e6, "epochs between two averaged points, counted from the end"),
};

static double weight(const void *options, const tr_moment *m)
{
    const swa_options *o = options;
    const double epoch = floor(m->after);
    const bool ends = epoch > floor(m->before);
    const bool due = epoch >= o->start * m->epochs && fmod(m->epochs - epoch, (double)o->every) == 0;
    return ends && due ? 1 / ((double)m->n_averaged + 1) : 0;
}

const tr_average tr_average_swa = {
    .source = "Izmailov et al. 2018, UAI, arXiv:1803.05407",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(swa_options),
    .weight = weight,
};
