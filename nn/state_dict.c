/*
 * Where in a checkpoint the model is: a dict from names to tensors, perhaps with dicts within it, alone or under a
 * usual key beside epoch, optimizer and arguments.
 * SPDX-License-Identifier: MIT
 */
#include "nn/torch.h"

#include <string.h>

#define LEVELS_MAX  16
#define NAME_SIZE   512
#define TENSORS_MAX (1 << 20)

/* What scripts call it, in the order in which they are looked for. */
static const char *const usual[] = {"state_dict", "model_state_dict", "model_state", "model", "module",
                                    "net",        "network"};

/* ---- looking for it -------------------------------------------------------------------------------- */

/* The key and value of a usual key whose value is of this kind and not empty; NULL: there is none. */
static nn_py **usual_entry(const nn_py *dict, nn_py_kind kind)
{
    for (size_t u = 0; u < LSC_COUNT(usual); u++)
        for (size_t i = 0; i < dict->n; i += 2) {
            const nn_py *key = dict->items[i], *v = dict->items[i + 1];
            if (key->kind == NN_PY_TEXT && nn_py_is(&key->text, usual[u]) && v->kind == kind &&
                (kind != NN_PY_DICT || v->n > 0))
                return dict->items + i;
        }
    return NULL;
}

static size_t count_of(const nn_py *dict, nn_py_kind kind)
{
    size_t n = 0;
    for (size_t i = 1; i < dict->n; i += 2)
        n += dict->items[i]->kind == kind;
    return n;
}

/* Key and value of the only dict in a dict that has tensors; NULL: there is none, or there are *several. */
static nn_py **only_entry(const nn_py *dict, bool *several)
{
    nn_py **found = NULL;
    for (size_t i = 0; i < dict->n; i += 2) {
        const nn_py *v = dict->items[i + 1];
        if (dict->items[i]->kind != NN_PY_TEXT || v->kind != NN_PY_DICT || count_of(v, NN_PY_TENSOR) == 0)
            continue;
        *several = found != NULL;
        if (*several)
            return NULL;
        found = dict->items + i;
    }
    return found;
}

/* Why the search ended at `v`. */
static lsc_status not_found(const nn_py *v, bool several)
{
    char shown[128];
    nn_py **entry = v->kind == NN_PY_DICT ? usual_entry(v, NN_PY_OPAQUE) : NULL;
    const nn_py *object = entry ? entry[1] : v;

    if (object->kind == NN_PY_OPAQUE)
        return lsc_fail(LSC_ERR_FORMAT,
                        "it holds an object of the class '%s' instead of a state_dict: save its state_dict()",
                        nn_py_shown(object, shown, sizeof shown));
    return lsc_fail(LSC_ERR_FORMAT, "it holds %s, and none under a usual key (%s, %s, ...)",
                    several ? "several dicts of tensors" : "no tensors at its top", usual[0], usual[1]);
}

static void add_key(lsc_text *path, const nn_py_text *key)
{
    lsc_text_add(path, path->length > 0 ? "." : "");
    lsc_text_add_bytes(path, key->bytes, key->n);
}

/* The key and value with which the search goes on; NULL: it ends here. Within what a usual key named, dicts are parts
 * of the model, unless there is but one and its key is usual, too. */
static nn_py **next_entry(const nn_py *dict, bool top, bool *several)
{
    nn_py **entry = usual_entry(dict, NN_PY_DICT);
    bool tensors = count_of(dict, NN_PY_TENSOR) > 0;

    if (!top)
        return tensors || count_of(dict, NN_PY_DICT) > 1 ? NULL : entry;
    return entry || tensors ? entry : only_entry(dict, several);
}

/* From `v` down to the dict, the keys on the way to `path`. */
static lsc_status descend(nn_py *v, lsc_text *path, nn_py **out)
{
    bool several = false;
    for (int level = 0; level < LEVELS_MAX && v->kind == NN_PY_DICT; level++) {
        nn_py **entry = next_entry(v, level == 0, &several);
        if (!entry && count_of(v, NN_PY_TENSOR) == 0 && (level == 0 || count_of(v, NN_PY_DICT) == 0))
            break;
        if (!entry) {
            *out = v;
            return LSC_OK;
        }
        add_key(path, &entry[0]->text);
        v = entry[1];
    }
    return not_found(v, several);
}

