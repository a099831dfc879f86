/*
 * support.h - what tests share: checks that print both values, folders that vanish, golden files, running
 * programs, full disks and kills, failing allocations, counted allocations.
 *
 * A test is `static void a_sentence(void **state)`, listed by TEST(a_sentence), or TEST_IN_FOLDER(a_sentence)
 * if it writes files. Checks end the test at once, on the thread of the test only.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_TEST_SUPPORT_H
#define LSC_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

/* ---- checks (check.c) ---------------------------------------------------------------------- */

#define CHECK(cond)          check_true((cond), #cond, __FILE__, __LINE__)
#define CHECK_INT(got, want) check_int((int64_t)(got), (int64_t)(want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want) check_str((got), (want), #got, __FILE__, __LINE__)
/* The text contains the part. */
#define CHECK_HAS(got, part) check_has((got), (part), #got, __FILE__, __LINE__)
/* |got - want| <= tolerance; two NaNs are equal, and so are equal infinities. */
#define CHECK_REAL(got, want, tolerance) check_real((got), (want), (tolerance), #got, __FILE__, __LINE__)
/* |got - want| <= relative * |want| */
#define CHECK_RELATIVE(got, want, relative) check_relative((got), (want), (relative), #got, __FILE__, __LINE__)
/* Equal bytes; says at which the first difference is. */
#define CHECK_BYTES(got, want, n) check_bytes((got), (want), (n), #got, __FILE__, __LINE__)
/* The largest |got_i - want_i| of n floats or doubles is at most the tolerance; says where it is not. */
#define CHECK_FLOATS(got, want, n, tolerance)  check_floats((got), (want), (n), (tolerance), #got, __FILE__, __LINE__)
#define CHECK_DOUBLES(got, want, n, tolerance) check_doubles((got), (want), (n), (tolerance), #got, __FILE__, __LINE__)
/* The call succeeds; prints lsc_last_error() if not. */
#define CHECK_OK(call) check_ok((call), #call, __FILE__, __LINE__)
/* The call fails with this status, and its message contains `part` (a literal or any string). */
#define CHECK_FAILS(call, status, part) check_fails((call), (status), (part), #call, __FILE__, __LINE__)

/* How often the part is in the text. */
int test_count(const char *text, const char *part);

void check_true(bool cond, const char *text, const char *file, int line);
void check_int(int64_t got, int64_t want, const char *text, const char *file, int line);
void check_str(const char *got, const char *want, const char *text, const char *file, int line);
void check_has(const char *got, const char *part, const char *text, const char *file, int line);
void check_real(double got, double want, double tolerance, const char *text, const char *file, int line);
void check_relative(double got, double want, double relative, const char *text, const char *file, int line);
void check_bytes(const void *got, const void *want, size_t n, const char *text, const char *file, int line);
void check_floats(const float *got, const float *want, int64_t n, double tolerance, const char *text, const char *file,
                  int line);
void check_doubles(const double *got, const double *want, int64_t n, double tolerance, const char *text,
                   const char *file, int line);
void check_ok(lsc_status st, const char *text, const char *file, int line);
void check_fails(lsc_status got, lsc_status want, const char *part, const char *text, const char *file, int line);

/* ---- folders and files (folder.c) ----------------------------------------------------------- */

#define TEST(f)           cmocka_unit_test(f)
#define TEST_IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, test_folder_make, test_folder_remove)
int test_folder_make(void **state);
int test_folder_remove(void **state);
/* The folder of the running test; removed with all in it when the test ends. */
const char *test_folder(void);
/* "FOLDER/name". The text is the caller's until the test ends. */
const char *test_path(const char *format, ...) LSC_PRINTF(1, 2);
/* tests/golden/name, and a path from the root of the sources. Likewise. */
const char *golden_path(const char *name);
const char *source_path(const char *name);
/* Write and read whole files, or fail the test. read returns new (lsc_free); n may be NULL. */
void test_write(const char *path, const void *bytes, size_t n);
void test_write_text(const char *path, const char *text);
char *test_read(const char *path, size_t *n);
/* Entries of the folder of the test, "." and ".." not counted. */
int test_folder_entries(void);

/* ---- running programs (program.c) ------------------------------------------------------------ */

typedef struct {
    const char *const *argv; /* NULL at the end; argv[0] is looked for in PATH unless it has a slash */
    const char *const *env;  /* "NAME=VALUE", added to ours, "NAME" removes it; NULL at the end, or no list */
    const char *folder;      /* working folder; NULL: ours */
    const char *input;       /* text on its stdin; NULL: empty */
    int64_t file_limit;      /* RLIMIT_FSIZE in bytes; 0: none */
    double seconds;          /* killed after; 0: 50 */
    int64_t full_after;      /* the disk is full after so many bytes; -1: after 0; 0: never (failwrite.c) */
    int64_t kill_at;         /* killed at this call that changes a file, the first is 1; 0: never (failwrite.c) */
} test_command;

typedef struct {
    int exit_code; /* -1: ended by a signal */
    int signal;    /* 0: none */
    char *out, *err;
} test_result;

/* Run to its end. Fails the test if it cannot be started or takes too long. */
void test_run(const test_command *c, test_result *r);
void test_result_free(test_result *r);

/* ---- a copy of the sources (scratch.c): to see that a new kind is one file and one row ------------ */

/* The sources, without builds and outputs, in "FOLDER/scratch". Returned texts as of test_path. */
const char *test_scratch_copy(void);
/* Add text at the end of a file of the copy. */
void test_scratch_append(const char *scratch, const char *name, const char *text);
/* Configure without optional libraries, build one target; returns the build folder, or fails the test with
 * what the compiler said. */
const char *test_scratch_build(const char *scratch, const char *target);

/* ---- failing allocations (torture.c) ---------------------------------------------------------- */

/* Call f(context) with its 1st, 2nd, ... call of lsc_calloc failing, until it succeeds. Each time before it
 * must fail with LSC_ERR_NOMEM and leave nothing behind (which the asan preset sees). Returns the number of
 * allocations that were made to fail. */
int64_t test_torture(lsc_status (*f)(void *context), void *context);

/* ---- counted allocations (malloc_counted.c; link lsc_test_malloc) ------------------------------ */

typedef struct {
    bool counted; /* false in a build with sanitizers */
    int64_t calls;
    size_t largest;
} test_malloc_count;

/* Calls of malloc, calloc, realloc, aligned_alloc, memalign, posix_memalign, anywhere in the process, from
 * begin to end. */
void test_malloc_begin(void);
test_malloc_count test_malloc_end(void);

#endif
