/*
 * Keys of a configuration by name: finding a row, the nearest name of a mistyped one, keys given twice.
 * SPDX-License-Identifier: MIT
 */
#include "app/config.h"

#include <string.h>

cfg_slot cfg_find(const cfg_section *sections, int n, const char *key)
{
    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++)
            if (strcmp(sections[s].fields[i].key, key) == 0)
                return (cfg_slot){&sections[s].fields[i], cfg_at(&sections[s], i)};
    return (cfg_slot){0};
}

bool cfg_is_section(const cfg_section *sections, int n, const char *key)
{
    size_t length = strlen(key);

    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++)
            if (strncmp(sections[s].fields[i].key, key, length) == 0 && sections[s].fields[i].key[length] == '.')
                return true;
    return false;
}

#define WORD_MAX 64

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits between two words: insert, delete, replace, swap two neighbours (optimal string alignment). */
static int distance(const char *a, const char *b)
{
    int rows[3][WORD_MAX + 1]; /* of i - 2, i - 1, i, modulo 3 */
    int na = (int)strlen(a), nb = (int)strlen(b);

    if (na > WORD_MAX || nb > WORD_MAX)
        return WORD_MAX;
    for (int j = 0; j <= nb; j++)
        rows[0][j] = j;
    for (int i = 1; i <= na; i++) {
        const int *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
        int *row = rows[i % 3];
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            row[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]), least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[na % 3][nb];
}

/* One typing error in short words, two from eight letters on, and so on. */
static int allowed(const char *word)
{
    return 1 + (int)strlen(word) / 5;
}

const char *cfg_nearest(const char *word, const char *const *words, int n)
{
    int best = allowed(word) + 1;
    const char *near = NULL;

    for (int i = 0; i < n; i++) {
        int d = distance(word, words[i]);
        if (d < best) {
            best = d;
            near = words[i];
        }
    }
    return near;
}

/* As many components of `key` as `like` has: "train" of "train.lr" for "trian". */
static void cut(const char *key, const char *like, char out[WORD_MAX + 1])
{
    size_t n = 0;
    int dots = 0;

    for (const char *p = like; *p != '\0'; p++)
        dots += *p == '.';
    for (; key[n] != '\0' && n < WORD_MAX; n++)
        if (key[n] == '.' && dots-- == 0)
            break;
    memcpy(out, key, n);
    out[n] = '\0';
}

/* The key, or its beginning, nearest to an unknown one; "" if none is near. */
static void nearest_key(const cfg_section *sections, int n, const char *key, char out[WORD_MAX + 1])
{
    int best = allowed(key) + 1;

    out[0] = '\0';
    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++) {
            char candidate[WORD_MAX + 1];
            cut(sections[s].fields[i].key, key, candidate);
            int d = distance(key, candidate);
            if (d < best) {
                best = d;
                memcpy(out, candidate, sizeof candidate);
            }
        }
}

/* The last component may stand under another section: "data.epochs" for "train.epochs". */
static const char *key_elsewhere(const cfg_section *sections, int n, const char *key)
{
    const char *dot = strrchr(key, '.'), *last = dot == NULL ? key : dot + 1;

    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++) {
            const char *candidate = sections[s].fields[i].key, *tail = strrchr(candidate, '.');
            if (tail != NULL && strcmp(tail + 1, last) == 0)
                return candidate;
        }
    return NULL;
}

static bool is_listed(const lsc_text *t, const char *word)
{
    const size_t length = strlen(word);
    const char *at = t->text;
    while (at != NULL && (at = strstr(at, word)) != NULL) {
        if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\0')) /* each stands behind a space */
            return true;
        at += length;
    }
    return false;
}

/* What may stand in the place of the key: its neighbours, where its section is known, or the sections. */
static void list_known(const cfg_section *sections, int n, const char *key, lsc_text *t)
{
    char section[WORD_MAX + 1], candidate[WORD_MAX + 1];
    const char *dot = strrchr(key, '.');

    snprintf(section, sizeof section, "%.*s", dot == NULL ? 0 : (int)(dot - key), key);
    bool known = dot != NULL && cfg_is_section(sections, n, section);
    size_t length = strlen(section);
    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++) {
            cut(sections[s].fields[i].key, known ? key : "", candidate);
            bool beside = !known || (strncmp(candidate, section, length) == 0 && candidate[length] == '.');
            if (beside && !is_listed(t, candidate))
                lsc_text_add(t, " %s", candidate);
        }
}

/* The section that a key was meant to be of, as the beginning of a message's end; "" where none is near. */
static void nearest_section(const cfg_section *sections, int n, const char *key, char out[WORD_MAX + 32])
{
    char section[WORD_MAX + 1], near[WORD_MAX + 1];
    const char *dot = strchr(key, '.');

    out[0] = '\0';
    snprintf(section, sizeof section, "%.*s", dot == NULL ? 0 : (int)(dot - key), key);
    if (dot == NULL || cfg_is_section(sections, n, section))
        return;
    nearest_key(sections, n, section, near);
    if (near[0] != '\0')
        snprintf(out, WORD_MAX + 32, "did you mean a key of %s? ", near);
}

lsc_status cfg_unknown(const cfg_section *sections, int n, const char *key)
{
    char near[WORD_MAX + 1], shown[WORD_MAX + 1], inside[WORD_MAX + 2], hint[WORD_MAX + 32];
    bool section = cfg_is_section(sections, n, key);
    lsc_text known = {0};

    lsc_shown(key, shown, sizeof shown);
    nearest_key(sections, n, key, near);
    const char *meant = near[0] == '\0' ? key_elsewhere(sections, n, key) : near;
    if (meant != NULL && !section)
        return lsc_fail(LSC_ERR_CONFIG, "%s: unknown key (did you mean %s?)", shown, meant);
    snprintf(inside, sizeof inside, "%s.", shown);
    nearest_section(sections, n, key, hint);
    list_known(sections, n, section ? inside : key, &known);
    lsc_status st = known.failed ? lsc_fail(LSC_ERR_NOMEM, "%s: no memory for the list of known keys", shown)
                                 : lsc_fail(LSC_ERR_CONFIG, "%s: %s (%sknown:%s)", shown,
                                            section ? "is a section, no key" : "unknown key", hint,
                                            known.text == NULL ? " none" : known.text);
    lsc_text_free(&known);
    return st;
}

lsc_status cfg_once(cfg_reader *r, const char *key)
{
    lsc_status st = LSC_OK;
    lsc_text line = {0};

    lsc_text_add(&line, "\n%s\n", key);
    LSC_CHECK(!line.failed, LSC_ERR_NOMEM, "no memory for the keys of a configuration");
    LSC_CHECK(r->seen.text == NULL || strstr(r->seen.text, line.text) == NULL, LSC_ERR_CONFIG,
              "%s: is given a second time", key);
    lsc_text_add(&r->seen, "%s", line.text);
    LSC_CHECK(!r->seen.failed, LSC_ERR_NOMEM, "no memory for the keys of a configuration");
cleanup:
    lsc_text_free(&line);
    return st;
}
