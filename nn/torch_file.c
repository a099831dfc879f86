/*
 * Files of torch.save. Since PyTorch 1.6 a zip archive: FOLDER/data.pkl, FOLDER/data/KEY for each storage, and
 * FOLDER/byteorder. Before, pickles one behind the other: a magic number, a protocol, a dict about the machine, the
 * object, the list of the storages' keys; then for each key 8 bytes with its number of elements, and its elements.
 * Source: torch/serialization.py of PyTorch 2, _save and _legacy_save.
 * SPDX-License-Identifier: MIT
 */
#include "nn/torch.h"
#include "nn/torch_zip.h"

#include <stdlib.h>
#include <string.h>

#define OLD_PROTOCOL 1001
#define COPIES_MAX   4 /* times the file's bytes, for tensors that do not lie row by row */

/* Where the bytes of a storage are; LSC_ERR_FORMAT: nowhere, or fewer than its elements need. */
typedef lsc_status storage_finder(void *self, const nn_torch_storage *s, const uint8_t **bytes, size_t *n);

typedef struct {
    nn_tensors *t;
    storage_finder *find;
    void *self;
    uint64_t room; /* bytes that may still be copied */
} builder;

/* ---- tensors ------------------------------------------------------------------------------------------- */

static lsc_status count_elements(nn_tensor *t)
{
    t->elements = 1;
    for (int i = 0; i < t->rank; i++)
        if (__builtin_mul_overflow(t->elements, t->shape[i], &t->elements))
            return lsc_fail(LSC_ERR_FORMAT, "it has more elements than can be counted");
    return LSC_OK;
}

/* The first and the last element lie in the storage. */
static lsc_status check_extent(const nn_torch_tensor *torch, int64_t elements)
{
    const nn_torch_storage *s = torch->storage;
    int64_t last = 0, step;
    bool overflow = __builtin_add_overflow(s->first, torch->offset, &last);

    if (elements == 0)
        return LSC_OK;
    for (int i = 0; i < torch->rank; i++)
        overflow = overflow || __builtin_mul_overflow(torch->shape[i] - 1, torch->stride[i], &step) ||
                   __builtin_add_overflow(last, step, &last);
    if (overflow || last >= s->last)
        return lsc_fail(LSC_ERR_FORMAT, "it reaches beyond the %lld elements of its storage",
                        (long long)(s->last - s->first));
    return LSC_OK;
}

static bool is_row_major(const nn_torch_tensor *torch)
{
    int64_t stride = 1;
    for (int i = torch->rank - 1; i >= 0; i--) {
        if (torch->shape[i] != 1 && torch->stride[i] != stride)
            return false;
        stride *= torch->shape[i];
    }
    return true;
}

/* Dimension i and those behind it, from `in`; returns where the next element goes. */
static uint8_t *copy_strided(const nn_torch_tensor *torch, int i, size_t size, const uint8_t *in, uint8_t *out)
{
    if (i == torch->rank)
        return (uint8_t *)memcpy(out, in, size) + size;
    for (int64_t k = 0; k < torch->shape[i]; k++)
        out = copy_strided(torch, i + 1, size, in + (size_t)(k * torch->stride[i]) * size, out);
    return out;
}

static lsc_status place_elements(builder *b, const nn_torch_tensor *torch, size_t size, nn_tensor *t)
{
    lsc_status st = LSC_OK;
    const nn_torch_storage *s = torch->storage;
    const uint8_t *bytes;
    uint8_t *copy;
    size_t n;

    LSC_TRY(b->find(b->self, s, &bytes, &n));
    LSC_CHECK((uint64_t)s->elements <= n / size, LSC_ERR_FORMAT, "its storage has %zu bytes of %lld elements of %zu", n,
              (long long)s->elements, size);
    t->data = bytes;
    if (t->elements == 0)
        return LSC_OK;
    bytes += (size_t)(s->first + torch->offset) * size;
    t->data = bytes;
    if (!is_row_major(torch)) {
        size_t need = (size_t)t->elements * size;
        LSC_CHECK(t->elements <= s->elements && need <= b->room, LSC_ERR_FORMAT,
                  "its %lld elements lie in %lld, or too many tensors share them", (long long)t->elements,
                  (long long)s->elements);
        b->room -= need;
        NN_TAKE(&b->t->arena, copy, need);
        copy_strided(torch, 0, size, bytes, copy);
        t->data = copy;
    }
cleanup:
    return st;
}

static lsc_status build_tensor(builder *b, const nn_torch_tensor *torch, nn_tensor *t)
{
    lsc_status st = LSC_OK;
    char shown[64], class[64];
    const nn_torch_storage *s = torch->storage;

    snprintf(class, sizeof class, "%.*s", (int)(s->class.n < sizeof class ? s->class.n : sizeof class), s->class.bytes);
    LSC_CHECK(s->dtype, LSC_ERR_FORMAT, "its storage is a '%s', whose elements are not read",
              lsc_shown(class, shown, sizeof shown));
    t->dtype = *s->dtype;
    t->rank = torch->rank;
    memcpy(t->shape, torch->shape, sizeof t->shape);
    LSC_TRY(count_elements(t));
    LSC_TRY(check_extent(torch, t->elements));
    LSC_TRY(place_elements(b, torch, nn_dtype_of(t->dtype)->size, t));
cleanup:
    return st;
}

