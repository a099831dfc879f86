/*
 * The order of an epoch, and fixed subsets.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"

enum { DOMAINS = 3, PER_DOMAIN = 40, N = DOMAINS * PER_DOMAIN };

static ds_dataset *open_domains(ds_split split)
{
    static const double rotations[DOMAINS] = {0, 30, 60};
    fixture_idx("train", false, &(idx_fixture){.n = N, .height = 2, .width = 2});
    fixture_idx("t10k", false, &(idx_fixture){.n = N + 2, .height = 2, .width = 2}); /* not a multiple of 3 */
    ds_options o = fixture_options("idx");
    o.split = split;
    o.rotations = rotations;
    o.n_rotations = DOMAINS;
    return fixture_open(&o);
}

static void check_permutation(const int64_t *order, int64_t n)
{
    uint8_t *seen = lsc_calloc((size_t)n, 1);
    for (int64_t i = 0; i < n; i++) {
        CHECK(order[i] >= 0 && order[i] < n);
        CHECK(!seen[order[i]]);
        seen[order[i]] = 1;
    }
    lsc_free(seen);
}

static void an_epoch_is_a_permutation(void **state)
{
    int64_t order[N + 2];
    (void)state;
    for (int split = 0; split < 2; split++) {
        ds_dataset *d = open_domains(split == 0 ? DS_TRAIN : DS_TEST);
        for (int balanced = 0; balanced < 2; balanced++) {
            ds_epoch_order(d, 3, 1, balanced == 1 ? DS_BY_DOMAIN : DS_SHUFFLED, order);
            check_permutation(order, ds_count(d));
        }
        ds_close(d);
    }
}

static void every_balanced_run_holds_as_many_of_each_domain(void **state)
{
    int64_t order[N];
    (void)state;
    ds_dataset *d = open_domains(DS_TRAIN);
    ds_epoch_order(d, 3, 1, DS_BY_DOMAIN, order);
    for (int i = 0; i < N; i++)
        CHECK_INT(ds_domains(d)[order[i]], i % DOMAINS);
    ds_close(d);
}

static void epochs_and_seeds_differ_and_repeat(void **state)
{
    int64_t first[N], again[N];
    (void)state;
    ds_dataset *d = open_domains(DS_TRAIN);
    for (int balanced = 0; balanced < 2; balanced++) {
        ds_epoch_order(d, 3, 1, balanced == 1 ? DS_BY_DOMAIN : DS_SHUFFLED, first);
        ds_epoch_order(d, 3, 1, balanced == 1 ? DS_BY_DOMAIN : DS_SHUFFLED, again);
        CHECK_BYTES(again, first, sizeof first);
        ds_epoch_order(d, 3, 2, balanced == 1 ? DS_BY_DOMAIN : DS_SHUFFLED, again);
        CHECK(memcmp(again, first, sizeof first) != 0);
        ds_epoch_order(d, 4, 1, balanced == 1 ? DS_BY_DOMAIN : DS_SHUFFLED, again);
        CHECK(memcmp(again, first, sizeof first) != 0);
    }
    ds_close(d);
}

/* Each image comes first in its domain about equally often: 40 cells, 4,000 draws, chi squared with 39 degrees
 * of freedom is above 90 with chance 6e-6; the seed is fixed. */
static void every_place_is_equally_likely(void **state)
{
    int64_t order[N];
    int count[PER_DOMAIN] = {0};
    double chi2 = 0;
    (void)state;
    ds_dataset *d = open_domains(DS_TRAIN);
    for (int epoch = 0; epoch < 4000; epoch++) {
        ds_epoch_order(d, 11, epoch, DS_BY_DOMAIN, order);
        count[order[1] - PER_DOMAIN]++;
    }
    for (int i = 0; i < PER_DOMAIN; i++)
        chi2 += (count[i] - 100.0) * (count[i] - 100.0) / 100.0;
    CHECK(chi2 < 90);
    ds_close(d);
}

static void a_subset_is_fixed_sorted_and_even(void **state)
{
    int64_t index[31], again[31];
    int count[DOMAINS] = {0};
    (void)state;
    ds_dataset *d = open_domains(DS_TRAIN);
    ds_subset(d, 9, 31, index);
    ds_subset(d, 9, 31, again);
    CHECK_BYTES(again, index, sizeof index);
    for (int i = 0; i < 31; i++) {
        CHECK(i == 0 || index[i] > index[i - 1]);
        count[ds_domains(d)[index[i]]]++;
    }
    CHECK_INT(count[0], 11);
    CHECK_INT(count[1], 10);
    CHECK_INT(count[2], 10);
    ds_subset(d, 10, 31, again);
    CHECK(memcmp(again, index, sizeof index) != 0);
    ds_close(d);
}

static bool holds(const int64_t *index, int n, int64_t what)
{
    for (int i = 0; i < n; i++) {
        if (index[i] == what)
            return true;
    }
    return false;
}

static void a_smaller_subset_is_a_part_of_a_larger_one(void **state)
{
    int64_t small[20], large[70];
    (void)state;
    ds_dataset *d = open_domains(DS_TEST);
    ds_subset(d, 9, 20, small);
    ds_subset(d, 9, 70, large);
    for (int i = 0; i < 20; i++)
        CHECK(holds(large, 70, small[i]));
    ds_close(d);
}

/* 12 of 120 for 400 seeds: each image is in about 40 (standard deviation 6); five of these each way. */
static void a_subset_prefers_no_image(void **state)
{
    int64_t index[12];
    int count[N] = {0};
    (void)state;
    ds_dataset *d = open_domains(DS_TRAIN);
    for (uint64_t seed = 0; seed < 400; seed++) {
        ds_subset(d, seed, 12, index);
        for (int i = 0; i < 12; i++)
            count[index[i]]++;
    }
    for (int i = 0; i < N; i++)
        CHECK(count[i] > 10 && count[i] < 70);
    ds_close(d);
}

static void the_whole_and_nothing_are_subsets(void **state)
{
    int64_t index[N + 2];
    (void)state;
    ds_dataset *d = open_domains(DS_TEST);
    ds_subset(d, 9, 0, index);
    ds_subset(d, 9, N + 2, index);
    for (int i = 0; i < N + 2; i++)
        CHECK_INT(index[i], i);
    ds_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(an_epoch_is_a_permutation),
        TEST_IN_FOLDER(every_balanced_run_holds_as_many_of_each_domain),
        TEST_IN_FOLDER(epochs_and_seeds_differ_and_repeat),
        TEST_IN_FOLDER(every_place_is_equally_likely),
        TEST_IN_FOLDER(a_subset_is_fixed_sorted_and_even),
        TEST_IN_FOLDER(a_smaller_subset_is_a_part_of_a_larger_one),
        TEST_IN_FOLDER(a_subset_prefers_no_image),
        TEST_IN_FOLDER(the_whole_and_nothing_are_subsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
