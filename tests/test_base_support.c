/*
 * A test of the tests: what tests/support says must be so, or the tests that stand on it prove nothing.
 * This program runs itself as `fail NAME`, where the check NAME must fail.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>

static const float floats[3] = {1, 2, 3}, others[3] = {1, 2, 4};

static void wrong_truth(void **state)
{
    (void)state;
    CHECK(1 > 2);
}
static void wrong_number(void **state)
{
    (void)state;
    CHECK_INT(41, 42);
}
static void wrong_text(void **state)
{
    (void)state;
    CHECK_STR("got this", "wanted this");
}
static void wrong_part(void **state)
{
    (void)state;
    CHECK_HAS("got this", "wanted that");
}
static void wrong_real(void **state)
{
    (void)state;
    CHECK_REAL(1.5, 1, 0.4);
}
static void wrong_nan(void **state)
{
    (void)state;
    CHECK_REAL(NAN, 1, 1e300);
}
static void wrong_element(void **state)
{
    (void)state;
    CHECK_FLOATS(floats, others, 3, 0.5);
}
static void wrong_byte(void **state)
{
    (void)state;
    CHECK_BYTES("abc", "abd", 3);
}
static void wrong_success(void **state)
{
    (void)state;
    CHECK_FAILS(LSC_OK, LSC_ERR_IO, "");
}
static void wrong_failure(void **state)
{
    (void)state;
    CHECK_OK(lsc_fail(LSC_ERR_IO, "the reason"));
}
static void wrong_message(void **state)
{
    (void)state;
    CHECK_FAILS(lsc_fail(LSC_ERR_IO, "the reason"), LSC_ERR_IO, "another reason");
}

static lsc_status swallow(void *context)
{
    (void)context;
    lsc_free(lsc_calloc(1, 1)); /* does not notice the failure */
    return lsc_fail(LSC_ERR_IO, "something else");
}
static void wrong_status_in_torture(void **state)
{
    (void)state;
    test_torture(swallow, NULL);
}

static const struct {
    const char *name;
    void (*test)(void **state);
    const char *said; /* on its stderr or stdout */
} wrongs[] = {
    {"truth", wrong_truth, "not true: 1 > 2"},
    {"number", wrong_number, "is     41\n  wanted 42"},
    {"text", wrong_text, "is     \"got this\"\n  wanted \"wanted this\""},
    {"part", wrong_part, "without \"wanted that\""},
    {"real", wrong_real, "off by 0.5, tolerance 0.4"},
    {"nan", wrong_nan, "is     nan"},
    {"element", wrong_element, "element 2 of 3 is 3, wanted 4"},
    {"byte", wrong_byte, "byte 2 of 3 is 0x63, wanted 0x64"},
    {"success", wrong_success, "returned LSC_OK"},
    {"failure", wrong_failure, "failed: LSC_ERR_IO: the reason"},
    {"message", wrong_message, "without \"another reason\""},
    {"torture", wrong_status_in_torture, "allocation 1 failed, and the call returned LSC_ERR_IO: something else"},
};

static int child(const char *name)
{
    for (size_t i = 0; i < LSC_COUNT(wrongs); i++)
        if (strcmp(wrongs[i].name, name) == 0) {
            const struct CMUnitTest tests[] = {TEST(wrongs[i].test)};
            return cmocka_run_group_tests(tests, NULL, NULL);
        }
    return 0;
}

static void every_check_can_fail_and_prints_what_it_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(wrongs); i++) {
        const char *const argv[] = {"/proc/self/exe", "fail", wrongs[i].name, NULL};
        test_result r;
        test_run(&(test_command){.argv = argv}, &r);
        CHECK_INT(r.exit_code, 1);
        CHECK_HAS(r.err, wrongs[i].said);
        test_result_free(&r);
    }
}

static void equal_values_pass(void **state)
{
    (void)state;
    CHECK_REAL(NAN, NAN, 0);
    CHECK_REAL(INFINITY, INFINITY, 0);
    CHECK_RELATIVE(-1.01, -1, 0.011);
    CHECK_FLOATS(floats, others, 3, 1);
    CHECK_FAILS(lsc_fail(LSC_ERR_IO, "the reason"), LSC_ERR_IO, "reason");
}

static void a_program_gets_input_environment_and_folder(void **state)
{
    const char *const argv[] = {"sh", "-c", "cat; echo $NAME; pwd >&2; exit 3", NULL};
    const char *const env[] = {"NAME=value", "HOME", NULL};
    test_result r;
    (void)state;
    test_run(&(test_command){.argv = argv, .env = env, .input = "in\n", .folder = "/"}, &r);
    CHECK_INT(r.exit_code, 3);
    CHECK_STR(r.out, "in\nvalue\n");
    CHECK_STR(r.err, "/\n");
    test_result_free(&r);
}

/* Libraries write by other calls than ours. */
static void a_full_disk_is_full_for_stdio(void **state)
{
    const char *const by_stdio[] = {"/proc/self/exe", "stdio", NULL};
    test_result r;
    size_t n = 0;
    (void)state;
    test_run(&(test_command){.argv = by_stdio, .folder = test_folder(), .full_after = 4}, &r);
    CHECK_INT(r.exit_code, 7);
    test_result_free(&r);
    lsc_free(test_read(test_path("stdio"), &n));
    CHECK_INT(n, 4);
}

/* 1: fwrite was short; 2: fflush failed; 4: fclose failed */
static int write_by_stdio(void)
{
    FILE *f = fopen("stdio", "w");
    if (f == NULL)
        return 100;
    int seen = fwrite("0123456789", 1, 10, f) == 4;
    seen |= (fflush(f) != 0) << 1;
    return seen | (fclose(f) != 0) << 2;
}

static void allocations_are_counted(void **state)
{
    char *volatile p = NULL; /* volatile: or the compiler leaves the calls out */
    (void)state;
    test_malloc_begin();
    p = malloc(100);
    free(p);
    p = calloc(10, 1000);
    free(p);
    test_malloc_count count = test_malloc_end();
    p = malloc(1000000);
    free(p);
    if (!count.counted)
        skip();
    CHECK_INT(count.calls, 2);
    CHECK_INT(count.largest, 10000);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(every_check_can_fail_and_prints_what_it_found),
        TEST(equal_values_pass),
        TEST(a_program_gets_input_environment_and_folder),
        TEST_IN_FOLDER(a_full_disk_is_full_for_stdio),
        TEST(allocations_are_counted),
    };
    if (argc == 3)
        return child(argv[2]);
    if (argc == 2)
        return write_by_stdio();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