/* ---- listing it ------------------------------------------------------------------------------------- */

typedef struct {
    nn_arena *arena;
    nn_torch_named **end;
    int n;
    char name[NAME_SIZE]; /* of the dict that is being listed, and a dot */
} walk;

/* The name of an entry in w->name; *n grows to its end. Keys that are no texts name nothing: *n stays. */
static lsc_status append_name(walk *w, const nn_py *key, size_t *n)
{
    char shown[96];
    if (key->text.n >= NAME_SIZE - 1 - *n || memchr(key->text.bytes, '\0', key->text.n)) {
        snprintf(w->name + *n, NAME_SIZE - *n, "%.*s", (int)(key->text.n < NAME_SIZE ? key->text.n : NAME_SIZE),
                 key->text.bytes);
        return lsc_fail(LSC_ERR_FORMAT, "tensor '%s': a name that is too long, or holds a zero",
                        lsc_shown(w->name, shown, sizeof shown));
    }
    memcpy(w->name + *n, key->text.bytes, key->text.n);
    *n += key->text.n;
    return LSC_OK;
}

static lsc_status list_tensor(walk *w, const nn_py *v, size_t n)
{
    lsc_status st = LSC_OK;
    nn_torch_named *named;

    LSC_CHECK(w->n < TENSORS_MAX, LSC_ERR_FORMAT, "its state_dict has more than %d tensors", TENSORS_MAX);
    NN_TAKE(w->arena, named, 1);
    named->tensor = v->object;
    named->name = nn_arena_text(w->arena, w->name, n);
    LSC_CHECK(named->name, LSC_ERR_NOMEM, "no memory for a name");
    *w->end = named;
    w->end = &named->next;
    w->n++;
cleanup:
    return st;
}

/* w->name[0 .. n-1] is the dict's name with its dot. What is neither a tensor nor a dict is left out. */
static lsc_status list_dict(walk *w, nn_py *dict, size_t n, int level)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(level < LEVELS_MAX, LSC_ERR_FORMAT, "its state_dict has more than %d levels", LEVELS_MAX);
    LSC_CHECK(!dict->seen, LSC_ERR_FORMAT, "its state_dict holds one dict twice");
    dict->seen = true;
    for (size_t i = 0; i < dict->n; i += 2) {
        const nn_py *key = dict->items[i];
        nn_py *v = dict->items[i + 1];
        size_t end = n;
        if (key->kind != NN_PY_TEXT || (v->kind != NN_PY_TENSOR && v->kind != NN_PY_DICT))
            continue;
        LSC_TRY(append_name(w, key, &end));
        if (v->kind == NN_PY_TENSOR) {
            LSC_TRY(list_tensor(w, v, end));
        } else {
            w->name[end] = '.';
            LSC_TRY(list_dict(w, v, end + 1, level + 1));
        }
    }
cleanup:
    return st;
}

lsc_status nn_state_dict(nn_arena *arena, nn_py *top, nn_torch_named **out, int *n, const char **where)
{
    lsc_status st = LSC_OK;
    lsc_text path = {0};
    nn_torch_named *first = NULL;
    walk w = {.arena = arena, .end = &first};
    nn_py *dict = NULL;

    LSC_TRY(descend(top, &path, &dict));
    LSC_CHECK(!path.failed, LSC_ERR_NOMEM, "no memory for the keys of the state_dict");
    LSC_TRY(list_dict(&w, dict, 0, 0));
    *where = nn_arena_text(arena, path.text, path.length);
    LSC_CHECK(*where, LSC_ERR_NOMEM, "no memory for the keys of the state_dict");
    *out = first;
    *n = w.n;
cleanup:
    lsc_text_free(&path);
    return st;
}
