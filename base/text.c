/*
 * Strings that are made at run time, and text that grows.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <string.h>

char *lsc_strdup(const char *s)
{
    if (s == NULL)
        return NULL;
    size_t n = strlen(s) + 1;
    char *copy = lsc_calloc(n, 1);
    return copy == NULL ? NULL : memcpy(copy, s, n);
}

char *lsc_format(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = n < 0 ? NULL : lsc_calloc((size_t)n + 1, 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)n + 1, format, args);
    va_end(args);
    return text;
}

/* Room for n more bytes and the terminator. */
static bool reserve(lsc_text *t, size_t n)
{
    if (t->failed || n >= SIZE_MAX / 4 - t->length) {
        t->failed = true;
        return false;
    }
    if (t->length + n < t->capacity)
        return true;
    size_t capacity = (t->length + n + 1) * 2;
    char *text = lsc_calloc(capacity, 1);
    if (text == NULL) {
        t->failed = true;
        return false;
    }
    if (t->length > 0)
        memcpy(text, t->text, t->length);
    lsc_free(t->text);
    t->text = text;
    t->capacity = capacity;
    return true;
}

void lsc_text_add(lsc_text *t, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !reserve(t, (size_t)n)) {
        t->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(t->text + t->length, (size_t)n + 1, format, args);
    va_end(args);
    t->length += (size_t)n;
}

void lsc_text_add_bytes(lsc_text *t, const char *bytes, size_t n)
{
    if (!reserve(t, n))
        return;
    if (n > 0)
        memcpy(t->text + t->length, bytes, n);
    t->length += n;
    t->text[t->length] = '\0';
}

void lsc_text_free(lsc_text *t)
{
    lsc_free(t->text);
    *t = (lsc_text){0};
}
