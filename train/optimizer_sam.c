/*
 * SAM, sharpness-aware minimization:
 *     g = dL(theta);   g' = dL(theta + rho g / (|g| + 1e-12)) on the same batch;   SGD along g'
 * The second pass takes the batch's own statistics at the displaced point and leaves the running ones alone. theta
 * itself is never displaced, so there is nothing to undo; weight decay and momentum see theta and g' only.
 * Source: Foret et al. 2021, "Sharpness-aware minimization for efficiently improving generalization",
 * arXiv:2010.01412; the 1e-12 and the order of passes as in the PyTorch version by davda54.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

typedef struct {
    double rho; /* radius, Euclidean norm of the perturbation */
} sam_options;

static const cfg_field fields[] = {
    CFG_REAL(sam_options, rho, "sam.rho", "0.05", 0, 1e3, "radius of the neighbourhood: norm of the perturbation"),
};

static int n_arrays(int n_domains)
{
    (void)n_domains;
    return 2;
}

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    lsc_status st = LSC_OK;
    const sam_options *options = s->options;
    const int64_t n = s->layout->n_learned;
    float *g = s->arrays[0], *point = s->arrays[1];
    tr_part whole = {.what = TR_TOTAL, .g = g};

    LSC_TRY(o->eval(o->self, s->theta, &(tr_request){.parts = &whole, .n_parts = 1, .update_statistics = true}));
    report->loss = whole.loss;
    lsc_scale(g, options->rho / (lsc_norm2(g, n) + 1e-12), n);
    tr_point(s, g, 1, point, report);
    LSC_TRY(o->eval(o->self, point, &(tr_request){.parts = &whole, .n_parts = 1}));
    tr_sgd(s, g);
cleanup:
    return st;
}

const tr_optimizer tr_optimizer_sam = {
    .source = "Foret et al. 2021, ICLR, arXiv:2010.01412",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(sam_options),
    .step = step,
    .n_arrays = n_arrays,
};
