/*
 * Tensors in files: round trips, and files that lie.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"
#include "support/support.h"

#include <math.h>

/* A file of `header` and n bytes of data, with the length of the header, or another one if it is >= 0. */
static const char *write_file(const char *header, size_t n, long long length)
{
    static uint8_t bytes[65536];
    uint64_t l = length >= 0 ? (uint64_t)length : strlen(header);
    const char *path = test_path("x.safetensors");
    CHECK(8 + strlen(header) + n <= sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, &l, 8);
    memcpy(bytes + 8, header, strlen(header));
    test_write(path, bytes, 8 + strlen(header) + n);
    return path;
}

static void refuses(const char *header, size_t n, const char *message)
{
    nn_tensors *t = NULL;
    const char *path = write_file(header, n, -1);
    CHECK_FAILS(nn_tensors_read(path, &t), LSC_ERR_FORMAT, message);
    CHECK_HAS(lsc_last_error(), path);
    CHECK(t == NULL);
}

#define TENSOR(name, dtype, shape, begin, end)                                                                         \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static void headers_that_are_no_headers_are_refused(void **state)
{
    (void)state;
    nn_tensors *t = NULL;
    refuses("", 0, "does not begin with '{'");
    refuses("[]", 0, "does not begin with '{'");
    refuses("{\"a\":", 0, "not JSON, at offset 12");
    refuses("{} x", 0, "goes on after its JSON, at offset 11");
    refuses("{}\t", 0, "goes on after its JSON, at offset 10");
    CHECK_FAILS(nn_tensors_read(write_file("{}", 0, 3), &t), LSC_ERR_FORMAT, "a header of 3 bytes in a file of 10");
    CHECK_FAILS(nn_tensors_read(write_file("{}", 0, 100000001), &t), LSC_ERR_FORMAT, "more than 100000000");
    CHECK_FAILS(nn_tensors_read(write_file("{}", 0, 0x7fffffffffffffff), &t), LSC_ERR_FORMAT, "header of");
    test_write(test_path("short"), "\2\0\0\0\0\0\0", 7);
    CHECK_FAILS(nn_tensors_read(test_path("short"), &t), LSC_ERR_FORMAT, "7 bytes: not a safetensors file");
    test_write(test_path("empty"), "", 0);
    CHECK_FAILS(nn_tensors_read(test_path("empty"), &t), LSC_ERR_FORMAT, "0 bytes: not a safetensors file");
    CHECK_FAILS(nn_tensors_read(test_path("none"), &t), LSC_ERR_IO, "none");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    static char header[40000];
    size_t n = 0;
    n += (size_t)sprintf(header, "{\"a\":");
    memset(header + n, '[', 15000);
    memset(header + n + 15000, ']', 15000);
    strcpy(header + n + 30000, "}");
    refuses(header, 0, "not JSON");
}

static void tensors_that_are_no_tensors_are_refused(void **state)
{
    (void)state;
    refuses("{\"a\":1}", 0, "tensor 'a': not an object");
    refuses("{\"a\":{}}", 0, "tensor 'a': 'dtype' is absent");
    refuses("{\"a\":{\"dtype\":7}}", 0, "'dtype' is absent or not a string");
    refuses("{" TENSOR("a", "Q7", "[1]", 0, 4) "}", 4,
            "unknown dtype 'Q7' (known: F32 F64 I64 F16 BF16 U8 I32 I16 I8 BOOL)");
    refuses("{\"a\":{\"dtype\":\"F32\"}}", 0, "'shape' is absent");
    refuses("{" TENSOR("a", "F32", "[-1]", 0, 4) "}", 4, "dimension 0 of 'shape' is not a whole number");
    refuses("{" TENSOR("a", "F32", "[2,0.5]", 0, 4) "}", 4, "dimension 1 of 'shape' is not a whole number");
    refuses("{" TENSOR("a", "F32", "[1e300]", 0, 4) "}", 4, "dimension 0 of 'shape'");
    refuses("{" TENSOR("a", "F32", "[\"1\"]", 0, 4) "}", 4, "dimension 0 of 'shape'");
    refuses("{" TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", 4, "more than 8 dimensions");
    refuses("{" TENSOR("a", "F32", "[4294967296,4294967296]", 0, 4) "}", 4, "more elements than can be counted");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 0, "'data_offsets' is not a pair");
    refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 0, "'data_offsets' is not a pair");
    refuses("{" TENSOR("a", "F32", "[1]", -4, 0) "}", 4, "'data_offsets' is not a pair of whole numbers");
}