/* The tensors of the list, whose storages are found by b->find. */
static lsc_status build(builder *b, const nn_torch_named *list, int n)
{
    lsc_status st = LSC_OK;
    nn_tensors *t = b->t;
    char shown[96];

    b->room = COPIES_MAX * t->size;
    NN_TAKE(&t->arena, t->tensors, n);
    for (; list; list = list->next) {
        nn_tensor *tensor = &t->tensors[t->n];
        tensor->name = list->name;
        LSC_TRY(lsc_context(build_tensor(b, list->tensor, tensor), "tensor '%s'",
                            lsc_shown(list->name, shown, sizeof shown)));
        t->n++;
    }
cleanup:
    return st;
}

/* ---- zip archives ---------------------------------------------------------------------------------------- */

static lsc_status find_in_zip(void *self, const nn_torch_storage *s, const uint8_t **bytes, size_t *n)
{
    char name[128];
    if (s->key.n > 64 || memchr(s->key.bytes, '\0', s->key.n))
        return lsc_fail(LSC_ERR_FORMAT, "the key of its storage is too long, or holds a zero");
    snprintf(name, sizeof name, "data/%.*s", (int)s->key.n, s->key.bytes);
    return nn_zip_read(self, name, bytes, n);
}

static lsc_status check_byte_order(nn_zip *z)
{
    lsc_status st = LSC_OK;
    const uint8_t *order;
    size_t n;

    if (!nn_zip_has(z, "byteorder"))
        return LSC_OK;
    LSC_TRY(nn_zip_read(z, "byteorder", &order, &n));
    LSC_CHECK(n == 6 && memcmp(order, "little", 6) == 0, LSC_ERR_FORMAT,
              "its byte order is not 'little', and no other is read");
cleanup:
    return st;
}

lsc_status nn_torch_zip_read(nn_tensors *t)
{
    lsc_status st = LSC_OK;
    nn_torch_host h = {.arena = &t->arena};
    nn_pickle_host host = nn_torch_host_of(&h);
    nn_zip *z = NULL;
    const uint8_t *pickle;
    nn_torch_named *list;
    nn_py *top;
    size_t n, at = 0;
    int n_tensors;

    LSC_TRY(nn_zip_open(t->bytes, t->size, &t->arena, &z));
    LSC_CHECK(!nn_zip_has(z, "constants.pkl"), LSC_ERR_FORMAT,
              "an archive of TorchScript, which holds a program: save the state_dict alone, by "
              "torch.save(model.state_dict(), ...)");
    LSC_TRY(check_byte_order(z));
    LSC_TRY(nn_zip_read(z, "data.pkl", &pickle, &n));
    LSC_TRY(lsc_context(nn_pickle_read(&host, &t->arena, pickle, n, &at, &top), "data.pkl"));
    LSC_TRY(nn_state_dict(&t->arena, top, &list, &n_tensors, &t->where));
    LSC_TRY(build(&(builder){.t = t, .find = find_in_zip, .self = z}, list, n_tensors));
cleanup:
    nn_zip_close(z);
    return st;
}

/* ---- before PyTorch 1.6 ---------------------------------------------------------------------------------- */

