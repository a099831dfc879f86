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

/* Place of the i-th image of a domain where domains take turns, those that are used up left out. */
static int64_t lane(const ds_dataset *d, int domain, int64_t i)
{
    int64_t before = 0;
    for (int other = 0; other < d->n_domains; other++) {
        const int64_t n = domain_size(d, other), taken = i + (other < domain);
        before += n < taken ? n : taken;
    }
    return before;
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

static int64_t set_size(const ds_dataset *d, int domain, int label)
{
    int64_t n = 0;
    for (int64_t m = d->member_start[domain]; m < d->member_start[domain + 1]; m++)
        n += d->labels[d->members[m]] == label;
    return n;
}

/* Of the sets of a domain and a label, empty ones left out: how many there are, and the largest one's size. */
static void measure_sets(const ds_dataset *d, int64_t *sets, int64_t *largest)
{
    *sets = *largest = 0;
    for (int domain = 0; domain < d->n_domains; domain++) {
        for (int label = 0; label < d->classes; label++) {
            const int64_t n = set_size(d, domain, label);
            *sets += n > 0;
            *largest = n > *largest ? n : *largest;
        }
    }
}

int64_t ds_epoch_length(const ds_dataset *d, ds_sampler sampler)
{
    int64_t sets, largest;
    if (sampler != DS_ROUND_ROBIN)
        return d->n;
    measure_sets(d, &sets, &largest);
    return sets * largest;
}

/* Element k of set s is its member k mod its size, used for the (k div its size)-th time; it stands at k sets + s. */
static void lay_out_sets(const ds_dataset *d, int64_t *order)
{
    int64_t sets, largest, s = 0;
    measure_sets(d, &sets, &largest);
    for (int domain = 0; domain < d->n_domains; domain++) {
        for (int label = 0; label < d->classes; label++) {
            const int64_t n = set_size(d, domain, label);
            int64_t first = 0;
            for (int64_t m = d->member_start[domain]; n > 0 && m < d->member_start[domain + 1]; m++) {
                if (d->labels[d->members[m]] != label)
                    continue;
                for (int64_t k = first, use = 0; k < largest; k += n, use++)
                    order[k * sets + s] = d->members[m] + use * d->n;
                first++;
            }
            s += n > 0;
        }
    }
}

static void shuffle(lsc_rng r, int64_t *order, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)lsc_rng_below(r, (uint64_t)i, (uint64_t)i + 1);
        const int64_t held = order[i];
        order[i] = order[j];
        order[j] = held;
    }
}

void ds_epoch_order(const ds_dataset *d, uint64_t seed, int64_t epoch, ds_sampler sampler, int64_t *order)
{
    const lsc_rng r = {seed, lsc_rng_stream("order", (uint64_t)epoch, 0)};
    if (sampler == DS_SHUFFLED) {
        lsc_rng_permutation(r, order, d->n);
        return;
    }
    if (sampler == DS_ROUND_ROBIN) {
        lay_out_sets(d, order);
        shuffle(r, order, ds_epoch_length(d, sampler));
        return;
    }
    for (int domain = 0; domain < d->n_domains; domain++) {
        const lsc_rng of_domain = {seed, lsc_rng_stream("balanced order", (uint64_t)epoch, (uint64_t)domain)};
        shuffle_lane(d, of_domain, domain, order);
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

/* How many of n images, taken from the domains in turn, are of this one. */
static int64_t share(const ds_dataset *d, int64_t n, int domain)
{
    int64_t lo = 0, hi = domain_size(d, domain);
    while (lo < hi) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (lane(d, domain, middle) < n)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

void ds_subset(const ds_dataset *d, uint64_t seed, int64_t n, int64_t *index)
{
    lsc_rng r = {seed, lsc_rng_stream("subset", 0, 0)};
    int64_t had = 0;

    assert(n >= 0 && n <= d->n);
    for (int domain = 0; domain < d->n_domains; domain++) {
        const int64_t want = share(d, n, domain);
        pick(r, d->members + d->member_start[domain], domain_size(d, domain), want, index + had);
        had += want;
    }
    qsort(index, (size_t)n, sizeof *index, by_index);
}
