/*
 * base.h - what everything stands on: status flow, memory, log and progress, vectors, random
 * numbers, files, quoting. Needs the C library and Random123 only (Philox).
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_BASE_H
#define LSC_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "losscope.h"

#define LSC_COUNT(a)     (sizeof(a) / sizeof((a)[0]))
#define LSC_MESSAGE_MAX  1024 /* longer messages end in "..." */
#define LSC_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* ---- status flow (status.c) ---------------------------------------------------------------------- */

/* Record the message and return the code. LSC_ERR_IO: the message holds strerror(errno) where there is one. */
lsc_status lsc_fail(lsc_status code, const char *format, ...) LSC_PRINTF(2, 3);
/* Put "where: " before the message of a failure on its way up; returns `st`, also if it is LSC_OK. */
lsc_status lsc_context(lsc_status st, const char *format, ...) LSC_PRINTF(2, 3);

/* All three need a local `st` and a label `cleanup`: one exit per fallible function. */
#define LSC_TRY(call)                                                                                                  \
    do {                                                                                                               \
        st = (call);                                                                                                   \
        if (st != LSC_OK)                                                                                              \
            goto cleanup;                                                                                              \
    } while (0)
#define LSC_CHECK(cond, code, ...)                                                                                     \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            st = lsc_fail((code), __VA_ARGS__);                                                                        \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)

/* Carries a failure from worker threads to the one that joins: the first one wins.
 * Initialise with {0}; take on the joining thread sets its message and returns the status. */
typedef struct {
    int taken; /* atomic */
    lsc_status status;
    char message[LSC_MESSAGE_MAX];
} lsc_carried;
void lsc_carry(lsc_carried *c, lsc_status st);
lsc_status lsc_carried_take(const lsc_carried *c);

/* ---- memory (mem.c, text.c) ---------------------------------------------------------------------- */

/* Zeroed, 64-byte aligned, never NULL for count 0; NULL when out of memory or count*size overflows.
 * LSC_FAIL_ALLOC=n in the environment fails the n-th call of the process (and only that one). */
void *lsc_calloc(size_t count, size_t size);
void lsc_free(void *p); /* takes NULL */
/* Calls of lsc_calloc so far, in all threads: for tests. */
int64_t lsc_alloc_calls(void);

