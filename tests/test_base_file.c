/*
 * Reading files, folders, paths, hashes.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include "base/hash.h"

#include <sys/stat.h>
#include <unistd.h>

static void a_file_is_read_whole_and_a_zero_follows(void **state)
{
    enum { N = 100000 };
    static uint8_t data[N];
    uint8_t *bytes = NULL;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < N; i++)
        data[i] = (uint8_t)(i * 31);
    for (size_t size = 0; size <= N; size = size * 7 + 1) {
        test_write(test_path("f"), data, size);
        CHECK_OK(lsc_file_read(test_path("f"), N, &bytes, &n));
        CHECK_INT(n, size);
        CHECK_BYTES(bytes, data, size);
        CHECK_INT(bytes[n], 0);
        lsc_free(bytes);
    }
}

static void a_file_of_exactly_the_limit_is_read_and_one_more_byte_is_not(void **state)
{
    uint8_t *bytes = NULL;
    size_t n = 77;
    const char *path = test_path("f");
    (void)state;
    test_write_text(path, "0123456789");
    CHECK_OK(lsc_file_read(path, 10, &bytes, &n));
    lsc_free(bytes);
    bytes = NULL;
    n = 77;
    CHECK_FAILS(lsc_file_read(path, 9, &bytes, &n), LSC_ERR_FORMAT, "/f: 10 bytes, of which at most 9 are read");
    CHECK(bytes == NULL);
    CHECK_INT(n, 77);
}

/* A pipe has no size; this one holds so many bytes. */
static lsc_status read_pipe(void *context)
{
    static char data[20000];
    size_t size = *(size_t *)context, n = 0;
    uint8_t *bytes = NULL;
    char path[32];
    int ends[2];

    CHECK_INT(pipe(ends), 0);
    memset(data, 'p', sizeof data);
    CHECK_INT(write(ends[1], data, size), size);
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    lsc_status st = lsc_input_read(path, sizeof data, &bytes, &n);
    close(ends[0]);
    if (st != LSC_OK)
        return st;
    CHECK_INT(n, size);
    CHECK_BYTES(bytes, data, size);
    lsc_free(bytes);
    return LSC_OK;
}

static void a_file_without_a_size_is_read_until_its_end(void **state)
{
    static size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 20000};
    uint8_t *bytes = NULL;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(sizes); i++)
        CHECK_OK(read_pipe(&sizes[i]));
    CHECK_FAILS(lsc_input_read("/dev/zero", 10000, &bytes, &n), LSC_ERR_FORMAT, "/dev/zero: more than 10000 bytes");
    CHECK(bytes == NULL);
}

static void a_missing_file_and_a_folder_are_named(void **state)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    (void)state;
    CHECK_FAILS(lsc_file_read(test_path("none"), 10, &bytes, &n), LSC_ERR_IO, "/none: cannot open: No such file");
    CHECK_FAILS(lsc_file_read(test_folder(), 10, &bytes, &n), LSC_ERR_IO, "cannot read: it is a folder");
    CHECK_HAS(lsc_last_error(), test_folder());
    CHECK(!lsc_file_exists(test_path("none")));
    CHECK(lsc_file_exists(test_folder()));
}

/* Nobody writes to the pipe: who opens it would wait for ever. */
static void what_is_no_regular_file_is_refused_where_data_is_read(void **state)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    char hex[65];
    (void)state;
    CHECK_INT(mkfifo(test_path("pipe"), 0600), 0);
    CHECK_FAILS(lsc_file_read(test_path("pipe"), 10, &bytes, &n), LSC_ERR_IO, "/pipe: is not a regular file");
    CHECK_FAILS(lsc_file_read("/dev/zero", 10, &bytes, &n), LSC_ERR_IO, "/dev/zero: is not a regular file");
    CHECK_FAILS(lsc_hash_file(test_path("pipe"), hex), LSC_ERR_IO, "/pipe: is not a regular file");
    CHECK(bytes == NULL);
    test_write_text(test_path("file"), "text");
    CHECK_INT(symlink("file", test_path("link")), 0);
    CHECK_OK(lsc_file_read(test_path("link"), 10, &bytes, &n));
    CHECK_STR((char *)bytes, "text");
    lsc_free(bytes);
}

