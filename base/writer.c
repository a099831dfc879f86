/*
 * Files that are whole or not there: NAME.part is written, synced and renamed to NAME, and the folder is synced.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lsc_writer {
    char *path, *part;
    int fd;      /* -1: none */
    bool broken; /* a write failed: there is nothing to commit */
};

char *lsc_part_path(const char *path)
{
    return lsc_format("%s.part", path);
}

static lsc_status io_error(const char *path, const char *what)
{
    return lsc_fail(LSC_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* All n bytes, in as many calls as it takes. */
static bool write_fully(int fd, const char *bytes, size_t n)
{
    bool held = lsc_filesize_signal_hold();
    size_t written = 0;
    int error = 0;

    while (written < n && error == 0) {
        ssize_t k = write(fd, bytes + written, n - written);
        if (k > 0)
            written += (size_t)k;
        else if (k == 0)
            error = ENOSPC;
        else if (errno != EINTR)
            error = errno;
    }
    lsc_filesize_signal_release(held);
    errno = error;
    return error == 0;
}

lsc_status lsc_writer_open(const char *path, lsc_writer **out)
{
    lsc_status st = LSC_OK;
    lsc_writer *w = NULL;

    LSC_NEW(w, 1);
    w->fd = -1;
    w->path = lsc_strdup(path);
    LSC_CHECK(w->path != NULL, LSC_ERR_NOMEM, "%s: no memory for its name", path);
    w->part = lsc_part_path(path);
    LSC_CHECK(w->part != NULL, LSC_ERR_NOMEM, "%s: no memory for its name", path);
    w->fd = open(w->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0)
        LSC_TRY(io_error(w->part, "open"));
    *out = w;
    w = NULL;
cleanup:
    lsc_writer_free(w);
    return st;
}

lsc_status lsc_writer_put(lsc_writer *w, const void *bytes, size_t n)
{
    if (write_fully(w->fd, bytes, n))
        return LSC_OK;
    lsc_status st = io_error(w->path, "write");
    w->broken = true;
    return st;
}

/* Some file systems cannot sync a folder, and some folders may be written but not read: no failure. */
static lsc_status sync_folder(const char *path)
{
    lsc_status st = LSC_OK;
    int fd = -1;
    char *folder = lsc_path_folder(path);

    LSC_CHECK(folder != NULL, LSC_ERR_NOMEM, "%s: no memory for the name of its folder", path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL)
        LSC_TRY(io_error(folder, "sync the folder"));
cleanup:
    if (fd >= 0)
        close(fd);
    lsc_free(folder);
    return st;
}

/* Sync and close fd, which is open on `part`, and give it its name. Removes it on failure. */
static lsc_status finish(int fd, const char *part, const char *path)
{
    lsc_status st = LSC_OK;

    if (fsync(fd) != 0)
        st = io_error(path, "sync");
    if (close(fd) != 0 && st == LSC_OK)
        st = io_error(path, "close");
    if (st == LSC_OK && rename(part, path) != 0)
        st = io_error(path, "put in place");
    if (st != LSC_OK) {
        unlink(part);
        return st;
    }
    return sync_folder(path);
}

lsc_status lsc_writer_commit(lsc_writer *w)
{
    if (w->broken || w->fd < 0)
        return lsc_fail(LSC_ERR_IO, "%s: not put in place: it was not written whole", w->path);
    int fd = w->fd;
    w->fd = -1;
    return finish(fd, w->part, w->path);
}

void lsc_writer_free(lsc_writer *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0) {
        close(w->fd);
        unlink(w->part);
    }
    lsc_free(w->part);
    lsc_free(w->path);
    lsc_free(w);
}

lsc_status lsc_file_commit(const char *part_path, const char *path)
{
    int fd = open(part_path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        return finish(fd, part_path, path);
    lsc_status st = io_error(part_path, "open");
    unlink(part_path);
    return st;
}

lsc_status lsc_file_write(const char *path, const void *bytes, size_t n)
{
    lsc_status st = LSC_OK;
    lsc_writer *w = NULL;

    LSC_TRY(lsc_writer_open(path, &w));
    LSC_TRY(lsc_writer_put(w, bytes, n));
    LSC_TRY(lsc_writer_commit(w));
cleanup:
    lsc_writer_free(w);
    return st;
}

lsc_status lsc_file_append(const char *path, const char *line)
{
    lsc_status st = LSC_OK;
    struct stat before;
    int fd = -1;
    char *text = lsc_format("%s\n", line);

    LSC_CHECK(text != NULL, LSC_ERR_NOMEM, "%s: no memory for a line", path);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || fstat(fd, &before) != 0)
        LSC_TRY(io_error(path, "open"));
    if (!write_fully(fd, text, strlen(text))) {
        st = io_error(path, "write");
        if (ftruncate(fd, before.st_size) != 0) /* half a line is worse than none */
            lsc_log_warn("%s: its last line is incomplete", path);
        goto cleanup;
    }
    if (fsync(fd) != 0)
        LSC_TRY(io_error(path, "sync"));
cleanup:
    if (fd >= 0)
        close(fd);
    lsc_free(text);
    return st;
}