static void data_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    refuses("{" TENSOR("a", "F32", "[1]", 4, 0) "}", 4, "[4, 0] do not lie in the 4 bytes of data");
    refuses("{" TENSOR("a", "F32", "[2]", 0, 8) "}", 4, "[0, 8] do not lie in the 4 bytes of data");
    refuses("{" TENSOR("a", "F64", "[1]", 0, 4) "}", 4,
            "1 elements of F64 at offset 62 need 8 bytes, 'data_offsets' give 4");
    refuses("{" TENSOR("a", "F64", "[4611686018427387904]", 0, 4) "}", 4, "dimension 0 of 'shape'");
    refuses("{" TENSOR("a", "F64", "[4503599627370496,512]", 0, 4) "}", 4, "'data_offsets' give 4");
    refuses("{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("b", "U8", "[4]", 2, 6) "}", 6,
            "tensor 'b' begins at offset");
    refuses("{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("b", "U8", "[4]", 2, 6) "}", 6,
            "but the one before it ends at");
    refuses("{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("b", "U8", "[2]", 5, 7) "}", 7, "which leaves a gap from");
    refuses("{" TENSOR("a", "U8", "[2]", 2, 4) "}", 4, "tensor 'a' begins at offset");
    refuses("{" TENSOR("a", "U8", "[4]", 0, 4) "}", 6, "2 bytes after the last tensor, from offset 65");
    refuses("{}", 1, "1 bytes after the last tensor");
}

