/*
 * Memory: the one caller of posix_memalign, so that a test can make the n-th allocation fail.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT  ((size_t)64)      /* a cache line, and the widest vector register */
#define LARGE_PAGE ((size_t)1 << 21) /* of the processors here; elsewhere a hint that is not followed */
#define LARGE      (4 * LARGE_PAGE)  /* from here on in large pages */

static int64_t calls; /* atomic */

/* The environment is read anew each time: allocations are few, and a test can aim while it runs. */
static bool shall_fail(int64_t call)
{
    const char *at = getenv("LSC_FAIL_ALLOC");
    return at != NULL && strtoll(at, NULL, 10) == call;
}

/* The whole large pages of it are asked for as such: where a page is had from the system in microseconds, the 25,000
 * small ones of 100 MB cost more than to read as many bytes. */
static void *allocate(size_t bytes)
{
    void *p = NULL;
    bool large = bytes >= LARGE;
    if (posix_memalign(&p, large ? LARGE_PAGE : ALIGNMENT, bytes) != 0)
        return NULL;
    if (large)
        (void)madvise(p, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    return p;
}

void *lsc_calloc(size_t count, size_t size)
{
    size_t bytes = 0;
    int64_t call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);

    if (shall_fail(call) || __builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - LARGE_PAGE)
        return NULL;
    bytes = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *p = allocate(bytes);
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
