/*
 * Configuration: defaults, YAML, --set, JSON.
 * SPDX-License-Identifier: MIT
 */
#include <float.h>
#include <math.h>

#include "config_fixture.h"
#include "support/support.h"

static void defaults_come_from_the_rows(void **state)
{
    options o;
    (void)state;
    memset(&o, 0xff, sizeof o);
    cfg_defaults(sections(&o), 2);
    CHECK_INT(o.epochs, 90);
    CHECK_REAL(o.lr, 0.1, 0);
    CHECK(o.nesterov);
    CHECK_STR(o.optimizer.s, "erm");
    CHECK_STR(o.path.s, "");
    CHECK_INT(o.rotations.n, 3);
    CHECK_REAL(o.rotations.v[1], 30, 0);
}

static void nested_and_dotted_yaml_are_the_same(void **state)
{
    options o;
    (void)state;
    CHECK_OK(load("# a comment\n"
                  "train:\n"
                  "  epochs: 3\n"
                  "  lr: 5e-2   # smaller\n"
                  "  nesterov: false\n"
                  "  optimizer: \"sam\"\n"
                  "data: {path: /some/where, rotations: [0, 90.5]}\n",
                  &o));
    CHECK_INT(o.epochs, 3);
    CHECK_REAL(o.lr, 0.05, 0);
    CHECK(!o.nesterov);
    CHECK_STR(o.optimizer.s, "sam");
    CHECK_STR(o.path.s, "/some/where");
    CHECK_INT(o.rotations.n, 2);
    CHECK_REAL(o.rotations.v[1], 90.5, 0);
    CHECK_REAL(o.decay, 5e-4, 0); /* not given: its default */

    CHECK_OK(load("train.epochs: 4\ndata.rotations:\n  - 1\n  - -2\ndata.path: 12\n", &o));
    CHECK_INT(o.epochs, 4);
    CHECK_REAL(o.rotations.v[1], -2, 0);
    CHECK_STR(o.path.s, "12");
    CHECK_OK(load("data: {rotations: [], path: \"\"}", &o));
    CHECK_INT(o.rotations.n, 0);
    CHECK_OK(load("\xef\xbb\xbftrain: {epochs: 5}\r\n", &o)); /* with a byte order mark, as Windows writes it */
    CHECK_INT(o.epochs, 5);
}

static void words_are_a_list_or_one_text(void **state)
{
    static const char *const same[] = {
        "data: {domains: [casia, replay]}\n",
        "data:\n  domains:\n    - casia\n    - \"replay\"\n",
        "data: {domains: casia replay}\n",
        "data: {domains: \"casia, replay\"}\n",
    };
    options o;
    (void)state;
    CHECK_OK(load("", &o));
    CHECK_STR(o.domains.s, "oulu msu");
    for (size_t i = 0; i < LSC_COUNT(same); i++) {
        CHECK_OK(load(same[i], &o));
        CHECK_STR(o.domains.s, "casia replay");
    }
    CHECK_OK(load("data: {domains: []}\n", &o));
    CHECK_STR(o.domains.s, "");
    CHECK_OK(set("data.domains=[casia]", &o));
    CHECK_STR(o.domains.s, "casia");
}

static void truth_is_written_as_yaml_writes_it(void **state)
{
    options o;
    (void)state;
    CHECK_OK(load("train: {nesterov: False}\n", &o));
    CHECK(!o.nesterov);
    CHECK_OK(load("train: {nesterov: TRUE}\n", &o));
    CHECK(o.nesterov);
}

