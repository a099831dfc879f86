/*
 * Checks that print what was found and what was wanted.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>

#define FAIL(...)                                                                                                      \
    do {                                                                                                               \
        print_error(__VA_ARGS__);                                                                                      \
        _fail(file, line);                                                                                             \
    } while (0)

void check_true(bool cond, const char *text, const char *file, int line)
{
    if (!cond)
        FAIL("not true: %s\n", text);
}

void check_int(int64_t got, int64_t want, const char *text, const char *file, int line)
{
    if (got != want)
        FAIL("%s\n  is     %lld\n  wanted %lld\n", text, (long long)got, (long long)want);
}

void check_str(const char *got, const char *want, const char *text, const char *file, int line)
{
    if (got == NULL || strcmp(got, want) != 0)
        FAIL("%s\n  is     \"%s\"\n  wanted \"%s\"\n", text, got == NULL ? "(NULL)" : got, want);
}

void check_has(const char *got, const char *part, const char *text, const char *file, int line)
{
    if (got == NULL || strstr(got, part) == NULL)
        FAIL("%s\n  is          \"%s\"\n  and without \"%s\"\n", text, got == NULL ? "(NULL)" : got, part);
}

int test_count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)) != NULL; p++)
        n++;
    return n;
}

static bool close_to(double got, double want, double tolerance)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got);
    return got == want || fabs(got - want) <= tolerance;
}

void check_real(double got, double want, double tolerance, const char *text, const char *file, int line)
{
    if (!close_to(got, want, tolerance))
        FAIL("%s\n  is     %.17g\n  wanted %.17g\n  off by %.3g, tolerance %.3g\n", text, got, want, fabs(got - want),
             tolerance);
}

void check_relative(double got, double want, double relative, const char *text, const char *file, int line)
{
    check_real(got, want, relative * fabs(want), text, file, line);
}

void check_bytes(const void *got, const void *want, size_t n, const char *text, const char *file, int line)
{
    const unsigned char *a = got, *b = want;
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i])
            FAIL("%s\n  byte %zu of %zu is 0x%02x, wanted 0x%02x\n", text, i, n, a[i], b[i]);
}

static void check_element(double got, double want, int64_t i, int64_t n, double tolerance, const char *text,
                          const char *file, int line)
{
    if (!close_to(got, want, tolerance))
        FAIL("%s\n  element %lld of %lld is %.9g, wanted %.9g\n  off by %.3g, tolerance %.3g\n", text, (long long)i,
             (long long)n, got, want, fabs(got - want), tolerance);
}

void check_floats(const float *got, const float *want, int64_t n, double tolerance, const char *text, const char *file,
                  int line)
{
    for (int64_t i = 0; i < n; i++)
        check_element((double)got[i], (double)want[i], i, n, tolerance, text, file, line);
}

void check_doubles(const double *got, const double *want, int64_t n, double tolerance, const char *text,
                   const char *file, int line)
{
    for (int64_t i = 0; i < n; i++)
        check_element(got[i], want[i], i, n, tolerance, text, file, line);
}

void check_ok(lsc_status st, const char *text, const char *file, int line)
{
    if (st != LSC_OK)
        FAIL("%s\n  failed: %s: %s\n", text, lsc_status_name(st), lsc_last_error());
}

void check_fails(lsc_status got, lsc_status want, const char *part, const char *text, const char *file, int line)
{
    if (got != want)
        FAIL("%s\n  returned %s: %s\n  wanted   %s\n", text, lsc_status_name(got),
             got == LSC_OK ? "" : lsc_last_error(), lsc_status_name(want));
    check_has(lsc_last_error(), part, text, file, line);
}
