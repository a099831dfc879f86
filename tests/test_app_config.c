/*
 * Configuration: defaults, YAML, --set, JSON, and the text of every error.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include "app/app.h"

#include <float.h>
#include <math.h>

typedef struct {
    int64_t epochs, seed, big;
    double lr, decay, any, low;
    bool nesterov;
    cfg_text optimizer, path, domains;
    cfg_reals rotations;
} options;

/* clang-format off */
static const cfg_field train_fields[] = {
    CFG_INT   (options, epochs,    "train.epochs",    "90",   1, 1e6, "passes over the training set"),
    CFG_REAL  (options, lr,        "train.lr",        "0.1",  0, 1e3, "learning rate"),
    CFG_REAL  (options, decay,     "train.decay",     "5e-4", 0, 1,   "weight decay"),
    CFG_BOOL  (options, nesterov,  "train.nesterov",  "true",         "Nesterov momentum"),
    CFG_CHOICE(options, optimizer, "train.optimizer", "erm", "erm sam gac_fas", "step rule"),
    CFG_INT   (options, seed,      "train.seed",      "1",    0, 9e15, "seed"),
};
static const cfg_field data_fields[] = {
    CFG_TEXT  (options, path,      "data.path",       "",             "folder"),
    CFG_REALS (options, rotations, "data.rotations",  "0, 30, 60", -360, 360, "degrees"),
    CFG_WORDS (options, domains,   "data.domains",    "oulu msu",     "names"),
    CFG_REAL  (options, any,       "data.any",        "0", -INFINITY, INFINITY, "any number"),
    CFG_INT   (options, big,       "data.big",        "0", -INFINITY, INFINITY, "any whole number"),
    CFG_REAL  (options, low,       "data.low",        "0", -1, DBL_MAX, "bounded below"),
};
/* clang-format on */

#define SECTIONS(o)                                                                                                    \
    (const cfg_section[])                                                                                              \
    {                                                                                                                  \
        {train_fields, LSC_COUNT(train_fields), (o)}, {data_fields, LSC_COUNT(data_fields), (o)},                      \
    }

static lsc_status load_bytes(const char *yaml, size_t n, options *o)
{
    const char *path = test_path("c.yaml");
    test_write(path, yaml, n);
    cfg_defaults(SECTIONS(o), 2);
    return cfg_load_yaml(path, SECTIONS(o), 2);
}

static lsc_status load(const char *yaml, options *o)
{
    return load_bytes(yaml, strlen(yaml), o);
}

static lsc_status set(const char *assignment, options *o)
{
    cfg_defaults(SECTIONS(o), 2);
    return cfg_set("--set", assignment, SECTIONS(o), 2);
}

static lsc_status from_json(const char *json, options *o)
{
    cfg_defaults(SECTIONS(o), 2);
    return cfg_from_json("run.bin: config", json, SECTIONS(o), 2, false);
}

