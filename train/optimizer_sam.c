/*
 * SAM, sharpness-aware minimization:
 *     g = dL(theta);   g' = dL(theta + rho g / |g|) on the same batch;   SGD along g'
 * Source: Foret et al. 2021, "Sharpness-aware minimization for efficiently improving generalization",
 * arXiv:2010.01412; the order of passes as in the PyTorch version by davda54.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

typedef struct {
    double rho; /* radius, Euclidean norm of the perturbation */
    cfg_text loss;
} sam_options;

static const cfg_field fields[] = {
    CFG_REAL(sam_options, rho, "sam.rho", "0.05", 0, 1e3, "radius of the neighbourhood: norm of the perturbation"),
    TR_ASCENT_LOSS(sam_options, loss, "sam.loss"),
};

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    const sam_options *options = s->options;
    const tr_ascent ascent = {
        .perturbation = {.rho = options->rho},
        .loss = options->loss,
    };
    return tr_ascent_step(s, o, &ascent, report);
}

const tr_optimizer tr_optimizer_sam = {
    .source = "Foret et al. 2021, ICLR, arXiv:2010.01412",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(sam_options),
    .step = step,
    .n_arrays = TR_ASCENT_ARRAYS,
};
