/*
 * What is held back for validation: shares, groups, and that training and validation images share nothing.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"
#include "data_fixture.h"

#define N 60

static int64_t count(const uint8_t *held, int64_t n)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += held[i];
    return sum;
}

static void whole_groups_of_each_domain_are_held_back(void **state)
{
    int32_t domain[N], subject[N];
    uint8_t held[N], more[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        domain[i] = i % 2;
        subject[i] = i / 2 % 10; /* 10 subjects of 3 items in each domain */
    }
    CHECK_OK(ds_hold_back(domain, subject, N, .2, held));
    CHECK_INT(count(held, N), 2 * 2 * 3);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            if (domain[i] == domain[j] && subject[i] == subject[j])
                CHECK_INT(held[i], held[j]);
    CHECK_OK(ds_hold_back(domain, subject, N, .29, more)); /* of 10 groups: 2 again */
    CHECK_BYTES(more, held, N);
    CHECK_OK(ds_hold_back(domain, subject, N, .5, more));
    for (int i = 0; i < N; i++)
        CHECK(more[i] >= held[i]);
    CHECK_OK(ds_hold_back(domain, NULL, N, .1, held));
    CHECK_INT(count(held, N), 6);
}

static void of_each_domain_with_two_groups_one_at_least_is_held_back(void **state)
{
    /* Of subjects: 8 of two items each, one, two of one item. */
    static const int32_t domain[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2};
    static const int32_t subject[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 0, 0, 1};
    uint8_t held[19], eighth[19];
    (void)state;
    CHECK_OK(ds_hold_back(domain, subject, 19, .1, held));
    CHECK_INT(count(held, 16), 2);
    CHECK_INT(held[16], 0);
    CHECK_INT(held[17] + held[18], 1);
    CHECK_OK(ds_hold_back(domain, subject, 16, .125, eighth)); /* the one that the smallest share with one takes */
    CHECK_BYTES(eighth, held, 16);
    CHECK_OK(ds_hold_back(domain, subject, 19, 0, held));
    CHECK_INT(count(held, 19), 0);
}

/* In binary 0.29 * 100 lies below 29. */
static void a_share_counts_as_its_decimals_say(void **state)
{
    int32_t domain[100] = {0};
    uint8_t held[100];
    (void)state;
    CHECK_OK(ds_hold_back(domain, NULL, 100, .29, held));
    CHECK_INT(count(held, 100), 29);
}

/* Image i holds fixture_pixel(i, .): which one it is can be told by its first pixels. */
static int64_t which(const ds_dataset *d, int64_t i, int64_t n)
{
    uint8_t bytes[3 * 16];
    fixture_bytes(d, i, bytes);
    for (int64_t j = 0; j < n; j++) {
        bool same = true;
        for (int64_t at = 0; at < 16; at++)
            same = same && bytes[at] == fixture_pixel(j, at);
        if (same)
            return j;
    }
    return -1;
}

static void training_and_validation_images_are_all_images_once(void **state)
{
    int seen[40] = {0};
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 40, .height = 4, .width = 4});
    ds_options o = fixture_options("idx");
    o.validation = .2;
    ds_dataset *train = fixture_open(&o);
    o.split = DS_VALIDATION;
    ds_dataset *validation = fixture_open(&o);
    CHECK_INT(ds_count(train), 32);
    CHECK_INT(ds_count(validation), 8);
    for (int64_t i = 0; i < 40; i++) {
        const ds_dataset *d = i < 32 ? train : validation;
        const int64_t k = i < 32 ? i : i - 32, image = which(d, k, 40);
        CHECK(image >= 0);
        CHECK_INT(ds_labels(d)[k], image % 10);
        seen[image]++;
    }
    for (int i = 0; i < 40; i++)
        CHECK_INT(seen[i], 1);
    CHECK(ds_subjects(train) == NULL && ds_videos(train) == NULL && ds_species(train) == NULL);
    CHECK(ds_species_name(train, 0) == NULL);
    ds_close(train);
    ds_close(validation);
}

static void domains_stay_even_for_balanced_batches(void **state)
{
    const double degrees[3] = {0, 90, 180};
    int of[3] = {0};
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 60, .height = 4, .width = 4});
    ds_options o = fixture_options("idx");
    o.rotations = degrees;
    o.n_rotations = 3;
    o.validation = .1;
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 54);
    for (int64_t i = 0; i < 54; i++)
        of[ds_domains(d)[i]]++;
    CHECK_INT(of[0], 18);
    CHECK_INT(of[1], 18);
    CHECK_INT(of[2], 18);
    ds_close(d);
}

static void shares_that_hold_back_nothing_are_refused(void **state)
{
    ds_dataset *d = NULL;
    (void)state;
    fixture_idx("train", false, &(idx_fixture){.n = 8, .height = 4, .width = 4});
    ds_options o = fixture_options("idx");
    o.split = DS_VALIDATION;
    o.limit = 1;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_ARG, "there is no validation set where validation is 0");
    o.validation = .1;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_ARG, "no domain (of 1) has a second image to hold back for validation");
    o.limit = 0;
    o.validation = 1;
    CHECK_FAILS(ds_open(&o, &d), LSC_ERR_ARG, "validation is 1, must be 0 to below 1");
    o.validation = .5;
    CHECK(test_torture(fixture_open_and_close, &o) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(whole_groups_of_each_domain_are_held_back),
        TEST_IN_FOLDER(of_each_domain_with_two_groups_one_at_least_is_held_back),
        TEST_IN_FOLDER(a_share_counts_as_its_decimals_say),
        TEST_IN_FOLDER(training_and_validation_images_are_all_images_once),
        TEST_IN_FOLDER(domains_stay_even_for_balanced_batches),
        TEST_IN_FOLDER(shares_that_hold_back_nothing_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
