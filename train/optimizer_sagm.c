/*
 * SAGM, sharpness-aware gradient matching: SAM whose point also steps back along the gradient,
 *     g = dL(theta);   g' = dL(theta + rho g / |g| - alpha g) on the same batch;   SGD along (g + g') / 2
 * To first order L at that point is L(theta + eps) - alpha <dL(theta + eps), g>: what is minimized aligns both
 * gradients. Source: Wang et al. 2023, "Sharpness-aware gradient matching for domain generalization", CVPR,
 * arXiv:2303.10353. SPDX-License-Identifier: MIT
 */
#include "train/train.h"

typedef struct {
    double rho, alpha;
    cfg_text loss;
} sagm_options;

static const cfg_field fields[] = {
    CFG_REAL(sagm_options, rho, "sagm.rho", "0.05", 0, 1e3, "radius of the neighbourhood"),
    CFG_REAL(sagm_options, alpha, "sagm.alpha", "1e-3", 0, 1e3, "step back along the gradient: strength of alignment"),
    TR_ASCENT_LOSS(sagm_options, loss, "sagm.loss"),
};

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    const sagm_options *options = s->options;
    const tr_ascent ascent = {
        .perturbation = {.rho = options->rho, .alpha = options->alpha},
        .keep = 0.5,
        .loss = options->loss,
    };
    return tr_ascent_step(s, o, &ascent, report);
}

const tr_optimizer tr_optimizer_sagm = {
    .source = "Wang et al. 2023, CVPR, arXiv:2303.10353",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(sagm_options),
    .step = step,
    .n_arrays = TR_ASCENT_ARRAYS,
};
