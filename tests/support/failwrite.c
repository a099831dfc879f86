/*
 * For LD_PRELOAD. Faults of the world at a chosen moment, for every program that writes files:
 *     LSC_TEST_WRITE_BYTES=k  after k bytes in all, writes to regular files fail with ENOSPC; the one that
 *                             crosses the border is cut short first, as on a real disk
 *     LSC_TEST_FULL_CALLS=n   so many fail; then there is room again
 *     LSC_TEST_KILL_AT=n      SIGKILL at the n-th call that changes a file; a write is half done by then
 * The calls: write, pwrite, writev, pwritev, fwrite, and for the kill also fsync, rename, unlink, ftruncate.
 * Standard output and error, pipes and terminals are left alone. glibc's stdio calls the kernel without these
 * names, so for fwrite the bytes are counted as they enter the buffer, and fflush and fclose report what was lost.
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long long written, calls, failures;
static bool full; /* a write has failed */

static long long setting(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? -1 : strtoll(text, NULL, 10);
}

static bool is_file(int fd)
{
    struct stat info;
    return fd > 2 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

/* Count the call; true if this is where the process dies. */
static bool is_last(void)
{
    pthread_mutex_lock(&mutex);
    bool last = ++calls == setting("LSC_TEST_KILL_AT");
    pthread_mutex_unlock(&mutex);
    return last;
}

/* How many of n bytes the disk takes. */
static size_t room(size_t n)
{
    long long limit = setting("LSC_TEST_WRITE_BYTES");
    if (limit < 0)
        return n;
    pthread_mutex_lock(&mutex);
    long long left = limit > written ? limit - written : 0;
    if (failures == setting("LSC_TEST_FULL_CALLS"))
        left = (long long)n;
    size_t taken = (long long)n < left ? n : (size_t)left;
    written += (long long)taken;
    failures += taken == 0 && n > 0;
    if (n > 0)
        full = taken < n;
    pthread_mutex_unlock(&mutex);
    return taken;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t n)
{
    __typeof__(&write) next = NEXT(write);
    if (!is_file(fd))
        return next(fd, bytes, n);
    if (is_last()) {
        (void)!next(fd, bytes, n / 2);
        die();
    }
    size_t taken = room(n);
    if (taken == 0 && n > 0) {
        errno = ENOSPC;
        return -1;
    }
    return next(fd, bytes, taken);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    __typeof__(&pwrite) next = NEXT(pwrite);
    if (!is_file(fd))
        return next(fd, bytes, n, at);
    if (is_last()) {
        (void)!next(fd, bytes, n / 2, at);
        die();
    }
    size_t taken = room(n);
    if (taken == 0 && n > 0) {
        errno = ENOSPC;
        return -1;
    }
    return next(fd, bytes, taken, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
    return pwrite(fd, bytes, n, at);
}

/* Piece by piece: the sum is what matters, not that it is one call. */
ssize_t writev(int fd, const struct iovec *pieces, int n)
{
    ssize_t sum = 0;
    for (int i = 0; i < n; i++) {
        ssize_t k = write(fd, pieces[i].iov_base, pieces[i].iov_len);
        if (k < 0)
            return sum > 0 ? sum : -1;
        sum += k;
        if ((size_t)k < pieces[i].iov_len)
            break;
    }
    return sum;
}

size_t fwrite(const void *bytes, size_t size, size_t n, FILE *f)
{
    __typeof__(&fwrite) next = NEXT(fwrite);
    if (!is_file(fileno(f)))
        return next(bytes, size, n, f);
    if (is_last()) {
        fflush(f);
        die();
    }
    size_t taken = size == 0 ? 0 : room(size * n) / size;
    size_t done = next(bytes, size, taken, f);
    if (taken < n)
        errno = ENOSPC;
    return done;
}

int fflush(FILE *f)
{
    int failed = NEXT(fflush)(f);
    if (f == NULL || !full || !is_file(fileno(f)))
        return failed;
    errno = ENOSPC;
    return EOF;
}

int fclose(FILE *f)
{
    bool lost = full && is_file(fileno(f));
    int failed = NEXT(fclose)(f);
    if (!lost)
        return failed;
    errno = ENOSPC;
    return EOF;
}

int fsync(int fd)
{
    if (is_last())
        die();
    return NEXT(fsync)(fd);
}

int rename(const char *from, const char *to)
{
    if (is_last())
        die();
    return NEXT(rename)(from, to);
}

int unlink(const char *path)
{
    if (is_last())
        die();
    return NEXT(unlink)(path);
}

int ftruncate(int fd, off_t n)
{
    if (is_last())
        die();
    return NEXT(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
    return ftruncate(fd, n);
}
