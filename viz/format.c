/*
 * The formats, and which one a path asks for.
 * SPDX-License-Identifier: MIT
 */
#include "viz/format.h"

#include <string.h>

static const struct {
    const viz_format *format;
    const char *text;
} formats[] = {
#define FORMAT(name, file, text) {&viz_format_##name, text},
#include "viz/formats.def"
#undef FORMAT
};

const viz_format *viz_format_at(int i, const char **text)
{
    if (i < 0 || i >= (int)LSC_COUNT(formats))
        return NULL;
    if (text != NULL)
        *text = formats[i].text;
    return formats[i].format;
}

lsc_status viz_format_of(const char *path, const viz_format **out)
{
    lsc_status st = LSC_OK;
    const char *name = strrchr(path, '/'), *dot = strrchr(name != NULL ? name : path, '.');
    char shown[128];
    lsc_text known = {0};

    for (size_t i = 0; i < LSC_COUNT(formats); i++) {
        if (dot != NULL && strcmp(dot + 1, formats[i].format->name) == 0) {
            *out = formats[i].format;
            goto cleanup;
        }
        lsc_text_add(&known, " .%s", formats[i].format->name);
    }
    st = lsc_fail(LSC_ERR_ARG, "%s: the end of the name tells no format (known:%s)",
                  lsc_shown(path, shown, sizeof shown), known.failed ? "" : known.text);
cleanup:
    lsc_text_free(&known);
    return st;
}
