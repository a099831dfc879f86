/*
 * A constant learning rate.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

static double factor(const void *options, double epoch, double epochs)
{
    (void)options;
    (void)epoch;
    (void)epochs;
    return 1;
}

const tr_schedule tr_schedule_constant = {
    .factor = factor,
};
