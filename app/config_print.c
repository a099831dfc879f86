/*
 * A configuration as YAML with its documentation, and the list of all keys.
 * SPDX-License-Identifier: MIT
 */
#include "app/config.h"

#include <string.h>

/* Text that means the same in YAML with and without quotes. */
static bool is_plain(const char *s)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-";
    return *s != '\0' && *s != '-' && strspn(s, safe) == strlen(s) && strcmp(s, "null") != 0;
}

static void add_yaml_value(lsc_text *t, const cfg_field *f, const void *value)
{
    if (f->type == CFG_TYPE_REALS)
        lsc_text_add(t, "[");
    if (f->type == CFG_TYPE_WORDS && ((const cfg_text *)value)->s[0] == '\0')
        lsc_text_add(t, "[]");
    else if ((f->type == CFG_TYPE_TEXT || f->type == CFG_TYPE_WORDS) && !is_plain(((const cfg_text *)value)->s))
        lsc_quote_json(t, ((const cfg_text *)value)->s); /* JSON's strings are YAML's too */
    else
        cfg_add_value(t, f, value);
    if (f->type == CFG_TYPE_REALS)
        lsc_text_add(t, "]");
}

char *cfg_to_yaml(const cfg_section *sections, int n)
{
    lsc_text t = {0};

    lsc_text_add(&t, "%s", "");
    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++) {
            const cfg_field *f = &sections[s].fields[i];
            lsc_text_add(&t, "%s: ", f->key);
            add_yaml_value(&t, f, cfg_at(&sections[s], i));
            lsc_text_add(&t, "  # %s\n", f->doc);
        }
    if (t.failed)
        lsc_text_free(&t);
    return t.text;
}

static void print_field(const cfg_field *f)
{
    static const char *const types[] = {
        [CFG_TYPE_INT] = "whole number", [CFG_TYPE_REAL] = "number",           [CFG_TYPE_BOOL] = "true or false",
        [CFG_TYPE_TEXT] = "text",        [CFG_TYPE_REALS] = "list of numbers", [CFG_TYPE_WORDS] = "list of words"};
    lsc_text range = {0};

    if (f->choices != NULL)
        lsc_text_add(&range, ": one of %s", f->choices);
    else if (cfg_has_range(f)) {
        lsc_text_add(&range, ", ");
        cfg_add_range(&range, f);
    }
    printf("  %-24s %s\n  %-24s %s%s; default %s\n", f->key, f->doc, "", types[f->type],
           range.failed || range.text == NULL ? "" : range.text, f->initial[0] == '\0' ? "empty" : f->initial);
    lsc_text_free(&range);
}

void cfg_print_help(const cfg_section *sections, int n)
{
    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++)
            print_field(&sections[s].fields[i]);
}
