/*
 * Random numbers: the known answers of Philox 4x32-10, and what callers rely on.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

/* The three lines "philox4x32 10" of kat_vectors, Random123 1.14: counter, key, result, as 32-bit words. */
static const struct {
    uint32_t counter[4], key[2], result[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static uint64_t wide(const uint32_t *words)
{
    return words[0] | (uint64_t)words[1] << 32;
}

static void bits_are_the_known_answers_of_philox(void **state)
{
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(known); i++) {
        lsc_rng r = {wide(known[i].key), wide(known[i].counter + 2)};
        uint64_t index = wide(known[i].counter), bits = wide(known[i].result);
        CHECK_INT(lsc_rng_bits(r, index), bits);
        CHECK_REAL(lsc_rng_uniform(r, index), (double)(bits >> 11) / 9007199254740992.0, 0);
    }
}

static void a_normal_number_takes_both_halves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(known); i++) {
        lsc_rng r = {wide(known[i].key), wide(known[i].counter + 2)};
        double u = ((double)(wide(known[i].result) >> 11) + 1) / 9007199254740992.0;
        double v = (double)(wide(known[i].result + 2) >> 11) / 9007199254740992.0;
        /* 1e-15: the same formula, but the compiler may choose another cos */
        CHECK_REAL(lsc_rng_normal(r, wide(known[i].counter)), sqrt(-2 * log(u)) * cos(2 * acos(-1.0) * v), 1e-15);
    }
}

static void numbers_do_not_depend_on_the_order_of_calls(void **state)
{
    enum { N = 1000 };
    static double forward[N];
    lsc_rng r = {7, lsc_rng_stream("order", 1, 2)};
    (void)state;
    for (int i = 0; i < N; i++)
        forward[i] = lsc_rng_normal(r, (uint64_t)i);
    for (int i = N - 1; i >= 0; i--)
        CHECK_REAL(lsc_rng_normal(r, (uint64_t)i), forward[i], 0);
}

static void seed_stream_and_index_all_matter(void **state)
{
    uint64_t stream = lsc_rng_stream("what", 1, 2);
    uint64_t bits = lsc_rng_bits((lsc_rng){1, stream}, 5);
    (void)state;
    CHECK(bits != lsc_rng_bits((lsc_rng){2, stream}, 5));
    CHECK(bits != lsc_rng_bits((lsc_rng){1ull << 40, stream}, 5));
    CHECK(bits != lsc_rng_bits((lsc_rng){1, stream + 1}, 5));
    CHECK(bits != lsc_rng_bits((lsc_rng){1, stream}, 6));
    CHECK(bits != lsc_rng_bits((lsc_rng){1, stream}, 5 + (1ull << 40)));
    CHECK(stream != lsc_rng_stream("what", 2, 1));
    CHECK(stream != lsc_rng_stream("what", 1, 3));
    CHECK(stream != lsc_rng_stream("whan", 1, 2));
}

static void streams_stay_what_they_are_in_files_already_written(void **state)
{
    (void)state;
    /* By a program in Python, from the description in base.h: files already written are made anew from these. */
    CHECK(lsc_rng_stream("direction", 0, 0) == 7049848909481916702u);
    CHECK(lsc_rng_stream("layer1.0.conv1.weight", 1, 2) == 10793681748499153975u);
}

static void moments_are_those_of_the_distributions(void **state)
{
    enum { N = 200000 };
    lsc_rng r = {3, lsc_rng_stream("moments", 0, 0)};
    double u1 = 0, u2 = 0, n1 = 0, n2 = 0, n4 = 0, pair = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        double u = lsc_rng_uniform(r, i), n = lsc_rng_normal(r, i + N);
        CHECK(u >= 0 && u < 1);
        u1 += u / N;
        u2 += u * u / N;
        n1 += n / N;
        n2 += n * n / N;
        n4 += n * n * n * n / N;
        pair += n * lsc_rng_normal(r, i + N + 1) / N;
    }
    /* Tolerances: five standard errors of each mean, sqrt(variance / N). */
    CHECK_REAL(u1, 0.5, 5 * sqrt(1.0 / 12 / N));
    CHECK_REAL(u2, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
    CHECK_REAL(n1, 0, 5 * sqrt(1.0 / N));
    CHECK_REAL(n2, 1, 5 * sqrt(2.0 / N));
    CHECK_REAL(n4, 3, 5 * sqrt(96.0 / N));
    CHECK_REAL(pair, 0, 5 * sqrt(1.0 / N));
}

static void below_reaches_every_number_equally(void **state)
{
    enum { N = 70000, BINS = 7 };
    int count[BINS] = {0};
    lsc_rng r = {4, lsc_rng_stream("below", 0, 0)};
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        uint64_t k = lsc_rng_below(r, i, BINS);
        CHECK(k < BINS);
        count[k]++;
    }
    for (int k = 0; k < BINS; k++)
        CHECK_REAL(count[k], (double)N / BINS, 5 * sqrt((double)N / BINS)); /* five standard deviations */
    CHECK_INT(lsc_rng_below(r, 0, 1), 0);
    CHECK(lsc_rng_below(r, 1, UINT64_MAX) < UINT64_MAX);
}

static void a_permutation_holds_every_number_once(void **state)
{
    enum { N = 1000 };
    int64_t order[N], again[N], seen[N] = {0}, fixed = 0;
    lsc_rng r = {5, lsc_rng_stream("shuffle", 0, 0)};
    (void)state;
    lsc_rng_permutation(r, order, N);
    lsc_rng_permutation(r, again, N);
    CHECK_BYTES(again, order, sizeof order);
    for (int i = 0; i < N; i++) {
        CHECK(order[i] >= 0 && order[i] < N);
        seen[order[i]]++;
        fixed += order[i] == i;
    }
    for (int i = 0; i < N; i++)
        CHECK_INT(seen[i], 1);
    CHECK(fixed < 10); /* Poisson with mean 1: 10 or more once in ten million seeds */
    lsc_rng_permutation(r, order, 1);
    CHECK_INT(order[0], 0);
}

static void every_order_of_three_is_equally_likely(void **state)
{
    enum { N = 60000 };
    int count[27] = {0}, orders = 0;
    (void)state;
    for (uint64_t seed = 0; seed < N; seed++) {
        int64_t p[3];
        lsc_rng_permutation((lsc_rng){seed, 1}, p, 3);
        count[p[0] * 9 + p[1] * 3 + p[2]]++;
    }
    for (int i = 0; i < 27; i++)
        if (count[i] > 0) {
            CHECK_REAL(count[i], N / 6.0, 5 * sqrt(N / 6.0)); /* five standard deviations */
            orders++;
        }
    CHECK_INT(orders, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_are_the_known_answers_of_philox),
        TEST(a_normal_number_takes_both_halves),
        TEST(numbers_do_not_depend_on_the_order_of_calls),
        TEST(seed_stream_and_index_all_matter),
        TEST(streams_stay_what_they_are_in_files_already_written),
        TEST(moments_are_those_of_the_distributions),
        TEST(below_reaches_every_number_equally),
        TEST(a_permutation_holds_every_number_once),
        TEST(every_order_of_three_is_equally_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
