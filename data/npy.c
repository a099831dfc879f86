/*
 * NumPy's .npy: magic, version, length of the header (2 bytes in version 1, 4 in 2 and 3, little-endian), a header,
 * the values. The header is a literal of Python,
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }
 * read here by a scanner that knows these three keys and nothing else.
 * Source: numpy.lib.format, "NPY format" (versions 1.0 to 3.0).
 * SPDX-License-Identifier: MIT
 */
#include "data/npy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define NPY_HEADER_MAX 65536
#define NPY_DIM_MAX    ((int64_t)1 << 40)
#define NPY_WORD_MAX   32

/* What is left of the header's text; once it is broken, the place where it is. */
typedef struct {
    const char *at;
    bool broken;
} scanner;

static void skip_spaces(scanner *s)
{
    s->at += strspn(s->at, " \t\n");
}

static bool accept(scanner *s, char c)
{
    if (s->broken)
        return false;
    skip_spaces(s);
    if (*s->at != c)
        return false;
    s->at++;
    return true;
}

static void expect(scanner *s, char c)
{
    if (!accept(s, c))
        s->broken = true;
}

/* The n bytes from `from` as a text, if they fit. */
static void keep(scanner *s, const char *from, size_t n, char word[NPY_WORD_MAX])
{
    word[0] = '\0';
    if (n >= NPY_WORD_MAX) {
        s->broken = true;
        return;
    }
    memcpy(word, from, n);
    word[n] = '\0';
}

/* 'text' or "text" */
static void quoted(scanner *s, char word[NPY_WORD_MAX])
{
    skip_spaces(s);
    char quote[2] = {*s->at == '"' ? '"' : '\'', '\0'};
    expect(s, quote[0]);
    if (s->broken)
        return;
    size_t n = strcspn(s->at, quote);
    keep(s, s->at, n, word);
    s->at += n;
    expect(s, quote[0]);
}

static int64_t number(scanner *s)
{
    int64_t value = 0;
    skip_spaces(s);
    if (strspn(s->at, "0123456789") == 0)
        s->broken = true;
    for (; *s->at >= '0' && *s->at <= '9'; s->at++)
        value = value < NPY_DIM_MAX ? value * 10 + (*s->at - '0') : value;
    return value;
}

/* (), (3,), (3, 4): dimensions beyond the most are counted only. */
static void tuple(scanner *s, ds_npy *a)
{
    expect(s, '(');
    while (!s->broken && !accept(s, ')')) {
        int64_t dim = number(s);
        if (a->rank < NPY_RANK_MAX)
            a->dim[a->rank] = dim;
        a->rank++;
        if (!accept(s, ',')) {
            expect(s, ')');
            break;
        }
    }
}

static void boolean(scanner *s, char word[NPY_WORD_MAX])
{
    skip_spaces(s);
    size_t n = strspn(s->at, "TrueFals");
    keep(s, s->at, n, word);
    s->at += n;
    if (strcmp(word, "True") != 0 && strcmp(word, "False") != 0)
        s->broken = true;
}

/* The three keys in any order, each once. Empty words: keys that are missing. */
static void dictionary(scanner *s, ds_npy *a, char descr[NPY_WORD_MAX], char order[NPY_WORD_MAX])
{
    char key[NPY_WORD_MAX];
    a->rank = 0;
    expect(s, '{');
    while (!s->broken && !accept(s, '}')) {
        quoted(s, key);
        expect(s, ':');
        if (strcmp(key, "descr") == 0 && descr[0] == '\0')
            quoted(s, descr);
        else if (strcmp(key, "fortran_order") == 0 && order[0] == '\0')
            boolean(s, order);
        else if (strcmp(key, "shape") == 0 && a->rank == 0)
            tuple(s, a);
        else
            s->broken = true;
        accept(s, ',');
    }
    skip_spaces(s);
    if (*s->at != '\0' || descr[0] == '\0' || order[0] == '\0')
        s->broken = true;
}

static lsc_status read_type(const char *path, const char *descr, ds_npy *a)
{
    lsc_status st = LSC_OK;
    char shown[64];
    bool known = strlen(descr) == 3 && strchr("|<>", descr[0]) != NULL && strchr("uif", descr[1]) != NULL &&
                 strchr("1248", descr[2]) != NULL;
    lsc_shown(descr, shown, sizeof shown);
    LSC_CHECK(known, LSC_ERR_FORMAT, "%s: values of type '%s', must be integers or floats of 1 to 8 bytes", path,
              shown);
    LSC_CHECK(descr[0] != '>', LSC_ERR_FORMAT, "%s: values of type '%s', must be little-endian ('<%s')", path, shown,
              descr + 1);
    a->type = descr[1];
    a->size = descr[2] - '0';
cleanup:
    return st;
}

