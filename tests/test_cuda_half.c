/*
 * The reals of devices on the host: every half and every bfloat16 there and back, and rounding to nearest even between
 * each two neighbours; floats as tensor cores take them, which are the nearest with 10 bits of mantissa.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "nn/backend/cuda/half.h"
#include "nn/device_math.h"
#include "support/support.h"

static double half_by_hand(unsigned h)
{
    int exponent = (int)(h >> 10 & 0x1f);
    double mantissa = (double)(h & 0x3ff) / 1024, sign = h & 0x8000 ? -1 : 1;
    if (exponent == 31)
        return mantissa > 0 ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent == 0 ? ldexp(mantissa, -14) : ldexp(1 + mantissa, exponent - 15));
}

static void every_half_is_its_value_and_comes_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++) {
        float x = half_to_float((uint16_t)h);
        CHECK_REAL((double)x, half_by_hand(h), 0);
        if (!isnan(x))
            CHECK_INT(half_from_float(x), h);
        else
            CHECK(isnan(half_to_float(half_from_float(x))));
    }
}

static void between_two_halves_the_nearer_is_taken_and_the_even_one_in_the_middle(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x7c00; h++) { /* the last is infinity, as far away as a next half would be */
        double low = half_by_hand(h), high = h == 0x7bff ? 65536 : half_by_hand(h + 1), middle = (low + high) / 2;
        CHECK_INT(half_from_float((float)middle), h % 2 ? h + 1 : h);
        CHECK_INT(half_from_float(nextafterf((float)middle, 0)), h);
        CHECK_INT(half_from_float(nextafterf((float)middle, 1e9f)), h + 1);
        CHECK_INT(half_from_float(-(float)middle), (h % 2 ? h + 1 : h) | 0x8000);
    }
    CHECK_INT(half_from_float(1e30f), 0x7c00);
    CHECK_INT(half_from_float(-INFINITY), 0xfc00);
}

static void bfloats_are_the_upper_halves_of_floats(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++) {
        float x = bfloat_to_float((uint16_t)h);
        if (isnan(x)) {
            CHECK(isnan(bfloat_to_float(bfloat_from_float(x))));
            continue;
        }
        CHECK_INT(bfloat_from_float(x), h);
        if ((h & 0x7fff) >= 0x7f80)
            continue;
        float middle = half_bits_float((uint32_t)h << 16 | 0x8000);
        CHECK_INT(bfloat_from_float(middle), h % 2 ? h + 1 : h);
        CHECK_INT(bfloat_from_float(half_bits_float((uint32_t)h << 16 | 0x7fff)), h);
        CHECK_INT(bfloat_from_float(half_bits_float((uint32_t)h << 16 | 0x8001)), h + 1);
    }
}

static uint32_t tf32_bits(uint32_t bits)
{
    return half_float_bits(nn_tf32(half_bits_float(bits)));
}

static void of_two_tf32_the_nearer_is_taken_and_in_the_middle_the_one_farther_from_zero(void **state)
{
    (void)state;
    for (uint32_t low = 0; low < 0x7f800000u; low += 0x2000) { /* behind the last comes infinity */
        CHECK_INT(tf32_bits(low), low);
        CHECK_INT(tf32_bits(low + 0xfff), low);
        CHECK_INT(tf32_bits(low + 0x1000), low + 0x2000);
        CHECK_INT(tf32_bits(low + 0x1fff), low + 0x2000);
        CHECK_INT(tf32_bits(low + 0x1000 + 0x80000000u), low + 0x2000 + 0x80000000u);
    }
    CHECK(nn_tf32(INFINITY) == INFINITY && nn_tf32(-INFINITY) == -INFINITY);
    CHECK(isnan(nn_tf32(half_bits_float(0x7f800001))) && isnan(nn_tf32(half_bits_float(0x7fffffff))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_half_is_its_value_and_comes_back),
        TEST(between_two_halves_the_nearer_is_taken_and_the_even_one_in_the_middle),
        TEST(bfloats_are_the_upper_halves_of_floats),
        TEST(of_two_tf32_the_nearer_is_taken_and_in_the_middle_the_one_farther_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
