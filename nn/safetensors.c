/*
 * Reading safetensors: 8 bytes header length (little-endian), a JSON header
 *     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 * and the data, which the offsets (from the end of the header) must tile without gap or overlap to the end of the file.
 * The file is not trusted: every number is checked before it is used. cJSON itself refuses deep nesting.
 * Format: github.com/huggingface/safetensors, README, "Format"; the limit of the header is theirs.
 * SPDX-License-Identifier: MIT
 */
#include "nn/safetensors.h"
#include "nn/tensor_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define MAX_HEADER ((uint64_t)100 * 1000 * 1000)
#define MAX_EXACT  9007199254740992.0 /* 2^53: up to here a double holds every integer */

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensors in files are little-endian and are used in place"
#endif

/* Where the data lie, while the header is read. */
typedef struct {
    const uint8_t *data;
    uint64_t size, offset; /* offset: of the data in the file, for messages */
} data_area;

static const nn_dtype_row dtypes[] = {
#define DTYPE(name, size) [NN_DT_##name] = {#name, size},
    NN_DTYPE_LIST(DTYPE)
#undef DTYPE
};

const nn_dtype_row *nn_dtype_of(nn_dtype type)
{
    return &dtypes[type];
}

/* ---- the header's parts ----------------------------------------------------------------------- */

static lsc_status read_dtype(const cJSON *item, nn_dtype *out)
{
    char shown[32], known[64] = "";
    if (!cJSON_IsString(item))
        return lsc_fail(LSC_ERR_FORMAT, "'dtype' is absent or not a string");
    for (size_t i = 0, used = 0; i < LSC_COUNT(dtypes); i++) {
        if (strcmp(item->valuestring, dtypes[i].name) == 0) {
            *out = (nn_dtype)i;
            return LSC_OK;
        }
        used += (size_t)snprintf(known + used, sizeof known - used, " %s", dtypes[i].name);
    }
    return lsc_fail(LSC_ERR_FORMAT, "unknown dtype '%s' (known:%s)", lsc_shown(item->valuestring, shown, sizeof shown),
                    known);
}

/* A whole number from 0 to 2^53. */
static bool read_count(const cJSON *item, int64_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= MAX_EXACT) ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (int64_t)item->valuedouble;
    return true;
}

static lsc_status read_shape(const cJSON *item, nn_tensor *t)
{
    lsc_status st = LSC_OK;
    const cJSON *dimension;
    int rank = 0;

    LSC_CHECK(cJSON_IsArray(item), LSC_ERR_FORMAT, "'shape' is absent or not a list");
    t->elements = 1;
    cJSON_ArrayForEach(dimension, item)
    {
        LSC_CHECK(rank < (int)LSC_COUNT(t->shape), LSC_ERR_FORMAT, "more than %zu dimensions", LSC_COUNT(t->shape));
        LSC_CHECK(read_count(dimension, &t->shape[rank]), LSC_ERR_FORMAT,
                  "dimension %d of 'shape' is not a whole number >= 0", rank);
        LSC_CHECK(!__builtin_mul_overflow(t->elements, t->shape[rank], &t->elements), LSC_ERR_FORMAT,
                  "'shape' has more elements than can be counted");
        rank++;
    }
    t->rank = rank;
cleanup:
    return st;
}

static lsc_status read_offsets(const cJSON *item, const data_area *area, nn_tensor *t)
{
    lsc_status st = LSC_OK;
    int64_t begin = 0, end = 0, bytes = 0;
    bool pair = cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2;

    LSC_CHECK(pair && read_count(item->child, &begin) && read_count(item->child->next, &end), LSC_ERR_FORMAT,
              "'data_offsets' is not a pair of whole numbers >= 0");
    LSC_CHECK(begin <= end && (uint64_t)end <= area->size, LSC_ERR_FORMAT,
              "'data_offsets' [%lld, %lld] do not lie in the %llu bytes of data", (long long)begin, (long long)end,
              (unsigned long long)area->size);
    bool overflow = __builtin_mul_overflow(t->elements, (int64_t)dtypes[t->dtype].size, &bytes);
    LSC_CHECK(!overflow && bytes == end - begin, LSC_ERR_FORMAT,
              "%lld elements of %s at offset %llu need %lld bytes, 'data_offsets' give %lld", (long long)t->elements,
              dtypes[t->dtype].name, (unsigned long long)area->offset + (unsigned long long)begin,
              overflow ? -1LL : (long long)bytes, (long long)(end - begin));
    t->data = area->data + begin;
cleanup:
    return st;
}

static lsc_status read_tensor(const cJSON *item, const data_area *area, nn_tensor *t)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(cJSON_IsObject(item), LSC_ERR_FORMAT, "not an object");
    LSC_TRY(read_dtype(cJSON_GetObjectItemCaseSensitive(item, "dtype"), &t->dtype));
    LSC_TRY(read_shape(cJSON_GetObjectItemCaseSensitive(item, "shape"), t));
    LSC_TRY(read_offsets(cJSON_GetObjectItemCaseSensitive(item, "data_offsets"), area, t));
cleanup:
    return st;
}

static lsc_status copy_text(nn_arena *arena, const char *text, const char **out)
{
    *out = nn_arena_text(arena, text, strlen(text));
    return *out ? LSC_OK : lsc_fail(LSC_ERR_NOMEM, "no memory for a text of the header");
}

