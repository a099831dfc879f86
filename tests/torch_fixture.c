/*
 * Files as torch.save writes them.
 * SPDX-License-Identifier: MIT
 */
#include "torch_fixture.h"

#include <minizip/zip.h>

/* ---- before PyTorch 1.6 ---------------------------------------------------------------------------- */

/* The bytes of a text, for who frees by lsc_free. */
static uint8_t *taken(lsc_text *t, size_t *n)
{
    CHECK(!t->failed);
    uint8_t *bytes = lsc_calloc(t->length, 1);
    CHECK(bytes != NULL);
    memcpy(bytes, t->text, t->length);
    *n = t->length;
    lsc_text_free(t);
    return bytes;
}

uint8_t *torch_old_file(const char *object, const torch_storage *s, int n_storages, size_t *n)
{
    static const char magic[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    lsc_text t = {0};

    lsc_text_add_bytes(&t, magic, sizeof magic - 1);
    lsc_text_add(&t, "I1001\n.(dVlittle_endian\nI01\ns.%s(l", object);
    for (int i = 0; i < n_storages; i++)
        lsc_text_add(&t, "V%s\na", s[i].key);
    lsc_text_add(&t, ".");
    for (int i = 0; i < n_storages; i++) {
        lsc_text_add_bytes(&t, (const char *)&s[i].elements, sizeof s[i].elements);
        lsc_text_add_bytes(&t, s[i].bytes, s[i].n);
    }
    return taken(&t, n);
}

/* ---- zip archives, written into memory by minizip ---------------------------------------------------- */

struct torch_zip {
    zipFile file;
    uint8_t bytes[1 << 16];
    size_t n, at;
};

static voidpf memory_open(voidpf opaque, const void *name, int mode)
{
    (void)name;
    (void)mode;
    return opaque;
}

static uLong memory_read(voidpf opaque, voidpf file, void *out, uLong n)
{
    (void)opaque;
    (void)file;
    memset(out, 0, n);
    return 0;
}

static uLong memory_write(voidpf opaque, voidpf file, const void *in, uLong n)
{
    torch_zip *z = opaque;
    (void)file;
    CHECK(n <= sizeof z->bytes - z->at);
    memcpy(z->bytes + z->at, in, n);
    z->at += n;
    z->n = z->at > z->n ? z->at : z->n;
    return n;
}

static ZPOS64_T memory_tell(voidpf opaque, voidpf file)
{
    (void)file;
    return ((torch_zip *)opaque)->at;
}

static long memory_seek(voidpf opaque, voidpf file, ZPOS64_T offset, int origin)
{
    torch_zip *z = opaque;
    (void)file;
    z->at = (origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_CUR ? z->at : z->n) + offset;
    return 0;
}

static int memory_nothing(voidpf opaque, voidpf file)
{
    (void)opaque;
    (void)file;
    return 0;
}

torch_zip *torch_zip_begin(void)
{
    torch_zip *z = lsc_calloc(1, sizeof *z);
    CHECK(z != NULL);
    zlib_filefunc64_def functions = {memory_open, memory_read,    memory_write,   memory_tell,
                                     memory_seek, memory_nothing, memory_nothing, z};
    z->file = zipOpen2_64("", APPEND_STATUS_CREATE, NULL, &functions);
    CHECK(z->file != NULL);
    return z;
}

void torch_zip_add(torch_zip *z, const char *name, const void *bytes, size_t n, int level)
{
    CHECK_INT(zipOpenNewFileInZip64(z->file, name, NULL, NULL, 0, NULL, 0, NULL, level ? Z_DEFLATED : 0, level, 0), 0);
    CHECK_INT(zipWriteInFileInZip(z->file, bytes, (unsigned)n), 0);
    CHECK_INT(zipCloseFileInZip(z->file), 0);
}

uint8_t *torch_zip_end(torch_zip *z, size_t *n)
{
    CHECK_INT(zipClose(z->file, NULL), 0);
    uint8_t *bytes = lsc_calloc(z->n, 1);
    CHECK(bytes != NULL);
    memcpy(bytes, z->bytes, z->n);
    *n = z->n;
    lsc_free(z);
    return bytes;
}

uint8_t *torch_zip_file(const char *object, const torch_storage *s, int n_storages, size_t *n)
{
    torch_zip *z = torch_zip_begin();
    char name[64];

    torch_zip_add(z, "archive/data.pkl", object, strlen(object), 0);
    for (int i = 0; i < n_storages; i++) {
        snprintf(name, sizeof name, "archive/data/%s", s[i].key);
        torch_zip_add(z, name, s[i].bytes, s[i].n, 0);
    }
    return torch_zip_end(z, n);
}
