/*
 * Chunks of at least 64 KiB, of which pieces are handed out one behind the other. What is larger than a quarter of
 * that gets a chunk of its own; in a build with sanitizers everything does, so that they see where each piece ends.
 * SPDX-License-Identifier: MIT
 */
#include "nn/arena.h"

#include <string.h>

#define CHUNK     (LSC_SANITIZED ? (size_t)0 : (size_t)1 << 16)
#define ALIGNMENT ((size_t)16)

struct nn_arena_chunk {
    struct nn_arena_chunk *next;
};

/* The header takes a whole unit, so that what follows it is aligned. */
static struct nn_arena_chunk *chunk_new(size_t bytes)
{
    return bytes > SIZE_MAX - ALIGNMENT ? NULL : lsc_calloc(ALIGNMENT + bytes, 1);
}

static void *first_of(struct nn_arena_chunk *c)
{
    return (char *)c + ALIGNMENT;
}

/* Behind the newest chunk, which keeps its room. */
static void *take_alone(nn_arena *a, size_t bytes)
{
    struct nn_arena_chunk *c = chunk_new(bytes);
    if (c == NULL)
        return NULL;
    if (a->chunks == NULL) {
        a->chunks = c;
        a->used = a->size = bytes;
    } else {
        c->next = a->chunks->next;
        a->chunks->next = c;
    }
    return first_of(c);
}

void *nn_arena_take(nn_arena *a, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    bytes = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes > CHUNK / 4)
        return take_alone(a, bytes);
    if (bytes > a->size - a->used) {
        struct nn_arena_chunk *c = chunk_new(CHUNK);
        if (c == NULL)
            return NULL;
        c->next = a->chunks;
        a->chunks = c;
        a->used = 0;
        a->size = CHUNK;
    }
    void *p = (char *)first_of(a->chunks) + a->used;
    a->used += bytes;
    return p;
}

char *nn_arena_text(nn_arena *a, const char *bytes, size_t n)
{
    char *text = n == SIZE_MAX ? NULL : nn_arena_take(a, n + 1, 1);
    if (text != NULL && n > 0)
        memcpy(text, bytes, n);
    return text;
}

void nn_arena_free(nn_arena *a)
{
    while (a->chunks != NULL) {
        struct nn_arena_chunk *next = a->chunks->next;
        lsc_free(a->chunks);
        a->chunks = next;
    }
    *a = (nn_arena){0};
}
