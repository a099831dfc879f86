/*
 * One process an output: flock on NAME.lock, a file of its own because a lock on NAME would be void after the
 * first rename. The kernel drops the lock with its holder, also by kill -9. The file holds the holder's pid.
 * SPDX-License-Identifier: MIT
 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static lsc_status in_use(const char *path, int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;

    if (pid == (long)getpid())
        return lsc_fail(LSC_ERR_IO, "%s: in use by this process already", path);
    if (pid > 0)
        return lsc_fail(LSC_ERR_IO, "%s: in use by process %ld; wait for it, or choose another output", path, pid);
    return lsc_fail(LSC_ERR_IO, "%s: in use by another process; wait for it, or choose another output", path);
}

/* The holder before may have removed the file between our open and our flock: then we hold nothing. */
static bool still_named(int fd, const char *lock_path)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(lock_path, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

/* One try. LSC_OK with *fd = -1: try again. */
static lsc_status try_lock(const char *path, const char *lock_path, int *fd)
{
    lsc_status st = LSC_OK;
    int ours = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    *fd = -1;
    LSC_CHECK(ours >= 0, LSC_ERR_IO, "%s: cannot open: %s", lock_path, strerror(errno));
    if (flock(ours, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            LSC_TRY(in_use(path, ours));
        /* Some network file systems have no locks at all; that is no reason to refuse the work. */
        lsc_log_warn("%s: cannot lock: %s; do not start a second process on it", path, strerror(errno));
    } else if (!still_named(ours, lock_path)) {
        goto cleanup;
    }
    *fd = ours;
    ours = -1;
cleanup:
    if (ours >= 0)
        close(ours);
    return st;
}

/* For the message of others only, so a full disk is no failure. */
static void sign(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    bool held = lsc_filesize_signal_hold();
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        lsc_log_debug("the lock file could not be signed: %s", strerror(errno));
    lsc_filesize_signal_release(held);
}

lsc_status lsc_lock_open(const char *path, lsc_lock *out)
{
    lsc_status st = LSC_OK;
    int fd = -1;
    char *lock_path = lsc_format("%s.lock", path);

    LSC_CHECK(lock_path != NULL, LSC_ERR_NOMEM, "%s: no memory for the name of its lock", path);
    while (fd < 0)
        LSC_TRY(try_lock(path, lock_path, &fd));
    sign(fd);
    *out = (lsc_lock){.fd = fd, .path = lock_path};
    lock_path = NULL;
cleanup:
    lsc_free(lock_path);
    return st;
}

void lsc_lock_close(lsc_lock *lock)
{
    if (lock->path == NULL)
        return;
    unlink(lock->path); /* while we hold it */
    close(lock->fd);
    lsc_free(lock->path);
    *lock = (lsc_lock){.fd = -1};
}
