/*
 * Writing safetensors: the header padded with spaces to 8 bytes, so that the data are aligned, then the tensors in the
 * order given.
 * SPDX-License-Identifier: MIT
 */
#include "nn/safetensors.h"

#include <string.h>

static int64_t elements(const nn_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->rank; i++)
        n *= t->shape[i];
    return n;
}

static size_t size_of(const nn_tensor *t)
{
    return (size_t)elements(t) * nn_dtype_of(t->dtype)->size;
}

static void add_meta(lsc_text *text, const nn_meta *meta, int n)
{
    lsc_text_add(text, "\"__metadata__\":{");
    for (int i = 0; i < n; i++) {
        lsc_text_add(text, i ? "," : "");
        lsc_quote_json(text, meta[i].key);
        lsc_text_add(text, ":");
        lsc_quote_json(text, meta[i].value);
    }
    lsc_text_add(text, "}");
}

static void add_tensor(lsc_text *text, const nn_tensor *t, size_t begin)
{
    lsc_text_add(text, ",");
    lsc_quote_json(text, t->name);
    lsc_text_add(text, ":{\"dtype\":\"%s\",\"shape\":[", nn_dtype_of(t->dtype)->name);
    for (int i = 0; i < t->rank; i++)
        lsc_text_add(text, "%s%lld", i ? "," : "", (long long)t->shape[i]);
    lsc_text_add(text, "],\"data_offsets\":[%zu,%zu]}", begin, begin + size_of(t));
}

/* The header and the eight bytes before it, ready to write. */
static void add_header(lsc_text *text, const nn_tensor *tensors, int n, const nn_meta *meta, int n_meta)
{
    size_t begin = 0;
    lsc_text_add(text, "{");
    add_meta(text, meta, n_meta);
    for (int i = 0; i < n; i++) {
        add_tensor(text, &tensors[i], begin);
        begin += size_of(&tensors[i]);
    }
    lsc_text_add(text, "}");
    lsc_text_add(text, "%*s", (int)((8 - text->length % 8) % 8), "");
}

lsc_status nn_tensors_write(const char *path, const nn_tensor *tensors, int n, const nn_meta *meta, int n_meta)
{
    lsc_status st = LSC_OK;
    lsc_writer *w = NULL;
    lsc_text header = {0};
    uint64_t length;

    add_header(&header, tensors, n, meta, n_meta);
    LSC_CHECK(!header.failed, LSC_ERR_NOMEM, "%s: no memory for the header", path);
    length = header.length; /* the machine is little-endian: safetensors.c */
    LSC_TRY(lsc_writer_open(path, &w));
    LSC_TRY(lsc_writer_put(w, &length, sizeof length));
    LSC_TRY(lsc_writer_put(w, header.text, header.length));
    for (int i = 0; i < n; i++)
        LSC_TRY(lsc_writer_put(w, tensors[i].data, size_of(&tensors[i])));
    LSC_TRY(lsc_writer_commit(w));
cleanup:
    lsc_writer_free(w);
    lsc_text_free(&header);
    return st;
}
