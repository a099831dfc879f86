/*
 * Zip archives of torch.save: members stored and deflated, and directories that lie.
 * SPDX-License-Identifier: MIT
 */
#include "nn/tensor_file.h"
#include "torch_fixture.h"

static const float two[] = {1.5f, -2};
static const char object[] = DICT("w") ".";

typedef struct {
    uint8_t *bytes;
    size_t n;
} archive;

/* data.pkl, data/0 and one more member, if it has a name. */
static archive archive_of(int level, const char *more, const char *content)
{
    archive a;
    torch_zip *z = torch_zip_begin();
    torch_zip_add(z, "archive/data.pkl", object, sizeof object - 1, level);
    torch_zip_add(z, "archive/data/0", two, sizeof two, level);
    if (more)
        torch_zip_add(z, more, content, strlen(content), level);
    a.bytes = torch_zip_end(z, &a.n);
    return a;
}

static void check_reads(archive a)
{
    nn_tensors *t = NULL;
    CHECK_OK(nn_tensors_parse(a.bytes, a.n, &t));
    CHECK_INT(nn_tensors_count(t), 1);
    CHECK_BYTES(nn_tensors_at(t, 0)->data, two, sizeof two);
    nn_tensors_free(t);
}

static void refuses(archive a, const char *message)
{
    nn_tensors *t = NULL;
    CHECK_FAILS(nn_tensors_parse(a.bytes, a.n, &t), LSC_ERR_FORMAT, message);
    CHECK(t == NULL);
}

/* ---- the directory, by its definition (APPNOTE 4.3.12) ------------------------------------------------- */

enum { FLAGS = 8, METHOD = 10, PACKED = 20, SIZE = 24, NAME_LENGTH = 28, OFFSET = 42, NAME = 46 };

static uint8_t *entry(archive a, const char *name)
{
    for (size_t i = 0; i + NAME + strlen(name) <= a.n; i++)
        if (memcmp(a.bytes + i, "PK\1\2", 4) == 0 && a.bytes[i + NAME_LENGTH] == strlen(name) &&
            memcmp(a.bytes + i + NAME, name, strlen(name)) == 0)
            return a.bytes + i;
    fail_msg("no member %s", name);
    return NULL;
}

static void set(archive a, const char *name, int field, uint32_t value)
{
    memcpy(entry(a, name) + field, &value, field == FLAGS || field == METHOD ? 2 : 4);
}

/* ---- tests ------------------------------------------------------------------------------------------------- */

static void stored_and_deflated_members_are_read(void **state)
{
    (void)state;
    check_reads(archive_of(0, NULL, NULL));
    check_reads(archive_of(9, NULL, NULL));
    check_reads(archive_of(0, "archive/byteorder", "little"));
    check_reads(archive_of(9, "archive/byteorder", "little"));
    check_reads(archive_of(0, "elsewhere/data/0", "not this one"));
    check_reads(archive_of(0, "archive/empty", ""));
}

static void what_torch_save_does_not_write_is_refused(void **state)
{
    (void)state;
    refuses(archive_of(0, "archive/byteorder", "big"), "its byte order is not 'little'");
    refuses(archive_of(0, "archive/constants.pkl", "]."), "an archive of TorchScript, which holds a program: save the");
    refuses(archive_of(0, "archive/data.pkl", "]."), "two members of the zip archive are named 'archive/data.pkl'");
    archive a;
    torch_zip *z = torch_zip_begin();
    torch_zip_add(z, "data.pkl", object, sizeof object - 1, 0);
    a.bytes = torch_zip_end(z, &a.n);
    refuses(a, "a zip archive without a member FOLDER/data.pkl: not by torch.save");
    z = torch_zip_begin();
    torch_zip_add(z, "archive/data.pkl", object, sizeof object - 1, 0);
    a.bytes = torch_zip_end(z, &a.n);
    refuses(a, "tensor 'w': member 'data/0' of the zip archive: it is absent");
}

static void keys_that_name_no_member_are_refused(void **state)
{
    (void)state;
    char long_key[512];
    archive a;
    torch_zip *z = torch_zip_begin();
    snprintf(long_key, sizeof long_key,
             "(d" ENTRY("w", TENSOR(STORAGE("FloatStorage", "%070d", "2"), "0", "I2\n", "I1\n")) ".", 0);
    torch_zip_add(z, "archive/data.pkl", long_key, strlen(long_key), 0);
    a.bytes = torch_zip_end(z, &a.n);
    refuses(a, "tensor 'w': the key of its storage is too long, or holds a zero");
}

static void members_that_cannot_be_read_are_refused(void **state)
{
    (void)state;
    archive a = archive_of(0, NULL, NULL);
    set(a, "archive/data/0", FLAGS, 1);
    refuses(a, "member 1 of the zip archive is neither stored nor deflated");
    a = archive_of(0, NULL, NULL);
    set(a, "archive/data/0", METHOD, 12);
    refuses(a, "member 1 of the zip archive is neither stored nor deflated");
}

