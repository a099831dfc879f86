/*
 * loss_values.h - the value of each loss of losses.def at one sample, for processors and devices: nn_value_NAME(K, z,
 * label, &correct) of its logits z [K]. The formulas are in loss_NAME.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_LOSS_VALUES_H
#define NN_LOSS_VALUES_H

#include "nn/loss_softmax.h"

NN_HD double nn_value_cross_entropy(int64_t k, const double *z, int32_t label, uint8_t *correct)
{
    *correct = softmax_correct(k, z, label);
    return softmax_log_sum(k, z) - z[label];
}

NN_HD double nn_value_bce(int64_t k, const double *z, int32_t label, uint8_t *correct)
{
    double against = label ? -z[0] : z[0];
    (void)k;
    *correct = label ? z[0] > 0 : z[0] <= 0;
    return (against < 0 ? 0 : against) + log1p(exp(-fabs(against)));
}

NN_HD double nn_value_mse(int64_t k, const double *z, int32_t label, uint8_t *correct)
{
    double sum = 0, log_sum = softmax_log_sum(k, z), two_over_k = 2 / (double)k;
    NN_ROLLED
    for (int64_t j = 0; j < k; j++) {
        double error = softmax_at(z, j, log_sum) - (j == label);
        sum += two_over_k * error * error;
    }
    *correct = softmax_correct(k, z, label);
    return sum / 2;
}

#endif
