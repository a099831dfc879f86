/*
 * Zip archives by minizip, which reads from our bytes. It finds where a member lies; what is stored, as PyTorch
 * stores everything, is used where it is. (libzip would copy each member and insist on its check sum.)
 * SPDX-License-Identifier: MIT
 */
#include "nn/torch_zip.h"

#include <stdlib.h>
#include <string.h>

#include <minizip/unzip.h>

#define NAME_SIZE     512
#define DEFLATE_RATIO 1032 /* deflate's limit: zlib.net/zlib_tech.html */
#define ENCRYPTED     1    /* bit of a member's flags */
#define END_SIZE      22 /* of the record that ends an archive: the last two bytes are the length of a comment behind it */

typedef struct {
    const uint8_t *bytes;
    size_t n, at;
} stream;

typedef struct {
    const char *name;
    unz64_file_pos place; /* in the directory */
    uint64_t size, packed;
    bool stored;
    const uint8_t *unpacked;
} member;

struct nn_zip {
    stream in;
    nn_arena *arena;
    unzFile file;
    member *members; /* sorted by name */
    size_t n, room;
    const char *folder;
    uint64_t packed_left; /* of what is still unpacked: the file's bytes once, also where members overlap */
};

/* ---- a stream over bytes, as minizip wants it --------------------------------------------------------- */

static voidpf stream_open(voidpf opaque, const void *name, int mode)
{
    (void)name;
    (void)mode;
    return opaque;
}

static uLong stream_read(voidpf opaque, voidpf file, void *out, uLong size)
{
    stream *s = opaque;
    size_t n = size < s->n - s->at ? size : s->n - s->at;
    (void)file;
    memcpy(out, s->bytes + s->at, n);
    s->at += n;
    return n;
}

static ZPOS64_T stream_tell(voidpf opaque, voidpf file)
{
    (void)file;
    return ((stream *)opaque)->at;
}

static long stream_seek(voidpf opaque, voidpf file, ZPOS64_T offset, int origin)
{
    stream *s = opaque;
    size_t from = origin == ZLIB_FILEFUNC_SEEK_SET ? 0 : origin == ZLIB_FILEFUNC_SEEK_CUR ? s->at : s->n;
    (void)file;
    if (offset > s->n - from)
        return -1;
    s->at = from + offset;
    return 0;
}

/* For both close and error: there is nothing to close and no error. */
static int stream_nothing(voidpf opaque, voidpf file)
{
    (void)opaque;
    (void)file;
    return 0;
}

static unzFile open_stream(stream *s)
{
    zlib_filefunc64_def functions = {
        .zopen64_file = stream_open,
        .zread_file = stream_read,
        .ztell64_file = stream_tell,
        .zseek64_file = stream_seek,
        .zclose_file = stream_nothing,
        .zerror_file = stream_nothing,
        .opaque = s,
    };
    return unzOpen2_64("", &functions);
}

/* ---- the directory ------------------------------------------------------------------------------------- */

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static lsc_status enlarge(nn_zip *z)
{
    lsc_status st = LSC_OK;
    member *more;
    size_t room = z->room ? 2 * z->room : 64;

    LSC_NEW(more, room);
    if (z->n > 0)
        memcpy(more, z->members, z->n * sizeof *more);
    lsc_free(z->members);
    z->members = more;
    z->room = room;
cleanup:
    return st;
}

/* The member at which minizip stands. Names that PyTorch would not write are left out. */
static lsc_status add_member(nn_zip *z)
{
    lsc_status st = LSC_OK;
    unz_file_info64 info;
    char name[NAME_SIZE] = "";
    member m = {0};

    LSC_CHECK(unzGetCurrentFileInfo64(z->file, &info, name, NAME_SIZE - 1, NULL, 0, NULL, 0) == UNZ_OK &&
                  unzGetFilePos64(z->file, &m.place) == UNZ_OK,
              LSC_ERR_FORMAT, "member %zu of the zip archive is damaged", z->n);
    if (info.size_filename >= NAME_SIZE - 1)
        return LSC_OK;
    LSC_CHECK(!(info.flag & ENCRYPTED) && (info.compression_method == 0 || info.compression_method == Z_DEFLATED),
              LSC_ERR_FORMAT, "member %zu of the zip archive is neither stored nor deflated", z->n);
    m.name = nn_arena_text(z->arena, name, strlen(name));
    LSC_CHECK(m.name, LSC_ERR_NOMEM, "no memory for the names of the zip archive");
    m.size = info.uncompressed_size;
    m.packed = info.compressed_size;
    m.stored = info.compression_method == 0;
    if (z->n == z->room)
        LSC_TRY(enlarge(z));
    z->members[z->n++] = m;
cleanup:
    return st;
}

static lsc_status read_directory(nn_zip *z)
{
    lsc_status st = LSC_OK;
    char shown[96];
    int more = unzGoToFirstFile(z->file);

    for (; more == UNZ_OK; more = unzGoToNextFile(z->file))
        LSC_TRY(add_member(z));
    LSC_CHECK(more == UNZ_END_OF_LIST_OF_FILE, LSC_ERR_FORMAT, "the directory of the zip archive is damaged");
    qsort(z->members, z->n, sizeof *z->members, compare_members);
    for (size_t i = 1; i < z->n; i++)
        LSC_CHECK(strcmp(z->members[i - 1].name, z->members[i].name) != 0, LSC_ERR_FORMAT,
                  "two members of the zip archive are named '%s'", lsc_shown(z->members[i].name, shown, sizeof shown));
cleanup:
    return st;
}

