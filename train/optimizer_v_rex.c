/*
 * V-REx, risk extrapolation: SGD on mean_i L_i + lambda var_i L_i, L_i the mean loss of domain i in the batch. In parts
 * of the loss, L_i / n, with m the mean over the k domains in the batch, domain i's weight is
 *     1 + 2 lambda (n / k) (L_i - m)
 * lambda is 1 in the first vrex.anneal_steps steps, whose number is kept, and vrex.lambda afterwards.
 * Source: Krueger et al. 2021, "Out-of-distribution generalization via risk extrapolation", ICML, arXiv:2003.00688;
 * defaults as in DomainBed (Gulrajani and Lopez-Paz 2021).
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

typedef struct {
    double lambda;
    int64_t anneal_steps;
} rex_options;

static const cfg_field fields[] = {
    CFG_REAL(rex_options, lambda, "vrex.lambda", "10", 0, 1e9, "weight of the variance over the domains' losses"),
    CFG_INT(rex_options, anneal_steps, "vrex.anneal_steps", "500", 0, 1e12, "first steps, with a weight of 1"),
};

static void weigh(void *self, const double *losses, const bool *absent, double *weights)
{
    tr_state *s = self;
    const rex_options *options = s->options;
    const double lambda = s->kept[0]++ < (double)options->anneal_steps ? 1 : options->lambda;
    const int n = s->n_domains;
    double sum = 0, k = 0;

    for (int i = 0; i < n; i++) {
        sum += n * losses[i];
        k += !absent[i];
    }
    for (int i = 0; i < n; i++)
        weights[i] = absent[i] ? 0 : 1 + 2 * lambda * n / k * (n * losses[i] - sum / k);
}

static const char *advice(const void *options, int n_domains)
{
    (void)options;
    return n_domains > 1 ? NULL : "v-rex with one source domain is erm: there is nothing to weigh";
}

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    return tr_weighted_step(s, o, weigh, report);
}

const tr_optimizer tr_optimizer_v_rex = {
    .source = "Krueger et al. 2021, ICML, arXiv:2003.00688",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(rex_options),
    .step = step,
    .n_arrays = 1,
    .advice = advice,
    .n_kept = 1,
};
