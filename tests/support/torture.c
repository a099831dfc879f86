/*
 * Every allocation of a function made to fail in turn.
 * Source of the idea: curl's torture tests.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <stdlib.h>

#define ALLOCATIONS_MAX 100000

int64_t test_torture(lsc_status (*f)(void *context), void *context)
{
    for (int64_t n = 1; n < ALLOCATIONS_MAX; n++) {
        char at[32];
        snprintf(at, sizeof at, "%lld", (long long)(lsc_alloc_calls() + n));
        setenv("LSC_FAIL_ALLOC", at, 1);
        lsc_status st = f(context);
        unsetenv("LSC_FAIL_ALLOC");
        if (st == LSC_OK && lsc_alloc_calls() < strtoll(at, NULL, 10))
            return n - 1;
        if (st != LSC_ERR_NOMEM)
            fail_msg("allocation %lld failed, and the call returned %s: %s", (long long)n, lsc_status_name(st),
                     lsc_last_error());
    }
    fail_msg("it does not end");
    return 0;
}
