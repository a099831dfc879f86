/*
 * The stack machine of pickles: stack, marks, memo, and the loop over operations. Each operation makes at most one
 * value, so all of them are bounded by the number of bytes read, and by a limit.
 * Source: Python's Lib/pickletools.py, which describes every operation.
 * SPDX-License-Identifier: MIT
 */
#include "nn/pickle_vm.h"

#include <string.h>

bool nn_py_is(const nn_py_text *t, const char *s)
{
    return t->n == strlen(s) && memcmp(t->bytes, s, t->n) == 0;
}

const char *nn_py_shown(const nn_py *v, char *out, size_t n)
{
    char name[256];
    if (v->name.n == 0)
        return lsc_shown("set", out, n);
    snprintf(name, sizeof name, "%.*s.%.*s", (int)(v->module.n < 200 ? v->module.n : 200), v->module.bytes,
             (int)(v->name.n < 200 ? v->name.n : 200), v->name.bytes);
    return lsc_shown(name, out, n);
}

/* ---- arrays that grow ------------------------------------------------------------------------------ */

/* Room for `need` elements in place of *room; the old array is freed, unless it is the arena's. */
static lsc_status grow(const nn_pickle_vm *vm, nn_arena *arena, void **array, size_t *room, size_t need, size_t size)
{
    lsc_status st = LSC_OK;
    size_t more = *room == 0 ? need : *room;
    void *larger;

    if (need <= *room)
        return LSC_OK;
    LSC_CHECK(need <= vm->host->limit, LSC_ERR_FORMAT, "more than %zu items", vm->host->limit);
    while (more < need)
        more *= 2;
    larger = arena ? nn_arena_take(arena, more, size) : lsc_calloc(more, size);
    LSC_CHECK(larger, LSC_ERR_NOMEM, "no memory for %zu x %zu bytes", more, size);
    if (*room > 0)
        memcpy(larger, *array, *room * size);
    if (!arena)
        lsc_free(*array);
    *array = larger;
    *room = more;
cleanup:
    return st;
}

lsc_status nn_pickle_extend(nn_pickle_vm *vm, nn_py *v, nn_py *const *items, size_t n)
{
    lsc_status st = LSC_OK;
    void *array = v->items;

    LSC_TRY(grow(vm, vm->arena, &array, &v->capacity, v->n + n, sizeof(nn_py *)));
    v->items = array;
    if (n > 0)
        memcpy(v->items + v->n, items, n * sizeof *items);
    v->n += n;
cleanup:
    return st;
}

/* ---- stack and marks ------------------------------------------------------------------------------- */

lsc_status nn_pickle_push(nn_pickle_vm *vm, nn_py *v)
{
    lsc_status st = LSC_OK;
    void *array = vm->stack;

    LSC_TRY(grow(vm, NULL, &array, &vm->stack_room, vm->height + 1, sizeof *vm->stack));
    vm->stack = array;
    vm->stack[vm->height++] = v;
cleanup:
    return st;
}

lsc_status nn_pickle_new(nn_pickle_vm *vm, nn_py_kind kind, nn_py **out)
{
    lsc_status st = LSC_OK;
    nn_py *v;

    LSC_CHECK(vm->n_values < vm->host->limit, LSC_ERR_FORMAT, "more than %zu values", vm->host->limit);
    NN_TAKE(vm->arena, v, 1);
    v->kind = kind;
    vm->n_values++;
    *out = v;
cleanup:
    return st;
}

lsc_status nn_pickle_push_new(nn_pickle_vm *vm, nn_py_kind kind, nn_py **out)
{
    lsc_status st = nn_pickle_new(vm, kind, out);
    return st == LSC_OK ? nn_pickle_push(vm, *out) : st;
}

size_t nn_pickle_above(const nn_pickle_vm *vm)
{
    return vm->height - (vm->n_marks > 0 ? vm->marks[vm->n_marks - 1] : 0);
}

lsc_status nn_pickle_top(nn_pickle_vm *vm, nn_py **out)
{
    if (nn_pickle_above(vm) == 0)
        return lsc_fail(LSC_ERR_FORMAT, "takes a value where there is none");
    *out = vm->stack[vm->height - 1];
    return LSC_OK;
}

lsc_status nn_pickle_pop(nn_pickle_vm *vm, nn_py **out)
{
    lsc_status st = nn_pickle_top(vm, out);
    if (st == LSC_OK)
        vm->height--;
    return st;
}

lsc_status nn_pickle_push_mark(nn_pickle_vm *vm)
{
    lsc_status st = LSC_OK;
    void *array = vm->marks;

    LSC_TRY(grow(vm, NULL, &array, &vm->marks_room, vm->n_marks + 1, sizeof *vm->marks));
    vm->marks = array;
    vm->marks[vm->n_marks++] = vm->height;
cleanup:
    return st;
}

lsc_status nn_pickle_pop_mark(nn_pickle_vm *vm, nn_py ***items, size_t *n)
{
    if (vm->n_marks == 0)
        return lsc_fail(LSC_ERR_FORMAT, "takes a mark where there is none");
    *n = nn_pickle_above(vm);
    vm->height -= *n;
    *items = vm->height + *n > 0 ? vm->stack + vm->height : NULL;
    vm->n_marks--;
    return LSC_OK;
}

/* ---- memo ------------------------------------------------------------------------------------------ */

