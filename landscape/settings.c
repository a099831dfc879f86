/*
 * The objective's settings: a flat JSON object, cut into keys and values, so that a resume can say which differ.
 *     {"loss": "cross_entropy", "images": 50000}  ->  loss = cross_entropy, images = 50000
 * Grammar: RFC 8259 without nested objects and arrays.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "landscape/engine.h"

typedef struct {
    const char *json, *at;
} cursor;

static lsc_status expected(const cursor *c, const char *what)
{
    return lsc_fail(LSC_ERR_ARG, "not a flat JSON object: offset %zu: %s", (size_t)(c->at - c->json), what);
}

static void skip_space(cursor *c)
{
    c->at += strspn(c->at, " \t\r\n");
}

/* Past the spaces and the wanted character; false, and nothing but spaces skipped, if it is another. */
static bool accept(cursor *c, char wanted)
{
    skip_space(c);
    if (*c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool hex4(const char *s, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        const char *digits = "0123456789abcdef", *d = s[i] == '\0' ? NULL : strchr(digits, s[i] | 0x20);

        if (d == NULL)
            return false;
        *out = *out * 16 + (unsigned)(d - digits);
    }
    return true;
}

static void add_utf8(lsc_text *t, unsigned code)
{
    if (code < 0x80)
        lsc_text_add(t, "%c", (int)code);
    else if (code < 0x800)
        lsc_text_add(t, "%c%c", (int)(0xc0 | code >> 6), (int)(0x80 | (code & 0x3f)));
    else if (code < 0x10000)
        lsc_text_add(t, "%c%c%c", (int)(0xe0 | code >> 12), (int)(0x80 | (code >> 6 & 0x3f)),
                     (int)(0x80 | (code & 0x3f)));
    else
        lsc_text_add(t, "%c%c%c%c", (int)(0xf0 | code >> 18), (int)(0x80 | (code >> 12 & 0x3f)),
                     (int)(0x80 | (code >> 6 & 0x3f)), (int)(0x80 | (code & 0x3f)));
}

/* After "\u": one code, or two that make a surrogate pair. */
static lsc_status unicode_escape(cursor *c, lsc_text *t)
{
    lsc_status st = LSC_OK;
    unsigned code, low;

    if (!hex4(c->at, &code))
        return expected(c, "four hexadecimal digits after \\u");
    c->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && c->at[0] == '\\' && c->at[1] == 'u' && hex4(c->at + 2, &low) &&
        low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        c->at += 6;
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000))
        return expected(c, "\\u0000 and half of a surrogate pair are no characters");
    add_utf8(t, code);
    return st;
}

static lsc_status escape(cursor *c, lsc_text *t)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name = *c->at == '\0' ? NULL : strchr(names, *c->at);

    if (*c->at == 'u') {
        c->at++;
        return unicode_escape(c, t);
    }
    if (name == NULL)
        return expected(c, "an unknown escape");
    lsc_text_add_bytes(t, &values[name - names], 1);
    c->at++;
    return LSC_OK;
}

static lsc_status string(cursor *c, lsc_text *t)
{
    lsc_status st = LSC_OK;

    if (!accept(c, '"'))
        return expected(c, "a string should start here");
    while (*c->at != '"') {
        if ((unsigned char)*c->at < 0x20)
            return expected(c, "a control character or the end inside a string");
        if (*c->at == '\\') {
            c->at++;
            LSC_TRY(escape(c, t));
        } else {
            lsc_text_add_bytes(t, c->at++, 1);
        }
    }
    c->at++;
cleanup:
    return st;
}

/* A string without its quotes, or a number, true, false, null as written. */
static lsc_status value(cursor *c, lsc_text *t)
{
    size_t n;

    skip_space(c);
    if (*c->at == '"')
        return string(c, t);
    n = strspn(c->at, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");
    if (n == 0)
        return expected(c, "a string, a number, true, false or null should be here");
    lsc_text_add_bytes(t, c->at, n);
    c->at += n;
    return LSC_OK;
}

static lsc_status member(cursor *c, lsc_member_fn each, void *context)
{
    lsc_status st = LSC_OK;
    lsc_text key = {0}, text = {0};

    LSC_TRY(string(c, &key));
    if (!accept(c, ':'))
        LSC_TRY(expected(c, "a colon should be here"));
    LSC_TRY(value(c, &text));
    lsc_text_add(&key, "%s", "");
    lsc_text_add(&text, "%s", "");
    LSC_CHECK(!key.failed && !text.failed, LSC_ERR_NOMEM, "no memory for settings");
    LSC_TRY(each(context, key.text, text.text));
cleanup:
    lsc_text_free(&key);
    lsc_text_free(&text);
    return st;
}

lsc_status lsc_flat_json(const char *json, lsc_member_fn each, void *context)
{
    lsc_status st = LSC_OK;
    cursor c = {json, json};
    bool more;

    if (!accept(&c, '{'))
        return expected(&c, "'{' should be here");
    more = !accept(&c, '}');
    while (more) {
        LSC_TRY(member(&c, each, context));
        more = accept(&c, ',');
        if (!more && !accept(&c, '}'))
            LSC_TRY(expected(&c, "',' or '}' should be here"));
    }
    skip_space(&c);
    if (*c.at != '\0')
        LSC_TRY(expected(&c, "text after the object"));
cleanup:
    return st;
}
