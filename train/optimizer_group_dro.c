/*
 * Group DRO: SGD on sum_i q_i L_i, where q moves towards the domains with the largest losses,
 *     q_i <- q_i exp(eta L_i), scaled to sum 1,   L_i the mean loss of domain i in the batch
 * q begins at 1/n and is kept from step to step, as log(n q). A domain that is not in the batch has loss 0 in it.
 * Source: Sagawa et al. 2020, "Distributionally robust neural networks for group shifts", ICLR, arXiv:1911.08731;
 * eta as in DomainBed (Gulrajani and Lopez-Paz 2021).
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>

typedef struct {
    double eta;
} dro_options;

static const cfg_field fields[] = {
    CFG_REAL(dro_options, eta, "dro.eta", "0.01", 0, 1e3, "step of the domains' weights along their losses"),
};

static void weigh(void *self, const double *losses, const bool *absent, double *weights)
{
    tr_state *s = self;
    const dro_options *options = s->options;
    const int n = s->n_domains;
    double sum = 0;

    (void)absent;
    for (int i = 0; i < n; i++) {
        s->kept[i] += options->eta * n * losses[i]; /* losses have the factor 1/n */
        sum += exp(s->kept[i]) / n;
    }
    for (int i = 0; i < n; i++) {
        s->kept[i] -= log(sum);
        weights[i] = exp(s->kept[i]);
    }
}

static const char *advice(const void *options, int n_domains)
{
    (void)options;
    return n_domains > 1 ? NULL : "group-dro with one source domain is erm: there is nothing to weigh";
}

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    return tr_weighted_step(s, o, weigh, report);
}

const tr_optimizer tr_optimizer_group_dro = {
    .source = "Sagawa et al. 2020, ICLR, arXiv:1911.08731",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(dro_options),
    .step = step,
    .n_arrays = 1,
    .advice = advice,
    .n_kept_each = 1,
};
