/*
 * Files of torch.save cut anywhere, changed anywhere, and read without memory: they are read or refused, and the
 * sanitizers (preset asan) have nothing to say. Files are parsed from memory of exactly their size.
 * SPDX-License-Identifier: MIT
 */
#include "nn/tensor_file.h"
#include "support/support.h"

static const char *const files[] = {"pickles/zip.pth", "pickles/strided_legacy.pt", "pickles/objects.pth",
                                    "pickles/nested.t7"};

/* Read whatever comes out, as its user would. */
static lsc_status parse(const char *bytes, size_t n)
{
    nn_tensors *t = NULL;
    uint8_t *copy = lsc_calloc(n, 1);
    if (copy == NULL)
        return lsc_fail(LSC_ERR_NOMEM, "no memory for the copy");
    if (n > 0)
        memcpy(copy, bytes, n);
    lsc_status st = nn_tensors_parse(copy, n, &t);
    if (st != LSC_OK)
        return st;
    for (int k = 0; k < nn_tensors_count(t); k++)
        for (int64_t i = 0; i < nn_tensors_at(t, k)->elements; i++)
            (void)nn_tensor_value(nn_tensors_at(t, k), i);
    nn_tensors_free(t);
    return LSC_OK;
}

static void a_cut_file_is_refused(void **state)
{
    (void)state;
    for (size_t f = 0; f < LSC_COUNT(files); f++) {
        size_t n = 0;
        char *bytes = test_read(golden_path(files[f]), &n);
        for (size_t i = 0; i < n; i++)
            CHECK_INT(parse(bytes, i), LSC_ERR_FORMAT);
        CHECK_OK(parse(bytes, n));
        lsc_free(bytes);
    }
}

static void a_changed_byte_does_no_harm(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0xff};
    for (size_t f = 0; f < LSC_COUNT(files); f++) {
        size_t n = 0;
        char *bytes = test_read(golden_path(files[f]), &n);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < LSC_COUNT(changes); k++) {
                bytes[i] ^= (char)changes[k];
                lsc_status st = parse(bytes, n);
                CHECK(st == LSC_OK || st == LSC_ERR_FORMAT);
                bytes[i] ^= (char)changes[k];
            }
        lsc_free(bytes);
    }
}

typedef struct {
    char *bytes;
    size_t n;
} content;

static lsc_status parse_content(void *context)
{
    const content *c = context;
    return parse(c->bytes, c->n);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    static const char *const more[] = {"tests/fuzz/corpus/torch/deflated.pth", "tests/fuzz/corpus/torch/protocol5.pth",
                                       "tests/golden/pickles/released_237.pth"};
    for (size_t f = 0; f < LSC_COUNT(files) + LSC_COUNT(more); f++) {
        bool golden = f < LSC_COUNT(files);
        content c;
        c.bytes = test_read(golden ? golden_path(files[f]) : source_path(more[f - LSC_COUNT(files)]), &c.n);
        CHECK(test_torture(parse_content, &c) > 5);
        lsc_free(c.bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_cut_file_is_refused),
        TEST_IN_FOLDER(a_changed_byte_does_no_harm),
        TEST_IN_FOLDER(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
