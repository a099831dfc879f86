/*
 * Cross-entropy of softmax(z) and label y, in nats (torch.nn.functional.cross_entropy):
 *     loss = log sum_k exp(z_k) - z_y
 *     dz_k = p_k - [k = y],   rdz_k = p_k (rz_k - sum_j p_j rz_j)
 * A sample with a NaN among its logits has the loss NaN and is not correct.
 * SPDX-License-Identifier: MIT
 */
#include "nn/loss_values.h"
#include "nn/nn.h"

static void forward(int64_t n, int64_t k, const double *logits, const int32_t *labels, double *loss, uint8_t *correct)
{
    for (int64_t i = 0; i < n; i++)
        loss[i] = nn_value_cross_entropy(k, logits + i * k, labels[i], &correct[i]);
}

static void backward(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                     double *dlogits)
{
    for (int64_t i = 0; i < n; i++) {
        const double *z = logits + i * k;
        double total = softmax_log_sum(k, z);
        for (int64_t j = 0; j < k; j++)
            dlogits[i * k + j] = weight[i] * (softmax_at(z, j, total) - (j == labels[i]));
    }
}

static void backward_r(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                       const double *rlogits, double *rdlogits)
{
    (void)labels;
    for (int64_t i = 0; i < n; i++) {
        const double *z = logits + i * k, *rz = rlogits + i * k;
        double total = softmax_log_sum(k, z), mean = 0;
        for (int64_t j = 0; j < k; j++)
            mean += softmax_at(z, j, total) * rz[j];
        for (int64_t j = 0; j < k; j++)
            rdlogits[i * k + j] = weight[i] * softmax_at(z, j, total) * (rz[j] - mean);
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
