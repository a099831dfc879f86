/*
 * Attacks by species, at a threshold and at a bound on the worst of them.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"

#include <math.h>

int64_t nn_share_of(double x, int64_t n)
{
    /* 0.29 * 100 is 28.999999999999996 in binary; counts stay below 2^30, where 1e-6 is far above such errors. */
    return (int64_t)floor(x * (double)n + 1e-6);
}

static int species_of(const nn_score *s)
{
    return s->species < 0 ? 0 : s->species;
}

/* How many attacks of each species there are, and how many live items. */
static lsc_status count(const nn_score *s, int64_t n, int64_t attacks[NN_SPECIES_MAX], int64_t *live)
{
    lsc_status st = LSC_OK;

    *live = 0;
    for (int k = 0; k < NN_SPECIES_MAX; k++)
        attacks[k] = 0;
    for (int64_t i = 0; i < n; i++) {
        LSC_CHECK(!isnan(s[i].score), LSC_ERR_ARG, "score %lld is NaN: scores must be finite", (long long)i);
        LSC_CHECK(s[i].live != 0 || s[i].species < NN_SPECIES_MAX, LSC_ERR_ARG,
                  "score %lld is of species %d, they are numbered 0 to %d", (long long)i, s[i].species,
                  NN_SPECIES_MAX - 1);
        if (s[i].live != 0)
            ++*live;
        else
            attacks[species_of(&s[i])]++;
    }
    LSC_CHECK(*live > 0 && *live < n, LSC_ERR_ARG, "%lld scores of live items and %lld of attacks: a metric needs both",
              (long long)*live, (long long)(n - *live));
cleanup:
    return st;
}

lsc_status nn_attacks_at(const nn_score *s, int64_t n, double threshold, nn_attacks *out)
{
    lsc_status st = LSC_OK;
    nn_attacks a = {0};
    int64_t live = 0, rejected = 0;

    LSC_TRY(count(s, n, a.n, &live));
    for (int64_t i = 0; i < n; i++) {
        const bool accepted = s[i].score >= threshold;
        if (s[i].live != 0)
            rejected += !accepted;
        else
            a.accepted[species_of(&s[i])] += accepted;
    }
    a.worst = -1;
    for (int k = 0; k < NN_SPECIES_MAX; k++) {
        const double apcer = a.n[k] > 0 ? (double)a.accepted[k] / (double)a.n[k] : -1;
        if (a.n[k] > 0 && (a.worst < 0 || apcer > a.apcer)) {
            a.worst = k;
            a.apcer = apcer;
        }
    }
    a.bpcer = (double)rejected / (double)live;
    a.acer = (a.apcer + a.bpcer) / 2;
    *out = a;
cleanup:
    return st;
}

/* Live items that are accepted before a species would be beyond its bound; `accepted` is zero. */
static int64_t accept_within(const nn_score *sorted, int64_t n, const int64_t bound[NN_SPECIES_MAX],
                             int64_t accepted[NN_SPECIES_MAX])
{
    int64_t live = 0, kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (sorted[i].live != 0) {
            live++;
        } else {
            const int k = species_of(&sorted[i]);
            if (++accepted[k] > bound[k])
                break;
        }
        if (i + 1 == n || sorted[i + 1].score != sorted[i].score)
            kept = live; /* a threshold can lie here: equal scores are accepted together */
    }
    return kept;
}

lsc_status nn_bpcer_at_apcer(const nn_score *s, int64_t n, double apcer, double *out)
{
    lsc_status st = LSC_OK;
    int64_t attacks[NN_SPECIES_MAX], accepted[NN_SPECIES_MAX] = {0}, live = 0;
    nn_score *sorted = NULL;

    LSC_TRY(count(s, n, attacks, &live));
    LSC_NEW(sorted, n);
    for (int64_t i = 0; i < n; i++)
        sorted[i] = s[i];
    LSC_TRY(nn_scores_sort(sorted, n));
    for (int k = 0; k < NN_SPECIES_MAX; k++)
        attacks[k] = nn_share_of(apcer, attacks[k]);
    *out = (double)(live - accept_within(sorted, n, attacks, accepted)) / (double)live;
cleanup:
    lsc_free(sorted);
    return st;
}
