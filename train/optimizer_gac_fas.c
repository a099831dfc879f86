/*
 * GAC-FAS, gradient alignment for cross-domain face anti-spoofing, in the form of the paper. With n source domains,
 * L_i = (1/n) * mean loss of domain i, L = sum_i L_i, k of them in the batch, F a loss of features (may be none):
 *     g_i = dL_i(theta),  G = sum_i g_i                    n backwards over one forward
 *     t = |theta| + eta for blocks whose name contains "weight", 1 for others
 *     eps_i = rho t^2 g_i / (|t g_i| + 1e-16) - alpha G    the ascending point of domain i; alpha G is not scaled by t
 *     g = G + dF(theta) + (1/k) sum_i dL(theta + eps_i)    the whole batch, its own statistics, running ones left alone
 * gac.normalise: sum is this g; mean halves its classification part, ½ (G + (1/k) sum_i dL(theta + eps_i)) + dF(theta),
 * so that it is as long as ERM's gradient and the same train.lr means the same (as SAGM does). The sum with train.lr
 * is the mean with twice train.lr where F is none and weight decay is halved.
 * A domain without a sample in the batch has no ascending point; n stays the number of domains.
 * Not followed: the released Python class, which accumulates gradients twice (its ascent is along g_2 - g_0 for the
 * third of three domains) and, in its trainer, reaches the head alone from the ascending points.
 * Source: Le and Woo 2024, "Gradient Alignment for Cross-Domain Face Anti-Spoofing", CVPR, arXiv:2402.18817;
 * t as in Kwon et al. 2021 (ASAM), arXiv:2102.11600; the alpha term as in Wang et al. 2023 (SAGM).
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

typedef struct {
    double rho, eta, alpha;
    double warming_epochs;
    cfg_text normalise;
} gac_options;

static const cfg_field fields[] = {
    CFG_REAL(gac_options, rho, "gac.rho", "0.1", 0, 1e3, "radius of the ascent along each domain's gradient"),
    CFG_REAL(gac_options, eta, "gac.eta", "0", 0, 1e3, "added to |w| where the ascent is scaled by |w|"),
    CFG_REAL(gac_options, alpha, "gac.alpha", "2e-4", 0, 1e3,
             "step back along the mean gradient: strength of alignment"),
    CFG_REAL(gac_options, warming_epochs, "gac.warming_epochs", "0", 0, 1e6, "epochs of plain ERM before"),
    CFG_CHOICE(gac_options, normalise, "gac.normalise", "sum", "sum mean",
               "sum: the paper's gradient, about twice ERM's; mean: half of it, for the same train.lr as ERM"),
};

static int n_arrays(int n_domains)
{
    return n_domains + 2;
}

static const char *advice(const void *options, int n_domains)
{
    (void)options;
    return n_domains > 1 ? NULL
                         : "gac-fas with one source domain has nothing to align: set data.rotations to two or more, or "
                           "use sam";
}

/* t of a block's element: a + b |theta|. */
static void scaling(const gac_options *o, const lsc_block *block, double *a, double *b)
{
    const bool weight = strstr(block->name, "weight") != NULL;
    *a = weight ? o->eta : 1;
    *b = weight ? 1 : 0;
}

/* |t g| */
static double scaled_norm(const tr_state *s, const float *g)
{
    const lsc_layout *layout = s->layout;
    double sum = 0;
    for (int i = 0; i < layout->n_blocks && layout->blocks[i].role != LSC_BUFFER; i++) {
        double a, b, of_block = 0;
        scaling(s->options, &layout->blocks[i], &a, &b);
        for (int64_t j = layout->blocks[i].offset; j < tr_block_past(layout, i); j++) {
            double x = (a + b * fabs((double)s->theta[j])) * (double)g[j];
            of_block += x * x;
        }
        sum += of_block;
    }
    return sqrt(sum);
}

/* g <- rho t^2 g / (|t g| + 1e-16) - alpha G */
static void ascend(const tr_state *s, float *g, const float *G)
{
    const gac_options *o = s->options;
    const lsc_layout *layout = s->layout;
    const double scale = o->rho / (scaled_norm(s, g) + 1e-16);
    for (int i = 0; i < layout->n_blocks && layout->blocks[i].role != LSC_BUFFER; i++) {
        double a, b;
        scaling(o, &layout->blocks[i], &a, &b);
        for (int64_t j = layout->blocks[i].offset; j < tr_block_past(layout, i); j++) {
            double t = a + b * fabs((double)s->theta[j]);
            g[j] = (float)(scale * t * t * (double)g[j] - o->alpha * (double)G[j]);
        }
    }
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

static lsc_status step(tr_state *s, const tr_oracle *o, tr_step_report *report)
{
    lsc_status st = LSC_OK;
    const gac_options *options = s->options;
    const int64_t n = s->layout->n_learned;
    const double half = strcmp(options->normalise.s, "mean") == 0 ? 0.5 : 1;
    float *G = s->arrays[s->n_domains], *point = s->arrays[s->n_domains + 1];
    int k = 0;

    if (s->epoch < options->warming_epochs)
        return tr_optimizer_erm.step(s, o, report);
    LSC_TRY(gradients(s, o, G, point, &k, &report->loss));
    for (int i = 0; i < s->n_domains; i++)
        if (!s->parts[i].absent)
            ascend(s, s->arrays[i], G);
    /* From here on G gathers the step's gradient: every ascending point has had its use of G. */
    lsc_scale(G, half, n);
    if (o->has_feature_loss)
        lsc_axpy(G, 1, point, n);
    for (int i = 0; i < s->n_domains; i++) {
        if (s->parts[i].absent)
            continue;
        tr_part whole = {.what = TR_DOMAINS, .g = s->arrays[i]};
        tr_point(s, s->arrays[i], k, point, report);
        LSC_TRY(o->eval(o->self, point, &(tr_request){.parts = &whole, .n_parts = 1}));
        lsc_axpy(G, half / k, whole.g, n);
    }
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
    .n_arrays = n_arrays,
    .advice = advice,
};
