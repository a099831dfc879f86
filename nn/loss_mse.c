/*
 * Mean squared error of p = softmax(z) against the one-hot label e, over the K classes, as the mse option of
 * tomgoldstein/loss-landscape has it (evaluation.py: softmax of the outputs, then torch.nn.MSELoss):
 *     loss = 1/K sum_k (p_k - e_k)^2
 * With d_k = 2/K (p_k - e_k), the slope by p_k, and <a> = sum_k p_k a_k:
 *     dz_k = p_k (d_k - <d>)
 *     rp_k = p_k (rz_k - <rz>),  rd_k = 2/K rp_k
 *     rdz_k = rp_k (d_k - <d>) + p_k (rd_k - r<d>),  r<d> = sum_k rp_k d_k + p_k rd_k
 * A sample with a NaN among its logits has the loss NaN and is not correct.
 * SPDX-License-Identifier: MIT
 */
#include "nn/loss_values.h"
#include "nn/nn.h"

/* One sample: its logits, log sum exp of them, label and 2/K. */
typedef struct {
    const double *z;
    double log_sum, two_over_k;
    int64_t k, label;
} sample;

static sample sample_at(int64_t i, int64_t k, const double *logits, const int32_t *labels)
{
    const double *z = logits + i * k;
    return (sample){z, softmax_log_sum(k, z), 2 / (double)k, k, labels[i]};
}

static double probability(const sample *s, int64_t j)
{
    return softmax_at(s->z, j, s->log_sum);
}

static double slope(const sample *s, int64_t j)
{
    return s->two_over_k * (probability(s, j) - (j == s->label));
}

/* <d> */
static double mean_slope(const sample *s)
{
    double sum = 0;
    for (int64_t j = 0; j < s->k; j++)
        sum += probability(s, j) * slope(s, j);
    return sum;
}

static void forward(int64_t n, int64_t k, const double *logits, const int32_t *labels, double *loss, uint8_t *correct)
{
    for (int64_t i = 0; i < n; i++)
        loss[i] = nn_value_mse(k, logits + i * k, labels[i], &correct[i]);
}

static void backward(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                     double *dlogits)
{
    for (int64_t i = 0; i < n; i++) {
        sample s = sample_at(i, k, logits, labels);
        double mean = mean_slope(&s);
        for (int64_t j = 0; j < k; j++)
            dlogits[i * k + j] = weight[i] * probability(&s, j) * (slope(&s, j) - mean);
    }
}

static void backward_r(int64_t n, int64_t k, const double *logits, const int32_t *labels, const double *weight,
                       const double *rlogits, double *rdlogits)
{
    for (int64_t i = 0; i < n; i++) {
        sample s = sample_at(i, k, logits, labels);
        const double *rz = rlogits + i * k;
        double mean = mean_slope(&s), rz_mean = 0, rmean = 0;
        for (int64_t j = 0; j < k; j++)
            rz_mean += probability(&s, j) * rz[j];
        for (int64_t j = 0; j < k; j++) {
            double p = probability(&s, j), rp = p * (rz[j] - rz_mean);
            rmean += rp * slope(&s, j) + p * s.two_over_k * rp;
        }
        for (int64_t j = 0; j < k; j++) {
            double p = probability(&s, j), rp = p * (rz[j] - rz_mean);
            rdlogits[i * k + j] = weight[i] * (rp * (slope(&s, j) - mean) + p * (s.two_over_k * rp - rmean));
        }
    }
}

const nn_loss nn_loss_mse = {
    .name = "mse",
    .text = "mean squared error of softmax against the one-hot label",
    .source = "tomgoldstein/loss-landscape, evaluation.py",
    .forward = forward,
    .backward = backward,
    .backward_r = backward_r,
};
