/*
 * Sums over vectors: in double, in blocks of 4096, in order.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <float.h>
#include <math.h>

#define N 20011

static float a[N], b[N], y[N];
static double u[N], v[N];

static void fill(void)
{
    lsc_rng r = {1, lsc_rng_stream("vec", 0, 0)};
    for (int i = 0; i < N; i++) {
        u[i] = lsc_rng_normal(r, (uint64_t)i) * pow(10, i % 13);
        v[i] = lsc_rng_normal(r, (uint64_t)(N + i));
        a[i] = (float)u[i];
        b[i] = (float)v[i];
    }
}

/* The blocks summed on their own, last first, and added in order: as several threads would do it. */
static double blocked(const double *terms, int64_t n)
{
    double parts[N / 4096 + 2] = {0}, sum = 0;
    int64_t n_parts = (n + 4095) / 4096;

    for (int64_t part = n_parts - 1; part >= 0; part--)
        for (int64_t i = part * 4096; i < n && i < (part + 1) * 4096; i++)
            parts[part] += terms[i];
    for (int64_t part = 0; part < n_parts; part++)
        sum += parts[part];
    return sum;
}

static const int64_t lengths[] = {0, 1, 4095, 4096, 4097, 8192, N};

static void sums_are_those_of_fixed_blocks_bit_for_bit(void **state)
{
    static double terms[N];
    (void)state;
    fill();
    for (size_t k = 0; k < LSC_COUNT(lengths); k++) {
        int64_t n = lengths[k];
        CHECK_REAL(lsc_sum(u, n), blocked(u, n), 0);
        for (int i = 0; i < N; i++)
            terms[i] = u[i] * v[i];
        CHECK_REAL(lsc_dot64(u, v, n), blocked(terms, n), 0);
        for (int i = 0; i < N; i++)
            terms[i] = (double)a[i] * (double)b[i];
        CHECK_REAL(lsc_dot(a, b, n), blocked(terms, n), 0);
        for (int i = 0; i < N; i++)
            terms[i] = (double)a[i] * (double)a[i];
        CHECK_REAL(lsc_norm2(a, n), sqrt(blocked(terms, n)), 0);
    }
}

static void a_norm_neither_overflows_nor_vanishes(void **state)
{
    const float large[2] = {3e38f, 3e38f}, small[2] = {3e-38f, 4e-38f};
    (void)state;
    CHECK_RELATIVE(lsc_norm2(large, 2), 3e38 * sqrt(2), 1e-7); /* 1e-7: 3e38 is rounded to float */
    CHECK_RELATIVE(lsc_norm2(small, 2), 5e-38, 1e-7);
}

static void axpy_and_scale_round_once(void **state)
{
    (void)state;
    fill();
    memcpy(y, b, sizeof y);
    lsc_axpy(y, 0.1, a, N);
    for (int i = 0; i < N; i++)
        CHECK_REAL(y[i], (float)((double)b[i] + 0.1 * (double)a[i]), 0);
    lsc_scale(y, 0.3, N);
    for (int i = 0; i < N; i++)
        CHECK_REAL(y[i], (float)(0.3 * (double)(float)((double)b[i] + 0.1 * (double)a[i])), 0);
}

static void one_element_that_is_not_finite_is_found(void **state)
{
    (void)state;
    fill();
    CHECK(lsc_all_finite(a, N));
    CHECK(lsc_all_finite(a, 0));
    a[N - 1] = NAN;
    CHECK(!lsc_all_finite(a, N));
    CHECK(lsc_all_finite(a, N - 1));
    a[0] = -INFINITY;
    CHECK(!lsc_all_finite(a, N - 1));
    const float others[] = {FLT_MAX, -FLT_MAX, FLT_MIN, -0.0f, 1e-45f}, not_one[] = {INFINITY, -NAN};
    CHECK(lsc_all_finite(others, LSC_COUNT(others)));
    for (size_t i = 0; i < LSC_COUNT(not_one); i++)
        CHECK(!lsc_all_finite(&not_one[i], 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums_are_those_of_fixed_blocks_bit_for_bit),
        TEST(a_norm_neither_overflows_nor_vanishes),
        TEST(axpy_and_scale_round_once),
        TEST(one_element_that_is_not_finite_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
