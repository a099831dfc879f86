/*
 * pickle.h - Python's pickle format, protocols 0 to 5, read without executing anything.
 *
 * A pickle is a program for a stack machine that builds values. This machine knows plain values only. Where a pickle
 * asks for a call or for an object from elsewhere, the host is asked, which interprets or refuses; objects of classes
 * become opaque. Texts and bytes are borrowed from the pickle's own bytes; all else lives in the arena.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_PICKLE_H
#define NN_PICKLE_H

#include "nn/arena.h"

typedef enum {
    NN_PY_NONE,
    NN_PY_BOOL,
    NN_PY_INT,
    NN_PY_BIG, /* an integer beyond 64 bits */
    NN_PY_REAL,
    NN_PY_TEXT,
    NN_PY_BYTES,
    NN_PY_TUPLE,
    NN_PY_LIST,
    NN_PY_DICT,
    NN_PY_GLOBAL,  /* a function or a class, by its name */
    NN_PY_OPAQUE,  /* an object of a class; what it holds is not kept */
    NN_PY_STORAGE, /* the host's */
    NN_PY_TENSOR,  /* the host's */
} nn_py_kind;

/* Not terminated; any bytes. */
typedef struct {
    const char *bytes;
    size_t n;
} nn_py_text;
bool nn_py_is(const nn_py_text *t, const char *s);

typedef struct nn_py nn_py;
struct nn_py {
    nn_py_kind kind;
    bool seen; /* for the host, against values that hold themselves */
    union {
        int64_t whole;   /* BOOL, INT */
        double real;     /* REAL */
        nn_py_text text; /* TEXT, BYTES; BIG: as it stands in the pickle */
        struct {
            nn_py_text module, name; /* GLOBAL; OPAQUE: of the class, empty for a set */
        };
        struct {
            nn_py **items; /* TUPLE, LIST; DICT: key, value, key, value, ... */
            size_t n, capacity;
        };
        void *object; /* STORAGE, TENSOR */
    };
};

/* "module.name" of a global or an object, shown safely; returns out. For messages. */
const char *nn_py_shown(const nn_py *v, char *out, size_t n);

/* Who is asked. `result` is None until it is filled in. Errors end the reading. */
typedef struct {
    void *self;
    /* What stands for callable(*arguments): a GLOBAL and a TUPLE. */
    lsc_status (*call)(void *self, const nn_py *callable, const nn_py *arguments, nn_py *result);
    /* The object behind a persistent id. */
    lsc_status (*persistent)(void *self, const nn_py *id, nn_py *result);
    size_t limit; /* of values, and of items in one of them */
} nn_pickle_host;

/* Read the pickle that begins at bytes[*at] and move *at behind it. Memory is bounded by a multiple of the pickle's
 * length, and by a limit. LSC_ERR_FORMAT says the offset in `bytes`. */
lsc_status nn_pickle_read(const nn_pickle_host *host, nn_arena *arena, const uint8_t *bytes, size_t n, size_t *at,
                          nn_py **out);

#endif
