/*
 * Cross-entropy of softmax(z) and label y, in nats (torch.nn.functional.cross_entropy):
 *     loss = m + log sum_k exp(z_k - m) - z_y,  m = max z
 *     dz_k = p_k - [k = y],   rdz_k = p_k (rz_k - sum_j p_j rz_j)
 * A sample with a NaN among its logits has the loss NaN and is not correct.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"

#include <math.h>

/* The first of the largest; the first NaN if there is one. */
static int64_t largest(int64_t k, const double *z)
{
    int64_t best = 0;
    for (int64_t j = 0; j < k; j++)
        if (z[j] > z[best] || (isnan(z[j]) && !isnan(z[best])))
            best = j;
    return best;
}

/* log sum exp(z), given the largest. */
static double log_sum(int64_t k, const double *z, double max)
{
    double sum = 0;
    for (int64_t j = 0; j < k; j++)
        sum += exp(z[j] - max);
    return max + log(sum);
}

static void forward(int64_t n, int64_t k, const double *logits, const int32_t *labels, double *loss, uint8_t *correct)
{
    for (int64_t i = 0; i < n; i++) {
        const double *z = logits + i * k;
        int64_t best = largest(k, z);
        loss[i] = log_sum(k, z, z[best]) - z[labels[i]];
        correct[i] = best == labels[i] && !isnan(z[best]);
    }
}

/* p_j given log sum exp(z). */
static double probability(const double *z, int64_t j, double total)
{
    return exp(z[j] - total);
}

static void backward(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                     double *dlogits)
{
    for (int64_t i = 0; i < n; i++) {
        const double *z = logits + i * k;
        double total = log_sum(k, z, z[largest(k, z)]);
        for (int64_t j = 0; j < k; j++)
            dlogits[i * k + j] = weight[i] * (probability(z, j, total) - (j == labels[i]));
    }
}

static void backward_r(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                       const double *rlogits, double *rdlogits)
{
    (void)labels;
    for (int64_t i = 0; i < n; i++) {
        const double *z = logits + i * k, *rz = rlogits + i * k;
        double total = log_sum(k, z, z[largest(k, z)]), mean = 0;
        for (int64_t j = 0; j < k; j++)
            mean += probability(z, j, total) * rz[j];
        for (int64_t j = 0; j < k; j++)
            rdlogits[i * k + j] = weight[i] * probability(z, j, total) * (rz[j] - mean);
    }
}

const nn_loss nn_loss_cross_entropy = {
    .name = "cross_entropy",
    .text = "softmax cross-entropy, nats",
    .source = "torch.nn.functional.cross_entropy",
    .forward = forward,
    .backward = backward,
    .backward_r = backward_r,
};