static void names_and_metadata_are_checked(void **state)
{
    (void)state;
    refuses("{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("a", "U8", "[2]", 4, 6) "}", 6, "two tensors are named 'a'");
    refuses("{" TENSOR("a\\u001b[2J", "U8", "[4]", 0, 3) "}", 3, "tensor 'a\\x1b[2J'");
    refuses("{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    refuses("{\"__metadata__\":{\"epoch\":3}}", 0, "__metadata__: 'epoch' is not a string");
}

static void files_of_other_programs_are_read(void **state)
{
    (void)state;
    nn_tensors *t = NULL;
    /* Not in the order of the data, an empty tensor, no padding, a member that is not ours. */
    const char *header = "{" TENSOR("b", "U8", "[3]", 4, 7) "," TENSOR(
        "e", "F32", "[0,5]", 4, 4) ","
                                   "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1},"
                                   "\"__metadata__\":{\"k\":\"v\"}}";
    CHECK_OK(nn_tensors_read(write_file(header, 7, -1), &t));
    CHECK_INT(nn_tensors_count(t), 3);
    CHECK_STR(nn_tensors_at(t, 0)->name, "b");
    CHECK(nn_tensors_at(t, 3) == NULL);
    CHECK_INT(nn_tensors_find(t, "a")->rank, 0);
    CHECK_INT(nn_tensors_find(t, "a")->elements, 1);
    CHECK_INT(nn_tensors_find(t, "e")->elements, 0);
    CHECK(nn_tensors_find(t, "c") == NULL);
    CHECK_STR(nn_tensors_meta(t, "k"), "v");
    CHECK(nn_tensors_meta(t, "l") == NULL);
    nn_tensors_free(t);
    CHECK_OK(nn_tensors_read(write_file("{}", 0, -1), &t));
    CHECK(nn_tensors_meta(t, "k") == NULL);
    CHECK(nn_tensors_find(t, "a") == NULL);
    nn_tensors_free(t);
}

/* The first byte of its length is the one with which pickles begin. */
static void a_header_of_640_bytes_is_no_pickle(void **state)
{
    (void)state;
    char header[641];
    nn_tensors *t = NULL;
    snprintf(header, sizeof header, "%-640s", "{" TENSOR("a", "U8", "[4]", 0, 4) "}");
    CHECK_OK(nn_tensors_read(write_file(header, 4, -1), &t));
    CHECK_INT(nn_tensors_count(t), 1);
    CHECK(nn_tensors_where(t) == NULL);
    nn_tensors_free(t);
}

static void every_type_gives_its_values(void **state)
{
    (void)state;
    static const uint16_t f16[] = {0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x7c00, 0x7e00, 0x03ff};
    static const double f16_values[] = {1, -2, 0x1p-24, -0.0, 65504, INFINITY, NAN, 1023 * 0x1p-24};
    static const uint16_t bf16[] = {0x3f80, 0xc0a0, 0x7f80};
    static const double bf16_values[] = {1, -5, INFINITY};
    nn_tensor t = {.dtype = NN_DT_F16, .data = f16};
    for (int64_t i = 0; i < (int64_t)LSC_COUNT(f16); i++)
        CHECK_REAL(nn_tensor_value(&t, i), f16_values[i], 0);
    t = (nn_tensor){.dtype = NN_DT_BF16, .data = bf16};
    for (int64_t i = 0; i < (int64_t)LSC_COUNT(bf16); i++)
        CHECK_REAL(nn_tensor_value(&t, i), bf16_values[i], 0);
    t = (nn_tensor){.dtype = NN_DT_F32, .data = (float[]){1.5f, -2}};
    CHECK_REAL(nn_tensor_value(&t, 1), -2, 0);
    t = (nn_tensor){.dtype = NN_DT_F64, .data = (double[]){1, 0.1}};
    CHECK_REAL(nn_tensor_value(&t, 1), 0.1, 0);
    t = (nn_tensor){.dtype = NN_DT_I64, .data = (int64_t[]){1, -5}};
    CHECK_REAL(nn_tensor_value(&t, 1), -5, 0);
    t = (nn_tensor){.dtype = NN_DT_I32, .data = (int32_t[]){1, -7}};
    CHECK_REAL(nn_tensor_value(&t, 1), -7, 0);
    t = (nn_tensor){.dtype = NN_DT_U8, .data = (uint8_t[]){1, 200}};
    CHECK_REAL(nn_tensor_value(&t, 1), 200, 0);
    t = (nn_tensor){.dtype = NN_DT_I16, .data = (int16_t[]){1, -300}};
    CHECK_REAL(nn_tensor_value(&t, 1), -300, 0);
    t = (nn_tensor){.dtype = NN_DT_I8, .data = (int8_t[]){1, -100}};
    CHECK_REAL(nn_tensor_value(&t, 1), -100, 0);
    t = (nn_tensor){.dtype = NN_DT_BOOL, .data = (uint8_t[]){0, 1}};
    CHECK_REAL(nn_tensor_value(&t, 1), 1, 0);
}

static const float floats[] = {0.1f, -0.0f, 3e38f, 1e-45f, 5, 6};
static const int64_t integers[] = {-1};
static const nn_tensor written[] = {
    {.name = "odd \"name\"\n", .dtype = NN_DT_F32, .rank = 2, .shape = {2, 3}, .data = floats},
    {.name = "count", .dtype = NN_DT_I64, .rank = 0, .data = integers},
    {.name = "none", .dtype = NN_DT_F64, .rank = 1, .shape = {0}, .data = floats},
};

static void what_is_written_is_read_back_bit_for_bit(void **state)
{
    (void)state;
    const nn_meta meta[] = {{"config", "{\"model.name\": \"mlp\"}"}, {"empty", ""}};
    const char *path = test_path("t.safetensors");
    nn_tensors *t = NULL;
    size_t n = 0;
    uint64_t length;

    CHECK_OK(nn_tensors_write(path, written, LSC_COUNT(written), meta, LSC_COUNT(meta)));
    CHECK_OK(nn_tensors_read(path, &t));
    CHECK_INT(nn_tensors_count(t), LSC_COUNT(written));
    for (int i = 0; i < (int)LSC_COUNT(written); i++) {
        CHECK_STR(nn_tensors_at(t, i)->name, written[i].name);
        CHECK_INT(nn_tensors_at(t, i)->dtype, written[i].dtype);
        CHECK_INT(nn_tensors_at(t, i)->rank, written[i].rank);
        for (int j = 0; j < written[i].rank; j++)
            CHECK_INT(nn_tensors_at(t, i)->shape[j], written[i].shape[j]);
    }
    CHECK_BYTES(nn_tensors_at(t, 0)->data, floats, sizeof floats);
    CHECK_BYTES(nn_tensors_at(t, 1)->data, integers, sizeof integers);
    CHECK_STR(nn_tensors_meta(t, "config"), meta[0].value);
    CHECK_STR(nn_tensors_meta(t, "empty"), "");
    nn_tensors_free(t);

    char *bytes = test_read(path, &n);
    memcpy(&length, bytes, 8);
    CHECK_INT(length % 8, 0);
    CHECK_INT(n, 8 + length + sizeof floats + sizeof integers);
    lsc_free(bytes);
    CHECK_INT(test_folder_entries(), 1);
}

/* Some file systems sync a file that is cut to nothing and written anew, which is slow. */
static void replace(const char *path, const void *bytes, size_t n)
{
    remove(path);
    test_write(path, bytes, n);
}

/* Cut anywhere, a file is refused and nothing is read past its end (which the asan preset sees). */
static void a_cut_file_is_refused(void **state)
{
    (void)state;
    const char *path = test_path("t.safetensors"), *cut = test_path("cut.safetensors");
    size_t n = 0;
    CHECK_OK(nn_tensors_write(path, written, LSC_COUNT(written), NULL, 0));
    char *bytes = test_read(path, &n);
    for (size_t i = 0; i < n; i++) {
        nn_tensors *t = NULL;
        replace(cut, bytes, i);
        CHECK_FAILS(nn_tensors_read(cut, &t), LSC_ERR_FORMAT, cut);
    }
    lsc_free(bytes);
}

/* With one byte changed a file is refused or read; either way the sanitizers have nothing to say. */
static void a_changed_byte_does_no_harm(void **state)
{
    (void)state;
    const char *path = test_path("t.safetensors"), *changed = test_path("changed.safetensors");
    size_t n = 0;
    CHECK_OK(nn_tensors_write(path, written, LSC_COUNT(written), NULL, 0));
    char *bytes = test_read(path, &n);
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            nn_tensors *t = NULL;
            bytes[i] ^= (char)(1 << bit);
            replace(changed, bytes, n);
            if (nn_tensors_read(changed, &t) == LSC_OK)
                for (int k = 0; k < nn_tensors_count(t); k++)
                    for (int64_t j = 0; j < nn_tensors_at(t, k)->elements; j++)
                        (void)nn_tensor_value(nn_tensors_at(t, k), j);
            nn_tensors_free(t);
            bytes[i] ^= (char)(1 << bit);
        }
    lsc_free(bytes);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = test_path("folder_that_is_not/t.safetensors");
    CHECK_FAILS(nn_tensors_write(path, written, LSC_COUNT(written), NULL, 0), LSC_ERR_IO, "folder_that_is_not");
}

