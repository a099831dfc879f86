/*
 * ASAM, adaptive sharpness-aware minimization: SAM in an ellipsoid that a rescaling of layers takes along,
 *     g = dL(theta);   g' = dL(theta + rho t^2 g / |t g|) on the same batch;   SGD along g'
 * asam.scope says where t = |theta| + eta, with 1 elsewhere. weights: in tensors whose name contains "weight", as in
 * the authors' program (SamsungLabs); all: in every learned tensor, as the PyTorch SAM by davda54 does with
 * adaptive=True, which has eta = 0. The two differ much: the first leaves most of the perturbation to biases and norm
 * layers' shifts. Source: Kwon et al. 2021, "ASAM: Adaptive sharpness-aware minimization for scale-invariant learning
 * of deep neural networks", arXiv:2102.11600. SPDX-License-Identifier: MIT
 */
#include "train/train.h"

typedef struct {
    double rho, eta;
    cfg_text scope, loss;
} asam_options;

static const cfg_field fields[] = {
    CFG_REAL(asam_options, rho, "asam.rho", "0.5", 0, 1e3, "radius of the neighbourhood, in units of t"),
    CFG_REAL(asam_options, eta, "asam.eta", "0.01", 0, 1e3, "added to |theta| where the ascent is scaled by it"),
    CFG_CHOICE(asam_options, scope, "asam.scope", "weights", TR_SCOPES,
               "tensors in which the ascent is scaled by |theta|: those named weight (SamsungLabs), all (davda54)"),
    TR_ASCENT_LOSS(asam_options, loss, "asam.loss"),
};

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    const asam_options *options = s->options;
    const tr_ascent ascent = {
        .perturbation = {.rho = options->rho, .scope = tr_scope_of(&options->scope), .eta = options->eta},
        .loss = options->loss,
    };
    return tr_ascent_step(s, o, &ascent, report);
}

const tr_optimizer tr_optimizer_asam = {
    .source = "Kwon et al. 2021, ICML, arXiv:2102.11600",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(asam_options),
    .step = step,
    .n_arrays = TR_ASCENT_ARRAYS,
};
