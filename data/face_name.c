/*
 * Reading the names of videos, as the four public sets have them.
 * SPDX-License-Identifier: MIT
 */
#include "data/face_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *const ds_attack_names[DS_N_ATTACKS] = {"print", "replay", "other"};

#define LAST_WORDS 4

/* The last words of a name, which "_" parts; word[0] is the last one. */
typedef struct {
    const char *word[LAST_WORDS];
    size_t length[LAST_WORDS];
    int n;
} last_words;

static last_words find_last(const char *name)
{
    last_words w = {.n = 0};
    const char *end = name + strlen(name);
    while (w.n < LAST_WORDS && end > name) {
        const char *start = end;
        while (start > name && start[-1] != '_')
            start--;
        w.word[w.n] = start;
        w.length[w.n++] = (size_t)(end - start);
        end = start > name ? start - 1 : name;
    }
    return w;
}

static bool is_number(const last_words *w, int i)
{
    if (i >= w->n || w->length[i] == 0 || w->length[i] > 8)
        return false;
    for (size_t k = 0; k < w->length[i]; k++) {
        if (!isdigit((unsigned char)w->word[i][k]))
            return false;
    }
    return true;
}

static bool is_word(const last_words *w, int i, const char *text)
{
    return i < w->n && w->length[i] == strlen(text) && strncmp(w->word[i], text, w->length[i]) == 0;
}

static bool is_casia(const last_words *w)
{
    return is_number(w, 0) && (is_word(w, 1, "NM") || is_word(w, 1, "HR")) && is_number(w, 2);
}

static bool is_oulu(const last_words *w)
{
    return is_number(w, 0) && is_number(w, 1) && is_number(w, 2) && is_number(w, 3);
}

static ds_attack casia_species(const last_words *w)
{
    const long k = strtol(w->word[0], NULL, 10);
    const bool print = is_word(w, 1, "NM") ? k >= 3 && k <= 6 : k == 2 || k == 3;
    const bool replay = is_word(w, 1, "NM") ? k == 7 || k == 8 : k == 4;
    return print ? DS_PRINT : replay ? DS_REPLAY : DS_OTHER_ATTACK;
}

static ds_attack oulu_species(const last_words *w)
{
    const long file = strtol(w->word[0], NULL, 10);
    return file == 2 || file == 3 ? DS_PRINT : file == 4 || file == 5 ? DS_REPLAY : DS_OTHER_ATTACK;
}

ds_attack ds_face_name_attack(const char *name)
{
    const last_words w = find_last(name);
    if (is_casia(&w))
        return casia_species(&w);
    if (is_oulu(&w))
        return oulu_species(&w);
    if (strstr(name, "print") != NULL || strstr(name, "photo") != NULL)
        return DS_PRINT;
    if (strstr(name, "video") != NULL || strstr(name, "attack_mobile") != NULL ||
        strstr(name, "attack_highdef") != NULL)
        return DS_REPLAY;
    return DS_OTHER_ATTACK;
}

const char *ds_face_name_subject(const char *name, size_t *length)
{
    static const char client[] = "client";
    const last_words w = find_last(name);
    const char *at = strstr(name, client);

    if (at != NULL && isdigit((unsigned char)at[sizeof client - 1])) {
        at += sizeof client - 1;
        *length = strspn(at, "0123456789");
        return at;
    }
    const int i = is_casia(&w) ? 2 : is_oulu(&w) ? 1 : -1;
    if (i < 0)
        return NULL;
    *length = w.length[i];
    return w.word[i];
}
