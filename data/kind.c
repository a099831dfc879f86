/*
 * The table of data sets, and the checks that they share.
 * SPDX-License-Identifier: MIT
 */
#include "data/dataset.h"

#include <string.h>

#define DATASET(name, file, text) extern const ds_kind ds_kind_##name;
#include "data/datasets.def"
#undef DATASET

static const struct {
    const ds_kind *kind;
    const char *text;
} table[] = {
#define DATASET(name, file, text) {&ds_kind_##name, text},
#include "data/datasets.def"
#undef DATASET
};

const char *ds_kind_at(int i, const char **text, const char **source)
{
    if (i < 0 || (size_t)i >= LSC_COUNT(table))
        return NULL;
    if (text != NULL)
        *text = table[i].text;
    if (source != NULL)
        *source = table[i].kind->source;
    return table[i].kind->name;
}

static lsc_status unknown(const char *name)
{
    lsc_text known = {0};
    char shown[64];
    for (size_t i = 0; i < LSC_COUNT(table); i++)
        lsc_text_add(&known, " %s", table[i].kind->name);
    lsc_status st = lsc_fail(LSC_ERR_ARG, "data: unknown kind '%s' (known:%s)", lsc_shown(name, shown, sizeof shown),
                             known.failed ? "" : known.text);
    lsc_text_free(&known);
    return st;
}

lsc_status ds_kind_find(const char *name, const ds_kind **out)
{
    for (size_t i = 0; i < LSC_COUNT(table); i++) {
        if (strcmp(name, table[i].kind->name) == 0) {
            *out = table[i].kind;
            return LSC_OK;
        }
    }
    return unknown(name);
}

lsc_status ds_check_label(const char *path, int64_t index, int64_t label, int classes)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(label >= 0 && label < classes, LSC_ERR_FORMAT,
              "%s: label %lld is %lld, with %d classes it must be 0 to %d", path, (long long)index, (long long)label,
              classes, classes - 1);
cleanup:
    return st;
}

static double bytes_of(const ds_images *images, int pad, size_t value_size)
{
    return (double)images->n * images->channels * (images->height + 2 * pad) * (images->width + 2 * pad) *
           (double)value_size;
}

lsc_status ds_check_memory(const ds_request *r, const ds_images *images, size_t value_size)
{
    lsc_status st = LSC_OK;
    double need = bytes_of(images, 0, value_size) + (r->copied ? bytes_of(images, r->pad, value_size) : 0);
    LSC_CHECK(need <= (double)r->memory, LSC_ERR_ARG,
              "%s: %lld images of %d x %d x %d need %.3g GB of memory, at most %.3g GB are taken: a smaller data.limit "
              "(with domains: data.per_domain) would do",
              r->folder, (long long)images->n, images->channels, images->height, images->width, need / 1e9,
              (double)r->memory / 1e9);
cleanup:
    return st;
}

void ds_images_free(ds_images *images)
{
    lsc_free(images->bytes);
    lsc_free(images->floats);
    lsc_free(images->labels);
    *images = (ds_images){0};
}