/* p = count zeroed elements, or goto cleanup with LSC_ERR_NOMEM naming p and the amount. */
#define LSC_NEW(p, count)                                                                                              \
    do {                                                                                                               \
        (p) = lsc_calloc((size_t)(count), sizeof *(p));                                                                \
        if ((p) == NULL) {                                                                                             \
            st = lsc_fail(LSC_ERR_NOMEM, "no memory for %s: %zu x %zu bytes", #p, (size_t)(count), sizeof *(p));       \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)

/* Returns new (lsc_free). NULL when out of memory or s is NULL. */
char *lsc_strdup(const char *s);
char *lsc_format(const char *format, ...) LSC_PRINTF(1, 2);

/* Growing text, terminated; NULL before the first append (of "" too). A failed append leaves `failed` set: check once
 * at the end. */
typedef struct {
    char *text;
    size_t length, capacity;
    bool failed;
} lsc_text;
void lsc_text_add(lsc_text *t, const char *format, ...) LSC_PRINTF(2, 3);
void lsc_text_add_bytes(lsc_text *t, const char *bytes, size_t n);
void lsc_text_free(lsc_text *t);

/* ---- log and progress (log.c, progress.c): all to stderr ----------------------------------------- */

typedef enum { LSC_LOG_QUIET, LSC_LOG_WARN, LSC_LOG_INFO, LSC_LOG_DEBUG } lsc_log_level;
void lsc_log_set(const char *program, lsc_log_level level);   /* default "losscope", INFO */
void lsc_log_error(const char *format, ...) LSC_PRINTF(1, 2); /* at every level; for what ends a program */
void lsc_log_info(const char *format, ...) LSC_PRINTF(1, 2);
void lsc_log_warn(const char *format, ...) LSC_PRINTF(1, 2);
void lsc_log_debug(const char *format, ...) LSC_PRINTF(1, 2);

/* One line with count, share, rate, ETA and a caller's note. On a terminal it is redrawn in place at
 * most 5 times a second; elsewhere a line every 30 s. Silent for the first two seconds. */
typedef struct {
    const char *what; /* borrowed: "points", "images" */
    int64_t total, first, now;
    double started, drawn; /* seconds, lsc_seconds() */
    bool shown;
} lsc_progress;
void lsc_progress_start(lsc_progress *p, const char *what, int64_t done, int64_t total);
void lsc_progress_update(lsc_progress *p, int64_t done, const char *note); /* note may be NULL */
void lsc_progress_end(lsc_progress *p);
double lsc_seconds(void);           /* monotonic clock */
double lsc_processor_seconds(void); /* that this process has used, in all threads */
/* "3 s", "2 min 05 s", "1 h 10 min". */
void lsc_duration(double seconds, char *out, size_t n);

/* ---- stop on request (stop.c) -------------------------------------------------------------------- */

/* SIGINT and SIGTERM set a flag; a second SIGINT ends the process as by default. */
void lsc_stop_install(void); /* for programs; also ignores SIGXFSZ */
bool lsc_stop_requested(void);
/* A write beyond RLIMIT_FSIZE would end the process by SIGXFSZ; while it is held on this thread the write fails
 * with EFBIG. Around our own writes and around libraries that write; a program that ignores SIGXFSZ needs none.
 * hold returns whether release has something to undo. */
bool lsc_filesize_signal_hold(void);
void lsc_filesize_signal_release(bool held);

/* ---- blocks of a layout (block.c); lsc_block_elements is public ----------------------------------- */

/* One past the last element of block b of a layout, which has no gaps. */
int64_t lsc_block_past(const lsc_layout *layout, int b);

/* ---- vectors (vec.c): double sums in fixed blocks of 4096, in order ------------------------------ */

double lsc_dot(const float *a, const float *b, int64_t n);
double lsc_norm2(const float *a, int64_t n); /* Euclidean norm */
double lsc_sum(const double *a, int64_t n);
double lsc_dot64(const double *a, const double *b, int64_t n);
void lsc_sort(double *a, int64_t n);                          /* ascending; no NaN */
void lsc_axpy(float *y, double a, const float *x, int64_t n); /* y += a x, each formed in double */
void lsc_scale(float *y, double a, int64_t n);
bool lsc_all_finite(const float *a, int64_t n);

/* ---- random numbers (rng.c): Philox 4x32-10 ------------------------------------------------------ */

/* Numbers are a function of (seed, stream, index): the same for any order, thread, rank, device.
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". */
typedef struct {
    uint64_t seed, stream;
} lsc_rng;
/* Stream number of a purpose: mix(mix(FNV-1a(text) + g a) + g b), with g = 0x9e3779b97f4a7c15 and the finalizer of
 * splitmix64 as mix. */
uint64_t lsc_rng_stream(const char *purpose, uint64_t a, uint64_t b);
uint64_t lsc_rng_bits(lsc_rng r, uint64_t index);
double lsc_rng_uniform(lsc_rng r, uint64_t index);             /* [0, 1), 53 bits */
uint64_t lsc_rng_below(lsc_rng r, uint64_t index, uint64_t n); /* 0 .. n-1, unbiased to 2^-64 n */
double lsc_rng_normal(lsc_rng r, uint64_t index);              /* N(0, 1), Box-Muller */
void lsc_rng_permutation(lsc_rng r, int64_t *out, int64_t n);  /* Fisher-Yates */

/* ---- files (file.c, writer.c, lock.c) ------------------------------------------------------------ */

bool lsc_file_exists(const char *path);
bool lsc_is_folder(const char *path);
const char *lsc_why_no_folder(const char *path); /* as strerror says it; NULL: it is one */
/* LSC_ERR_IO where the path leads to something else than a file: a pipe would be waited for, a device has no end. What
 * is missing is left to the opening of it. */
lsc_status lsc_check_regular(const char *path);
/* Whole file, at most `limit` bytes (LSC_ERR_FORMAT if it has more). Returns new; one zero byte follows the data. */
lsc_status lsc_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *n);
/* The same of what people give by name, which may be a pipe or /dev/stdin: configurations and score files. */
lsc_status lsc_input_read(const char *path, size_t limit, uint8_t **bytes, size_t *n);
/* What a library has to say of a file, without the "PATH: " that it may put before it. Part of `text`. */
const char *lsc_without_path(const char *text, const char *path);
lsc_status lsc_mkdirs(const char *path);           /* like mkdir -p */
char *lsc_path_join(const char *a, const char *b); /* returns new or NULL */
char *lsc_path_folder(const char *path);           /* returns new: "." where there is none */

/* Write NAME.part; commit syncs it, renames it to NAME and syncs the folder; abandon removes it.
 * A writer that was neither committed nor abandoned is abandoned by free. Errors are LSC_ERR_IO
 * with the path and the system's words; after one, the old file under NAME is untouched. */
typedef struct lsc_writer lsc_writer;
lsc_status lsc_writer_open(const char *path, lsc_writer **out); /* returns new */
lsc_status lsc_writer_put(lsc_writer *w, const void *bytes, size_t n);
lsc_status lsc_writer_commit(lsc_writer *w);
void lsc_writer_free(lsc_writer *w);
/* The same last steps for files that a library wrote under part_path. Removes it on failure. */
lsc_status lsc_file_commit(const char *part_path, const char *path);
/* "NAME.part", returns new or NULL. */
char *lsc_part_path(const char *path);
/* All at once. */
lsc_status lsc_file_write(const char *path, const void *bytes, size_t n);
/* Append one line and sync; for logs. */
lsc_status lsc_file_append(const char *path, const char *line);

/* Exclusive lock NAME.lock, held until close or the end of the process, across renames of NAME. LSC_ERR_IO says
 * who holds it. Initialise with {0}; close takes that too. */
typedef struct {
    char *path; /* of the lock file; NULL: none is held */
    int fd;
} lsc_lock;
lsc_status lsc_lock_open(const char *path, lsc_lock *out);
void lsc_lock_close(lsc_lock *lock);

/* ---- quoting of names and values that come from files (quote.c) ---------------------------------- */

/* Each appends text to t, safe for its target: control bytes and bytes that are not UTF-8 are escaped. */
void lsc_quote_terminal(lsc_text *t, const char *s); /* control bytes as \xNN; also bidi controls */
void lsc_quote_xml(lsc_text *t, const char *s);      /* element text and attribute values */
void lsc_quote_html(lsc_text *t, const char *s);
void lsc_quote_csv(lsc_text *t, const char *s);    /* one cell; formulas (=, +, -, @) get a ' before them */
void lsc_quote_python(lsc_text *t, const char *s); /* a string literal with its quotes */
void lsc_quote_json(lsc_text *t, const char *s);   /* a string with its quotes; </ becomes <\/ */
/* A number in JSON, which has no NaN and no infinity: null in their place. */
void lsc_json_number(lsc_text *t, double value);
/* Terminal quoting into a small buffer, shortened with "..." if need be; returns out. For messages. */
const char *lsc_shown(const char *s, char *out, size_t n);

#endif