static void sizes_that_lie_are_refused(void **state)
{
    (void)state;
    archive a = archive_of(0, NULL, NULL);
    set(a, "archive/data/0", SIZE, 7);
    refuses(a, "member 'data/0' of the zip archive: its head is damaged");
    a = archive_of(9, NULL, NULL);
    set(a, "archive/data/0", SIZE, 0x7fffffff);
    refuses(a, "2147483647 bytes packed into");
    a = archive_of(9, NULL, NULL);
    set(a, "archive/data/0", OFFSET, (uint32_t)a.n + 5);
    refuses(a, "its head is damaged");
    a = archive_of(9, NULL, NULL);
    set(a, "archive/data/0", OFFSET, 1);
    refuses(a, "its head is damaged");
}

/* With a descriptor behind the data (flag 8) the head holds no sizes, and the directory is believed. */
static void sizes_of_the_directory_alone_are_checked_against_the_file(void **state)
{
    (void)state;
    archive a = archive_of(0, NULL, NULL);
    uint32_t head;
    memcpy(&head, entry(a, "archive/data/0") + OFFSET, sizeof head);
    a.bytes[head + 6] |= 8;
    set(a, "archive/data/0", FLAGS, 8);
    set(a, "archive/data/0", SIZE, 70000);
    set(a, "archive/data/0", PACKED, 70000);
    refuses(a, "member 'data/0' of the zip archive: 70000 bytes at offset");
    a = archive_of(0, NULL, NULL);
    a.bytes[head + 6] |= 8;
    set(a, "archive/data/0", FLAGS, 8);
    set(a, "archive/data/0", SIZE, 4);
    set(a, "archive/data/0", PACKED, 4);
    refuses(a, "tensor 'w': its storage has 4 bytes of 2 elements of 4");
    a = archive_of(0, NULL, NULL);
    a.bytes[head + 6] |= 8;
    set(a, "archive/data/0", FLAGS, 8);
    set(a, "archive/data/0", PACKED, 7);
    refuses(a, "member 'data/0' of the zip archive: 8 bytes at offset");
}

static void what_cannot_be_unpacked_is_refused(void **state)
{
    (void)state;
    archive a = archive_of(9, NULL, NULL);
    uint32_t head;
    memcpy(&head, entry(a, "archive/data/0") + OFFSET, sizeof head);
    memset(a.bytes + head + 30 + strlen("archive/data/0"), 0xff, 4);
    refuses(a, "8 bytes that cannot be unpacked, from byte 0 on");
}

static void a_directory_cut_off_or_damaged_is_refused(void **state)
{
    (void)state;
    archive a = archive_of(0, NULL, NULL);
    a.n -= 10;
    refuses(a, "a zip archive without a directory at its end");
    a = archive_of(0, NULL, NULL);
    entry(a, "archive/data/0")[0] = 'X';
    refuses(a, "the directory of the zip archive is damaged");
}

/* Members that share their packed bytes would be unpacked many times (a "zip bomb"). */
static void packed_bytes_are_unpacked_once(void **state)
{
    (void)state;
    enum { MEMBERS = 8, N = 1000 };
    static uint8_t noise[N];
    lsc_text pickle = {0};
    archive a;
    torch_zip *z = torch_zip_begin();
    for (int i = 0; i < N; i++)
        noise[i] = (uint8_t)lsc_rng_bits((lsc_rng){1, 2}, (uint64_t)i);
    lsc_text_add(&pickle, "(d");
    for (int i = 0; i < MEMBERS; i++)
        lsc_text_add(&pickle, "V%d\n" TENSOR(STORAGE("ByteStorage", "%d", "1000"), "0", "I1000\n", "I1\n") "s", i, i);
    lsc_text_add(&pickle, ".");
    torch_zip_add(z, "archive/data.pkl", pickle.text, pickle.length, 9);
    for (int i = 0; i < MEMBERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "archive/data/%d", i);
        torch_zip_add(z, name, i == 0 ? noise : (const uint8_t *)"", i == 0 ? N : 0, 9);
    }
    a.bytes = torch_zip_end(z, &a.n);
    for (int i = 1; i < MEMBERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "archive/data/%d", i);
        memcpy(entry(a, name) + METHOD, entry(a, "archive/data/0") + METHOD, NAME_LENGTH - METHOD);
        memcpy(entry(a, name) + OFFSET, entry(a, "archive/data/0") + OFFSET, 4);
    }
    refuses(a, "1000 bytes packed into");
    lsc_text_free(&pickle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(stored_and_deflated_members_are_read), TEST(what_torch_save_does_not_write_is_refused),
        TEST(keys_that_name_no_member_are_refused), TEST(members_that_cannot_be_read_are_refused),
        TEST(sizes_that_lie_are_refused),           TEST(sizes_of_the_directory_alone_are_checked_against_the_file),
        TEST(what_cannot_be_unpacked_is_refused),   TEST(a_directory_cut_off_or_damaged_is_refused),
        TEST(packed_bytes_are_unpacked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