static lsc_status find_folder(nn_zip *z)
{
    lsc_status st = LSC_OK;
    for (size_t i = 0; i < z->n && !z->folder; i++) {
        const char *name = z->members[i].name, *slash = strchr(name, '/');
        if (slash && strcmp(slash, "/data.pkl") == 0) {
            z->folder = nn_arena_text(z->arena, name, (size_t)(slash - name));
            LSC_CHECK(z->folder, LSC_ERR_NOMEM, "no memory for the names of the zip archive");
        }
    }
    LSC_CHECK(z->folder, LSC_ERR_FORMAT, "a zip archive without a member FOLDER/data.pkl: not by torch.save");
cleanup:
    return st;
}

/* The record that ends an archive is there and whole: minizip does without it where there is a zip64 record before. */
static bool has_end(const uint8_t *bytes, size_t n)
{
    for (size_t behind = END_SIZE; behind <= n && behind <= END_SIZE + UINT16_MAX; behind++) {
        const uint8_t *end = bytes + n - behind;
        if (memcmp(end, "PK\5\6", 4) == 0)
            return (size_t)(end[END_SIZE - 2] | end[END_SIZE - 1] << 8) <= behind - END_SIZE;
    }
    return false;
}

lsc_status nn_zip_open(const uint8_t *bytes, size_t n, nn_arena *arena, nn_zip **out)
{
    lsc_status st = LSC_OK;
    nn_zip *z;

    LSC_NEW(z, 1);
    z->in = (stream){bytes, n, 0};
    z->arena = arena;
    z->packed_left = n;
    if (has_end(bytes, n))
        z->file = open_stream(&z->in);
    LSC_CHECK(z->file, LSC_ERR_FORMAT, "a zip archive without a directory at its end, at offset %zu: cut short?", n);
    LSC_TRY(read_directory(z));
    LSC_TRY(find_folder(z));
    *out = z;
    z = NULL;
cleanup:
    nn_zip_close(z);
    return st;
}

void nn_zip_close(nn_zip *z)
{
    if (z == NULL)
        return;
    if (z->file)
        unzClose(z->file);
    lsc_free(z->members);
    lsc_free(z);
}

/* ---- members ----------------------------------------------------------------------------------------- */

/* "FOLDER/name"; NULL: absent. */
static member *find(const nn_zip *z, const char *name)
{
    char path[2 * NAME_SIZE];
    member key = {.name = path};
    snprintf(path, sizeof path, "%s/%s", z->folder, name);
    return bsearch(&key, z->members, z->n, sizeof *z->members, compare_members);
}

bool nn_zip_has(const nn_zip *z, const char *name)
{
    return find(z, name) != NULL;
}

/* Open a member; `raw` as it lies in the archive. */
static lsc_status open_member(nn_zip *z, const member *m, int raw)
{
    int method;
    return unzGoToFilePos64(z->file, &m->place) == UNZ_OK && unzOpenCurrentFile2(z->file, &method, NULL, raw) == UNZ_OK
               ? LSC_OK
               : lsc_fail(LSC_ERR_FORMAT, "its head is damaged");
}

static lsc_status read_stored(nn_zip *z, const member *m, const uint8_t **content)
{
    lsc_status st = LSC_OK;
    ZPOS64_T from;

    LSC_TRY(open_member(z, m, 1));
    from = unzGetCurrentFileZStreamPos64(z->file);
    unzCloseCurrentFile(z->file);
    LSC_CHECK(m->size == m->packed && from <= z->in.n && m->size <= z->in.n - from, LSC_ERR_FORMAT,
              "%llu bytes at offset %llu of a file of %zu", (unsigned long long)m->size, (unsigned long long)from,
              z->in.n);
    *content = z->in.bytes + from;
cleanup:
    return st;
}

static lsc_status unpack_into(nn_zip *z, uint8_t *out, uint64_t size)
{
    for (uint64_t got = 0; got < size;) {
        uint64_t left = size - got;
        int n = unzReadCurrentFile(z->file, out + got, left < INT32_MAX ? (unsigned)left : INT32_MAX);
        if (n <= 0)
            return lsc_fail(LSC_ERR_FORMAT, "%llu bytes that cannot be unpacked, from byte %llu on",
                            (unsigned long long)size, (unsigned long long)got);
        got += (uint64_t)n;
    }
    return LSC_OK;
}

static lsc_status unpack(nn_zip *z, member *m)
{
    lsc_status st = LSC_OK;
    uint8_t *out;
    bool opened = false;

    LSC_CHECK(m->packed <= z->packed_left && m->size / DEFLATE_RATIO <= m->packed, LSC_ERR_FORMAT,
              "%llu bytes packed into %llu in a file of %zu", (unsigned long long)m->size,
              (unsigned long long)m->packed, z->in.n);
    z->packed_left -= m->packed;
    NN_TAKE(z->arena, out, m->size);
    LSC_TRY(open_member(z, m, 0));
    opened = true;
    LSC_TRY(unpack_into(z, out, m->size));
    m->unpacked = out;
cleanup:
    if (opened)
        unzCloseCurrentFile(z->file);
    return st;
}

static lsc_status read_member(nn_zip *z, member *m, const uint8_t **content, size_t *n)
{
    lsc_status st = LSC_OK;
    if (m->stored)
        LSC_TRY(read_stored(z, m, content));
    else if (!m->unpacked)
        LSC_TRY(unpack(z, m));
    if (!m->stored)
        *content = m->unpacked;
    *n = m->size;
cleanup:
    return st;
}

lsc_status nn_zip_read(nn_zip *z, const char *name, const uint8_t **content, size_t *n)
{
    char shown[96];
    member *m = find(z, name);
    lsc_status st = m ? read_member(z, m, content, n) : lsc_fail(LSC_ERR_FORMAT, "it is absent");
    return lsc_context(st, "member '%s' of the zip archive", lsc_shown(name, shown, sizeof shown));
}
