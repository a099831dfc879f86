/*
 * The ROC of scores: a point for each distinct score, and what is read off it.
 * With counts TP, FP of P live items and N attacks, |FPR - FRR| is compared as |FP P + TP N - P N|.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define ITEMS_MAX ((int64_t)1 << 30) /* products of two counts fit in 64 bits */

static int by_score_down(const void *a, const void *b)
{
    const double x = ((const nn_score *)a)->score, y = ((const nn_score *)b)->score;
    return (x < y) - (x > y);
}

lsc_status nn_scores_sort(nn_score *s, int64_t n)
{
    lsc_status st = LSC_OK;
    int64_t live = 0;

    LSC_CHECK(n <= ITEMS_MAX, LSC_ERR_ARG, "%lld scores, at most %lld are taken", (long long)n, (long long)ITEMS_MAX);
    for (int64_t i = 0; i < n; i++) {
        LSC_CHECK(isfinite(s[i].score), LSC_ERR_ARG, "score %lld is %g: scores must be finite", (long long)i,
                  s[i].score);
        live += s[i].live != 0;
    }
    LSC_CHECK(live > 0 && live < n, LSC_ERR_ARG, "%lld scores of live items and %lld of attacks: a metric needs both",
              (long long)live, (long long)(n - live));
    qsort(s, (size_t)n, sizeof *s, by_score_down);
cleanup:
    return st;
}

void nn_roc_fill(const nn_score *sorted, int64_t n, const int32_t *weight, nn_roc *r)
{
    nn_roc_point p = {.threshold = INFINITY};

    r->n_points = 0;
    r->points[r->n_points++] = p;
    for (int64_t i = 0; i < n; i++) {
        const int64_t times = weight != NULL ? weight[sorted[i].subject] : 1;
        *(sorted[i].live != 0 ? &p.tp : &p.fp) += times;
        p.threshold = sorted[i].score;
        if (i + 1 == n || sorted[i + 1].score != p.threshold)
            r->points[r->n_points++] = p;
    }
    r->live = p.tp;
    r->attacks = p.fp;
}

lsc_status nn_roc_new(const nn_score *s, int64_t n, nn_roc **out)
{
    lsc_status st = LSC_OK;
    nn_roc *r = NULL;
    nn_score *sorted = NULL;

    LSC_NEW(sorted, n);
    for (int64_t i = 0; i < n; i++)
        sorted[i] = s[i];
    LSC_TRY(nn_scores_sort(sorted, n));
    LSC_NEW(r, 1);
    LSC_NEW(r->points, n + 1);
    nn_roc_fill(sorted, n, NULL, r);
    *out = r;
    r = NULL;
cleanup:
    nn_roc_free(r);
    lsc_free(sorted);
    return st;
}

void nn_roc_free(nn_roc *r)
{
    if (r == NULL)
        return;
    lsc_free(r->points);
    lsc_free(r);
}

double nn_roc_far(const nn_roc *r, const nn_roc_point *p)
{
    return (double)p->fp / (double)r->attacks;
}

double nn_roc_frr(const nn_roc *r, const nn_roc_point *p)
{
    return (double)(r->live - p->tp) / (double)r->live;
}

double nn_roc_hter(const nn_roc *r, const nn_roc_point *p)
{
    return (nn_roc_far(r, p) + nn_roc_frr(r, p)) / 2;
}

double nn_roc_auc(const nn_roc *r)
{
    int64_t twice = 0;
    for (int64_t i = 1; i < r->n_points; i++)
        twice += (r->points[i].fp - r->points[i - 1].fp) * (r->points[i].tp + r->points[i - 1].tp);
    return (double)twice / (2.0 * (double)r->live * (double)r->attacks);
}

/* (FPR - FRR) P N: from -P N at the first point up to P N at the last. */
static int64_t imbalance(const nn_roc *r, const nn_roc_point *p)
{
    return p->fp * r->live - (r->live - p->tp) * r->attacks;
}

double nn_roc_eer(const nn_roc *r)
{
    const nn_roc_point *above = r->points;
    while (imbalance(r, above) < 0)
        above++;
    const nn_roc_point *below = above - 1;
    const double x = (double)imbalance(r, below), y = (double)imbalance(r, above);
    const double share = x / (x - y); /* of the way from below to above */
    return ((double)below->fp + share * (double)(above->fp - below->fp)) / (double)r->attacks;
}

const nn_roc_point *nn_roc_balanced(const nn_roc *r)
{
    const nn_roc_point *best = r->points;
    for (int64_t i = 1; i < r->n_points; i++)
        if (llabs(imbalance(r, &r->points[i])) < llabs(imbalance(r, best)))
            best = &r->points[i];
    return best;
}

const nn_roc_point *nn_roc_at(const nn_roc *r, double threshold)
{
    int64_t lo = 0, hi = r->n_points - 1; /* points[lo] is not below the threshold */
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo + 1) / 2;
        if (r->points[middle].threshold >= threshold)
            lo = middle;
        else
            hi = middle - 1;
    }
    return &r->points[lo];
}

double nn_roc_tpr(const nn_roc *r, double fpr)
{
    const int64_t most = nn_share_of(fpr, r->attacks);
    const nn_roc_point *best = r->points;
    for (int64_t i = 1; i < r->n_points && r->points[i].fp <= most; i++)
        best = &r->points[i];
    return (double)best->tp / (double)r->live;
}

/* |FPR - 1/20| 20 N */
static int64_t from_a_twentieth(const nn_roc *r, const nn_roc_point *p)
{
    return llabs(20 * p->fp - r->attacks);
}

nn_compat nn_roc_compat(const nn_roc *r)
{
    const nn_roc_point *p = nn_roc_balanced(r), *fifth = r->points;

    for (int64_t i = 1; i < r->n_points; i++)
        if (from_a_twentieth(r, &r->points[i]) < from_a_twentieth(r, fifth))
            fifth = &r->points[i];
    const int64_t above = p == r->points ? 0 : p[-1].fp; /* attacks above the threshold */
    return (nn_compat){
        .threshold = p->threshold,
        .far = nn_roc_far(r, p),
        .frr = nn_roc_frr(r, p),
        .hter = nn_roc_hter(r, p),
        .auc = nn_roc_auc(r),
        .tpr_at_5 = (double)fifth->tp / (double)r->live,
        .accuracy = 1 - (double)(r->live - p->tp + above) / (double)(r->live + r->attacks),
    };
}
