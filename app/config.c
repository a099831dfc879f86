/*
 * Configuration by tables: defaults, one value from its text with type and range checked, and keys by name.
 * SPDX-License-Identifier: MIT
 */
#include "app/config.h"

#include <assert.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void *cfg_at(const cfg_section *section, int i)
{
    return (char *)section->values + section->fields[i].offset;
}

/* "0..1", and half-open ranges in words. */
static void describe_range(const cfg_field *f, char *out, size_t n)
{
    bool below = f->lo > -DBL_MAX, above = f->hi < DBL_MAX;

    if (below && above)
        snprintf(out, n, "%.10g..%.10g", f->lo, f->hi);
    else if (below)
        snprintf(out, n, "at least %.10g", f->lo);
    else if (above)
        snprintf(out, n, "at most %.10g", f->hi);
    else
        snprintf(out, n, "any");
}

void cfg_add_range(lsc_text *t, const cfg_field *field)
{
    char range[64];
    describe_range(field, range, sizeof range);
    lsc_text_add(t, "%s", range);
}

bool cfg_has_range(const cfg_field *f)
{
    return f->type == CFG_TYPE_INT || f->type == CFG_TYPE_REAL || f->type == CFG_TYPE_REALS;
}

lsc_status cfg_wrong(const cfg_field *f, const char *is)
{
    static const char *const words[] = {[CFG_TYPE_INT] = "a whole number, ",
                                        [CFG_TYPE_REAL] = "a number, ",
                                        [CFG_TYPE_BOOL] = "true or false",
                                        [CFG_TYPE_TEXT] = "text",
                                        [CFG_TYPE_REALS] = "a list of numbers, each ",
                                        [CFG_TYPE_WORDS] = "a list of words"};
    char range[64] = "";

    if (cfg_has_range(f))
        describe_range(f, range, sizeof range);
    return lsc_fail(LSC_ERR_CONFIG, "%s: is %s; it takes %s%s", f->key, is, words[f->type], range);
}

static lsc_status wrong_text(const cfg_field *f, const char *text)
{
    char shown[80], is[96];
    snprintf(is, sizeof is, "'%s'", lsc_shown(text, shown, sizeof shown));
    return cfg_wrong(f, is);
}

static lsc_status out_of_range(const cfg_field *f, const char *text)
{
    char shown[80], range[64];
    describe_range(f, range, sizeof range);
    return lsc_fail(LSC_ERR_CONFIG, "%s: %s is out of range (%s)", f->key, lsc_shown(text, shown, sizeof shown), range);
}

/* A decimal number and nothing else: strtod alone would take blanks, hexadecimal, "nan" and "infinity". */
static bool is_decimal(const char *text, const char *letters)
{
    return *text != '\0' && text[strspn(text, letters)] == '\0';
}

static lsc_status parse_real(const cfg_field *f, const char *text, double *out)
{
    char *end = NULL;
    double v = is_decimal(text, "+-.0123456789eE") ? strtod(text, &end) : NAN;

    if (end == NULL || *end != '\0' || end == text)
        return wrong_text(f, text);
    if (!(v >= f->lo && v <= f->hi))
        return out_of_range(f, text);
    *out = v;
    return LSC_OK;
}

static lsc_status parse_int(cfg_slot slot, const char *text)
{
    char *end = NULL;
    errno = 0;
    long long v = is_decimal(text, "+-0123456789") ? strtoll(text, &end, 10) : 0;

    if (end == NULL || *end != '\0' || end == text)
        return wrong_text(slot.field, text);
    if (errno == ERANGE || !((double)v >= slot.field->lo && (double)v <= slot.field->hi))
        return out_of_range(slot.field, text);
    *(int64_t *)slot.value = v;
    return LSC_OK;
}

static lsc_status parse_bool(cfg_slot slot, const char *text)
{
    static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE"}; /* YAML's core schema */

    for (size_t i = 0; i < LSC_COUNT(words); i++)
        if (strcmp(words[i], text) == 0) {
            *(bool *)slot.value = i % 2 == 1;
            return LSC_OK;
        }
    return wrong_text(slot.field, text);
}

