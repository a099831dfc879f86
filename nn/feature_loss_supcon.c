/*
 * Supervised contrast: rows of one group attract each other, all others repel (Khosla et al. 2020, arXiv:2004.11362,
 * L_out). For rows u_a of unit length, s_aj = u_a . u_j / T, and P(a) the other rows of a's group:
 *     loss = 1/N sum_a (T / T0) 1/|P(a)| sum_{p in P(a)} (log sum_{j != a} exp s_aj - s_ap),   T0 = 0.07
 * A row alone in its group adds nothing. With two views of B images, N is 2 B and P(a) is never empty. Slopes, with
 * y_aj = 1/|P(a)| in P(a), else 0:
 *     g_aj = dloss/ds_aj = (T / T0) / N (q_aj - y_aj),  q_aj = softmax of s_aj over j != a
 *     du_a = 1/T sum_j (g_aj + g_ja) u_j
 *     rg_aj = (T / T0) / N q_aj (rs_aj - sum_l q_al rs_al)
 * The factor T / T0 is that of the authors' program, which GAC-FAS uses.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"

#include <math.h>
#include <string.h>

#define BASE_TEMPERATURE 0.07

static double dot(int64_t f, const double *x, const double *y)
{
    double sum = 0;
    for (int64_t i = 0; i < f; i++)
        sum += x[i] * y[i];
    return sum;
}

/* |P(a)| */
static int64_t others(const nn_feature_batch *b, int64_t a)
{
    int64_t count = 0;
    for (int64_t j = 0; j < b->n; j++)
        count += j != a && b->group[j] == b->group[a];
    return count;
}

/* s [N, N] += x_a . y_j / T; the diagonal stays. */
static void add_similarities(const nn_feature_batch *b, const double *x, const double *y, double *s)
{
    for (int64_t a = 0; a < b->n; a++)
        for (int64_t j = 0; j < b->n; j++)
            if (j != a)
                s[a * b->n + j] += dot(b->f, x + a * b->f, y + j * b->f) / b->temperature;
}

/* log sum_{j != a} exp s_aj, of row a; N > 1 */
static double log_sum(const nn_feature_batch *b, int64_t a, const double *row)
{
    double max = -INFINITY, sum = 0;
    for (int64_t j = 0; j < b->n; j++)
        if (j != a && !(row[j] <= max))
            max = row[j];
    for (int64_t j = 0; j < b->n; j++)
        if (j != a)
            sum += exp(row[j] - max);
    return max + log(sum);
}

static double factor(const nn_feature_batch *b)
{
    return b->temperature / BASE_TEMPERATURE / (double)b->n;
}

static double target(const nn_feature_batch *b, int64_t a, int64_t j, int64_t positives)
{
    return j != a && b->group[j] == b->group[a] ? 1 / (double)positives : 0;
}

static int64_t scratch_size(int64_t n)
{
    return 2 * n * n;
}

static double *similarities(const nn_feature_batch *b, double *scratch)
{
    memset(scratch, 0, (size_t)(b->n * b->n) * sizeof *scratch);
    add_similarities(b, b->unit, b->unit, scratch);
    return scratch;
}

static double forward(const nn_feature_batch *b, double *scratch)
{
    const double *s = similarities(b, scratch);
    double sum = 0;
    for (int64_t a = 0; a < b->n; a++) {
        const double *row = s + a * b->n;
        int64_t positives = others(b, a);
        double total = positives ? log_sum(b, a, row) : 0;
        for (int64_t j = 0; j < b->n; j++)
            if (target(b, a, j, positives) > 0)
                sum += target(b, a, j, positives) * (total - row[j]);
    }
    return factor(b) * sum;
}

/* s becomes g. */
static void slopes(const nn_feature_batch *b, double *s)
{
    for (int64_t a = 0; a < b->n; a++) {
        double *row = s + a * b->n;
        int64_t positives = others(b, a);
        double total = positives ? log_sum(b, a, row) : INFINITY;
        for (int64_t j = 0; j < b->n; j++)
            row[j] = j == a ? 0 : factor(b) * (exp(row[j] - total) - target(b, a, j, positives));
    }
}

/* rs becomes rg. */
static void slopes_r(const nn_feature_batch *b, const double *g, double *rs)
{
    for (int64_t a = 0; a < b->n; a++) {
        const double *g_row = g + a * b->n;
        double *row = rs + a * b->n, mean = 0;
        int64_t positives = others(b, a);
        for (int64_t j = 0; j < b->n; j++)
            mean += (g_row[j] / factor(b) + target(b, a, j, positives)) * row[j];
        for (int64_t j = 0; j < b->n; j++)
            row[j] = (g_row[j] + factor(b) * target(b, a, j, positives)) * (row[j] - mean);
    }
}

/* du_a += weight/T sum_j (g_aj + g_ja) u_j */
static void add_pulls(const nn_feature_batch *b, double weight, const double *g, const double *u, double *du)
{
    for (int64_t a = 0; a < b->n; a++)
        for (int64_t j = 0; j < b->n; j++) {
            double pull = weight / b->temperature * (g[a * b->n + j] + g[j * b->n + a]);
            for (int64_t i = 0; i < b->f; i++)
                du[a * b->f + i] += pull * u[j * b->f + i];
        }
}

static void backward(const nn_feature_batch *b, double weight, double *scratch, double *dunit)
{
    double *g = similarities(b, scratch);
    slopes(b, g);
    memset(dunit, 0, (size_t)(b->n * b->f) * sizeof *dunit);
    add_pulls(b, weight, g, b->unit, dunit);
}

static void backward_r(const nn_feature_batch *b, double weight, const double *runit, double *scratch, double *rdunit)
{
    double *g = similarities(b, scratch), *rg = scratch + b->n * b->n;
    slopes(b, g);
    memset(rg, 0, (size_t)(b->n * b->n) * sizeof *rg);
    add_similarities(b, runit, b->unit, rg);
    add_similarities(b, b->unit, runit, rg);
    slopes_r(b, g, rg);
    memset(rdunit, 0, (size_t)(b->n * b->f) * sizeof *rdunit);
    add_pulls(b, weight, rg, b->unit, rdunit);
    add_pulls(b, weight, g, runit, rdunit);
}

const nn_feature_loss nn_feature_loss_supcon = {
    .name = "supcon",
    .text = "supervised contrast: rows of one group attract each other",
    .source = "Khosla et al. 2020, arXiv:2004.11362",
    .scratch = scratch_size,
    .forward = forward,
    .backward = backward,
    .backward_r = backward_r,
};
