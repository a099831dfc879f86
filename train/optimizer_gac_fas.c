/*
 * GAC-FAS, gradient alignment for cross-domain face anti-spoofing. With n source domains, L_i = (1/n) * mean loss of
 * domain i, L = sum_i L_i, k of them in the batch, F a loss of features (may be none):
 *     g_i = dL_i(theta),  G = sum_i g_i                    n backwards over one forward
 *     eps_i = rho t^2 d_i / |t d_i| - alpha A              the ascending point of domain i; A is not scaled by t
 *     g = G + dF(theta) + (1/k) sum_i dL(theta + eps_i)    the whole batch, its own statistics, running ones left alone
 * with t = |theta| + eta in blocks whose name contains "weight" (gac.scope: all, none), 1 elsewhere. gac.variant:
 *     paper      d_i = g_i,  A = G
 *     released   d_i = g_i - sum_{l < i} (i - l - 1) g_l,  A = sum_i (k - i) g_i,  i = 0 .. k-1 the domains in the
 * batch: what the released Python class computes, since it accumulates gradients twice; to compare with it only. (Its
 * trainer reaches the head alone from the ascending points; that is not followed.) gac.normalise: sum is this g; mean
 * halves its classification part, 1/2 (G + (1/k) sum_i dL(theta + eps_i)) + dF(theta), so that it is as long as ERM's
 * gradient and the same train.lr means the same (as SAGM does). The sum with train.lr is the mean with twice train.lr
 * where F is none and weight decay is halved. A domain without a sample in the batch has no ascending point; n stays
 * the number of domains. Source: Le and Woo 2024, "Gradient Alignment for Cross-Domain Face Anti-Spoofing", CVPR,
 * arXiv:2402.18817; t as in Kwon et al. 2021 (ASAM), arXiv:2102.11600; the alpha term as in Wang et al. 2023 (SAGM),
 * arXiv:2303.10353. SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <string.h>

typedef struct {
    double rho, eta, alpha;
    cfg_text variant, scope, normalise;
} gac_options;

static const cfg_field fields[] = {
    CFG_REAL(gac_options, rho, "gac.rho", "0.1", 0, 1e3, "radius of the ascent along each domain's gradient"),
    CFG_REAL(gac_options, eta, "gac.eta", "0", 0, 1e3, "added to |w| where the ascent is scaled by |w|"),
    CFG_REAL(gac_options, alpha, "gac.alpha", "2e-4", 0, 1e3,
             "step back along the mean gradient: strength of alignment"),
    CFG_CHOICE(gac_options, variant, "gac.variant", "paper", "paper released",
               "released: with the directions of the released Python class, to compare with it"),
    CFG_CHOICE(gac_options, scope, "gac.scope", "weights", TR_SCOPES,
               "tensors in which the ascent is scaled by |theta|: those named weight, all, none"),
    CFG_CHOICE(gac_options, normalise, "gac.normalise", "sum", "sum mean",
               "sum: the paper's gradient, about twice ERM's; mean: half of it, for the same train.lr as ERM"),
};

static const char *advice(const void *options, int n_domains)
{
    (void)options;
    return n_domains > 1 ? NULL
                         : "gac-fas with one source domain has nothing to align: train on two or more, or use sam";
}

/* Each domain's gradient into its array, G, and dF into `feature`; returns k. */
static lsc_status gradients(tr_state *s, const tr_oracle *o, float *G, float *feature, int *k, double *loss)
{
    lsc_status st = LSC_OK;
    const int n = s->n_domains;
    const int n_parts = n + (o->has_feature_loss ? 1 : 0);

    for (int i = 0; i < n; i++)
        s->parts[i] = (tr_part){.what = i, .g = s->arrays[i]};
    s->parts[n] = (tr_part){.what = TR_FEATURE, .g = feature};
    LSC_TRY(
        o->eval(o->self, s->theta, &(tr_request){.parts = s->parts, .n_parts = n_parts, .update_statistics = true}));
    *k = 0;
    *loss = 0;
    memset(G, 0, (size_t)s->layout->n_learned * sizeof *G);
    for (int i = 0; i < n_parts; i++)
        *loss += s->parts[i].loss;
    for (int i = 0; i < n; i++) {
        if (s->parts[i].absent)
            continue;
        ++*k;
        lsc_axpy(G, 1, s->arrays[i], s->layout->n_learned);
    }
cleanup:
    return st;
}

/* g_i <- d_i of the released class, and its A. From the last domain down, so that all g_l below are still there. */
static void accumulate_twice(tr_state *s, float *A)
{
    const int64_t n = s->layout->n_learned;
    int above = 0; /* k - i */

    memset(A, 0, (size_t)n * sizeof *A);
    for (int i = s->n_domains - 1; i >= 0; i--) {
        if (s->parts[i].absent)
            continue;
        lsc_axpy(A, ++above, s->arrays[i], n);
        for (int l = i - 1, between = 0; l >= 0; l--)
            if (!s->parts[l].absent)
                lsc_axpy(s->arrays[i], -between++, s->arrays[l], n);
    }
}

/* Each g_i becomes eps_i. */
static void perturb(tr_state *s, const float *A)
{
    const gac_options *o = s->options;
    const tr_perturbation p = {.rho = o->rho, .scope = tr_scope_of(&o->scope), .eta = o->eta, .alpha = o->alpha};
    for (int i = 0; i < s->n_domains; i++)
        if (!s->parts[i].absent)
            tr_perturb(s, &p, s->arrays[i], A, s->arrays[i]);
}

/* Adds factor / k times the gradients at the k ascending points. */
static lsc_status add_points(tr_state *s, const tr_oracle *o, int k, double factor, float *G, float *point,
                             tr_step_report *report)
{
    lsc_status st = LSC_OK;
    for (int i = 0; i < s->n_domains; i++) {
        if (s->parts[i].absent)
            continue;
        tr_part whole = {.what = TR_DOMAINS, .g = s->arrays[i]};
        tr_point(s, s->arrays[i], k, point, report);
        LSC_TRY(o->eval(o->self, point, &(tr_request){.parts = &whole, .n_parts = 1}));
        lsc_axpy(G, factor / k, whole.g, s->layout->n_learned);
    }
cleanup:
    return st;
}

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    lsc_status st = LSC_OK;
    const gac_options *options = s->options;
    const int64_t n = s->layout->n_learned;
    const double factor = strcmp(options->normalise.s, "mean") == 0 ? 0.5 : 1;
    const bool released = strcmp(options->variant.s, "released") == 0;
    float *G = s->arrays[s->n_domains], *point = s->arrays[s->n_domains + 1];
    int k = 0;

    LSC_TRY(gradients(s, o, G, point, &k, &report->loss));
    if (!released)
        perturb(s, G);
    /* From here on G gathers the step's gradient, and `point` is free once dF is in it. */
    lsc_scale(G, factor, n);
    if (o->has_feature_loss)
        lsc_axpy(G, 1, point, n);
    if (released) {
        accumulate_twice(s, point);
        perturb(s, point);
    }
    LSC_TRY(add_points(s, o, k, factor, G, point, report));
    tr_sgd(s, G);
cleanup:
    return st;
}

const tr_optimizer tr_optimizer_gac_fas = {
    .source = "Le and Woo 2024, CVPR, arXiv:2402.18817",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(gac_options),
    .step = step,
    .n_arrays = 2,
    .n_arrays_each = 1,
    .advice = advice,
};
