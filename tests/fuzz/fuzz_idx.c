/*
 * A data set of two IDX files, plain or gzip-compressed. The bytes are the length of the labels' file (16 bits,
 * little-endian), that file, and the images' file.
 * SPDX-License-Identifier: MIT
 */
#include "data/data.h"
#include "fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Files in memory, to which links in a folder lead: a disk would be the slowest part. */
typedef struct {
    const char *name;
    int fd;
    char link[192];
} file;

static char folder[128];
static file labels = {.name = "train-labels-idx1-ubyte"}, images = {.name = "train-images-idx3-ubyte"};

static void clean_up(void)
{
    unlink(labels.link);
    unlink(images.link);
    rmdir(folder);
}

static void make_file(file *f)
{
    char target[64];
    f->fd = memfd_create(f->name, MFD_CLOEXEC);
    snprintf(target, sizeof target, "/proc/self/fd/%d", f->fd);
    snprintf(f->link, sizeof f->link, "%s/%s", folder, f->name);
    if (f->fd < 0 || symlink(target, f->link) != 0)
        abort();
}

static void make_folder(void)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/losscope-fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL || atexit(clean_up) != 0)
        abort();
    make_file(&labels);
    make_file(&images);
}

static void fill(const file *f, const uint8_t *bytes, size_t n)
{
    if (ftruncate(f->fd, 0) != 0 || pwrite(f->fd, bytes, n, 0) != (ssize_t)n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    ds_dataset *d = NULL;
    const ds_options o = {.kind = "idx", .path = folder, .split = DS_TRAIN};
    if (n < 2)
        return 0;
    if (folder[0] == '\0')
        make_folder();
    size_t length = (size_t)(bytes[0] | bytes[1] << 8), most = n - 2;
    length = length < most ? length : most;
    fill(&labels, bytes + 2, length);
    fill(&images, bytes + 2 + length, most - length);
    if (ds_open(&o, &d) == LSC_OK)
        ds_close(d);
    return 0;
}