static void defaults_come_from_the_rows(void **state)
{
    options o;
    (void)state;
    memset(&o, 0xff, sizeof o);
    cfg_defaults(SECTIONS(&o), 2);
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
    CHECK_OK(cfg_load_yaml_seen(test_path("c.yaml"), SECTIONS(&o), 2, &seen));
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

typedef struct {
    const char *text, *said;
} refusal;

/* Each stands in c.yaml; the message begins with the path of the file. */
static const refusal bad_yaml[] = {
    {"trian:\n  lr: 1\n", "c.yaml:1:1: trian: unknown key (did you mean train?)"},
    {"train:\n  eopchs: 1\n", "c.yaml:2:3: train.eopchs: unknown key (did you mean train.epochs?)"},
    {"data:\n  epochs: 1\n", "c.yaml:2:3: data.epochs: unknown key (did you mean train.epochs?)"},
    {"lr: 1\n", "c.yaml:1:1: lr: unknown key (did you mean train.lr?)"},
    {"train:\n  something: 1\n", "c.yaml:2:3: train.something: unknown key (known: train.epochs train.lr train.decay "
                                 "train.nesterov train.optimizer train.seed)"},
    {"something: 1\n", "c.yaml:1:1: something: unknown key (known: train data)"},
    {"\"\\e[2J\": 1\n", "c.yaml:1:1: \\x1b[2J: unknown key"},
    {"train:\n  lr: 1\n  lr: 2\n", "c.yaml:3:3: train.lr: is given a second time"},
    {"train:\n  lr: 1\ntrain:\n  epochs: 2\n", "c.yaml:3:1: train: is given a second time"},
    {"train:\n  lr: 1\ntrain.lr: 2\n", "c.yaml:3:1: train.lr: is given a second time"},
    {"train: 5\n", "c.yaml:1:8: train: is a section; its keys stand below it, indented, or as train.KEY"},
    {"train: [1]\n", "c.yaml:1:8: train: is a section"},
    {"train: {lr: {a: 1}}\n", "c.yaml:1:13: train.lr: is a section; it takes a number, 0..1000"},
    {"train: {lr: [1]}\n", "c.yaml:1:13: train.lr: is a list; it takes a number, 0..1000"},
    {"train: {lr: abc}\n", "c.yaml:1:13: train.lr: is 'abc'; it takes a number, 0..1000"},
    {"train: {lr: 1x}\n", "train.lr: is '1x'; it takes a number, 0..1000"},
    {"train: {lr: 0x10}\n", "train.lr: is '0x10'; it takes a number, 0..1000"},
    {"train: {lr: nan}\n", "train.lr: is 'nan'; it takes a number, 0..1000"},
    {"train: {lr: .inf}\n", "train.lr: is '.inf'; it takes a number, 0..1000"},
    {"train: {lr: e}\n", "train.lr: is 'e'; it takes a number, 0..1000"},
    {"train: {lr: -1e-9}\n", "c.yaml:1:13: train.lr: -1e-9 is out of range (0..1000)"},
    {"train: {lr: 1e999}\n", "train.lr: 1e999 is out of range (0..1000)"},
    {"data: {low: -2}\n", "data.low: -2 is out of range (at least -1)"},
    {"train: {lr: \"0.1\"}\n", "train.lr: is text in quotes; it takes a number, 0..1000"},
    {"train: {lr: }\n", "train.lr: has no value; \"\" is the empty text, [] the empty list"},
    {"data: {path: ~}\n", "data.path: has no value"},
    {"train: {epochs: 1.5}\n", "train.epochs: is '1.5'; it takes a whole number, 1..1000000"},
    {"train: {epochs: 1e3}\n", "train.epochs: is '1e3'; it takes a whole number, 1..1000000"},
    {"train: {epochs: 0}\n", "train.epochs: 0 is out of range (1..1000000)"},
    {"train: {epochs: 99999999999999999999}\n", "train.epochs: 99999999999999999999 is out of range (1..1000000)"},
    {"train: {nesterov: yes}\n", "train.nesterov: is 'yes'; it takes true or false"},
    {"train: {nesterov: 1}\n", "train.nesterov: is '1'; it takes true or false"},
    {"train: {optimizer: samm}\n",
     "c.yaml:1:20: train.optimizer: unknown 'samm' (did you mean sam? known: erm sam gac_fas)"},
    {"train: {optimizer: gac-fas}\n", "unknown 'gac-fas' (did you mean gac_fas? known: erm sam gac_fas)"},
    {"train: {optimizer: lbfgs}\n", "train.optimizer: unknown 'lbfgs' (known: erm sam gac_fas)"},
    {"data: {rotations: 5}\n", "c.yaml:1:19: data.rotations: is one value; it takes a list of numbers, each -360..360"},
    {"data: {rotations: [1, x]}\n", "c.yaml:1:23: data.rotations: is 'x'; it takes a list of numbers, each -360..360"},
    {"data: {rotations: [1, [2]]}\n",
     "c.yaml:1:23: data.rotations: is a list with other things than numbers; it takes"},
    {"data: {rotations: [400]}\n", "data.rotations: 400 is out of range (-360..360)"},
    {"data: {rotations: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}\n",
     "data.rotations: has more than 32 numbers"},
    {"data: {domains: [a, [b]]}\n", "data.domains: is a list with other things than words; it takes a list of words"},
    {"data: {domains: [a b]}\n", "c.yaml:1:18: data.domains: 'a b' is no word: it must have no spaces or commas"},
    {"data: {domains: {a: b}}\n", "data.domains: is a section; it takes a list of words"},
    {"train: &a {lr: 1}\n", "c.yaml:1:8: train: has an anchor (&); write the value where it is used"},
    {"train: {lr: &a 1}\n", "c.yaml:1:13: train.lr: has an anchor (&)"},
    {"&a train: {lr: 1}\n", "the file: has an anchor (&)"},
    {"train: {lr: *a}\n", "c.yaml:1:13: train.lr: is an alias (*); write the value here"},
    {"train: {<<: {lr: 1}}\n", "c.yaml:1:9: train: merge keys (<<) are not read; write the values here"},
    {"train: {lr: !!str 1}\n", "c.yaml:1:13: train.lr: has a tag (!); the key itself says the type"},
    {"data: {rotations: !x [1]}\n", "data.rotations: has a tag (!)"},
    {"[1, 2]\n", "c.yaml:1:1: the file is not a list of KEY: VALUE"},
    {"just text\n", "c.yaml:1:1: the file is not a list of KEY: VALUE"},
    {"? [a]\n: 1\n", "c.yaml:1:3: the file: has a key that is no word"},
    {"train:\n\tlr: 1\n", "c.yaml:2:1: not YAML: found character that cannot start any token"},
    {"train: {lr: 1\n", "c.yaml:2:1: not YAML: did not find expected ',' or '}'"},
    {"train: {lr: 1}\n---\ndata: {path: x}\n", "c.yaml:2:1: the file has a second document (---)"},
    {"train: {lr: \xff}\n", "not YAML: invalid leading UTF-8 octet"},
    {"train: {lr: \"a\x01\"}\n", "not YAML: control characters are not allowed"},
    {"data: {path: \"a\\0b\"}\n", "data.path: is text with a zero byte; it takes text"},
    {"\"train\\0x\": {lr: 1}\n", "c.yaml:1:1: train: unknown key"},
};

static void every_mistake_in_yaml_is_placed_and_named(void **state)
{
    options o;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(bad_yaml); i++)
        CHECK_FAILS(load(bad_yaml[i].text, &o), LSC_ERR_CONFIG, bad_yaml[i].said);
}