/* The words of "sgd adam sam" into words[], cut up in `copy`; returns how many. */
#define WORDS_MAX 64
static int split(const char *text, char copy[1024], const char **words)
{
    int n = 0;
    char *rest = NULL;

    snprintf(copy, 1024, "%s", text);
    for (char *w = strtok_r(copy, " ", &rest); w != NULL && n < WORDS_MAX; w = strtok_r(NULL, " ", &rest))
        words[n++] = w;
    return n;
}

static lsc_status check_choice(const cfg_field *f, const char *text)
{
    char copy[1024], shown[80];
    const char *words[WORDS_MAX];
    int n = split(f->choices, copy, words);

    for (int i = 0; i < n; i++)
        if (strcmp(words[i], text) == 0)
            return LSC_OK;
    const char *near = cfg_nearest(text, words, n);
    lsc_shown(text, shown, sizeof shown);
    if (near != NULL)
        return lsc_fail(LSC_ERR_CONFIG, "%s: unknown '%s' (did you mean %s? known: %s)", f->key, shown, near,
                        f->choices);
    return lsc_fail(LSC_ERR_CONFIG, "%s: unknown '%s' (known: %s)", f->key, shown, f->choices);
}

static lsc_status parse_text(cfg_slot slot, const char *text)
{
    cfg_text *out = slot.value;
    size_t n = strlen(text);

    if (n >= CFG_TEXT_MAX)
        return lsc_fail(LSC_ERR_CONFIG, "%s: is %zu bytes long; at most %d are taken", slot.field->key, n,
                        CFG_TEXT_MAX - 1);
    lsc_status st = slot.field->choices == NULL ? LSC_OK : check_choice(slot.field, text);
    if (st == LSC_OK)
        memcpy(out->s, text, n + 1);
    return st;
}

lsc_status cfg_parse_element(cfg_slot slot, const char *text)
{
    cfg_reals *out = slot.value;
    double v = 0;

    if (out->n == CFG_REALS_MAX)
        return lsc_fail(LSC_ERR_CONFIG, "%s: has more than %d numbers", slot.field->key, CFG_REALS_MAX);
    lsc_status st = parse_real(slot.field, text, &v);
    if (st == LSC_OK)
        out->v[out->n++] = v;
    return st;
}

lsc_status cfg_add_word(cfg_slot slot, const char *word)
{
    lsc_status st = LSC_OK;
    cfg_text *out = slot.value;
    const size_t used = strlen(out->s), gap = used > 0, n = strlen(word);
    char shown[80];

    LSC_CHECK(n > 0 && strpbrk(word, ", \t\n") == NULL, LSC_ERR_CONFIG,
              "%s: '%s' is no word: it must have no spaces or commas", slot.field->key,
              lsc_shown(word, shown, sizeof shown));
    LSC_CHECK(used + gap + n < CFG_TEXT_MAX, LSC_ERR_CONFIG, "%s: has more than %d bytes", slot.field->key,
              CFG_TEXT_MAX - 1);
    if (gap > 0)
        out->s[used] = ' ';
    memcpy(out->s + used + gap, word, n + 1);
cleanup:
    return st;
}

/* "0, 30, 60", "0 30 60" or "[0, 30, 60]", of less than `room` bytes: each element is given to `add`. */
static lsc_status parse_list(cfg_slot list, const char *text, size_t room,
                             lsc_status (*add)(cfg_slot list, const char *element))
{
    lsc_status st = LSC_OK;
    char copy[2 * CFG_TEXT_MAX], *rest = NULL;
    const size_t n = strlen(text);
    const bool brackets = n >= 2 && text[0] == '[' && text[n - 1] == ']';

    LSC_CHECK(n < room, LSC_ERR_CONFIG, "%s: is %zu bytes long; at most %zu are taken", list.field->key, n, room - 1);
    snprintf(copy, sizeof copy, "%.*s", (int)(brackets ? n - 2 : n), brackets ? text + 1 : text);
    for (char *w = strtok_r(copy, ", ", &rest); w != NULL; w = strtok_r(NULL, ", ", &rest))
        LSC_TRY(add(list, w));
cleanup:
    return st;
}