/* Every value in the memo took an operation of its own, so writers that count never exceed the bytes read. */
lsc_status nn_pickle_memo_put(nn_pickle_vm *vm, uint64_t number)
{
    lsc_status st = LSC_OK;
    void *array = vm->memo;
    nn_py *v = NULL;

    LSC_CHECK(number <= vm->at - vm->start, LSC_ERR_FORMAT, "keeps value %llu, after %zu bytes",
              (unsigned long long)number, vm->at - vm->start);
    LSC_TRY(nn_pickle_top(vm, &v));
    LSC_TRY(grow(vm, NULL, &array, &vm->memo_room, number + 1, sizeof *vm->memo));
    vm->memo = array;
    vm->memo[number] = v;
    if (number >= vm->n_memo)
        vm->n_memo = number + 1;
cleanup:
    return st;
}

lsc_status nn_pickle_memo_get(nn_pickle_vm *vm, uint64_t number, nn_py **out)
{
    if (number >= vm->n_memo || vm->memo[number] == NULL)
        return lsc_fail(LSC_ERR_FORMAT, "takes value %llu, which was not kept", (unsigned long long)number);
    *out = vm->memo[number];
    return LSC_OK;
}

/* ---- operations ------------------------------------------------------------------------------------ */

typedef struct {
    int width;    /* bytes of a number, little-endian */
    bool counted; /* so many bytes of text follow it */
    int lines;
} operand_kind;

typedef enum { N0, N1, N2, N4, N8, C1, C4, C8, L1, L2 } operand_code;
static const operand_kind operand_kinds[] = {
    [N0] = {0},          [N1] = {.width = 1},         [N2] = {.width = 2},         [N4] = {.width = 4},
    [N8] = {.width = 8}, [C1] = {1, .counted = true}, [C4] = {4, .counted = true}, [C8] = {8, .counted = true},
    [L1] = {.lines = 1}, [L2] = {.lines = 2},
};

#define OP(byte, name, follows, what, row) NN_PICKLE_OP(what);
#include "nn/pickle_ops.def"
#undef OP

typedef struct {
    const char *name; /* NULL: no operation */
    operand_code follows;
    lsc_status (*run)(nn_pickle_vm *vm, const nn_pickle_operand *o);
    int row;
} operation;

static const operation operations[256] = {
#define OP(byte, name, follows, what, row) [byte] = {#name, follows, nn_pickle_##what, row},
#include "nn/pickle_ops.def"
#undef OP
};

static uint64_t little_endian(const uint8_t *bytes, int width)
{
    uint64_t x = 0;
    for (int i = width - 1; i >= 0; i--)
        x = x << 8 | bytes[i];
    return x;
}

static lsc_status read_line(nn_pickle_vm *vm, nn_py_text *line)
{
    const uint8_t *from = vm->bytes + vm->at, *end = memchr(from, '\n', vm->n - vm->at);
    if (end == NULL)
        return lsc_fail(LSC_ERR_FORMAT, "a line without an end");
    *line = (nn_py_text){(const char *)from, (size_t)(end - from)};
    vm->at += line->n + 1;
    return LSC_OK;
}

static lsc_status read_operand(nn_pickle_vm *vm, const operation *op, nn_pickle_operand *o)
{
    lsc_status st = LSC_OK;
    const operand_kind *kind = &operand_kinds[op->follows];

    LSC_CHECK(vm->n - vm->at >= (size_t)kind->width, LSC_ERR_FORMAT, "%s is cut short", op->name);
    o->row = op->row;
    o->number = little_endian(vm->bytes + vm->at, kind->width);
    vm->at += (size_t)kind->width;
    if (kind->counted) {
        LSC_CHECK(o->number <= vm->n - vm->at, LSC_ERR_FORMAT, "%s of %llu bytes, of which %zu are there", op->name,
                  (unsigned long long)o->number, vm->n - vm->at);
        o->text[0] = (nn_py_text){(const char *)vm->bytes + vm->at, o->number};
        vm->at += o->number;
    }
    for (int i = 0; i < kind->lines; i++)
        LSC_TRY(read_line(vm, &o->text[i]));
cleanup:
    return st;
}

static lsc_status run_one(nn_pickle_vm *vm)
{
    lsc_status st = LSC_OK;
    nn_pickle_operand operand = {0};

    LSC_CHECK(vm->at < vm->n, LSC_ERR_FORMAT, "the pickle is cut short");
    uint8_t byte = vm->bytes[vm->at++];
    const operation *op = &operations[byte];
    LSC_CHECK(op->name, LSC_ERR_FORMAT, "0x%02x is no operation of a pickle", byte);
    LSC_TRY(read_operand(vm, op, &operand));
    LSC_TRY(op->run(vm, &operand));
cleanup:
    return st;
}

lsc_status nn_pickle_read(const nn_pickle_host *host, nn_arena *arena, const uint8_t *bytes, size_t n, size_t *at,
                          nn_py **out)
{
    lsc_status st = LSC_OK;
    nn_pickle_vm vm = {.host = host, .arena = arena, .bytes = bytes, .n = n, .at = *at, .start = *at};

    while (vm.result == NULL) {
        size_t op_at = vm.at;
        LSC_TRY(lsc_context(run_one(&vm), "at offset %zu", op_at));
    }
    *at = vm.at;
    *out = vm.result;
cleanup:
    lsc_free(vm.stack);
    lsc_free(vm.marks);
    lsc_free(vm.memo);
    return st;
}
