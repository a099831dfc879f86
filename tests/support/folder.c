/*
 * A folder for each test, and the files of tests.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <dirent.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128];

/* Texts handed out to the test; they live until the next test's folder is made. */
#define PATHS_MAX 256
static char *paths[PATHS_MAX];
static int n_paths;

static const char *keep(char *text)
{
    assert_non_null(text);
    assert_true(n_paths < PATHS_MAX);
    return paths[n_paths++] = text;
}

static void forget(void)
{
    while (n_paths > 0)
        lsc_free(paths[--n_paths]);
}

int test_folder_make(void **state)
{
    const char *parent = getenv("TMPDIR");
    (void)state;
    forget();
    snprintf(folder, sizeof folder, "%s/losscope-test-XXXXXX", parent == NULL ? "/tmp" : parent);
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static int open_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)where;
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path, info->st_mode | 0700); /* a test may have taken the rights */
    return 0;
}

int test_folder_remove(void **state)
{
    (void)state;
    forget();
    nftw(folder, open_entry, 16, FTW_PHYS);
    int failed = nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
    return failed;
}

const char *test_folder(void)
{
    assert_true(folder[0] != '\0'); /* list the test by TEST_IN_FOLDER */
    return folder;
}

const char *test_path(const char *format, ...)
{
    char name[512];
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return keep(lsc_path_join(test_folder(), name));
}

const char *golden_path(const char *name)
{
    return keep(lsc_format("%s/tests/golden/%s", LSC_SOURCE_DIR, name));
}

const char *source_path(const char *name)
{
    return keep(lsc_format("%s/%s", LSC_SOURCE_DIR, name));
}

/* Not by lsc_file_write, which is under test itself. */
void test_write(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        fail_msg("cannot write %s", path);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

void test_write_text(const char *path, const char *text)
{
    test_write(path, text, strlen(text));
}

char *test_read(const char *path, size_t *n)
{
    struct stat info;
    FILE *f = fopen(path, "rb");
    if (f == NULL || fstat(fileno(f), &info) != 0)
        fail_msg("cannot read %s", path);
    char *text = lsc_calloc((size_t)info.st_size + 1, 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)info.st_size, f), info.st_size);
    fclose(f);
    if (n != NULL)
        *n = (size_t)info.st_size;
    return text;
}

int test_folder_entries(void)
{
    int n = 0;
    DIR *d = opendir(test_folder());
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}