static lsc_status parse_reals(cfg_slot slot, const char *text)
{
    cfg_reals values = {0};
    lsc_status st = parse_list((cfg_slot){slot.field, &values}, text, CFG_TEXT_MAX, cfg_parse_element);
    if (st == LSC_OK)
        *(cfg_reals *)slot.value = values;
    return st;
}

static lsc_status parse_words(cfg_slot slot, const char *text)
{
    cfg_text words = {""};
    lsc_status st = parse_list((cfg_slot){slot.field, &words}, text, (size_t)2 * CFG_TEXT_MAX, cfg_add_word);
    if (st == LSC_OK)
        *(cfg_text *)slot.value = words;
    return st;
}

lsc_status cfg_parse(cfg_slot slot, const char *text)
{
    switch (slot.field->type) {
    case CFG_TYPE_INT:
        return parse_int(slot, text);
    case CFG_TYPE_REAL:
        return parse_real(slot.field, text, slot.value);
    case CFG_TYPE_BOOL:
        return parse_bool(slot, text);
    case CFG_TYPE_REALS:
        return parse_reals(slot, text);
    case CFG_TYPE_WORDS:
        return parse_words(slot, text);
    case CFG_TYPE_TEXT:
        break;
    }
    return parse_text(slot, text);
}

void cfg_defaults(const cfg_section *sections, int n)
{
    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++) {
            cfg_slot slot = {&sections[s].fields[i], cfg_at(&sections[s], i)};
            lsc_status st = cfg_parse(slot, slot.field->initial);
            (void)st;
            assert(st == LSC_OK); /* the row itself is wrong */
        }
}

/* The shortest text that reads back to the same double. */
void cfg_add_real(lsc_text *t, double v)
{
    char text[32];

    if (isinf(v))
        snprintf(text, sizeof text, "%s", v > 0 ? "1e999" : "-1e999"); /* reads back as infinity everywhere */
    else
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, v);
            if (strtod(text, NULL) == v)
                break;
        }
    lsc_text_add(t, "%s", text);
}

void cfg_add_value(lsc_text *t, const cfg_field *f, const void *value)
{
    const cfg_reals *reals = value;

    switch (f->type) {
    case CFG_TYPE_INT:
        lsc_text_add(t, "%lld", (long long)*(const int64_t *)value);
        return;
    case CFG_TYPE_REAL:
        cfg_add_real(t, *(const double *)value);
        return;
    case CFG_TYPE_BOOL:
        lsc_text_add(t, "%s", *(const bool *)value ? "true" : "false");
        return;
    case CFG_TYPE_TEXT:
    case CFG_TYPE_WORDS:
        lsc_text_add(t, "%s", ((const cfg_text *)value)->s);
        return;
    case CFG_TYPE_REALS:
        for (int i = 0; i < reals->n; i++) {
            lsc_text_add(t, "%s", i == 0 ? "" : ", ");
            cfg_add_real(t, reals->v[i]);
        }
        return;
    }
}

lsc_status cfg_set(const char *where, const char *assignment, const cfg_section *sections, int n)
{
    lsc_status st = LSC_OK;
    char key[128], shown[128];
    const char *equals = strchr(assignment, '=');

    LSC_CHECK(equals != NULL, LSC_ERR_CONFIG, "'%s' is not KEY=VALUE", lsc_shown(assignment, shown, sizeof shown));
    LSC_CHECK(equals - assignment < (ptrdiff_t)sizeof key, LSC_ERR_CONFIG, "the key of '%s' is too long",
              lsc_shown(assignment, shown, sizeof shown));
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    cfg_slot slot = cfg_find(sections, n, key);
    if (slot.field == NULL)
        LSC_TRY(cfg_unknown(sections, n, key));
    LSC_TRY(cfg_parse(slot, equals + 1));
cleanup:
    return lsc_context(st, "%s", where);
}
