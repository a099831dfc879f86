/*
 * Tensors in files: which format a file has, and what all formats share.
 * SPDX-License-Identifier: MIT
 */
#include "nn/tensor_file.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FILE ((size_t)1 << 40)

/* Zip archives begin with a member. Pickles begin with their protocol; so could the length of a safetensors header,
 * but behind that comes a brace. */
static nn_tensors_reader *reader_of(const uint8_t *bytes, size_t n)
{
    if (n >= 4 && memcmp(bytes, "PK\3\4", 4) == 0)
        return nn_torch_zip_read;
    if (n >= 2 && bytes[0] == 0x80 && !(n > 8 && bytes[8] == '{'))
        return nn_torch_old_read;
    return nn_safetensors_read;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const nn_tensor *const *)a)->name, (*(const nn_tensor *const *)b)->name);
}

static lsc_status sort_names(nn_tensors *t)
{
    lsc_status st = LSC_OK;
    char shown[96];

    NN_TAKE(&t->arena, t->by_name, t->n);
    for (int i = 0; i < t->n; i++)
        t->by_name[i] = &t->tensors[i];
    qsort(t->by_name, (size_t)t->n, sizeof *t->by_name, compare_names);
    for (int i = 1; i < t->n; i++)
        LSC_CHECK(strcmp(t->by_name[i - 1]->name, t->by_name[i]->name) != 0, LSC_ERR_FORMAT,
                  "two tensors are named '%s'", lsc_shown(t->by_name[i]->name, shown, sizeof shown));
cleanup:
    return st;
}

lsc_status nn_tensors_parse(uint8_t *bytes, size_t n, nn_tensors **out)
{
    lsc_status st = LSC_OK;
    nn_tensors *t = NULL;

    LSC_NEW(t, 1);
    t->bytes = bytes;
    t->size = n;
    bytes = NULL;
    LSC_TRY(reader_of(t->bytes, n)(t));
    LSC_TRY(sort_names(t));
    *out = t;
    t = NULL;
cleanup:
    lsc_free(bytes);
    nn_tensors_free(t);
    return st;
}

lsc_status nn_tensors_read(const char *path, nn_tensors **out)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes;
    size_t n;

    LSC_TRY(lsc_file_read(path, MAX_FILE, &bytes, &n));
    LSC_TRY(lsc_context(nn_tensors_parse(bytes, n, out), "%s", path));
cleanup:
    return st;
}

void nn_tensors_free(nn_tensors *t)
{
    if (t == NULL)
        return;
    nn_arena_free(&t->arena);
    lsc_free(t->bytes);
    lsc_free(t);
}

int nn_tensors_count(const nn_tensors *t)
{
    return t->n;
}

const nn_tensor *nn_tensors_at(const nn_tensors *t, int i)
{
    return i >= 0 && i < t->n ? &t->tensors[i] : NULL;
}

const nn_tensor *nn_tensors_find(const nn_tensors *t, const char *name)
{
    const nn_tensor key = {.name = name}, *key_at = &key;
    const nn_tensor **found = bsearch(&key_at, t->by_name, (size_t)t->n, sizeof *t->by_name, compare_names);
    return found ? *found : NULL;
}

const char *nn_tensors_meta(const nn_tensors *t, const char *key)
{
    for (int i = 0; i < t->n_meta; i++)
        if (strcmp(t->meta[i].key, key) == 0)
            return t->meta[i].value;
    return NULL;
}

const char *nn_tensors_where(const nn_tensors *t)
{
    return t->where;
}