static lsc_status read_meta(nn_tensors *t, const cJSON *meta)
{
    lsc_status st = LSC_OK;
    const cJSON *item;
    char shown[64];

    LSC_CHECK(cJSON_IsObject(meta), LSC_ERR_FORMAT, "__metadata__ is not an object");
    t->n_meta = 0;
    NN_TAKE(&t->arena, t->meta, cJSON_GetArraySize(meta));
    cJSON_ArrayForEach(item, meta)
    {
        nn_meta *m = &t->meta[t->n_meta];
        LSC_CHECK(cJSON_IsString(item), LSC_ERR_FORMAT, "__metadata__: '%s' is not a string",
                  lsc_shown(item->string, shown, sizeof shown));
        LSC_TRY(copy_text(&t->arena, item->string, &m->key));
        LSC_TRY(copy_text(&t->arena, item->valuestring, &m->value));
        t->n_meta++;
    }
cleanup:
    return st;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static size_t size_of(const nn_tensor *t)
{
    return (size_t)t->elements * dtypes[t->dtype].size;
}

static int compare_places(const void *a, const void *b)
{
    const nn_tensor *s = *(const nn_tensor *const *)a, *t = *(const nn_tensor *const *)b;
    if (s->data != t->data)
        return s->data < t->data ? -1 : 1;
    return (size_of(s) > size_of(t)) - (size_of(s) < size_of(t));
}

/* The tensors follow each other from the first to the last byte. Sorts `order` by place. */
static lsc_status check_tiling(const nn_tensor **order, int n, const data_area *area)
{
    lsc_status st = LSC_OK;
    const uint8_t *at = area->data;
    char shown[96];

    qsort(order, (size_t)n, sizeof *order, compare_places);
    for (int i = 0; i < n; i++) {
        LSC_CHECK(order[i]->data == (const void *)at, LSC_ERR_FORMAT, "tensor '%s' begins at offset %llu, %s %llu",
                  lsc_shown(order[i]->name, shown, sizeof shown),
                  (unsigned long long)(area->offset + (uint64_t)((const uint8_t *)order[i]->data - area->data)),
                  order[i]->data < (const void *)at ? "but the one before it ends at" : "which leaves a gap from",
                  (unsigned long long)(area->offset + (uint64_t)(at - area->data)));
        at += size_of(order[i]);
    }
    LSC_CHECK(at == area->data + area->size, LSC_ERR_FORMAT, "%llu bytes after the last tensor, from offset %llu",
              (unsigned long long)(area->size - (uint64_t)(at - area->data)),
              (unsigned long long)(area->offset + (uint64_t)(at - area->data)));
cleanup:
    return st;
}

static lsc_status read_tensors(nn_tensors *t, const cJSON *header, const data_area *area)
{
    lsc_status st = LSC_OK;
    const nn_tensor **order = NULL;
    const cJSON *item;
    char shown[96];
    int count = cJSON_GetArraySize(header);

    NN_TAKE(&t->arena, t->tensors, count);
    LSC_NEW(order, count);
    cJSON_ArrayForEach(item, header)
    {
        nn_tensor *tensor = &t->tensors[t->n];
        if (strcmp(item->string, "__metadata__") == 0) {
            LSC_TRY(read_meta(t, item));
            continue;
        }
        LSC_TRY(
            lsc_context(read_tensor(item, area, tensor), "tensor '%s'", lsc_shown(item->string, shown, sizeof shown)));
        LSC_TRY(copy_text(&t->arena, item->string, &tensor->name));
        order[t->n++] = tensor;
    }
    LSC_TRY(check_tiling(order, t->n, area));
cleanup:
    lsc_free(order);
    return st;
}

static uint64_t little_endian(const uint8_t *b)
{
    uint64_t x = 0;
    for (int i = 7; i >= 0; i--)
        x = x << 8 | b[i];
    return x;
}

/* Nothing but an object and spaces. */
static lsc_status parse_header(const char *text, size_t n, cJSON **out)
{
    lsc_status st = LSC_OK;
    const char *end = text;
    cJSON *header = NULL;

    LSC_CHECK(n > 0 && text[0] == '{', LSC_ERR_FORMAT, "the header, at offset 8, does not begin with '{'");
    header = cJSON_ParseWithLengthOpts(text, n, &end, false);
    LSC_CHECK(header, LSC_ERR_FORMAT, "the header is not JSON, at offset %zu", 8 + (size_t)(end - text));
    while (end < text + n && *end == ' ')
        end++;
    LSC_CHECK(end == text + n, LSC_ERR_FORMAT, "the header goes on after its JSON, at offset %zu",
              8 + (size_t)(end - text));
    *out = header;
    header = NULL;
cleanup:
    cJSON_Delete(header);
    return st;
}

lsc_status nn_safetensors_read(nn_tensors *t)
{
    lsc_status st = LSC_OK;
    cJSON *header = NULL;
    size_t n = t->size;
    uint64_t length;

    LSC_CHECK(n >= 8, LSC_ERR_FORMAT, "%zu bytes: not a safetensors file, which begins with 8 bytes of length", n);
    length = little_endian(t->bytes);
    LSC_CHECK(length <= MAX_HEADER, LSC_ERR_FORMAT, "a header of %llu bytes: not a safetensors file, or more than %llu",
              (unsigned long long)length, (unsigned long long)MAX_HEADER);
    LSC_CHECK(length <= n - 8, LSC_ERR_FORMAT, "a header of %llu bytes in a file of %zu", (unsigned long long)length,
              n);
    LSC_TRY(parse_header((const char *)t->bytes + 8, length, &header));
    LSC_TRY(read_tensors(t, header, &(data_area){t->bytes + 8 + length, n - 8 - length, 8 + length}));
cleanup:
    cJSON_Delete(header);
    return st;
}
