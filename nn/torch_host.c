/*
 * The calls that a file of torch.save may hold, by name. None is executed: the builders of tensors are read as what
 * they would build, a few others stand for values beside the model and become opaque, and all else is refused.
 * Source: torch/_utils.py and torch/serialization.py of PyTorch 2.
 * SPDX-License-Identifier: MIT
 */
#include "nn/torch.h"

#define VALUES_MAX ((size_t)1 << 24) /* far more than checkpoints hold */

typedef lsc_status builder(nn_torch_host *h, const nn_py *arguments, nn_py *result);

/* ---- builders --------------------------------------------------------------------------------------- */

static bool is_tuple_of_whole(const nn_py *v)
{
    if (v->kind != NN_PY_TUPLE)
        return false;
    for (size_t i = 0; i < v->n; i++)
        if (v->items[i]->kind != NN_PY_INT || v->items[i]->whole < 0)
            return false;
    return true;
}

/* (storage, offset, size, stride, ...) */
static lsc_status tensor(nn_torch_host *h, const nn_py *arguments, nn_py *result)
{
    lsc_status st = LSC_OK;
    nn_py *const *a = arguments->items;
    nn_torch_tensor *t;

    LSC_CHECK(arguments->n >= 4 && a[0]->kind == NN_PY_STORAGE && a[1]->kind == NN_PY_INT && a[1]->whole >= 0 &&
                  is_tuple_of_whole(a[2]) && is_tuple_of_whole(a[3]) && a[2]->n == a[3]->n,
              LSC_ERR_FORMAT, "a tensor that is not made of a storage, an offset, a size and strides");
    NN_TAKE(h->arena, t, 1);
    LSC_CHECK(a[2]->n <= LSC_COUNT(t->shape), LSC_ERR_FORMAT, "a tensor of %zu dimensions, of which %zu are read",
              a[2]->n, LSC_COUNT(t->shape));
    t->storage = a[0]->object;
    t->offset = a[1]->whole;
    t->rank = (int)a[2]->n;
    for (int i = 0; i < t->rank; i++) {
        t->shape[i] = a[2]->items[i]->whole;
        t->stride[i] = a[3]->items[i]->whole;
    }
    result->kind = NN_PY_TENSOR;
    result->object = t;
cleanup:
    return st;
}

static lsc_status first_argument(const nn_py *arguments, nn_py_kind kind, nn_py *result)
{
    if (arguments->n == 0 || arguments->items[0]->kind != kind)
        return lsc_fail(LSC_ERR_FORMAT, "it calls a function of PyTorch with arguments that it does not take");
    *result = *arguments->items[0];
    return LSC_OK;
}

/* A parameter is its tensor. */
static lsc_status parameter(nn_torch_host *h, const nn_py *arguments, nn_py *result)
{
    (void)h;
    return first_argument(arguments, NN_PY_TENSOR, result);
}

/* A Size is its tuple. */
static lsc_status size(nn_torch_host *h, const nn_py *arguments, nn_py *result)
{
    (void)h;
    return first_argument(arguments, NN_PY_TUPLE, result);
}

/* Without arguments; Python 2 gives a list of pairs. */
static lsc_status ordered_dict(nn_torch_host *h, const nn_py *arguments, nn_py *result)
{
    lsc_status st = LSC_OK;
    const nn_py *pairs = arguments->n > 0 ? arguments->items[0] : NULL;

    result->kind = NN_PY_DICT;
    if (pairs == NULL)
        return LSC_OK;
    LSC_CHECK(pairs->kind == NN_PY_LIST, LSC_ERR_FORMAT, "an OrderedDict that is not made of a list");
    NN_TAKE(h->arena, result->items, 2 * pairs->n);
    result->capacity = 2 * pairs->n;
    for (size_t i = 0; i < pairs->n; i++) {
        const nn_py *pair = pairs->items[i];
        LSC_CHECK((pair->kind == NN_PY_LIST || pair->kind == NN_PY_TUPLE) && pair->n == 2, LSC_ERR_FORMAT,
                  "an OrderedDict that is not made of pairs");
        result->items[result->n++] = pair->items[0];
        result->items[result->n++] = pair->items[1];
    }
cleanup:
    return st;
}

static lsc_status opaque(nn_torch_host *h, const nn_py *arguments, nn_py *result)
{
    (void)h;
    (void)arguments;
    result->kind = NN_PY_OPAQUE;
    return LSC_OK;
}

/* The last ones are what scalars and arrays of NumPy, devices, sets and old-style objects are pickled as: they lie
 * beside the state_dict as best accuracies, random states and arguments. */
