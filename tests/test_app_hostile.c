/*
 * Configurations nobody would write: cut off, altered byte by byte, deep, huge, binary. Each is read or refused with
 * one printable line that names its place; the asan preset watches the rest.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include "app/app.h"

typedef struct {
    int64_t epochs;
    double lr;
    bool flip;
    cfg_text kind, path;
    cfg_reals mean;
} sample;

/* clang-format off */
static const cfg_field fields[] = {
    CFG_INT   (sample, epochs, "train.epochs", "1",    0, 1e6,     "passes"),
    CFG_REAL  (sample, lr,     "train.lr",     "0.1",  0, 1000,    "learning rate"),
    CFG_BOOL  (sample, flip,   "train.flip",   "true",             "flips"),
    CFG_CHOICE(sample, kind,   "data.kind",    "idx", "idx cifar10", "data set"),
    CFG_TEXT  (sample, path,   "data.path",    "",                 "folder"),
    CFG_REALS (sample, mean,   "data.mean",    "1, 2", -500, 500,  "means"),
};
/* clang-format on */

static const char yaml[] = "# a comment\n"
                           "train:\n"
                           "  epochs: 12\n"
                           "  lr: 5e-2\n"
                           "  flip: false\n"
                           "data: {kind: \"cifar10\", path: '/a b/c', mean: [1.5, -2]}\n";
static const char json[] = "{\"train.epochs\": 12, \"train.lr\": 5e-2, \"train.flip\": false, "
                           "\"data.path\": \"/a\\u0020b\", \"data.mean\": [1.5, -2], \"other\": {\"x\": [null]}}";

static void check_message(const char *place)
{
    const char *text = lsc_last_error();
    CHECK_HAS(text, place);
    for (const char *p = text; *p != '\0'; p++)
        CHECK(*p >= 0x20 && *p < 0x7f);
}

/* Whether it was read. */
static bool read_yaml(const char *path, const char *text, size_t n)
{
    sample s;
    const cfg_section section = {fields, LSC_COUNT(fields), &s};

    remove(path); /* a file that is overwritten is synced by some file systems, and here are thousands */
    test_write(path, text, n);
    cfg_defaults(&section, 1);
    lsc_status st = cfg_load_yaml(path, &section, 1);
    if (st == LSC_OK)
        return true;
    CHECK_INT(st, LSC_ERR_CONFIG);
    check_message("/c.yaml:");
    return false;
}

static bool read_json(const char *text)
{
    sample s;
    const cfg_section section = {fields, LSC_COUNT(fields), &s};

    cfg_defaults(&section, 1);
    lsc_status st = cfg_from_json("run.bin: config", text, &section, 1, true);
    if (st == LSC_OK)
        return true;
    CHECK_INT(st, LSC_ERR_CONFIG);
    check_message("run.bin: config: ");
    return false;
}

static void a_file_cut_at_any_byte_is_read_or_refused(void **state)
{
    const char *path = test_path("c.yaml");
    char text[sizeof json];
    (void)state;
    CHECK(read_yaml(path, yaml, sizeof yaml - 1));
    for (size_t n = 0; n < sizeof yaml - 1; n++)
        read_yaml(path, yaml, n);
    CHECK(read_json(json));
    for (size_t n = 0; n < sizeof json - 1; n++) {
        memcpy(text, json, n);
        text[n] = '\0';
        CHECK(!read_json(text));
    }
}

static void a_file_with_any_byte_altered_is_read_or_refused(void **state)
{
    static const char bytes[] = "\0\n\t :-[]{}\"'&*!|>%@`#,?x9\x7f\x80\xc2\xff";
    const char *path = test_path("c.yaml");
    char text[sizeof yaml > sizeof json ? sizeof yaml : sizeof json];
    (void)state;
    for (size_t at = 0; at < sizeof yaml - 1; at++)
        for (size_t b = 0; b < sizeof bytes - 1; b++) {
            memcpy(text, yaml, sizeof yaml);
            text[at] = bytes[b];
            read_yaml(path, text, sizeof yaml - 1);
        }
    for (size_t at = 0; at < sizeof json - 1; at++)
        for (size_t b = 1; b < sizeof bytes - 1; b++) {
            memcpy(text, json, sizeof json);
            text[at] = bytes[b];
            read_json(text);
        }
}

