/*
 * Cosine schedule: floor + (1 - floor) (1 + cos(pi epoch / epochs)) / 2, stepwise within an epoch, without restarts.
 * Source: Loshchilov and Hutter 2017, "SGDR", arXiv:1608.03983, equation 5 with one period.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>

typedef struct {
    double floor; /* share of train.lr at the end */
} cosine_options;

static const cfg_field fields[] = {
    CFG_REAL(cosine_options, floor, "cosine.floor", "0", 0, 1, "share of train.lr that is left at the end"),
};

static double factor(const void *options, double epoch, double epochs)
{
    const cosine_options *o = options;
    return o->floor + (1 - o->floor) * (1 + cos(M_PI * epoch / epochs)) / 2;
}

const tr_schedule tr_schedule_cosine = {
    .source = "Loshchilov and Hutter 2017, ICLR, arXiv:1608.03983",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(cosine_options),
    .factor = factor,
};
