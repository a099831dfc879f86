/*
 * Perturbations eps = rho t^2 g / |t g| - alpha G, the points theta + eps, and how large eps is and in which kind of
 * parameter it lies. t = 1 is the ball of SAM; t = |theta| the ellipsoid of ASAM, in which scaling a layer up and the
 * next one down changes nothing (Kwon et al. 2021, "ASAM", arXiv:2102.11600).
 * Why the shares: where t is |theta| of weights alone, nearly all of eps lies in norm layers and biases, which the
 * usual landscape does not move; a user should see that.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>
#include <string.h>

#define TINY 1e-16 /* in front of a division by |t g|, for g = 0 */

tr_scope tr_scope_of(const cfg_text *word)
{
    return word->s[0] == 'n' ? TR_SCOPE_NONE : word->s[0] == 'w' ? TR_SCOPE_WEIGHTS : TR_SCOPE_ALL;
}

/* t of a block's element: a + b |theta|. */
static void scaling(const tr_perturbation *p, const lsc_block *block, double *a, double *b)
{
    const bool scaled =
        p->scope == TR_SCOPE_ALL || (p->scope == TR_SCOPE_WEIGHTS && strstr(block->name, "weight") != NULL);
    *a = scaled ? p->eta : 1;
    *b = scaled ? 1 : 0;
}

/* |t g| */
static double scaled_norm(const tr_state *s, const tr_perturbation *p, const float *g)
{
    const lsc_layout *layout = s->layout;
    double sum = 0;
    for (int i = 0; i < layout->n_blocks && layout->blocks[i].role != LSC_BUFFER; i++) {
        double a, b, of_block = 0;
        scaling(p, &layout->blocks[i], &a, &b);
        for (int64_t j = layout->blocks[i].offset; j < lsc_block_past(layout, i); j++) {
            double x = (a + b * fabs((double)s->theta[j])) * (double)g[j];
            of_block += x * x;
        }
        sum += of_block;
    }
    return sqrt(sum);
}

void tr_perturb(const tr_state *s, const tr_perturbation *p, const float *g, const float *align, float *eps)
{
    const lsc_layout *layout = s->layout;
    const double scale = p->rho / (scaled_norm(s, p, g) + TINY);
    for (int i = 0; i < layout->n_blocks && layout->blocks[i].role != LSC_BUFFER; i++) {
        double a, b;
        scaling(p, &layout->blocks[i], &a, &b);
        for (int64_t j = layout->blocks[i].offset; j < lsc_block_past(layout, i); j++) {
            double t = a + b * fabs((double)s->theta[j]);
            double back = p->alpha == 0 ? 0 : p->alpha * (double)align[j];
            eps[j] = (float)(scale * t * t * (double)g[j] - back);
        }
    }
}

void tr_point(const tr_state *s, const float *eps, int n_points, float *point, tr_step_report *report)
{
    const lsc_layout *layout = s->layout;
    double total = 0;

    memcpy(point, s->theta, (size_t)layout->n * sizeof *point);
    for (int b = 0; b < layout->n_blocks && layout->blocks[b].role != LSC_BUFFER; b++) {
        const lsc_block *block = &layout->blocks[b];
        const int64_t first = block->offset;
        const int64_t past = lsc_block_past(layout, b);
        const double norm = lsc_norm2(eps + first, past - first);
        for (int64_t j = first; j < past; j++)
            point[j] = (float)((double)s->theta[j] + (double)eps[j]);
        report->squares[block->role] += norm * norm / n_points;
        total += norm * norm;
    }
    report->perturbation += sqrt(total) / n_points;
}