static int compare_keys(const nn_py_text *a, const nn_py_text *b)
{
    int order = memcmp(a->bytes, b->bytes, a->n < b->n ? a->n : b->n);
    return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

static int compare_storages(const void *a, const void *b)
{
    return compare_keys(&(*(nn_torch_storage *const *)a)->key, &(*(nn_torch_storage *const *)b)->key);
}

/* Returns new: the storages that the pickle named, sorted by key. */
static lsc_status sort_storages(const nn_torch_host *h, nn_torch_storage ***out)
{
    lsc_status st = LSC_OK;
    nn_torch_storage **sorted;
    int n = 0;

    LSC_NEW(sorted, h->n_storages);
    for (nn_torch_storage *s = h->storages; s; s = s->next)
        sorted[n++] = s;
    qsort(sorted, (size_t)n, sizeof *sorted, compare_storages);
    *out = sorted;
cleanup:
    return st;
}

/* The first of the storages with this key, of n; n: there is none. */
static int first_of(nn_torch_storage *const *sorted, int n, const nn_py_text *key)
{
    int low = 0, high = n;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (compare_keys(&sorted[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && compare_keys(&sorted[low]->key, key) == 0 ? low : n;
}

/* The storage at *at: 8 bytes with its number of elements, and they. All that name it must agree about both. */
static lsc_status place_storage(const nn_tensors *t, nn_torch_storage **sorted, int n, const nn_py *key, size_t *at)
{
    lsc_status st = LSC_OK;
    int64_t elements;
    int i;

    LSC_CHECK(key->kind == NN_PY_TEXT && (i = first_of(sorted, n, &key->text)) < n, LSC_ERR_FORMAT,
              "at offset %zu: a storage that no tensor has", *at);
    LSC_CHECK(t->size - *at >= sizeof elements, LSC_ERR_FORMAT, "at offset %zu: a storage is cut short", *at);
    memcpy(&elements, t->bytes + *at, sizeof elements);
    *at += sizeof elements;
    nn_dtype type = sorted[i]->dtype ? *sorted[i]->dtype : NN_DT_F32;
    size_t size = nn_dtype_of(type)->size;
    for (; i < n && compare_keys(&sorted[i]->key, &key->text) == 0; i++) {
        LSC_CHECK(sorted[i]->dtype && nn_dtype_of(*sorted[i]->dtype)->size == size, LSC_ERR_FORMAT,
                  "at offset %zu: a storage whose type is not read", *at);
        LSC_CHECK(!sorted[i]->bytes, LSC_ERR_FORMAT, "at offset %zu: a storage that was there before", *at);
        LSC_CHECK(elements == sorted[i]->elements, LSC_ERR_FORMAT,
                  "at offset %zu: a storage of %lld elements, its tensors say %lld", *at, (long long)elements,
                  (long long)sorted[i]->elements);
        sorted[i]->bytes = t->bytes + *at;
    }
    LSC_CHECK((uint64_t)elements <= (t->size - *at) / size, LSC_ERR_FORMAT,
              "at offset %zu: a storage of %lld elements of %zu bytes, of which %zu bytes are there", *at,
              (long long)elements, size, t->size - *at);
    *at += (size_t)elements * size;
cleanup:
    return st;
}

static lsc_status place_storages(const nn_tensors *t, const nn_torch_host *h, const nn_py *keys, size_t at)
{
    lsc_status st = LSC_OK;
    nn_torch_storage **sorted = NULL;

    LSC_CHECK(keys->kind == NN_PY_LIST, LSC_ERR_FORMAT, "before offset %zu: the keys of the storages are no list", at);
    LSC_TRY(sort_storages(h, &sorted));
    for (size_t i = 0; i < keys->n; i++)
        LSC_TRY(place_storage(t, sorted, h->n_storages, keys->items[i], &at));
cleanup:
    lsc_free(sorted);
    return st;
}

static lsc_status find_placed(void *self, const nn_torch_storage *s, const uint8_t **bytes, size_t *n)
{
    (void)self;
    if (s->bytes == NULL)
        return lsc_fail(LSC_ERR_FORMAT, "its storage is not in the file");
    *bytes = s->bytes;
    *n = (size_t)s->elements * nn_dtype_of(*s->dtype)->size;
    return LSC_OK;
}

/* The magic number, the protocol, and the machine. */
static lsc_status check_head(const nn_py *magic, const nn_py *protocol, const nn_py *machine)
{
    static const char number[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    lsc_status st = LSC_OK;

    LSC_CHECK(magic->kind == NN_PY_BIG && nn_py_is(&magic->text, number), LSC_ERR_FORMAT,
              "a pickle, but not by torch.save");
    LSC_CHECK(protocol->kind == NN_PY_INT && protocol->whole == OLD_PROTOCOL, LSC_ERR_FORMAT, "its protocol is not %d",
              OLD_PROTOCOL);
    LSC_CHECK(machine->kind == NN_PY_DICT, LSC_ERR_FORMAT, "it does not say which machine wrote it");
    for (size_t i = 0; i < machine->n; i += 2) {
        const nn_py *key = machine->items[i], *v = machine->items[i + 1];
        bool is_order = key->kind == NN_PY_TEXT && nn_py_is(&key->text, "little_endian");
        LSC_CHECK(!is_order || (v->kind == NN_PY_BOOL && v->whole), LSC_ERR_FORMAT,
                  "its byte order is not 'little', and no other is read");
    }
cleanup:
    return st;
}

lsc_status nn_torch_old_read(nn_tensors *t)
{
    lsc_status st = LSC_OK;
    nn_torch_host h = {.arena = &t->arena};
    nn_pickle_host host = nn_torch_host_of(&h);
    enum { MAGIC, PROTOCOL, MACHINE, OBJECT, KEYS, N_PICKLES };
    nn_py *pickle[N_PICKLES];
    nn_torch_named *list;
    size_t at = 0;
    int n;

    for (int i = 0; i < N_PICKLES; i++) {
        LSC_TRY(nn_pickle_read(&host, &t->arena, t->bytes, t->size, &at, &pickle[i]));
        if (i == MACHINE)
            LSC_TRY(check_head(pickle[MAGIC], pickle[PROTOCOL], pickle[MACHINE]));
    }
    LSC_TRY(nn_state_dict(&t->arena, pickle[OBJECT], &list, &n, &t->where));
    LSC_TRY(place_storages(t, &h, pickle[KEYS], at));
    LSC_TRY(build(&(builder){.t = t, .find = find_placed}, list, n));
cleanup:
    return st;
}