static lsc_status write_and_read(void *context)
{
    nn_tensors *t = NULL;
    lsc_status st = nn_tensors_write(context, written, LSC_COUNT(written), NULL, 0);
    if (st == LSC_OK)
        st = nn_tensors_read(context, &t);
    nn_tensors_free(t);
    return st;
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    CHECK(test_torture(write_and_read, (void *)test_path("t.safetensors")) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(headers_that_are_no_headers_are_refused),
        TEST_IN_FOLDER(deep_nesting_is_refused),
        TEST_IN_FOLDER(tensors_that_are_no_tensors_are_refused),
        TEST_IN_FOLDER(data_that_do_not_fit_are_refused),
        TEST_IN_FOLDER(names_and_metadata_are_checked),
        TEST_IN_FOLDER(files_of_other_programs_are_read),
        TEST_IN_FOLDER(a_header_of_640_bytes_is_no_pickle),
        TEST(every_type_gives_its_values),
        TEST_IN_FOLDER(what_is_written_is_read_back_bit_for_bit),
        TEST_IN_FOLDER(a_cut_file_is_refused),
        TEST_IN_FOLDER(a_changed_byte_does_no_harm),
        TEST_IN_FOLDER(a_full_disk_leaves_the_old_file),
        TEST_IN_FOLDER(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