static void a_value_that_is_refused_keeps_what_was_there(void **state)
{
    options o;
    (void)state;
    CHECK_FAILS(load("data: {rotations: [1, 2, x]}", &o), LSC_ERR_CONFIG, "data.rotations");
    CHECK_INT(o.rotations.n, 3);
    CHECK_REAL(o.rotations.v[2], 60, 0);
    CHECK_FAILS(load("train: {optimizer: adam}", &o), LSC_ERR_CONFIG, "train.optimizer");
    CHECK_STR(o.optimizer.s, "erm");
}

static void text_as_long_as_fits_is_taken_and_no_longer(void **state)
{
    char yaml[CFG_TEXT_MAX + 64], text[CFG_TEXT_MAX + 1];
    options o;
    (void)state;
    memset(text, 'x', CFG_TEXT_MAX);
    text[CFG_TEXT_MAX] = '\0';
    snprintf(yaml, sizeof yaml, "data.path: %s", text);
    CHECK_FAILS(load(yaml, &o), LSC_ERR_CONFIG, "data.path: is 512 bytes long; at most 511 are taken");
    text[CFG_TEXT_MAX - 1] = '\0';
    snprintf(yaml, sizeof yaml, "data.path: %s", text);
    CHECK_OK(load(yaml, &o));
    CHECK_STR(o.path.s, text);
}

static void a_missing_or_huge_file_is_named(void **state)
{
    static char large[(1 << 20) + 1];
    options o;
    (void)state;
    CHECK_FAILS(cfg_load_yaml(test_path("none.yaml"), SECTIONS(&o), 2), LSC_ERR_IO, "none.yaml: cannot open: No such");
    CHECK_FAILS(cfg_load_yaml(test_folder(), SECTIONS(&o), 2), LSC_ERR_IO, "it is a folder");
    memset(large, ' ', sizeof large);
    CHECK_FAILS(load_bytes(large, sizeof large, &o), LSC_ERR_CONFIG, "c.yaml: 1048577 bytes, of which at most 1048576");
    CHECK_OK(load_bytes(large, sizeof large - 1, &o));
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

static const refusal bad_sets[] = {
    {"train.lr", "--set: 'train.lr' is not KEY=VALUE"},
    {"=1", "--set: : unknown key"},
    {"train.lr=", "--set: train.lr: is ''; it takes a number, 0..1000"},
    {"train.lr= 1", "--set: train.lr: is ' 1'; it takes a number, 0..1000"},
    {"train.lr=\033[2J", "--set: train.lr: is '\\x1b[2J'; it takes a number"},
    {"train.le=1", "--set: train.le: unknown key (did you mean train.lr?)"},
    {"data.big=9223372036854775808", "--set: data.big: 9223372036854775808 is out of range (any)"},
    {"train=1", "--set: train: is a section, no key (known: train.epochs train.lr train.decay "},
    {"data.rotations=[1,2", "--set: data.rotations: is '[1'; it takes a list of numbers"},
};

static void every_mistake_on_the_command_line_is_named(void **state)
{
    options o;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(bad_sets); i++)
        CHECK_FAILS(set(bad_sets[i].text, &o), LSC_ERR_CONFIG, bad_sets[i].said);
}

