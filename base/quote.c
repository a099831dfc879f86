/*
 * Names and values from files, made safe for where they are shown or stored: one function a target.
 * Text is taken apart into UTF-8 characters; a byte that is not part of one stands alone.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *bytes;
    int n;         /* 1 .. 4 */
    uint32_t code; /* the byte itself where it is not UTF-8 */
    bool valid;
} character;

#define REPLACEMENT_MAX 24

/* UTF-8 sequences by their first byte: payload bits in it, and the least code that needs this length. */
static const struct {
    unsigned char lo, hi, mask;
    int n;
    uint32_t least;
} sequences[] = {
    {0x00, 0x7f, 0x7f, 1, 0},
    {0xc2, 0xdf, 0x1f, 2, 0x80},
    {0xe0, 0xef, 0x0f, 3, 0x800},
    {0xf0, 0xf4, 0x07, 4, 0x10000},
};

/* Overlong forms, surrogates and codes past U+10FFFF are invalid. */
static bool decode(const char *s, int n, uint32_t code, uint32_t least, character *out)
{
    for (int i = 1; i < n; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80) /* also stops at the end of the text */
            return false;
        code = code << 6 | ((unsigned char)s[i] & 0x3f);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return false;
    *out = (character){s, n, code, true};
    return true;
}

/* The character at s, which is not at its end. */
static character next(const char *s)
{
    unsigned char first = (unsigned char)s[0];
    character c = {s, 1, first, false};

    for (size_t i = 0; i < LSC_COUNT(sequences); i++)
        if (first >= sequences[i].lo && first <= sequences[i].hi)
            decode(s, sequences[i].n, first & sequences[i].mask, sequences[i].least, &c);
    return c;
}

static bool is_control(const character *c)
{
    return !c->valid || c->code < 0x20 || (c->code >= 0x7f && c->code < 0xa0);
}

/* Characters that reorder or hide what follows: a name could show as another (CVE-2021-42574). */
static bool is_deceiving(const character *c)
{
    uint32_t u = c->code;
    return c->valid && (u == 0x061c || u == 0x200e || u == 0x200f || u == 0x2028 || u == 0x2029 ||
                        (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069) || u == 0xfeff);
}

/* The text that stands for a character, in `out` or constant; NULL: the character itself. */
typedef const char *(*escape)(const character *c, char out[REPLACEMENT_MAX]);

static const char *hex_bytes(const character *c, char out[REPLACEMENT_MAX])
{
    for (int i = 0; i < c->n; i++)
        snprintf(out + 4 * i, 5, "\\x%02x", (unsigned char)c->bytes[i]);
    return out;
}

static void quote(lsc_text *t, const char *s, escape f)
{
    char buffer[REPLACEMENT_MAX];

    for (character c; *s != '\0'; s += c.n) {
        c = next(s);
        const char *text = f(&c, buffer);
        if (text != NULL)
            lsc_text_add_bytes(t, text, strlen(text));
        else
            lsc_text_add_bytes(t, c.bytes, (size_t)c.n);
    }
}

static const char *terminal(const character *c, char out[REPLACEMENT_MAX])
{
    return is_control(c) || is_deceiving(c) ? hex_bytes(c, out) : NULL;
}

void lsc_quote_terminal(lsc_text *t, const char *s)
{
    quote(t, s, terminal);
}

/* White space is kept as a reference, or attribute values would lose it; other controls cannot be in XML 1.0. */
static const char *xml(const character *c, char out[REPLACEMENT_MAX])
{
    switch (c->valid ? c->code : 0xffff) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    case 0xfffe:
    case 0xffff:
        return hex_bytes(c, out);
    default:
        return is_control(c) ? hex_bytes(c, out) : NULL;
    }
}

void lsc_quote_xml(lsc_text *t, const char *s)
{
    quote(t, s, xml);
}

static const char *html(const character *c, char out[REPLACEMENT_MAX])
{
    return is_deceiving(c) ? hex_bytes(c, out) : xml(c, out);
}

