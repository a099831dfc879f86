/*
 * The order of an epoch, and fixed subsets. Neither allocates: an epoch is shuffled in place (Fisher-Yates,
 * one strided lane for each domain), and a subset holds the images with the smallest random keys, found by
 * bisection over the keys.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <assert.h>
#include <stdlib.h>

static int64_t domain_size(const ds_dataset *d, int domain)
{
    return d->member_start[domain + 1] - d->member_start[domain];
}

/* Place of the i-th image of a domain where domains take turns. Sizes differ by 1 at most, larger ones first. */
static int64_t lane(const ds_dataset *d, int domain, int64_t i)
{
    return i * d->n_domains + domain;
}

static void shuffle_lane(const ds_dataset *d, lsc_rng r, int domain, int64_t *order)
{
    int64_t n = domain_size(d, domain);
    for (int64_t i = 0; i < n; i++)
        order[lane(d, domain, i)] = d->members[d->member_start[domain] + i];
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t *a = &order[lane(d, domain, i)];
        int64_t *b = &order[lane(d, domain, (int64_t)lsc_rng_below(r, (uint64_t)i, (uint64_t)i + 1))];
        int64_t held = *a;
        *a = *b;
        *b = held;
    }
}

void ds_epoch_order(const ds_dataset *d, uint64_t seed, int64_t epoch, bool balanced, int64_t *order)
{
    if (!balanced) {
        lsc_rng r = {seed, lsc_rng_stream("order", (uint64_t)epoch, 0)};
        lsc_rng_permutation(r, order, d->n);
        return;
    }
    for (int domain = 0; domain < d->n_domains; domain++) {
        lsc_rng r = {seed, lsc_rng_stream("balanced order", (uint64_t)epoch, (uint64_t)domain)};
        shuffle_lane(d, r, domain, order);
    }
}

static int64_t count_keys(lsc_rng r, const int64_t *members, int64_t n, uint64_t most)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        count += lsc_rng_bits(r, (uint64_t)members[i]) <= most;
    return count;
}

/* The `want` members with the smallest keys. */
static void pick(lsc_rng r, const int64_t *members, int64_t n, int64_t want, int64_t *index)
{
    uint64_t lo = 0, hi = UINT64_MAX;
    int64_t had = 0;

    while (lo < hi) {
        uint64_t middle = lo + (hi - lo) / 2;
        if (count_keys(r, members, n, middle) >= want)
            hi = middle;
        else
            lo = middle + 1;
    }
    for (int64_t i = 0; i < n && had < want; i++) {
        if (lsc_rng_bits(r, (uint64_t)members[i]) <= lo)
            index[had++] = members[i];
    }
}

static int by_index(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void ds_subset(const ds_dataset *d, uint64_t seed, int64_t n, int64_t *index)
{
    lsc_rng r = {seed, lsc_rng_stream("subset", 0, 0)};
    int64_t had = 0;

    assert(n >= 0 && n <= d->n);
    for (int domain = 0; domain < d->n_domains; domain++) {
        int64_t want = n / d->n_domains + (domain < n % d->n_domains);
        pick(r, d->members + d->member_start[domain], domain_size(d, domain), want, index + had);
        had += want;
    }
    qsort(index, (size_t)n, sizeof *index, by_index);
}
