/*
 * Binary cross-entropy of p = 1 / (1 + exp(-z)) and label y, 0 or 1, in nats; one logit a sample
 * (torch.nn.functional.binary_cross_entropy_with_logits):
 *     loss = log(1 + exp(-z)) for y = 1, log(1 + exp(z)) for y = 0
 *     dz = p - y,   rdz = p (1 - p) rz
 * A sample is correct if its label has the larger probability. NaN is a loss and never correct.
 * torch.nn.BCELoss of p, which GAC-FAS calls, bounds each logarithm by -100: it differs from here where |z| > 37.
 * SPDX-License-Identifier: MIT
 */
#include "nn/loss_values.h"
#include "nn/nn.h"

static double probability(double z)
{
    return z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z));
}

static void forward(int64_t n, int64_t k, const double *logits, const int32_t *labels, double *loss, uint8_t *correct)
{
    for (int64_t i = 0; i < n; i++)
        loss[i] = nn_value_bce(k, logits + i * k, labels[i], &correct[i]);
}

static void backward(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                     double *dlogits)
{
    (void)k;
    for (int64_t i = 0; i < n; i++)
        dlogits[i] = weight[i] * (labels[i] ? -probability(-logits[i]) : probability(logits[i]));
}

static void backward_r(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                       const double *rlogits, double *rdlogits)
{
    (void)k;
    (void)labels;
    for (int64_t i = 0; i < n; i++)
        rdlogits[i] = weight[i] * probability(logits[i]) * probability(-logits[i]) * rlogits[i];
}

const nn_loss nn_loss_bce = {
    .name = "bce",
    .text = "binary cross-entropy of one logit, nats; for two classes",
    .source = "torch.nn.functional.binary_cross_entropy_with_logits",
    .forward = forward,
    .backward = backward,
    .backward_r = backward_r,
    .binary = true,
};