void lsc_quote_html(lsc_text *t, const char *s)
{
    quote(t, s, html);
}

static const char *csv(const character *c, char out[REPLACEMENT_MAX])
{
    return c->code == '"' ? "\"\"" : terminal(c, out);
}

static bool is_number(const char *s)
{
    char *end = NULL;
    if (s[strspn(s, "+-.0123456789eE")] != '\0')
        return false;
    strtod(s, &end);
    return end != s && *end == '\0';
}

/* A spreadsheet runs a cell that starts like a formula; a plain negative number may stay. */
void lsc_quote_csv(lsc_text *t, const char *s)
{
    bool formula = *s != '\0' && strchr("=+-@", *s) != NULL && !is_number(s);
    size_t n = strlen(s);
    bool quotes = strpbrk(s, ",;\"") != NULL || (n > 0 && (s[0] == ' ' || s[n - 1] == ' '));

    lsc_text_add(t, "%s%s", quotes ? "\"" : "", formula ? "'" : "");
    quote(t, s, csv);
    lsc_text_add(t, "%s", quotes ? "\"" : "");
}

/* A byte that is not UTF-8 becomes the surrogate by which Python itself stands for it (PEP 383). */
static const char *python(const character *c, char out[REPLACEMENT_MAX])
{
    if (c->code == '\\' || c->code == '"')
        snprintf(out, REPLACEMENT_MAX, "\\%c", (int)c->code);
    else if (!c->valid)
        snprintf(out, REPLACEMENT_MAX, "\\udc%02x", (unsigned)c->code);
    else if (is_control(c))
        snprintf(out, REPLACEMENT_MAX, "\\x%02x", (unsigned)c->code);
    else if (is_deceiving(c))
        snprintf(out, REPLACEMENT_MAX, "\\u%04x", (unsigned)c->code);
    else
        return NULL;
    return out;
}

void lsc_quote_python(lsc_text *t, const char *s)
{
    lsc_text_add(t, "\"");
    quote(t, s, python);
    lsc_text_add(t, "\"");
}

/* "</" and "<!" would end or hide a script element that the text is embedded in. */
static const char *json(const character *c, char out[REPLACEMENT_MAX])
{
    char follows = c->code == '<' ? c->bytes[1] : '\0';

    if (follows == '/')
        return "<\\"; /* and the slash follows */
    if (c->code == '\\' || c->code == '"')
        snprintf(out, REPLACEMENT_MAX, "\\%c", (int)c->code);
    else if (!c->valid)
        snprintf(out, REPLACEMENT_MAX, "\\\\x%02x", (unsigned)c->code);
    else if (is_control(c) || is_deceiving(c) || follows == '!')
        snprintf(out, REPLACEMENT_MAX, "\\u%04x", (unsigned)c->code);
    else
        return NULL;
    return out;
}

void lsc_quote_json(lsc_text *t, const char *s)
{
    lsc_text_add(t, "\"");
    quote(t, s, json);
    lsc_text_add(t, "\"");
}

void lsc_json_number(lsc_text *t, double value)
{
    if (isfinite(value))
        lsc_text_add(t, "%.17g", value);
    else
        lsc_text_add(t, "null");
}

const char *lsc_shown(const char *s, char *out, size_t n)
{
    char buffer[REPLACEMENT_MAX];
    size_t used = 0, cut = 0; /* cut: where "..." still fits */

    for (character c; *s != '\0'; s += c.n) {
        c = next(s);
        const char *text = terminal(&c, buffer);
        size_t length = text == NULL ? (size_t)c.n : strlen(text);
        if (used + length >= n) {
            snprintf(out + cut, n - cut, "...");
            return out;
        }
        memcpy(out + used, text == NULL ? c.bytes : text, length);
        used += length;
        if (used + 3 < n)
            cut = used;
    }
    out[used] = '\0';
    return out;
}
