/*
 * Operations of pickles: tuples, lists, dicts, sets, and what is done with stack and memo.
 * SPDX-License-Identifier: MIT
 */
#include "nn/pickle_vm.h"

NN_PICKLE_OP(mark)
{
    return nn_pickle_push_mark(vm);
}

NN_PICKLE_OP(empty)
{
    nn_py *v;
    return nn_pickle_push_new(vm, (nn_py_kind)o->row, &v);
}

static lsc_status check_pairs(nn_py_kind kind, size_t n)
{
    return kind != NN_PY_DICT || n % 2 == 0 ? LSC_OK : lsc_fail(LSC_ERR_FORMAT, "a key without a value");
}

/* The n items, taken off the stack already, become one value on it. Not kept where that is opaque. */
static lsc_status push_collection(nn_pickle_vm *vm, nn_py_kind kind, nn_py *const *items, size_t n)
{
    lsc_status st = LSC_OK;
    nn_py *v;

    LSC_TRY(nn_pickle_new(vm, kind, &v));
    LSC_TRY(check_pairs(kind, n));
    if (kind != NN_PY_OPAQUE)
        LSC_TRY(nn_pickle_extend(vm, v, items, n));
    LSC_TRY(nn_pickle_push(vm, v));
cleanup:
    return st;
}

NN_PICKLE_OP(collect)
{
    nn_py **items;
    size_t n;
    lsc_status st = nn_pickle_pop_mark(vm, &items, &n);
    return st == LSC_OK ? push_collection(vm, (nn_py_kind)o->row, items, n) : st;
}

NN_PICKLE_OP(tuple)
{
    size_t n = (size_t)o->row;
    if (nn_pickle_above(vm) < n)
        return lsc_fail(LSC_ERR_FORMAT, "takes %zu values where there are %zu", n, nn_pickle_above(vm));
    vm->height -= n;
    return push_collection(vm, NN_PY_TUPLE, vm->stack + vm->height, n);
}

/* Put items into the value on top of the stack: of this kind, or opaque, which swallows them. */
static lsc_status put_into_top(nn_pickle_vm *vm, nn_py_kind kind, nn_py *const *items, size_t n)
{
    lsc_status st = LSC_OK;
    nn_py *v;

    LSC_TRY(nn_pickle_top(vm, &v));
    if (v->kind == NN_PY_OPAQUE)
        return LSC_OK;
    LSC_CHECK(v->kind == kind, LSC_ERR_FORMAT, "puts items into what cannot hold them");
    LSC_TRY(check_pairs(kind, n));
    LSC_TRY(nn_pickle_extend(vm, v, items, n));
cleanup:
    return st;
}

/* An item of a list, or a key and its value. */
NN_PICKLE_OP(put_one)
{
    size_t n = o->row == NN_PY_DICT ? 2 : 1;
    if (nn_pickle_above(vm) < n)
        return lsc_fail(LSC_ERR_FORMAT, "takes %zu values where there are %zu", n, nn_pickle_above(vm));
    vm->height -= n;
    return put_into_top(vm, (nn_py_kind)o->row, vm->stack + vm->height, n);
}

NN_PICKLE_OP(put_marked)
{
    nn_py **items;
    size_t n;
    lsc_status st = nn_pickle_pop_mark(vm, &items, &n);
    return st == LSC_OK ? put_into_top(vm, (nn_py_kind)o->row, items, n) : st;
}

/* ---- stack and memo -------------------------------------------------------------------------------- */

/* The value on top, or the last mark where nothing lies above it. */
NN_PICKLE_OP(drop)
{
    nn_py *v;
    if (vm->n_marks > 0 && nn_pickle_above(vm) == 0) {
        vm->n_marks--;
        return LSC_OK;
    }
    return nn_pickle_pop(vm, &v);
}

NN_PICKLE_OP(drop_marked)
{
    nn_py **items;
    size_t n;
    return nn_pickle_pop_mark(vm, &items, &n);
}

NN_PICKLE_OP(repeat)
{
    nn_py *v;
    lsc_status st = nn_pickle_top(vm, &v);
    return st == LSC_OK ? nn_pickle_push(vm, v) : st;
}

static lsc_status push_kept(nn_pickle_vm *vm, uint64_t number)
{
    nn_py *v;
    lsc_status st = nn_pickle_memo_get(vm, number, &v);
    return st == LSC_OK ? nn_pickle_push(vm, v) : st;
}

static lsc_status number_of_line(const nn_pickle_operand *o, uint64_t *number)
{
    int64_t x;
    if (!nn_pickle_parse_whole(o->text[0], &x) || x < 0)
        return lsc_fail(LSC_ERR_FORMAT, "the number of a kept value is no number");
    *number = (uint64_t)x;
    return LSC_OK;
}

NN_PICKLE_OP(recall)
{
    return push_kept(vm, o->number);
}

NN_PICKLE_OP(recall_line)
{
    uint64_t number = 0;
    lsc_status st = number_of_line(o, &number);
    return st == LSC_OK ? push_kept(vm, number) : st;
}

NN_PICKLE_OP(keep)
{
    return nn_pickle_memo_put(vm, o->number);
}

NN_PICKLE_OP(keep_line)
{
    uint64_t number = 0;
    lsc_status st = number_of_line(o, &number);
    return st == LSC_OK ? nn_pickle_memo_put(vm, number) : st;
}

NN_PICKLE_OP(keep_next)
{
    return nn_pickle_memo_put(vm, vm->n_memo);
}
