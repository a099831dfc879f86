/*
 * pickle_vm.h - the stack machine of pickles: its state, and what its operations are made of.
 * SPDX-License-Identifier: MIT
 */
#ifndef NN_PICKLE_VM_H
#define NN_PICKLE_VM_H

#include "nn/pickle.h"

typedef struct {
    const nn_pickle_host *host;
    nn_arena *arena;
    const uint8_t *bytes;
    size_t n, at, start;
    size_t n_values;
    nn_py **stack;
    size_t height, stack_room;
    size_t *marks; /* heights of the stack, from where the items of a tuple, list or dict are collected */
    size_t n_marks, marks_room;
    nn_py **memo; /* values that are used again, by number; NULL: none yet */
    size_t n_memo, memo_room;
    nn_py *result; /* not NULL: the end was reached */
} nn_pickle_vm;

/* What follows the byte of an operation, and the last column of its row. */
typedef struct {
    uint64_t number;    /* where a counted text follows, its length */
    nn_py_text text[2]; /* counted, or lines without their ends */
    int row;
} nn_pickle_operand;

/* An operation: it runs on `vm` with the operand `o`, which many do not need. */
#define NN_PICKLE_OP(name)                                                                                             \
    lsc_status nn_pickle_##name(nn_pickle_vm *vm, __attribute__((unused)) const nn_pickle_operand *o)

/* ---- stack, marks, memo (pickle.c) ---------------------------------------------------------------- */

/* A new value; and one on top of the stack. */
lsc_status nn_pickle_new(nn_pickle_vm *vm, nn_py_kind kind, nn_py **out);
lsc_status nn_pickle_push_new(nn_pickle_vm *vm, nn_py_kind kind, nn_py **out);
lsc_status nn_pickle_push(nn_pickle_vm *vm, nn_py *v);
/* Only down to the last mark: LSC_ERR_FORMAT where there is nothing above it. */
lsc_status nn_pickle_pop(nn_pickle_vm *vm, nn_py **out);
lsc_status nn_pickle_top(nn_pickle_vm *vm, nn_py **out);
/* Number of values above the last mark. */
size_t nn_pickle_above(const nn_pickle_vm *vm);
lsc_status nn_pickle_push_mark(nn_pickle_vm *vm);
/* Take off the last mark and what lies above it: items[0 .. n-1], valid until the next push. */
lsc_status nn_pickle_pop_mark(nn_pickle_vm *vm, nn_py ***items, size_t *n);
/* The value on top of the stack under this number, and back. */
lsc_status nn_pickle_memo_put(nn_pickle_vm *vm, uint64_t number);
lsc_status nn_pickle_memo_get(nn_pickle_vm *vm, uint64_t number, nn_py **out);
/* Put n values behind the items of a TUPLE, LIST or DICT. */
lsc_status nn_pickle_extend(nn_pickle_vm *vm, nn_py *v, nn_py *const *items, size_t n);
/* Decimal digits, perhaps with a sign before and an L behind them; false: none, or more than 64 bits. */
bool nn_pickle_parse_whole(nn_py_text t, int64_t *out);

#endif
