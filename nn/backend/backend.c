/*
 * The table of backends. One that is not in this build keeps its row, with what to do about it.
 * SPDX-License-Identifier: MIT
 */
#include "nn/backend/backend.h"

#include <limits.h>
#include <stdlib.h>
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

/* Why a backend of this build is not on this machine; NULL if it is. */
static const char *missing(const nn_backend *b)
{
    static _Thread_local char message[LSC_MESSAGE_MAX];
    if (b->available == NULL || b->available() == LSC_OK)
        return NULL;
    snprintf(message, sizeof message, "%s", lsc_last_error());
    return message;
}

const char *nn_backend_name(int i, const char **text, const char **remedy)
{
    if (i < 0 || i >= (int)LSC_COUNT(rows))
        return NULL;
    if (text)
        *text = rows[i].text;
    if (remedy)
        *remedy = rows[i].backend ? missing(rows[i].backend) : rows[i].remedy;
    return rows[i].name;
}

const char *nn_device_name(int i, const char **text)
{
    static _Thread_local char name[64], line[256];
    for (size_t row = 0; row < LSC_COUNT(rows); row++) {
        const nn_backend *b = rows[row].backend;
        for (int number = 0; b && b->device_text && (*text = b->device_text(number, line, sizeof line)); number++, i--)
            if (i == 0) {
                snprintf(name, sizeof name, "%s:%d", rows[row].name, number);
                return name;
            }
    }
    return NULL;
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

const nn_backend *nn_backend_built(int i)
{
    return i < 0 || i >= (int)LSC_COUNT(rows) ? NULL : rows[i].backend;
}

static const nn_backend *backend_named(const char *name)
{
    for (size_t i = 0; i < LSC_COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].backend;
    return NULL;
}

lsc_status nn_backend_split(const char *name, char *base, size_t n, int *device)
{
    lsc_status st = LSC_OK;
    char shown[64], *end = NULL;
    size_t length = strcspn(name, ":");
    long number = -1;

    LSC_CHECK(length < n, LSC_ERR_ARG, "there is no device '%s'", lsc_shown(name, shown, sizeof shown));
    if (name[length] == ':') {
        number = strtol(name + length + 1, &end, 10);
        LSC_CHECK(name[length + 1] >= '0' && name[length + 1] <= '9' && *end == '\0' && number < INT_MAX, LSC_ERR_ARG,
                  "device '%s': a number must follow the colon, e.g. cuda:0", lsc_shown(name, shown, sizeof shown));
    }
    snprintf(base, n, "%.*s", (int)length, name);
    const nn_backend *backend = backend_named(base);
    LSC_CHECK(number < 0 || backend == NULL || backend->device_text, LSC_ERR_ARG,
              "device '%s': %s has no numbered devices", lsc_shown(name, shown, sizeof shown), base);
    *device = (int)number;
cleanup:
    return st;
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
    if (rows[i].backend->available && rows[i].backend->available() != LSC_OK)
        return lsc_context(LSC_ERR_ABSENT, "backend %s is not on this machine", name);
    *out = rows[i].backend;
    return LSC_OK;
}
