/*
 * Everything about scores that a table of results needs.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"

#include <math.h>

#define LEVEL     0.95
#define RESAMPLES 1000

const double nn_levels[NN_LEVELS] = {0.01, 0.05, 0.1};

static lsc_status operate(const nn_score *s, int64_t n, const nn_roc *roc, double threshold, nn_operating *out)
{
    const nn_roc_point *p = nn_roc_at(roc, threshold);
    *out = (nn_operating){
        .threshold = threshold, .far = nn_roc_far(roc, p), .frr = nn_roc_frr(roc, p), .hter = nn_roc_hter(roc, p)};
    return nn_attacks_at(s, n, threshold, &out->attacks);
}

static lsc_status threshold_of(const nn_score *development, int64_t n, double *out)
{
    lsc_status st = LSC_OK;
    nn_roc *roc = NULL;
    LSC_TRY(lsc_context(nn_roc_new(development, n, &roc), "development scores"));
    *out = nn_roc_balanced(roc)->threshold;
cleanup:
    nn_roc_free(roc);
    return st;
}

/* That there are too few subjects is no failure of the rest. */
static lsc_status add_intervals(const nn_score *s, int64_t n, uint64_t seed, nn_liveness *out)
{
    const nn_bootstrap_options o = {
        .level = LEVEL,
        .resamples = RESAMPLES,
        .seed = seed,
        .threshold = out->has_development ? out->development.threshold : NAN,
    };
    const lsc_status st = nn_scores_bootstrap(s, n, &o, &out->intervals);
    out->has_intervals = st == LSC_OK;
    if (st != LSC_ERR_ARG)
        return st;
    snprintf(out->no_intervals, sizeof out->no_intervals, "%s", lsc_last_error());
    return LSC_OK;
}

lsc_status nn_scores_liveness(const nn_score *s, int64_t n, const nn_score *development, int64_t n_development,
                              uint64_t seed, nn_liveness *out)
{
    lsc_status st = LSC_OK;
    nn_roc *roc = NULL;
    nn_liveness l = {.has_development = development != NULL};
    double threshold;

    LSC_TRY(nn_roc_new(s, n, &roc));
    l.live = roc->live;
    l.attacks = roc->attacks;
    l.auc = nn_roc_auc(roc);
    l.eer = nn_roc_eer(roc);
    l.compat = nn_roc_compat(roc);
    LSC_TRY(operate(s, n, roc, nn_roc_balanced(roc)->threshold, &l.target));
    if (development != NULL) {
        LSC_TRY(threshold_of(development, n_development, &threshold));
        LSC_TRY(operate(s, n, roc, threshold, &l.development));
    }
    for (int i = 0; i < NN_LEVELS; i++) {
        l.tpr[i] = nn_roc_tpr(roc, nn_levels[i]);
        LSC_TRY(nn_bpcer_at_apcer(s, n, nn_levels[i], &l.bpcer[i]));
    }
    LSC_TRY(add_intervals(s, n, seed, &l));
    *out = l;
cleanup:
    nn_roc_free(roc);
    return st;
}
