/*
 * arena.h - memory that is freed all at once: for values whose number is known only when a file has been read.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_ARENA_H
#define NN_ARENA_H

#include "base/base.h"

/* Initialise with {0}. */
typedef struct {
    struct nn_arena_chunk *chunks;
    size_t used, size; /* of the newest chunk */
} nn_arena;

/* count * size zeroed bytes, aligned to 16, that live until nn_arena_free; NULL: out of memory, or an overflow. */
void *nn_arena_take(nn_arena *a, size_t count, size_t size);
/* The n bytes and a zero after them; NULL: out of memory. */
char *nn_arena_text(nn_arena *a, const char *bytes, size_t n);
void nn_arena_free(nn_arena *a);

/* p = count zeroed elements of the arena, or goto cleanup with LSC_ERR_NOMEM, as LSC_NEW. */
#define NN_TAKE(arena, p, count)                                                                                       \
    do {                                                                                                               \
        (p) = nn_arena_take((arena), (size_t)(count), sizeof *(p));                                                    \
        if ((p) == NULL) {                                                                                             \
            st = lsc_fail(LSC_ERR_NOMEM, "no memory for %s: %zu x %zu bytes", #p, (size_t)(count), sizeof *(p));       \
            goto cleanup;                                                                                              \
        }                                                                                                              \
    } while (0)

#endif
