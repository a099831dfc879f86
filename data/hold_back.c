/*
 * What is held back for validation: of each domain, the groups with the smallest random keys. A smaller share is a part
 * of a larger one. Of a domain with two groups one at least is held back, so that small data can be validated, too.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>

#define SEED 1 /* of the keys: runs of any train.seed hold back the same groups, so that they can be compared */

typedef struct {
    int32_t domain;
    uint64_t key; /* of its group: equal keys are one group */
    int64_t item;
} keyed;

static int by_domain_and_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

/* One past the last element of `first`'s group, or of its domain. */
static int64_t past_group(const keyed *k, int64_t n, int64_t first)
{
    int64_t past = first + 1;
    while (past < n && by_domain_and_key(&k[past], &k[first]) == 0)
        past++;
    return past;
}

static int64_t past_domain(const keyed *k, int64_t n, int64_t first)
{
    int64_t past = first + 1;
    while (past < n && k[past].domain == k[first].domain)
        past++;
    return past;
}

static void hold_domain(const keyed *k, int64_t n, double share, uint8_t *held)
{
    int64_t groups = 0;
    for (int64_t i = 0; i < n; i = past_group(k, n, i))
        groups++;
    /* 0.29 * 100 is 28.999999999999996 in binary. */
    const int64_t whole = (int64_t)floor(share * (double)groups + 1e-6);
    const int64_t taken = whole == 0 && groups > 1 && share > 0 ? 1 : whole;
    int64_t first = 0;
    for (int64_t group = 0; group < taken; group++) {
        const int64_t past = past_group(k, n, first);
        for (; first < past; first++)
            held[k[first].item] = 1;
    }
}

lsc_status ds_hold_back(const int32_t *domain, const int32_t *group, int64_t n, double share, uint8_t *held)
{
    lsc_status st = LSC_OK;
    keyed *k = NULL;

    LSC_NEW(k, n);
    for (int64_t i = 0; i < n; i++) {
        const lsc_rng r = {SEED, lsc_rng_stream("validation", (uint64_t)domain[i], 0)};
        k[i] = (keyed){domain[i], lsc_rng_bits(r, (uint64_t)(group != NULL ? group[i] : i)), i};
        held[i] = 0;
    }
    qsort(k, (size_t)n, sizeof *k, by_domain_and_key);
    for (int64_t first = 0; first < n;) {
        const int64_t past = past_domain(k, n, first);
        hold_domain(k + first, past - first, share, held);
        first = past;
    }
cleanup:
    lsc_free(k);
    return st;
}

lsc_status ds_nothing_held_back(int n_domains, const char *what)
{
    return lsc_fail(LSC_ERR_ARG,
                    "no domain (of %d) has a second %s to hold back for validation: take more data, or train.select "
                    "last without data.validation",
                    n_domains, what);
}
