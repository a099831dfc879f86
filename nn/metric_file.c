/*
 * Score files: text, one item a line, docs/score-format.md:
 *     SCORE LIVE [SPECIES [DOMAIN [VIDEO [SUBJECT]]]]
 * The first two columns alone are what the released evaluation of GAC-FAS writes.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES ((size_t)1 << 30)
#define COLUMNS_MAX    6

static const char head[] = "# score live species domain video subject\n";

void nn_score_set_fini(nn_score_set *s)
{
    lsc_free(s->rows);
    lsc_free(s->species);
    *s = (nn_score_set){0};
}

static lsc_status wrong(const char *what, const char *word, const char *right)
{
    char shown[64];
    return lsc_fail(LSC_ERR_FORMAT, "%s is '%s', it must be %s", what, lsc_shown(word, shown, sizeof shown), right);
}

static lsc_status read_score(const char *word, double *out)
{
    char *end;
    *out = strtod(word, &end);
    return *end == '\0' && end != word && isfinite(*out) ? LSC_OK : wrong("the score", word, "a finite number");
}

static lsc_status read_number(const char *what, const char *word, int32_t *out)
{
    char *end;
    errno = 0;
    const long long v = strcmp(word, "-") == 0 ? -1 : strtoll(word, &end, 10);
    const bool number = strcmp(word, "-") == 0 || (*end == '\0' && end != word && errno == 0 && v >= 0);
    if (!number || v > INT32_MAX)
        return wrong(what, word, "a number from 0 on, or -");
    *out = (int32_t)v;
    return LSC_OK;
}

/* The number of a species' name, which is added if it is new. */
static lsc_status read_species(nn_score_set *s, const char *word, int32_t *out)
{
    lsc_status st = LSC_OK;
    int k = 0;

    *out = -1;
    if (strcmp(word, "-") == 0)
        return LSC_OK;
    if (strlen(word) >= NN_SPECIES_NAME_MAX)
        return wrong("the species", word, "shorter than 32 bytes");
    while (k < s->n_species && strcmp(s->species[k].s, word) != 0)
        k++;
    LSC_CHECK(k < NN_SPECIES_MAX, LSC_ERR_FORMAT, "there are more than %d species", NN_SPECIES_MAX);
    if (k == s->n_species) {
        snprintf(s->species[k].s, NN_SPECIES_NAME_MAX, "%s", word);
        s->n_species++;
    }
    *out = k;
cleanup:
    return st;
}

/* The words of a line, which is cut up; returns how many there are, at most COLUMNS_MAX + 1. */
static int split(char *line, char *word[COLUMNS_MAX + 1])
{
    int n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(line, " \t\r", &rest); w != NULL && n <= COLUMNS_MAX; w = strtok_r(NULL, " \t\r", &rest))
        word[n++] = w;
    return n;
}

static lsc_status read_row(nn_score_set *s, char *line)
{
    lsc_status st = LSC_OK;
    char *word[COLUMNS_MAX + 1] = {0};
    const int n = split(line, word);
    nn_score row = {.species = -1, .video = -1, .subject = -1};

    if (n == 0)
        return LSC_OK;
    LSC_CHECK(n >= 2 && n <= COLUMNS_MAX, LSC_ERR_FORMAT,
              "%d columns, a line has 2 to 6: score live species domain video subject", n);
    LSC_TRY(read_score(word[0], &row.score));
    if (strcmp(word[1], "0") != 0 && strcmp(word[1], "1") != 0)
        LSC_TRY(wrong("live", word[1], "1 for live or 0 for an attack"));
    row.live = word[1][0] == '1';
    if (n > 2)
        LSC_TRY(read_species(s, word[2], &row.species));
    if (n > 3)
        LSC_TRY(read_number("the domain", word[3], &row.domain));
    if (n > 4)
        LSC_TRY(read_number("the video", word[4], &row.video));
    if (n > 5)
        LSC_TRY(read_number("the subject", word[5], &row.subject));
    s->rows[s->n++] = row;
cleanup:
    return st;
}

static lsc_status read_lines(const char *path, char *text, nn_score_set *s)
{
    lsc_status st = LSC_OK;
    long long number = 0;

    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        number++;
        line[strcspn(line, "#")] = '\0';
        LSC_TRY(lsc_context(read_row(s, line), "%s:%lld", path, number));
    }
cleanup:
    return st;
}

lsc_status nn_scores_read(const char *path, nn_score_set *out)
{
    lsc_status st = LSC_OK;
    nn_score_set s = {0};
    uint8_t *bytes = NULL;
    size_t size = 0;
    int64_t lines = 1;

    LSC_TRY(lsc_input_read(path, FILE_MAX_BYTES, &bytes, &size));
    LSC_CHECK(memchr(bytes, '\0', size) == NULL, LSC_ERR_FORMAT, "%s: has a zero byte: not a file of scores", path);
    for (size_t i = 0; i < size; i++)
        lines += bytes[i] == '\n';
    LSC_NEW(s.rows, lines);
    LSC_NEW(s.species, NN_SPECIES_MAX);
    LSC_TRY(read_lines(path, (char *)bytes, &s));
    LSC_CHECK(s.n > 0, LSC_ERR_FORMAT, "%s: has no scores", path);
    *out = s;
    s = (nn_score_set){0};
cleanup:
    nn_score_set_fini(&s);
    lsc_free(bytes);
    return st;
}

static void add_number(lsc_text *t, int32_t v)
{
    if (v < 0)
        lsc_text_add(t, " -");
    else
        lsc_text_add(t, " %d", v);
}

lsc_status nn_scores_write(const char *path, const nn_score_set *s)
{
    lsc_status st = LSC_OK;
    lsc_text t = {0};

    lsc_text_add(&t, "%s", head);
    for (int64_t i = 0; i < s->n; i++) {
        const nn_score *row = &s->rows[i];
        const bool named = row->species >= 0 && row->species < s->n_species;
        lsc_text_add(&t, "%.17g %d %s", row->score, row->live != 0, named ? s->species[row->species].s : "-");
        add_number(&t, row->domain);
        add_number(&t, row->video);
        add_number(&t, row->subject);
        lsc_text_add(&t, "\n");
    }
    LSC_CHECK(!t.failed, LSC_ERR_NOMEM, "no memory for %s", path);
    LSC_TRY(lsc_file_write(path, t.text, t.length));
cleanup:
    lsc_text_free(&t);
    return st;
}
