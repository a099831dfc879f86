/*
 * Exponential moving average of theta after every step: mean <- d mean + (1 - d) theta, from the first step's theta on.
 * Source: Polyak and Juditsky 1992 for averages of iterates; Tarvainen and Valpola 2017, arXiv:1703.01780, for this
 * form. SPDX-License-Identifier: MIT
 */
#include "train/train.h"

typedef struct {
    double decay;
} ema_options;

static const cfg_field fields[] = {
    CFG_REAL(ema_options, decay, "ema.decay", "0.999", 0, 1, "what of the average is kept in each step"),
};

static double weight(const void *options, const tr_moment *m)
{
    const ema_options *o = options;
    return m->n_averaged == 0 ? 1 : 1 - o->decay;
}

const tr_average tr_average_ema = {
    .source = "Polyak and Juditsky 1992; Tarvainen and Valpola 2017, arXiv:1703.01780",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(ema_options),
    .weight = weight,
};
