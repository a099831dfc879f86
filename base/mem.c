/*
 * Memory: the one caller of aligned_alloc, so that a test can make the n-th allocation fail.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* a cache line, and the widest vector register */

static int64_t calls; /* atomic */

/* The environment is read anew each time: allocations are few, and a test can aim while it runs. */
static bool shall_fail(int64_t call)
{
    const char *at = getenv("LSC_FAIL_ALLOC");
    return at != NULL && strtoll(at, NULL, 10) == call;
}

void *lsc_calloc(size_t count, size_t size)
{
    size_t bytes = 0;
    int64_t call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);

    if (shall_fail(call) || __builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - ALIGNMENT)
        return NULL;
    bytes = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = aligned_alloc(ALIGNMENT, bytes);
    return p == NULL ? NULL : memset(p, 0, bytes);
}

void lsc_free(void *p)
{
    free(p);
}

int64_t lsc_alloc_calls(void)
{
    return __atomic_load_n(&calls, __ATOMIC_RELAXED);
}