static lsc_status read_it(void *path)
{
    uint8_t *bytes = NULL;
    size_t n = 0;
    lsc_status st = lsc_file_read(path, 1 << 24, &bytes, &n);
    lsc_free(bytes);
    return st;
}

static void reading_survives_every_failing_allocation(void **state)
{
    (void)state;
    CHECK_INT(test_torture(read_it, (void *)source_path("LICENSE")), 1);
    CHECK_INT(test_torture(read_pipe, &(size_t){20000}), 4); /* it grows from 4096 to 32768 on the way */
}

static void folders_are_made_as_deep_as_needed(void **state)
{
    struct stat info;
    (void)state;
    CHECK_OK(lsc_mkdirs(test_path("a/b//c/")));
    CHECK_OK(lsc_mkdirs(test_path("a/b/c")));
    CHECK_INT(stat(test_path("a/b/c"), &info), 0);
    CHECK(S_ISDIR(info.st_mode));
    CHECK_OK(lsc_mkdirs("/"));
    CHECK_OK(lsc_mkdirs(""));
    test_write_text(test_path("a/file"), "");
    CHECK_FAILS(lsc_mkdirs(test_path("a/file/d")), LSC_ERR_IO, "a/file: cannot make this folder: File exists");
}

static void a_path_has_a_folder_and_is_joined_by_one_slash(void **state)
{
    static const char *const folders[][2] = {{"a/b/c", "a/b"}, {"a", "."},  {"/a", "/"},
                                             {"/", "/"},       {"a/", "a"}, {"", "."}};
    static const char *const joined[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(folders); i++) {
        char *folder = lsc_path_folder(folders[i][0]);
        CHECK_STR(folder, folders[i][1]);
        lsc_free(folder);
    }
    for (size_t i = 0; i < LSC_COUNT(joined); i++) {
        char *path = lsc_path_join(joined[i][0], joined[i][1]);
        CHECK_STR(path, joined[i][2]);
        lsc_free(path);
    }
}

/* FIPS 180-2, appendix B: "abc", and a million times "a". */
static void a_hash_is_that_of_sha256sum(void **state)
{
    char hex[65];
    lsc_hash *h = NULL;
    (void)state;
    CHECK_OK(lsc_hash_new(&h));
    lsc_hash_add(h, "a", 1);
    lsc_hash_add(h, "bc", 2);
    lsc_hash_hex(h, hex);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for (int i = 0; i < 1000000; i++)
        lsc_hash_add(h, "a", 1);
    lsc_hash_hex(h, hex);
    CHECK_STR(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    lsc_hash_free(h);
    lsc_hash_free(NULL);
}

static void a_file_is_hashed_in_pieces(void **state)
{
    enum { N = 1000000 };
    static char text[N];
    char hex[65];
    (void)state;
    memset(text, 'a', N);
    test_write(test_path("f"), text, N);
    CHECK_OK(lsc_hash_file(test_path("f"), hex));
    CHECK_STR(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    CHECK_FAILS(lsc_hash_file(test_path("none"), hex), LSC_ERR_IO, "/none: cannot open: No such file");
    CHECK_FAILS(lsc_hash_file(test_folder(), hex), LSC_ERR_IO, "cannot read: it is a folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_file_is_read_whole_and_a_zero_follows),
        TEST_IN_FOLDER(a_file_of_exactly_the_limit_is_read_and_one_more_byte_is_not),
        TEST_IN_FOLDER(a_file_without_a_size_is_read_until_its_end),
        TEST_IN_FOLDER(a_missing_file_and_a_folder_are_named),
        TEST_IN_FOLDER(what_is_no_regular_file_is_refused_where_data_is_read),
        TEST_IN_FOLDER(reading_survives_every_failing_allocation),
        TEST_IN_FOLDER(folders_are_made_as_deep_as_needed),
        TEST(a_path_has_a_folder_and_is_joined_by_one_slash),
        TEST(a_hash_is_that_of_sha256sum),
        TEST_IN_FOLDER(a_file_is_hashed_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
