/*
 * Memory, made to fail, and text that grows.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <stdlib.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    unsigned char *blocks[100];
    (void)state;
    for (int round = 0; round < 2; round++) { /* the second one gets memory that has been used */
        for (size_t n = 0; n < LSC_COUNT(blocks); n++) {
            blocks[n] = lsc_calloc(n, 3);
            CHECK(blocks[n] != NULL);
            CHECK_INT((uintptr_t)blocks[n] % 64, 0);
            for (size_t i = 0; i < 3 * n; i++)
                CHECK_INT(blocks[n][i], 0);
            memset(blocks[n], 0xff, 3 * n);
        }
        for (size_t n = 0; n < LSC_COUNT(blocks); n++)
            lsc_free(blocks[n]);
    }
    lsc_free(NULL);
}

/* Sizes about that from which on memory lies in large pages, none a multiple of one but the second. */
static void large_memory_is_zeroed_too(void **state)
{
    (void)state;
    static const size_t sizes[] = {((size_t)8 << 20) - 1, (size_t)8 << 20, ((size_t)8 << 20) + 1, 28159808};
    for (int round = 0; round < 2; round++)
        for (size_t k = 0; k < LSC_COUNT(sizes); k++) {
            unsigned char *p = lsc_calloc(sizes[k], 1);
            size_t i = 0;
            CHECK(p != NULL && (uintptr_t)p % 64 == 0);
            while (i < sizes[k] && p[i] == 0)
                i++;
            CHECK_INT(i, sizes[k]);
            memset(p, 0xff, sizes[k]);
            lsc_free(p);
        }
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    CHECK(lsc_calloc(SIZE_MAX / 2, 3) == NULL);
    CHECK(lsc_calloc(SIZE_MAX, 1) == NULL);
    CHECK(lsc_calloc(PTRDIFF_MAX, 1) == NULL);
}

static lsc_status make_table(size_t count)
{
    lsc_status st = LSC_OK;
    double *table = NULL;

    LSC_NEW(table, count);
cleanup:
    lsc_free(table);
    return st;
}

static void a_failure_names_what_it_was_for_and_the_amount(void **state)
{
    (void)state;
    CHECK_FAILS(make_table(SIZE_MAX / 4), LSC_ERR_NOMEM, "no memory for table: 4611686018427387903 x 8 bytes");
}

static void the_chosen_allocation_fails_and_only_that_one(void **state)
{
    char at[32];
    (void)state;
    snprintf(at, sizeof at, "%lld", (long long)lsc_alloc_calls() + 2);
    setenv("LSC_FAIL_ALLOC", at, 1);
    CHECK_OK(make_table(1));
    CHECK_FAILS(make_table(1), LSC_ERR_NOMEM, "no memory for table: 1 x 8 bytes");
    CHECK_OK(make_table(1));
    unsetenv("LSC_FAIL_ALLOC");
}

static void a_string_is_copied_or_formatted(void **state)
{
    (void)state;
    char *copy = lsc_strdup("text"), *text = lsc_format("%s-%d", "a", 7);
    CHECK_STR(copy, "text");
    CHECK_STR(text, "a-7");
    CHECK(lsc_strdup(NULL) == NULL);
    lsc_free(copy);
    lsc_free(text);
}

static void text_grows_and_is_always_terminated(void **state)
{
    lsc_text t = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        lsc_text_add(&t, "%d,", i % 10);
        CHECK_INT(t.length, 2 * (i + 1));
        CHECK_INT(strlen(t.text), t.length);
    }
    lsc_text_add_bytes(&t, "end and more", 3);
    CHECK_STR(t.text + t.length - 7, "8,9,end");
    CHECK(!t.failed);
    lsc_text_free(&t);
    CHECK(t.text == NULL);
}

static lsc_status fill_text(void *context)
{
    lsc_text t = {0};
    (void)context;
    for (int i = 0; i < 200; i++)
        lsc_text_add(&t, "%d ", i);
    for (int i = 0; i < 200; i++)
        lsc_text_add_bytes(&t, "twelve bytes", 12);
    lsc_status st = t.failed ? lsc_fail(LSC_ERR_NOMEM, "text") : LSC_OK;
    lsc_text_free(&t);
    return st;
}

static void text_remembers_that_it_failed(void **state)
{
    (void)state;
    CHECK(test_torture(fill_text, NULL) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_zeroed_and_aligned),
        TEST(large_memory_is_zeroed_too),
        TEST(a_size_that_overflows_is_refused),
        TEST(a_failure_names_what_it_was_for_and_the_amount),
        TEST(the_chosen_allocation_fails_and_only_that_one),
        TEST(a_string_is_copied_or_formatted),
        TEST(text_grows_and_is_always_terminated),
        TEST(text_remembers_that_it_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