static void a_key_at_the_top_of_a_file_is_seen(void **state)
{
    const struct {
        const char *text;
        bool has;
    } cases[] = {
        {"train: {lr: 1}\nTRAIN: {lr: 1}\n", true},
        {"a: [TRAIN, {TRAIN: 1}]\nb: TRAIN\nc: {TRAIN: {}}\n", false},
        {"a: [1, [2]]\nTRAIN: x\n", true},
        {"TRAIN\n", false},
        {"[TRAIN]\n", false},
        {"a: {\n", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        test_write_text(test_path("c.yaml"), cases[i].text);
        CHECK_INT(cfg_yaml_has(test_path("c.yaml"), "TRAIN"), cases[i].has);
    }
    CHECK(!cfg_yaml_has(test_path("absent.yaml"), "TRAIN"));
}

static void the_keys_of_a_file_are_told(void **state)
{
    options o;
    lsc_text seen = {0};
    (void)state;
    test_write_text(test_path("c.yaml"), "train: {lr: 1}\ndata.low: 2\n");
    CHECK_OK(cfg_load_yaml_seen(test_path("c.yaml"), sections(&o), 2, &seen));
    CHECK_HAS(seen.text, "\ntrain.lr\n");
    CHECK_HAS(seen.text, "\ndata.low\n");
    CHECK(strstr(seen.text, "epochs") == NULL);
    lsc_text_free(&seen);
}

static void an_empty_file_leaves_the_defaults(void **state)
{
    static const char *const empty[] = {"", "\n\n", "# nothing\n", "---\n", "--- ~\n", "{}"};
    options o;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(empty); i++) {
        CHECK_OK(load(empty[i], &o));
        CHECK_INT(o.epochs, 90);
    }
}

static void one_key_is_set_on_the_command_line(void **state)
{
    options o;
    (void)state;
    CHECK_OK(set("train.lr=0.05", &o));
    CHECK_REAL(o.lr, 0.05, 0);
    CHECK_OK(set("data.path=a=b c", &o));
    CHECK_STR(o.path.s, "a=b c");
    CHECK_OK(set("data.path=", &o));
    CHECK_STR(o.path.s, "");
    CHECK_OK(set("data.rotations=[0, 45]", &o));
    CHECK_INT(o.rotations.n, 2);
    CHECK_OK(set("data.rotations=0,45 90", &o));
    CHECK_INT(o.rotations.n, 3);
    CHECK_OK(set("data.rotations=", &o));
    CHECK_INT(o.rotations.n, 0);
    CHECK_OK(set("data.any=1e999", &o));
    CHECK_REAL(o.any, INFINITY, 0);
    CHECK_OK(set("data.any=-.5", &o));
    CHECK_REAL(o.any, -0.5, 0);
}

static void values_survive_json_and_yaml(void **state)
{
    options o, back;
    (void)state;
    cfg_defaults(sections(&o), 2);
    o.lr = 0.1 + 0.2; /* needs 17 digits */
    o.decay = 1e-300;
    o.any = INFINITY;
    o.low = DBL_MAX;
    o.seed = 9000000000000000;
    o.nesterov = false;
    o.rotations = (cfg_reals){2, {1.0 / 3, -0.0}};
    snprintf(o.path.s, sizeof o.path.s, "a \"b\" \\ c: # </x>\n\t caf\xc3\xa9");
    char *json = cfg_to_json(sections(&o), 2), *yaml = cfg_to_yaml(sections(&o), 2);
    for (int way = 0; way < 2; way++) {
        CHECK_OK(way == 0 ? from_json(json, &back) : load(yaml, &back));
        CHECK_REAL(back.lr, o.lr, 0);
        CHECK_REAL(back.decay, o.decay, 0);
        CHECK_REAL(back.any, o.any, 0);
        CHECK_REAL(back.low, o.low, 0);
        CHECK_INT(back.seed, o.seed);
        CHECK_INT(back.nesterov, false);
        CHECK_STR(back.path.s, o.path.s);
        CHECK_STR(back.optimizer.s, "erm");
        CHECK_INT(back.rotations.n, 2);
        CHECK_BYTES(back.rotations.v, o.rotations.v, 2 * sizeof(double));
    }
    CHECK_HAS(yaml, "train.lr: 0.30000000000000004  # learning rate\n");
    CHECK_HAS(json, "{\"train.epochs\": 90, \"train.lr\": 0.30000000000000004, ");
    lsc_free(json);
    lsc_free(yaml);
}

