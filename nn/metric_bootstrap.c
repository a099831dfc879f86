/*
 * Intervals by resampling subjects with replacement. The scores are sorted once; a resample is a count for each
 * subject, and a walk along the sorted scores with these counts as weights.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AUC, EER, HTER, HTER_AT, STATISTICS };

static int by_subject(const void *a, const void *b)
{
    const nn_score *x = a, *y = b;
    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    return (x->subject > y->subject) - (x->subject < y->subject);
}

/* Numbers 0, 1, ... instead of (domain, subject). */
static lsc_status number_subjects(nn_score *s, int64_t n, int64_t *subjects)
{
    lsc_status st = LSC_OK;
    int32_t number = -1;
    nn_score last = {.domain = -1, .subject = -1};

    for (int64_t i = 0; i < n; i++)
        LSC_CHECK(s[i].subject >= 0, LSC_ERR_ARG, "score %lld has no subject: intervals resample subjects",
                  (long long)i);
    qsort(s, (size_t)n, sizeof *s, by_subject);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || by_subject(&s[i], &last) != 0)
            number++;
        last = s[i];
        s[i].subject = number;
    }
    *subjects = number + 1;
    LSC_CHECK(*subjects >= NN_SUBJECTS_MIN, LSC_ERR_ARG, "%lld subjects: an interval needs at least %d",
              (long long)*subjects, NN_SUBJECTS_MIN);
cleanup:
    return st;
}

static void draw(lsc_rng r, int64_t resample, int64_t subjects, int32_t *weight)
{
    memset(weight, 0, (size_t)subjects * sizeof *weight);
    for (int64_t i = 0; i < subjects; i++)
        weight[lsc_rng_below(r, (uint64_t)(resample * subjects + i), (uint64_t)subjects)]++;
}

static void statistics_of(const nn_roc *roc, double threshold, double *const value[STATISTICS], int64_t k)
{
    value[AUC][k] = nn_roc_auc(roc);
    value[EER][k] = nn_roc_eer(roc);
    value[HTER][k] = nn_roc_hter(roc, nn_roc_balanced(roc));
    value[HTER_AT][k] = isnan(threshold) ? 0 : nn_roc_hter(roc, nn_roc_at(roc, threshold));
}

/* Between the two sorted values around (n - 1) q. */
static double quantile(const double *sorted, int64_t n, double q)
{
    const double at = (double)(n - 1) * q, below = floor(at);
    const int64_t i = (int64_t)below, j = i + 1 < n ? i + 1 : i;
    return sorted[i] + (at - below) * (sorted[j] - sorted[i]);
}

static nn_interval interval(double *value, int64_t n, double level)
{
    lsc_sort(value, n);
    return (nn_interval){quantile(value, n, (1 - level) / 2), quantile(value, n, (1 + level) / 2)};
}

/* Fills the values of all resamples that hold both live items and attacks; returns how many. */
static int64_t resample(const nn_score *sorted, int64_t n, const nn_bootstrap_options *o, int64_t subjects,
                        int32_t *weight, nn_roc *roc, double *const value[STATISTICS])
{
    const lsc_rng r = {o->seed, lsc_rng_stream("bootstrap", 0, 0)};
    int64_t formed = 0;
    for (int64_t k = 0; k < o->resamples; k++) {
        draw(r, k, subjects, weight);
        nn_roc_fill(sorted, n, weight, roc);
        if (roc->live > 0 && roc->attacks > 0)
            statistics_of(roc, o->threshold, value, formed++);
    }
    return formed;
}

lsc_status nn_scores_bootstrap(const nn_score *s, int64_t n, const nn_bootstrap_options *o, nn_bootstrap *out)
{
    lsc_status st = LSC_OK;
    nn_score *sorted = NULL;
    int32_t *weight = NULL;
    double *values = NULL;
    nn_roc roc = {0};
    int64_t subjects = 0;

    LSC_NEW(sorted, n);
    memcpy(sorted, s, (size_t)n * sizeof *sorted);
    LSC_TRY(number_subjects(sorted, n, &subjects));
    LSC_TRY(nn_scores_sort(sorted, n));
    LSC_NEW(weight, subjects);
    LSC_NEW(roc.points, n + 1);
    LSC_NEW(values, STATISTICS * o->resamples);
    double *const value[STATISTICS] = {values, values + o->resamples, values + 2 * o->resamples,
                                       values + 3 * o->resamples};
    const int64_t formed = resample(sorted, n, o, subjects, weight, &roc, value);
    LSC_CHECK(2 * formed > o->resamples, LSC_ERR_ARG,
              "%lld of %lld resamples of subjects have only live items or only attacks",
              (long long)(o->resamples - formed), (long long)o->resamples);
    *out = (nn_bootstrap){
        .subjects = subjects,
        .auc = interval(value[AUC], formed, o->level),
        .eer = interval(value[EER], formed, o->level),
        .hter = interval(value[HTER], formed, o->level),
        .hter_at = interval(value[HTER_AT], formed, o->level),
    };
cleanup:
    lsc_free(sorted);
    lsc_free(weight);
    lsc_free(values);
    lsc_free(roc.points);
    return st;
}