static lsc_status read_shape(const char *path, ds_npy *a)
{
    lsc_status st = LSC_OK;
    LSC_CHECK(a->rank >= 1 && a->rank <= NPY_RANK_MAX, LSC_ERR_FORMAT, "%s: an array of %d dimensions, must be 1 to %d",
              path, a->rank, NPY_RANK_MAX);
    a->count = 1;
    for (int i = 0; i < a->rank; i++) {
        LSC_CHECK(a->dim[i] >= 1 && a->dim[i] <= NPY_DIM_MAX / a->count, LSC_ERR_FORMAT,
                  "%s: dimension %d is %lld, must be 1 or more, and no more than 2^40 values in all", path, i,
                  (long long)a->dim[i]);
        a->count *= a->dim[i];
    }
cleanup:
    return st;
}

static lsc_status read_header(const char *path, const char *text, ds_npy *a)
{
    lsc_status st = LSC_OK;
    scanner s = {.at = text};
    char descr[NPY_WORD_MAX] = "", order[NPY_WORD_MAX] = "";

    dictionary(&s, a, descr, order);
    LSC_CHECK(!s.broken, LSC_ERR_FORMAT,
              "%s: character %d of the header: must be {'descr': '<f4', 'fortran_order': False, 'shape': (...)}", path,
              (int)(s.at - text));
    LSC_CHECK(strcmp(order, "False") == 0, LSC_ERR_FORMAT,
              "%s: the values are in Fortran order, must be in C order (numpy.ascontiguousarray)", path);
    LSC_TRY(read_type(path, descr, a));
    LSC_TRY(read_shape(path, a));
cleanup:
    return st;
}

/* Length of the header, from the bytes before it; *n_before of them. */
static lsc_status read_magic(FILE *file, const char *path, size_t *n_before, size_t *n)
{
    lsc_status st = LSC_OK;
    uint8_t b[12];

    LSC_CHECK(fread(b, 1, 10, file) == 10 && memcmp(b, "\x93NUMPY", 6) == 0, LSC_ERR_FORMAT,
              "%s: byte 0: not a .npy file (numpy.save writes them)", path);
    LSC_CHECK(b[6] >= 1 && b[6] <= 3, LSC_ERR_FORMAT, "%s: byte 6: version %d, must be 1 to 3", path, b[6]);
    *n_before = b[6] == 1 ? 10 : 12;
    *n = (size_t)b[8] | (size_t)b[9] << 8;
    if (b[6] > 1) {
        LSC_CHECK(fread(b + 10, 1, 2, file) == 2, LSC_ERR_FORMAT, "%s: byte 10: the file ends", path);
        *n |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    }
    LSC_CHECK(*n <= NPY_HEADER_MAX, LSC_ERR_FORMAT, "%s: byte 8: a header of %zu bytes, must be at most %d", path, *n,
              NPY_HEADER_MAX);
cleanup:
    return st;
}

/* Everything before the values, and whether as many follow as it promises. */
static lsc_status read_before(FILE *file, const char *path, ds_npy *a)
{
    lsc_status st = LSC_OK;
    char *text = NULL;
    size_t before = 0, n = 0;
    struct stat info;

    LSC_CHECK(fstat(fileno(file), &info) == 0, LSC_ERR_IO, "%s: %s", path, strerror(errno));
    LSC_TRY(read_magic(file, path, &before, &n));
    LSC_NEW(text, n + 1);
    LSC_CHECK(fread(text, 1, n, file) == n, LSC_ERR_FORMAT, "%s: byte %zu: the file ends inside its header", path,
              before);
    LSC_CHECK(strlen(text) == n, LSC_ERR_FORMAT, "%s: byte %zu: a zero byte in the header", path,
              before + strlen(text));
    LSC_TRY(read_header(path, text, a));
    int64_t promised = (int64_t)(before + n) + a->count * a->size;
    LSC_CHECK(promised == info.st_size, LSC_ERR_FORMAT, "%s: %lld bytes, by its header it must have %lld", path,
              (long long)info.st_size, (long long)promised);
cleanup:
    lsc_free(text);
    return st;
}

lsc_status ds_npy_open(const char *path, ds_npy *out)
{
    lsc_status st = LSC_OK;
    ds_npy a = {0};

    a.path = lsc_strdup(path);
    LSC_CHECK(a.path != NULL, LSC_ERR_NOMEM, "no memory for the path %s", path);
    LSC_TRY(lsc_check_regular(path));
    a.file = fopen(path, "rbe");
    LSC_CHECK(a.file != NULL, LSC_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    LSC_TRY(read_before(a.file, path, &a));
    *out = a;
    a = (ds_npy){0};
cleanup:
    ds_npy_close(&a);
    return st;
}

void ds_npy_close(ds_npy *a)
{
    if (a->file != NULL)
        fclose(a->file);
    lsc_free(a->path);
    *a = (ds_npy){0};
}

lsc_status ds_npy_read(ds_npy *a, void *values, int64_t n)
{
    lsc_status st = LSC_OK;
    errno = 0;
    LSC_CHECK(fread(values, (size_t)a->size, (size_t)n, a->file) == (size_t)n, LSC_ERR_IO, "%s: cannot read: %s",
              a->path, errno != 0 ? strerror(errno) : "the file ends");
cleanup:
    return st;
}
