/*
 * Operations of pickles: plain values, and the pickle itself.
 * SPDX-License-Identifier: MIT
 */
#include "nn/pickle_vm.h"

#include <stdlib.h>
#include <string.h>

#define NEWEST_PROTOCOL 5

static lsc_status push_whole(nn_pickle_vm *vm, nn_py_kind kind, int64_t x)
{
    nn_py *v;
    lsc_status st = nn_pickle_push_new(vm, kind, &v);
    if (st == LSC_OK)
        v->whole = x;
    return st;
}

static lsc_status push_text(nn_pickle_vm *vm, nn_py_kind kind, nn_py_text t)
{
    nn_py *v;
    lsc_status st = nn_pickle_push_new(vm, kind, &v);
    if (st == LSC_OK)
        v->text = t;
    return st;
}

static lsc_status push_real(nn_pickle_vm *vm, double x)
{
    nn_py *v;
    lsc_status st = nn_pickle_push_new(vm, NN_PY_REAL, &v);
    if (st == LSC_OK)
        v->real = x;
    return st;
}

NN_PICKLE_OP(none)
{
    nn_py *v;
    return nn_pickle_push_new(vm, NN_PY_NONE, &v);
}

NN_PICKLE_OP(truth)
{
    return push_whole(vm, NN_PY_BOOL, o->row);
}

bool nn_pickle_parse_whole(nn_py_text t, int64_t *out)
{
    bool negative = t.n > 0 && t.bytes[0] == '-';
    size_t i = negative, end = t.n > 0 && t.bytes[t.n - 1] == 'L' ? t.n - 1 : t.n;
    int64_t x = 0;

    if (i >= end)
        return false;
    for (; i < end; i++) {
        int digit = t.bytes[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(x, 10, &x) ||
            __builtin_add_overflow(x, negative ? -digit : digit, &x))
            return false;
    }
    *out = x;
    return true;
}

/* Protocol 0 writes True as 01 and False as 00. */
NN_PICKLE_OP(int_line)
{
    int64_t x;
    if (nn_py_is(&o->text[0], "01") || nn_py_is(&o->text[0], "00"))
        return push_whole(vm, NN_PY_BOOL, o->text[0].bytes[1] == '1');
    if (nn_pickle_parse_whole(o->text[0], &x))
        return push_whole(vm, NN_PY_INT, x);
    return push_text(vm, NN_PY_BIG, o->text[0]);
}

NN_PICKLE_OP(int_signed)
{
    return push_whole(vm, NN_PY_INT, (int32_t)o->number);
}

NN_PICKLE_OP(int_unsigned)
{
    return push_whole(vm, NN_PY_INT, (int64_t)o->number);
}

/* Two's complement, little-endian, of any length. */
NN_PICKLE_OP(int_bytes)
{
    const nn_py_text *t = &o->text[0];
    uint64_t x = t->n > 0 && (t->bytes[t->n - 1] & 0x80) ? UINT64_MAX : 0;
    if (t->n > sizeof x)
        return push_text(vm, NN_PY_BIG, *t);
    for (size_t i = t->n; i-- > 0;)
        x = x << 8 | (uint8_t)t->bytes[i];
    return push_whole(vm, NN_PY_INT, (int64_t)x);
}

NN_PICKLE_OP(float_line)
{
    const nn_py_text *t = &o->text[0];
    char digits[64] = "";
    memcpy(digits, t->bytes, t->n < sizeof digits ? t->n : sizeof digits - 1);
    return push_real(vm, strtod(digits, NULL));
}

/* Big-endian, unlike all else. */
NN_PICKLE_OP(float_bytes)
{
    uint64_t bits = __builtin_bswap64(o->number);
    double x;
    memcpy(&x, &bits, sizeof x);
    return push_real(vm, x);
}

/* In quotes; escapes are left as they are, for they do not occur in names. */
NN_PICKLE_OP(string_line)
{
    nn_py_text t = o->text[0];
    if (t.n < 2 || (t.bytes[0] != '\'' && t.bytes[0] != '"') || t.bytes[t.n - 1] != t.bytes[0])
        return lsc_fail(LSC_ERR_FORMAT, "a string without quotes");
    return push_text(vm, NN_PY_TEXT, (nn_py_text){t.bytes + 1, t.n - 2});
}

NN_PICKLE_OP(text)
{
    return push_text(vm, (nn_py_kind)o->row, o->text[0]);
}

/* ---- the pickle itself ----------------------------------------------------------------------------- */

NN_PICKLE_OP(proto)
{
    (void)vm;
    if (o->number > NEWEST_PROTOCOL)
        return lsc_fail(LSC_ERR_FORMAT, "a pickle of protocol %d, of which 0 to %d are read", (int)o->number,
                        NEWEST_PROTOCOL);
    return LSC_OK;
}

/* Frames are for readers of streams. */
NN_PICKLE_OP(frame)
{
    if (o->number > vm->n - vm->at)
        return lsc_fail(LSC_ERR_FORMAT, "a frame of %llu bytes, of which %zu are there", (unsigned long long)o->number,
                        vm->n - vm->at);
    return LSC_OK;
}

NN_PICKLE_OP(stop)
{
    return nn_pickle_pop(vm, &vm->result);
}
