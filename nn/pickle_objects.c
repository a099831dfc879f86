/*
 * Operations of pickles: globals, calls, objects. Here Python would import modules and run their functions; here
 * the host is asked, and objects stay what nobody looks into.
 * SPDX-License-Identifier: MIT
 */
#include "nn/pickle_vm.h"

static lsc_status push_global(nn_pickle_vm *vm, nn_py_text module, nn_py_text name)
{
    nn_py *v;
    lsc_status st = nn_pickle_push_new(vm, NN_PY_GLOBAL, &v);
    if (st == LSC_OK) {
        v->module = module;
        v->name = name;
    }
    return st;
}

NN_PICKLE_OP(global)
{
    return push_global(vm, o->text[0], o->text[1]);
}

NN_PICKLE_OP(global_of_texts)
{
    lsc_status st = LSC_OK;
    nn_py *module, *name;

    LSC_TRY(nn_pickle_pop(vm, &name));
    LSC_TRY(nn_pickle_pop(vm, &module));
    LSC_CHECK(module->kind == NN_PY_TEXT && name->kind == NN_PY_TEXT, LSC_ERR_FORMAT, "a global whose name is no text");
    LSC_TRY(push_global(vm, module->text, name->text));
cleanup:
    return st;
}

/* ---- calls ----------------------------------------------------------------------------------------- */

static lsc_status call(nn_pickle_vm *vm, const nn_py *callable, const nn_py *arguments)
{
    lsc_status st = LSC_OK;
    nn_py *result;

    LSC_CHECK(callable->kind == NN_PY_GLOBAL && arguments->kind == NN_PY_TUPLE, LSC_ERR_FORMAT,
              "calls what is no function, or not with arguments");
    LSC_TRY(nn_pickle_push_new(vm, NN_PY_NONE, &result));
    LSC_TRY(vm->host->call(vm->host->self, callable, arguments, result));
cleanup:
    return st;
}

NN_PICKLE_OP(reduce)
{
    lsc_status st = LSC_OK;
    nn_py *callable, *arguments;

    LSC_TRY(nn_pickle_pop(vm, &arguments));
    LSC_TRY(nn_pickle_pop(vm, &callable));
    LSC_TRY(call(vm, callable, arguments));
cleanup:
    return st;
}

/* A class, named by two lines, is called with what lies above the last mark. */
NN_PICKLE_OP(inst)
{
    lsc_status st = LSC_OK;
    nn_py class = {.kind = NN_PY_GLOBAL, .module = o->text[0], .name = o->text[1]}, arguments = {.kind = NN_PY_TUPLE};
    nn_py **items;
    size_t n;

    LSC_TRY(nn_pickle_pop_mark(vm, &items, &n));
    LSC_TRY(nn_pickle_extend(vm, &arguments, items, n));
    LSC_TRY(call(vm, &class, &arguments));
cleanup:
    return st;
}

/* The class is the first of the values above the last mark. */
NN_PICKLE_OP(obj)
{
    lsc_status st = LSC_OK;
    nn_py arguments = {.kind = NN_PY_TUPLE}, **items, *class;
    size_t n;

    LSC_TRY(nn_pickle_pop_mark(vm, &items, &n));
    LSC_CHECK(n > 0, LSC_ERR_FORMAT, "an object without a class");
    class = items[0];
    LSC_TRY(nn_pickle_extend(vm, &arguments, items + 1, n - 1));
    LSC_TRY(call(vm, class, &arguments));
cleanup:
    return st;
}

/* ---- objects --------------------------------------------------------------------------------------- */

/* An object of a class, made from one tuple of arguments, or from a tuple and a dict: opaque. */
NN_PICKLE_OP(newobj)
{
    lsc_status st = LSC_OK;
    nn_py *class, *v;

    for (int i = 0; i < o->row; i++)
        LSC_TRY(nn_pickle_pop(vm, &v));
    LSC_TRY(nn_pickle_pop(vm, &class));
    LSC_CHECK(class->kind == NN_PY_GLOBAL, LSC_ERR_FORMAT, "an object of what is no class");
    LSC_TRY(nn_pickle_push_new(vm, NN_PY_OPAQUE, &v));
    v->module = class->module;
    v->name = class->name;
cleanup:
    return st;
}

/* The state of the object below it, which is not kept. */
NN_PICKLE_OP(build)
{
    lsc_status st = LSC_OK;
    nn_py *v;

    LSC_TRY(nn_pickle_pop(vm, &v));
    LSC_TRY(nn_pickle_top(vm, &v));
cleanup:
    return st;
}

static lsc_status persistent_load(nn_pickle_vm *vm, const nn_py *id)
{
    lsc_status st = LSC_OK;
    nn_py *result;

    LSC_TRY(nn_pickle_push_new(vm, NN_PY_NONE, &result));
    LSC_TRY(vm->host->persistent(vm->host->self, id, result));
cleanup:
    return st;
}

NN_PICKLE_OP(persistent)
{
    nn_py *id;
    lsc_status st = nn_pickle_pop(vm, &id);
    return st == LSC_OK ? persistent_load(vm, id) : st;
}

NN_PICKLE_OP(persistent_line)
{
    return persistent_load(vm, &(nn_py){.kind = NN_PY_TEXT, .text = o->text[0]});
}

NN_PICKLE_OP(refuse)
{
    (void)vm;
    return lsc_fail(LSC_ERR_FORMAT, "an extension or a buffer, which only the program that wrote it knows");
}
