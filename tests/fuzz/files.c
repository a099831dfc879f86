/*
 * Files in memory, to which links in a folder lead: a disk would be the slowest part.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILES_MAX 4

typedef struct {
    const char *name;
    int fd;
    char link[192];
} file;

static char folder[128];
static file files[FILES_MAX];
static int n_files;

static void clean_up(void)
{
    for (int i = 0; i < n_files; i++)
        unlink(files[i].link);
    rmdir(folder);
}

static void make_folder(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/losscope-fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL || atexit(clean_up) != 0)
        abort();
}

static file *make_file(const char *name)
{
    char target[64];
    if (folder[0] == '\0')
        make_folder();
    if (n_files == FILES_MAX)
        abort();
    file *f = &files[n_files++];
    f->name = name;
    f->fd = memfd_create(name, MFD_CLOEXEC);
    snprintf(target, sizeof target, "/proc/self/fd/%d", f->fd);
    snprintf(f->link, sizeof f->link, "%s/%s", folder, name);
    if (f->fd < 0 || symlink(target, f->link) != 0)
        abort();
    return f;
}

const char *fuzz_file(const char *name, const uint8_t *bytes, size_t n)
{
    file *f = NULL;
    for (int i = 0; i < n_files; i++)
        f = strcmp(files[i].name, name) == 0 ? &files[i] : f;
    if (f == NULL)
        f = make_file(name);
    if (ftruncate(f->fd, 0) != 0 || pwrite(f->fd, bytes, n, 0) != (ssize_t)n)
        abort();
    return f->link;
}

void fuzz_two_files(const char *first, const char *second, const uint8_t *bytes, size_t n)
{
    size_t most = n < 2 ? 0 : n - 2, length = n < 2 ? 0 : (size_t)(bytes[0] | bytes[1] << 8);
    length = length < most ? length : most;
    fuzz_file(first, bytes + n - most, length);
    fuzz_file(second, bytes + n - most + length, most - length);
}

void fuzz_open(const char *kind, ds_split split)
{
    ds_dataset *d = NULL;
    const ds_options o = {.kind = kind, .path = folder, .split = split};
    if (ds_open(&o, &d) == LSC_OK)
        ds_close(d);
}
