/*
 * Mistakes in a configuration, and the text of every error.
 * SPDX-License-Identifier: MIT
 */
#include "config_fixture.h"
#include "support/support.h"

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
    CHECK_FAILS(cfg_load_yaml(test_path("none.yaml"), sections(&o), 2), LSC_ERR_IO, "none.yaml: cannot open: No such");
    CHECK_FAILS(cfg_load_yaml(test_folder(), sections(&o), 2), LSC_ERR_IO, "it is a folder");
    memset(large, ' ', sizeof large);
    CHECK_FAILS(load_bytes(large, sizeof large, &o), LSC_ERR_CONFIG, "c.yaml: 1048577 bytes, of which at most 1048576");
    CHECK_OK(load_bytes(large, sizeof large - 1, &o));
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

/* Keys of one section may come from several places: those of optimizers, of the task. */
static void sections_are_listed_once_with_the_one_that_was_meant(void **state)
{
    options o;
    (void)state;
    const cfg_section parted[] = {sections(&o)[0], sections(&o)[1], sections(&o)[0]};
    CHECK_FAILS(cfg_set("--set", "dta.something=1", parted, 3), LSC_ERR_CONFIG,
                "dta.something: unknown key (did you mean a key of data? known: train data)");
    CHECK_FAILS(cfg_set("--set", "network.something=1", parted, 3), LSC_ERR_CONFIG,
                "network.something: unknown key (known: train data)");
}

static void every_mistake_on_the_command_line_is_named(void **state)
{
    options o;
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(bad_sets); i++)
        CHECK_FAILS(set(bad_sets[i].text, &o), LSC_ERR_CONFIG, bad_sets[i].said);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_mistake_in_yaml_is_placed_and_named),
        TEST_IN_FOLDER(a_value_that_is_refused_keeps_what_was_there),
        TEST_IN_FOLDER(text_as_long_as_fits_is_taken_and_no_longer),
        TEST_IN_FOLDER(a_missing_or_huge_file_is_named),
        TEST(sections_are_listed_once_with_the_one_that_was_meant),
        TEST(every_mistake_on_the_command_line_is_named),
        TEST(every_mistake_in_json_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
