/*
 * What is kept under a key: in a list, and in a file of the folder, named after the key's SHA-256:
 *     "losscope plan 1\n" KEY "\n" SHA-256 OF THE TEXT "\n" TEXT
 * A file that is not exactly this, or not a regular file of the user's own, counts as none: cuDNN takes damaged kernels
 * without a word, and damaged numbers end the process. Files are written under a name of their own and then linked, so
 * that each is whole, and of processes that write at the same time all go on with what the first has written.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "nn/backend/cuda/plans.h"

#define MAGIC "losscope plan 1\n"
enum { HEX = 64, MOST_FILE = 1 << 24 }; /* texts are some 50 kB, with the kernel inside */

typedef struct entry {
    struct entry *next;
    char *key, *text; /* text NULL: what the file holds is of no use */
    size_t n;
} entry;

struct cuda_plan_cache {
    char *folder; /* NULL: none */
    entry *first;
    lsc_hash *hash;
    bool warned;
};

/* ---- in the process --------------------------------------------------------------------------------- */

static void entry_free(entry *e)
{
    if (e == NULL)
        return;
    lsc_free(e->key);
    lsc_free(e->text);
    lsc_free(e);
}

/* The newest. */
static entry *find_entry(const cuda_plan_cache *c, const char *key)
{
    entry *e = c->first;
    while (e != NULL && strcmp(e->key, key) != 0)
        e = e->next;
    return e;
}

static lsc_status add_entry(cuda_plan_cache *c, const char *key, const char *text, size_t n)
{
    lsc_status st = LSC_OK;
    entry *e = NULL;
    LSC_NEW(e, 1);
    LSC_NEW(e->text, n + 1);
    memcpy(e->text, text, n);
    e->n = n;
    e->key = lsc_strdup(key);
    LSC_CHECK(e->key != NULL, LSC_ERR_NOMEM, "no memory for the key of a plan");
    e->next = c->first;
    c->first = e;
    e = NULL;
cleanup:
    entry_free(e);
    return st;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static void hash_of(cuda_plan_cache *c, const void *bytes, size_t n, char hex[HEX + 1])
{
    lsc_hash_add(c->hash, bytes, n);
    lsc_hash_hex(c->hash, hex);
}

/* Returns new or NULL. */
static char *file_of(cuda_plan_cache *c, const char *key)
{
    char hex[HEX + 1];
    hash_of(c, key, strlen(key), hex);
    return lsc_format("%s/%s.plan", c->folder, hex);
}

/* What comes before the text. Returns new or NULL. */
static char *header_of(cuda_plan_cache *c, const char *key, const char *text, size_t n)
{
    char hex[HEX + 1];
    hash_of(c, text, n, hex);
    return lsc_format(MAGIC "%s\n%s\n", key, hex);
}

static bool is_ours(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid();
}

/* An entry of what the file holds, if it is one of ours, whole, and of this key. */
static lsc_status read_file(cuda_plan_cache *c, const char *path, const char *key)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes = NULL;
    char *header = NULL;
    const size_t before = strlen(MAGIC) + strlen(key) + HEX + 2;
    size_t n = 0;
    if (!is_ours(path) || lsc_file_read(path, MOST_FILE, &bytes, &n) != LSC_OK || n < before)
        goto cleanup;
    const char *text = (const char *)bytes + before;
    header = header_of(c, key, text, n - before);
    LSC_CHECK(header != NULL, LSC_ERR_NOMEM, "no memory for a plan");
    if (memcmp(bytes, header, before) == 0)
        LSC_TRY(add_entry(c, key, text, n - before));
cleanup:
    lsc_free(header);
    lsc_free(bytes);
    return st;
}

/* A whole file under a name that no other thread or process uses. */
static lsc_status write_aside(cuda_plan_cache *c, const char *aside, const char *key, const entry *e)
{
    lsc_status st = LSC_OK;
    lsc_writer *w = NULL;
    char *header = header_of(c, key, e->text, e->n);
    LSC_CHECK(header != NULL, LSC_ERR_NOMEM, "no memory for a plan");
    LSC_TRY(lsc_writer_open(aside, &w));
    LSC_TRY(lsc_writer_put(w, header, strlen(header)));
    LSC_TRY(lsc_writer_put(w, e->text, e->n));
    LSC_TRY(lsc_writer_commit(w));
cleanup:
    lsc_writer_free(w);
    lsc_free(header);
    return st;
}