static void values_survive_json_and_yaml(void **state)
{
    options o, back;
    (void)state;
    cfg_defaults(SECTIONS(&o), 2);
    o.lr = 0.1 + 0.2; /* needs 17 digits */
    o.decay = 1e-300;
    o.any = INFINITY;
    o.low = DBL_MAX;
    o.seed = 9000000000000000;
    o.nesterov = false;
    o.rotations = (cfg_reals){2, {1.0 / 3, -0.0}};
    snprintf(o.path.s, sizeof o.path.s, "a \"b\" \\ c: # </x>\n\t caf\xc3\xa9");
    char *json = cfg_to_json(SECTIONS(&o), 2), *yaml = cfg_to_yaml(SECTIONS(&o), 2);
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

static const refusal bad_json[] = {
    {"", "run.bin: config: not JSON from byte 0 on"},
    {"{\"train.lr\": }", "run.bin: config: not JSON from byte 13 on"},
    {"{} x", "run.bin: config: not JSON from byte 3 on"},
    {"[1]", "run.bin: config: is an array, not an object"},
    {"{\"train.le\": 1}", "run.bin: config: train.le: unknown key (did you mean train.lr?)"},
    {"{\"train.lr\": 1, \"train.lr\": 2}", "run.bin: config: train.lr: is given a second time"},
    {"{\"train.lr\": \"1\"}", "train.lr: is text; it takes a number, 0..1000"},
    {"{\"train.lr\": null}", "train.lr: is null; it takes a number, 0..1000"},
    {"{\"train.lr\": {}}", "train.lr: is an object; it takes a number, 0..1000"},
    {"{\"train.lr\": -1}", "train.lr: -1 is out of range (0..1000)"},
    {"{\"train.lr\": 1e999}", "train.lr: 1e999 is out of range (0..1000)"},
    {"{\"train.epochs\": 1.5}", "train.epochs: is '1.5'; it takes a whole number, 1..1000000"},
    {"{\"train.seed\": 1e300}", "train.seed: is '1e+300'; it takes a whole number"},
    {"{\"train.seed\": 9007199254740991}", "train.seed: 9007199254740991 is out of range"},
    {"{\"train.nesterov\": 1}", "train.nesterov: is a number; it takes true or false"},
    {"{\"train.optimizer\": \"adam\"}", "train.optimizer: unknown 'adam'"},
    {"{\"data.path\": 1}", "data.path: is a number; it takes text"},
    {"{\"data.rotations\": 1}", "data.rotations: is a number; it takes a list of numbers, each -360..360"},
    {"{\"data.rotations\": [\"1\"]}", "data.rotations: is a list with other things than numbers"},
};

static void every_mistake_in_json_is_named(void **state)
{
    options o;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(bad_json); i++)
        CHECK_FAILS(from_json(bad_json[i].text, &o), LSC_ERR_CONFIG, bad_json[i].said);
}

static void a_reader_of_a_part_skips_the_rest(void **state)
{
    options o;
    (void)state;
    cfg_defaults(SECTIONS(&o), 2);
    CHECK_OK(
        cfg_from_json("x", "{\"other.key\": [1, {}], \"train.lr\": 0.5, \"data.path\": \"p\"}", SECTIONS(&o), 1, true));
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
    cfg_defaults(SECTIONS(&o), 2);
    lsc_status st = cfg_load_yaml(t->path, SECTIONS(&o), 2);
    if (st == LSC_OK)
        st = cfg_from_json("x", t->json, SECTIONS(&o), 2, false);
    char *json = st == LSC_OK ? cfg_to_json(SECTIONS(&o), 2) : NULL;
    char *yaml = st == LSC_OK && json != NULL ? cfg_to_yaml(SECTIONS(&o), 2) : NULL;
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
        TEST_IN_FOLDER(every_mistake_in_yaml_is_placed_and_named),
        TEST_IN_FOLDER(a_value_that_is_refused_keeps_what_was_there),
        TEST_IN_FOLDER(text_as_long_as_fits_is_taken_and_no_longer),
        TEST_IN_FOLDER(a_missing_or_huge_file_is_named),
        TEST(one_key_is_set_on_the_command_line),
        TEST(every_mistake_on_the_command_line_is_named),
        TEST_IN_FOLDER(values_survive_json_and_yaml),
        TEST(an_empty_configuration_is_an_empty_object),
        TEST(every_mistake_in_json_is_named),
        TEST(a_reader_of_a_part_skips_the_rest),
        TEST(the_nearest_word_is_near),
        TEST_IN_FOLDER(reading_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