static const struct {
    const char *module, *name;
    builder *build;
} calls[] = {
    {"torch._utils", "_rebuild_tensor_v2", tensor},
    {"torch._utils", "_rebuild_tensor", tensor},
    {"torch._utils", "_rebuild_parameter", parameter},
    {"torch._utils", "_rebuild_parameter_with_state", parameter},
    {"torch", "Size", size},
    {"collections", "OrderedDict", ordered_dict},
    {"collections", "defaultdict", opaque},
    {"torch", "device", opaque},
    {"numpy", "dtype", opaque},
    {"numpy.core.multiarray", "scalar", opaque},
    {"numpy.core.multiarray", "_reconstruct", opaque},
    {"numpy._core.multiarray", "scalar", opaque},
    {"numpy._core.multiarray", "_reconstruct", opaque},
    {"_codecs", "encode", opaque},
    {"builtins", "set", opaque},
    {"__builtin__", "set", opaque},
    {"copyreg", "_reconstructor", opaque},
    {"copy_reg", "_reconstructor", opaque},
};

static lsc_status call(void *self, const nn_py *callable, const nn_py *arguments, nn_py *result)
{
    lsc_status st = LSC_OK;
    char shown[128];
    size_t i = 0;

    while (i < LSC_COUNT(calls) &&
           !(nn_py_is(&callable->module, calls[i].module) && nn_py_is(&callable->name, calls[i].name)))
        i++;
    LSC_CHECK(i < LSC_COUNT(calls), LSC_ERR_FORMAT,
              "it calls '%s', and nothing in a file is executed: save the state_dict alone, by "
              "torch.save(model.state_dict(), ...)",
              nn_py_shown(callable, shown, sizeof shown));
    LSC_TRY(calls[i].build(self, arguments, result));
    if (result->kind == NN_PY_OPAQUE) {
        result->module = callable->module;
        result->name = callable->name;
    }
cleanup:
    return st;
}

/* ---- storages --------------------------------------------------------------------------------------- */

static const struct {
    const char *class;
    nn_dtype dtype;
} classes[] = {
    {"FloatStorage", NN_DT_F32},     {"DoubleStorage", NN_DT_F64}, {"HalfStorage", NN_DT_F16},
    {"BFloat16Storage", NN_DT_BF16}, {"LongStorage", NN_DT_I64},   {"IntStorage", NN_DT_I32},
    {"ShortStorage", NN_DT_I16},     {"CharStorage", NN_DT_I8},    {"ByteStorage", NN_DT_U8},
    {"BoolStorage", NN_DT_BOOL},
};

static const nn_dtype *dtype_of(const nn_py_text *class)
{
    for (size_t i = 0; i < LSC_COUNT(classes); i++)
        if (nn_py_is(class, classes[i].class))
            return &classes[i].dtype;
    return NULL;
}

/* Before PyTorch 0.4 a storage could be a view on another one: (key, offset, elements), or None. */
static lsc_status read_view(const nn_py *view, nn_torch_storage *s)
{
    lsc_status st = LSC_OK;
    if (view->kind == NN_PY_NONE)
        return LSC_OK;
    LSC_CHECK(view->kind == NN_PY_TUPLE && view->n == 3 && view->items[1]->kind == NN_PY_INT &&
                  view->items[2]->kind == NN_PY_INT,
              LSC_ERR_FORMAT, "a view on a storage that is not made of a key, an offset and a number of elements");
    int64_t first = view->items[1]->whole, n = view->items[2]->whole;
    LSC_CHECK(first >= 0 && n >= 0 && first <= s->elements && n <= s->elements - first, LSC_ERR_FORMAT,
              "a view on elements %lld and %lld more of a storage of %lld", (long long)first, (long long)n,
              (long long)s->elements);
    s->first = first;
    s->last = first + n;
cleanup:
    return st;
}

/* ("storage", class, key, device, elements [, view]); ("module", class, ...) where a whole model was saved. */
static lsc_status persistent(void *self, const nn_py *id, nn_py *result)
{
    lsc_status st = LSC_OK;
    nn_torch_host *h = self;
    nn_torch_storage *s;
    nn_py *const *a = id->kind == NN_PY_TUPLE ? id->items : NULL;

    if (a && id->n >= 2 && a[0]->kind == NN_PY_TEXT && nn_py_is(&a[0]->text, "module")) {
        *result = *a[1];
        return LSC_OK;
    }
    LSC_CHECK(a && id->n >= 5 && a[0]->kind == NN_PY_TEXT && nn_py_is(&a[0]->text, "storage") &&
                  a[1]->kind == NN_PY_GLOBAL && a[2]->kind == NN_PY_TEXT && a[4]->kind == NN_PY_INT && a[4]->whole >= 0,
              LSC_ERR_FORMAT, "it refers to an object outside that is no storage");
    NN_TAKE(h->arena, s, 1);
    s->class = a[1]->name;
    s->dtype = dtype_of(&a[1]->name);
    s->key = a[2]->text;
    s->elements = s->last = a[4]->whole;
    if (id->n > 5)
        LSC_TRY(read_view(a[5], s));
    s->next = h->storages;
    h->storages = s;
    h->n_storages++;
    result->kind = NN_PY_STORAGE;
    result->object = s;
cleanup:
    return st;
}

nn_pickle_host nn_torch_host_of(nn_torch_host *h)
{
    return (nn_pickle_host){h, call, persistent, VALUES_MAX};
}