static void an_empty_configuration_is_an_empty_object(void **state)
{
    char *json = cfg_to_json(NULL, 0), *yaml = cfg_to_yaml(NULL, 0);
    (void)state;
    CHECK_STR(json, "{}");
    CHECK_STR(yaml, "");
    lsc_free(json);
    lsc_free(yaml);
}

static void a_reader_of_a_part_skips_the_rest(void **state)
{
    options o;
    (void)state;
    cfg_defaults(sections(&o), 2);
    CHECK_OK(
        cfg_from_json("x", "{\"other.key\": [1, {}], \"train.lr\": 0.5, \"data.path\": \"p\"}", sections(&o), 1, true));
    CHECK_REAL(o.lr, 0.5, 0);
    CHECK_STR(o.path.s, "");
}

static void the_nearest_word_is_near(void **state)
{
    static const char *const words[] = {"sgd", "adam", "sam", "gac_fas", "momentum"};
    static const char *const near[][2] = {
        {"samm", "sam"},          {"asm", "sam"}, {"sdg", "sgd"}, {"gacfas", "gac_fas"}, {"momentmu", "momentum"},
        {"mometums", "momentum"}, {"xyz", NULL},  {"", NULL},     {"adagrad", NULL}};
    char word[200];
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(near); i++) {
        const char *found = cfg_nearest(near[i][0], words, LSC_COUNT(words));
        if (near[i][1] == NULL)
            CHECK(found == NULL);
        else
            CHECK_STR(found, near[i][1]);
    }
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    CHECK(cfg_nearest(word, words, LSC_COUNT(words)) == NULL);
    CHECK(cfg_nearest("sam", words, 0) == NULL);
}

typedef struct {
    const char *path, *json;
} torture;

static lsc_status read_and_print(void *context)
{
    const torture *t = context;
    options o;
    cfg_defaults(sections(&o), 2);
    lsc_status st = cfg_load_yaml(t->path, sections(&o), 2);
    if (st == LSC_OK)
        st = cfg_from_json("x", t->json, sections(&o), 2, false);
    char *json = st == LSC_OK ? cfg_to_json(sections(&o), 2) : NULL;
    char *yaml = st == LSC_OK && json != NULL ? cfg_to_yaml(sections(&o), 2) : NULL;
    if (st == LSC_OK && (json == NULL || yaml == NULL))
        st = lsc_fail(LSC_ERR_NOMEM, "text");
    lsc_free(json);
    lsc_free(yaml);
    return st;
}

static void reading_survives_every_failing_allocation(void **state)
{
    torture t = {test_path("c.yaml"), "{\"train.lr\": 0.5, \"data.rotations\": [1, 2], \"train.epochs\": 2}"};
    (void)state;
    test_write_text(t.path, "train: {lr: 1, epochs: 2}\ndata:\n  rotations: [1, 2]\n  path: x\n");
    CHECK(test_torture(read_and_print, &t) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_come_from_the_rows),
        TEST_IN_FOLDER(nested_and_dotted_yaml_are_the_same),
        TEST_IN_FOLDER(words_are_a_list_or_one_text),
        TEST_IN_FOLDER(truth_is_written_as_yaml_writes_it),
        TEST_IN_FOLDER(a_key_at_the_top_of_a_file_is_seen),
        TEST_IN_FOLDER(the_keys_of_a_file_are_told),
        TEST_IN_FOLDER(an_empty_file_leaves_the_defaults),
        TEST(one_key_is_set_on_the_command_line),
        TEST_IN_FOLDER(values_survive_json_and_yaml),
        TEST(an_empty_configuration_is_an_empty_object),
        TEST(a_reader_of_a_part_skips_the_rest),
        TEST(the_nearest_word_is_near),
        TEST_IN_FOLDER(reading_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
