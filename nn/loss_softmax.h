/*
 * loss_softmax.h - what losses of softmax(z) share; z are the K logits of one sample.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_LOSS_SOFTMAX_H
#define NN_LOSS_SOFTMAX_H

#include "nn/device_math.h"

/* The first of the largest; the first NaN if there is one. */
NN_HD int64_t softmax_largest(int64_t k, const double *z)
{
    int64_t best = 0;
    NN_ROLLED
    for (int64_t j = 0; j < k; j++)
        if (z[j] > z[best] || (isnan(z[j]) && !isnan(z[best])))
            best = j;
    return best;
}

/* log sum exp(z). */
NN_HD double softmax_log_sum(int64_t k, const double *z)
{
    double sum = 0, max = z[softmax_largest(k, z)];
    NN_ROLLED
    for (int64_t j = 0; j < k; j++)
        sum += exp(z[j] - max);
    return max + log(sum);
}

/* p_j, given log sum exp(z). */
NN_HD double softmax_at(const double *z, int64_t j, double log_sum)
{
    return exp(z[j] - log_sum);
}

/* Whether the first of the largest logits is the label's; NaN never is. */
NN_HD uint8_t softmax_correct(int64_t k, const double *z, int32_t label)
{
    int64_t best = softmax_largest(k, z);
    return best == label && !isnan(z[best]);
}

#endif
