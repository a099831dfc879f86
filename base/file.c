/*
 * Reading files, making folders, joining paths.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool lsc_file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

/* Read until the end or until `room` bytes are there. */
static lsc_status read_fully(int fd, uint8_t *bytes, size_t room, size_t *n)
{
    lsc_status st = LSC_OK;
    size_t got = 0;

    while (got < room) {
        ssize_t k = read(fd, bytes + got, room - got);
        if (k < 0 && errno == EINTR)
            continue;
        LSC_CHECK(k >= 0, LSC_ERR_IO, "cannot read: %s", strerror(errno));
        if (k == 0)
            break;
        got += (size_t)k;
    }
    *n = got;
cleanup:
    return st;
}

/* A buffer of twice the size, with the n bytes read so far; the old one is freed. */
static lsc_status enlarge(uint8_t **bytes, size_t *capacity, size_t n)
{
    lsc_status st = LSC_OK;
    uint8_t *more = NULL;

    LSC_NEW(more, *capacity * 2);
    memcpy(more, *bytes, n);
    lsc_free(*bytes);
    *bytes = more;
    *capacity *= 2;
cleanup:
    return st;
}

/* The size that stat gives is a guess only: pipes and /proc have none, and files grow. */
static lsc_status read_open(int fd, size_t limit, uint8_t **bytes, size_t *n)
{
    lsc_status st = LSC_OK;
    uint8_t *data = NULL;
    struct stat info;
    size_t capacity = 4096, got = 0, more = 0;

    LSC_CHECK(fstat(fd, &info) == 0, LSC_ERR_IO, "cannot read: %s", strerror(errno));
    LSC_CHECK(!S_ISDIR(info.st_mode), LSC_ERR_IO, "cannot read: it is a folder");
    if (S_ISREG(info.st_mode) && info.st_size > 0) {
        LSC_CHECK((uint64_t)info.st_size <= limit, LSC_ERR_FORMAT, "%lld bytes, of which at most %zu are read",
                  (long long)info.st_size, limit);
        capacity = (size_t)info.st_size + 2; /* one to see the end, one for the zero */
    }
    LSC_NEW(data, capacity);
    do {
        if (got == capacity - 1)
            LSC_TRY(enlarge(&data, &capacity, got));
        LSC_TRY(read_fully(fd, data + got, capacity - 1 - got, &more));
        got += more;
        LSC_CHECK(got <= limit, LSC_ERR_FORMAT, "more than %zu bytes", limit);
    } while (got == capacity - 1);
    data[got] = 0;
    *bytes = data;
    *n = got;
    data = NULL;
cleanup:
    lsc_free(data);
    return st;
}

lsc_status lsc_input_read(const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    lsc_status st = LSC_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    LSC_CHECK(fd >= 0, LSC_ERR_IO, "cannot open: %s", strerror(errno));
    LSC_TRY(read_open(fd, limit, bytes, n));
cleanup:
    if (fd >= 0)
        close(fd);
    return lsc_context(st, "%s", path);
}

lsc_status lsc_check_regular(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || S_ISREG(info.st_mode))
        return LSC_OK;
    return lsc_fail(LSC_ERR_IO, "%s: %s", path,
                    S_ISDIR(info.st_mode) ? "cannot read: it is a folder" : "is not a regular file");
}

lsc_status lsc_file_read(const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    lsc_status st = lsc_check_regular(path);
    return st == LSC_OK ? lsc_input_read(path, limit, bytes, n) : st;
}

const char *lsc_without_path(const char *text, const char *path)
{
    const size_t n = strlen(path);
    return strncmp(text, path, n) == 0 && strncmp(text + n, ": ", 2) == 0 ? text + n + 2 : text;
}

const char *lsc_why_no_folder(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return strerror(errno);
    return S_ISDIR(info.st_mode) ? NULL : strerror(ENOTDIR);
}

bool lsc_is_folder(const char *path)
{
    return lsc_why_no_folder(path) == NULL;
}

static lsc_status make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0)
        return LSC_OK;
    int error = errno;
    if (lsc_is_folder(path))
        return LSC_OK;
    return lsc_fail(LSC_ERR_IO, "%s: cannot make this folder: %s", path, strerror(error));
}

lsc_status lsc_mkdirs(const char *path)
{
    lsc_status st = LSC_OK;
    char *part = NULL;

    LSC_NEW(part, strlen(path) + 1);
    for (size_t i = 1; path[0] != '\0' && path[i - 1] != '\0'; i++) {
        part[i - 1] = path[i - 1];
        if (path[i] == '/' || path[i] == '\0')
            LSC_TRY(make_folder(part));
    }
cleanup:
    lsc_free(part);
    return st;
}

char *lsc_path_join(const char *a, const char *b)
{
    size_t n = strlen(a);
    bool bare = n == 0 || a[n - 1] == '/';
    return lsc_format("%s%s%s", a, bare ? "" : "/", b);
}

char *lsc_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return lsc_strdup(".");
    return lsc_format("%.*s", slash == path ? 1 : (int)(slash - path), path);
}
