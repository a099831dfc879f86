/*
 * The table of backends. One that is not in this build keeps its row, with what to do about it.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/backend.h"

#include <string.h>

/* A row's availability is a macro: one more step, so that it is expanded to 0 or 1 before it is pasted. */
#define DECLARE_0(name)
#define DECLARE_1(name)      extern const nn_backend nn_backend_##name;
#define DECLARE_(have, name) DECLARE_##have(name)
#define DECLARE(have, name)  DECLARE_(have, name)
#define POINTER_0(name)      NULL
#define POINTER_1(name)      &nn_backend_##name
#define POINTER_(have, name) POINTER_##have(name)
#define POINTER(have, name)  POINTER_(have, name)

#define BACKEND(name, have, text, remedy) DECLARE(have, name)
#include "nn/backend/backends.def"
#undef BACKEND

static const struct {
    const char *name, *text, *remedy;
    const nn_backend *backend; /* NULL: not in this build */
} rows[] = {
#define BACKEND(name, have, text, remedy) {#name, text, remedy, POINTER(have, name)},
#include "nn/backend/backends.def"
#undef BACKEND
};

const char *nn_backend_name(int i, const char **text, const char **remedy)
{
    if (i < 0 || i >= (int)LSC_COUNT(rows))
        return NULL;
    if (text)
        *text = rows[i].text;
    if (remedy)
        *remedy = rows[i].backend ? NULL : rows[i].remedy;
    return rows[i].name;
}

static lsc_status first(nn_real real, const nn_backend **out)
{
    for (size_t i = 0; i < LSC_COUNT(rows); i++)
        if (rows[i].backend && (rows[i].backend->reals & 1u << real)) {
            *out = rows[i].backend;
            return LSC_OK;
        }
    return lsc_fail(LSC_ERR_ABSENT, "no backend in this build has this precision");
}

static lsc_status unknown(const char *name)
{
    char shown[64], known[256] = "auto";
    for (size_t i = 0, used = strlen(known); i < LSC_COUNT(rows) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, " %s", rows[i].name);
    return lsc_fail(LSC_ERR_ARG, "there is no backend '%s' (known: %s)", lsc_shown(name, shown, sizeof shown), known);
}

lsc_status nn_backend_find(const char *name, nn_real real, const nn_backend **out)
{
    size_t i = 0;
    if (strcmp(name, "auto") == 0)
        return first(real, out);
    while (i < LSC_COUNT(rows) && strcmp(rows[i].name, name) != 0)
        i++;
    if (i == LSC_COUNT(rows))
        return unknown(name);
    if (rows[i].backend == NULL)
        return lsc_fail(LSC_ERR_ABSENT, "backend %s is not in this build: %s", name, rows[i].remedy);
    if (!(rows[i].backend->reals & 1u << real))
        return lsc_fail(LSC_ERR_ABSENT, "backend %s has no %s precision: use ref", name,
                        real == NN_F64 ? "double" : "single");
    *out = rows[i].backend;
    return LSC_OK;
}
