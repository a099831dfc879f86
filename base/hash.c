/*
 * SHA-256 over nettle.
 * SPDX-License-Identifier: MIT
 */
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

struct lsc_hash {
    struct sha256_ctx sha;
};

lsc_status lsc_hash_new(lsc_hash **out)
{
    lsc_status st = LSC_OK;
    lsc_hash *h = NULL;

    LSC_NEW(h, 1);
    sha256_init(&h->sha);
    *out = h;
cleanup:
    return st;
}

void lsc_hash_add(lsc_hash *h, const void *bytes, size_t n)
{
    sha256_update(&h->sha, n, bytes);
}

void lsc_hash_hex(lsc_hash *h, char hex[65])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(&h->sha, sizeof digest, digest); /* and starts anew */
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void lsc_hash_free(lsc_hash *h)
{
    lsc_free(h);
}

static lsc_status add_file(lsc_hash *h, int fd)
{
    uint8_t buffer[16384];

    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return LSC_OK;
        if (n > 0)
            lsc_hash_add(h, buffer, (size_t)n);
        else if (errno != EINTR)
            return lsc_fail(LSC_ERR_IO, "cannot read: %s", strerror(errno));
    }
}

lsc_status lsc_hash_file(const char *path, char hex[65])
{
    lsc_status st = LSC_OK;
    lsc_hash *h = NULL;
    int fd = -1;

    if (lsc_check_regular(path) != LSC_OK)
        return LSC_ERR_IO;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    LSC_CHECK(fd >= 0, LSC_ERR_IO, "cannot open: %s", strerror(errno));
    LSC_TRY(lsc_hash_new(&h));
    LSC_TRY(add_file(h, fd));
    lsc_hash_hex(h, hex);
cleanup:
    if (fd >= 0)
        close(fd);
    lsc_hash_free(h);
    return lsc_context(st, "%s", path);
}