/* `open` n times, then `close` n times, around `middle`. */
static char *nested(const char *open, const char *middle, const char *close, int n)
{
    lsc_text t = {0};
    for (int i = 0; i < n; i++)
        lsc_text_add(&t, "%s", open);
    lsc_text_add(&t, "%s", middle);
    for (int i = 0; i < n; i++)
        lsc_text_add(&t, "%s", close);
    CHECK(!t.failed);
    return t.text;
}

static void depth_is_refused_and_not_followed(void **state)
{
    static const char *const rows[][3] = {{"[", "", "]"},      {"{train: ", "1", "}"}, {"{? ", "", "}"},
                                          {"- ", "1", ""},     {"train: {", "", "}"},  {"[{a: ", "1", "}]"},
                                          {"!!map {", "", "}"}};
    const char *path = test_path("c.yaml");
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(rows); i++) {
        char *text = nested(rows[i][0], rows[i][1], rows[i][2], 20000);
        CHECK(!read_yaml(path, text, strlen(text)));
        lsc_free(text);
    }
    for (int n = 10; n <= 100000; n *= 10) {
        char *array = nested("[", "", "]", n);
        char *text = lsc_format("{\"data.mean\": %s}", array);
        CHECK(!read_json(text));
        lsc_free(array);
        lsc_free(text);
    }
}

static void aliases_do_not_multiply(void **state)
{
    lsc_text t = {0};
    (void)state;
    lsc_text_add(&t, "a0: &a0 [x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 40; i++)
        lsc_text_add(&t, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
    CHECK(!read_yaml(test_path("c.yaml"), t.text, t.length));
    lsc_text_free(&t);
}

static void huge_scalars_and_many_keys_are_refused(void **state)
{
    enum { N = 1000000 };
    static char text[N + 64];
    const char *path = test_path("c.yaml");
    (void)state;
    static const char *const starts[] = {"data.path: ", "train.lr: ", "data.path: \"", "", "data.kind: |\n "};
    for (size_t i = 0; i < LSC_COUNT(starts); i++) {
        int n = snprintf(text, sizeof text, "%s", starts[i]);
        memset(text + n, 'x', N);
        CHECK(!read_yaml(path, text, (size_t)n + N));
    }
    for (int i = 0; i < N / 4; i++)
        memcpy(text + 4 * i, "a:\n ", 4);
    CHECK(!read_yaml(path, text, N));
    for (int i = 0; i < N / 2; i++)
        memcpy(text + 2 * i, "1,", 2);
    memcpy(text, "data.mean: [", 12);
    CHECK(!read_yaml(path, text, N));
}

static void other_files_are_refused(void **state)
{
    static const unsigned char elf[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0};
    static const unsigned char hdf5[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    static const unsigned char utf16[] = {0xff, 0xfe, 't', 0, 'r', 0};
    static const unsigned char safetensors[] = {0x10, 0, 0, 0, 0, 0, 0, 0, '{', '"', 'a', '"', ':'};
    char noise[4096];
    const char *path = test_path("c.yaml");
    (void)state;
    CHECK(!read_yaml(path, (const char *)elf, sizeof elf));
    CHECK(!read_yaml(path, (const char *)hdf5, sizeof hdf5));
    CHECK(!read_yaml(path, (const char *)utf16, sizeof utf16));
    CHECK(!read_yaml(path, (const char *)safetensors, sizeof safetensors));
    for (uint64_t round = 0; round < 200; round++) {
        for (uint64_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)lsc_rng_below((lsc_rng){1, round}, i, round % 2 == 0 ? 256 : 128);
        CHECK(!read_yaml(path, noise, sizeof noise));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_file_cut_at_any_byte_is_read_or_refused),
        TEST_IN_FOLDER(a_file_with_any_byte_altered_is_read_or_refused),
        TEST_IN_FOLDER(depth_is_refused_and_not_followed),
        TEST_IN_FOLDER(aliases_do_not_multiply),
        TEST_IN_FOLDER(huge_scalars_and_many_keys_are_refused),
        TEST_IN_FOLDER(other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
