/*
 * malloc and its kin, counted. These definitions come before those of the C library for the whole process,
 * shared libraries included; glibc keeps its own under the names __libc_*.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <errno.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

void *malloc(size_t n);
void *calloc(size_t count, size_t size);
void *realloc(void *p, size_t n);
void *memalign(size_t alignment, size_t n);
void *aligned_alloc(size_t alignment, size_t n);
int posix_memalign(void **out, size_t alignment, size_t n);

static bool counting; /* atomic, as the other two */
static int64_t calls;
static size_t largest;

static void count(size_t n)
{
    if (!__atomic_load_n(&counting, __ATOMIC_RELAXED))
        return;
    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    size_t before = __atomic_load_n(&largest, __ATOMIC_RELAXED);
    while (n > before && !__atomic_compare_exchange_n(&largest, &before, n, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void *malloc(size_t n)
{
    count(n);
    return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    count(n * size);
    return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    count(n);
    return __libc_realloc(p, n);
}

void *memalign(size_t alignment, size_t n)
{
    count(n);
    return __libc_memalign(alignment, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return memalign(alignment, n);
}

int posix_memalign(void **out, size_t alignment, size_t n)
{
    void *p = memalign(alignment, n);
    if (p == NULL)
        return ENOMEM;
    *out = p;
    return 0;
}

void test_malloc_begin(void)
{
    __atomic_store_n(&calls, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&largest, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&counting, true, __ATOMIC_SEQ_CST);
}

test_malloc_count test_malloc_end(void)
{
    __atomic_store_n(&counting, false, __ATOMIC_SEQ_CST);
    return (test_malloc_count){true, __atomic_load_n(&calls, __ATOMIC_RELAXED),
                               __atomic_load_n(&largest, __ATOMIC_RELAXED)};
}
