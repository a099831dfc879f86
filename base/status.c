/*
 * The status of a call and the message behind it. The message is kept for each thread; context is put
 * before it on its way up: "run.bin: header: length 99 is beyond the end of the file (80 bytes)".
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <string.h>

static _Thread_local char message[LSC_MESSAGE_MAX];

/* The arguments may contain the present message, so it is replaced only when the new one is ready. */
static void replace(const char *fresh, int length)
{
    memcpy(message, fresh, LSC_MESSAGE_MAX);
    if (length >= LSC_MESSAGE_MAX)
        memcpy(message + LSC_MESSAGE_MAX - 4, "...", 4);
}

lsc_status lsc_fail(lsc_status code, const char *format, ...)
{
    char fresh[LSC_MESSAGE_MAX] = "";
    va_list args;

    va_start(args, format);
    int length = vsnprintf(fresh, sizeof fresh, format, args);
    va_end(args);
    replace(fresh, length);
    return code;
}

lsc_status lsc_context(lsc_status st, const char *format, ...)
{
    char where[LSC_MESSAGE_MAX / 2] = "", fresh[LSC_MESSAGE_MAX] = "";
    va_list args;

    if (st == LSC_OK)
        return st;
    va_start(args, format);
    vsnprintf(where, sizeof where, format, args);
    va_end(args);
    replace(fresh, snprintf(fresh, sizeof fresh, "%s: %s", where, message));
    return st;
}

const char *lsc_last_error(void)
{
    return message;
}

static const struct {
    lsc_status code;
    const char *name, *text;
} statuses[] = {
#define X(code, value, text) {code, #code, text},
    LSC_STATUS_LIST(X)
#undef X
};

const char *lsc_status_name(lsc_status st)
{
    for (size_t i = 0; i < LSC_COUNT(statuses); i++)
        if (statuses[i].code == st)
            return statuses[i].name;
    return "unknown status";
}

const char *lsc_status_text(lsc_status st)
{
    for (size_t i = 0; i < LSC_COUNT(statuses); i++)
        if (statuses[i].code == st)
            return statuses[i].text;
    return "unknown status";
}

#define TEXT_OF(x)                        #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *lsc_version(void)
{
    return VERSION_TEXT(LSC_VERSION_MAJOR, LSC_VERSION_MINOR, LSC_VERSION_PATCH);
}

void lsc_carry(lsc_carried *c, lsc_status st)
{
    if (st == LSC_OK || __atomic_exchange_n(&c->taken, 1, __ATOMIC_ACQ_REL))
        return;
    c->status = st;
    memcpy(c->message, message, sizeof c->message);
}

lsc_status lsc_carried_take(const lsc_carried *c)
{
    if (!__atomic_load_n(&c->taken, __ATOMIC_ACQUIRE))
        return LSC_OK;
    return lsc_fail(c->status, "%s", c->message);
}