/* Give the file its name, unless one that counts has it already and is not to be replaced: then that one becomes the
 * entry. */
static lsc_status publish(cuda_plan_cache *c, const char *aside, const char *path, const char *key, bool replace,
                          bool *other)
{
    lsc_status st = LSC_OK;
    if (link(aside, path) == 0)
        return LSC_OK;
    if (errno == EEXIST && !replace) {
        entry *own = c->first; /* behind what read_file adds */
        LSC_TRY(read_file(c, path, key));
        *other = c->first != own;
        if (*other)
            return LSC_OK;
    }
    LSC_CHECK(rename(aside, path) == 0, LSC_ERR_IO, "%s: cannot put in place: %s", path, strerror(errno));
cleanup:
    return st;
}

static lsc_status write_file(cuda_plan_cache *c, const char *key, bool replace, bool *other)
{
    lsc_status st = LSC_OK;
    struct timespec now = {0};
    char *aside = NULL, *path = file_of(c, key);
    clock_gettime(CLOCK_REALTIME, &now);
    if (path != NULL)
        aside = lsc_format("%s.%d-%lld%09ld", path, (int)gettid(), (long long)now.tv_sec, now.tv_nsec);
    LSC_CHECK(aside != NULL, LSC_ERR_NOMEM, "no memory for the name of a plan");
    LSC_TRY(lsc_mkdirs(c->folder));
    st = write_aside(c, aside, key, find_entry(c, key));
    if (st == LSC_OK)
        st = publish(c, aside, path, key, replace, other);
    unlink(aside);
cleanup:
    lsc_free(aside);
    lsc_free(path);
    return st;
}

/* ---- interface ------------------------------------------------------------------------------------------ */

lsc_status cuda_plan_cache_new(const char *folder, cuda_plan_cache **out)
{
    lsc_status st = LSC_OK;
    cuda_plan_cache *c = NULL;
    LSC_NEW(c, 1);
    LSC_TRY(lsc_hash_new(&c->hash));
    if (folder != NULL) {
        c->folder = lsc_strdup(folder);
        LSC_CHECK(c->folder != NULL, LSC_ERR_NOMEM, "no memory for the folder of plans");
    }
    *out = c;
    c = NULL;
cleanup:
    cuda_plan_cache_free(c);
    return st;
}

void cuda_plan_cache_free(cuda_plan_cache *c)
{
    if (c == NULL)
        return;
    for (entry *next = NULL, *e = c->first; e != NULL; e = next) {
        next = e->next;
        entry_free(e);
    }
    lsc_hash_free(c->hash);
    lsc_free(c->folder);
    lsc_free(c);
}

lsc_status cuda_plan_cache_find(cuda_plan_cache *c, const char *key, const char **text, size_t *n)
{
    lsc_status st = LSC_OK;
    char *path = NULL;
    if (c->folder != NULL && find_entry(c, key) == NULL) {
        path = file_of(c, key);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for the name of a plan");
        LSC_TRY(read_file(c, path, key));
    }
    const entry *e = find_entry(c, key);
    *text = e != NULL ? e->text : NULL;
    *n = e != NULL ? e->n : 0;
cleanup:
    lsc_free(path);
    return st;
}

lsc_status cuda_plan_cache_keep(cuda_plan_cache *c, const char *key, const char *text, size_t n, bool *other)
{
    lsc_status st = LSC_OK;
    const bool replace = find_entry(c, key) != NULL;
    bool was_there = false;
    LSC_TRY(add_entry(c, key, text, n));
    if (c->folder == NULL || c->warned)
        goto cleanup;
    if (write_file(c, key, replace, &was_there) != LSC_OK) {
        lsc_log_warn("cuda: how convolutions are computed is not kept for other runs: %s", lsc_last_error());
        c->warned = true;
    }
cleanup:
    if (st == LSC_OK)
        *other = was_there;
    return st;
}

void cuda_plan_cache_forget(cuda_plan_cache *c, const char *key)
{
    entry *e = find_entry(c, key);
    if (e == NULL)
        return;
    lsc_free(e->text);
    e->text = NULL;
    e->n = 0;
}
