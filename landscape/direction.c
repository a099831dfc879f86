/*
 * The table of direction kinds, made of the rows of directions.def.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "landscape/engine.h"

#define DIRECTION(name, file, text) extern const lsc_direction_kind lsc_direction_##name;
#include "landscape/directions.def"
#undef DIRECTION

static const struct {
    const char *name, *text;
    const lsc_direction_kind *kind;
} kinds[] = {
#define DIRECTION(name, file, text) {#name, text, &lsc_direction_##name},
#include "landscape/directions.def"
#undef DIRECTION
};

const char *lsc_direction_name(int i, const char **text)
{
    if (i < 0 || (size_t)i >= LSC_COUNT(kinds))
        return NULL;
    if (text != NULL)
        *text = kinds[i].text;
    return kinds[i].name;
}

static lsc_status unknown(const char *name)
{
    lsc_status st;
    lsc_text known = {0};
    char shown[96];

    for (size_t i = 0; i < LSC_COUNT(kinds); i++)
        lsc_text_add(&known, " %s", kinds[i].name);
    st = lsc_fail(LSC_ERR_ARG, "direction: unknown kind '%s' (known:%s)", lsc_shown(name, shown, sizeof shown),
                  known.failed ? "" : known.text);
    lsc_text_free(&known);
    return st;
}

lsc_status lsc_direction_find(const char *name, const lsc_direction_kind **kind, const char **canonical)
{
    for (size_t i = 0; i < LSC_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = kinds[i].kind;
            *canonical = kinds[i].name;
            return LSC_OK;
        }
    return unknown(name);
}
