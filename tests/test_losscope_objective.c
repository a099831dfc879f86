/*
 * lsc_objective_check and the flat JSON of its settings.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include "landscape/engine.h"
#include "losscope_fixture.h"

static void a_sound_objective_passes(void **state)
{
    fixture_quadratic q = {0};
    lsc_objective obj = fixture_objective(&q, true);

    (void)state;
    CHECK_OK(lsc_objective_check(&obj));
    obj.settings = NULL;
    CHECK_OK(lsc_objective_check(&obj));
}

static void a_longer_struct_of_functions_passes(void **state)
{
    fixture_quadratic q = {0};
    lsc_objective obj = fixture_objective(&q, false);
    struct {
        lsc_objective_ops ops;
        void (*later)(void);
    } longer = {*obj.ops, NULL};

    (void)state;
    longer.ops.size = sizeof longer;
    obj.ops = &longer.ops;
    CHECK_OK(lsc_objective_check(&obj));
}

#define SPOILED(change, status, message)                                                                               \
    do {                                                                                                               \
        fixture_quadratic q = {0};                                                                                     \
        lsc_objective obj = fixture_objective(&q, true);                                                               \
        lsc_objective_ops ops = *obj.ops;                                                                              \
        const char *fields[] = {"loss", "accuracy", "half"};                                                           \
        obj.ops = &ops;                                                                                                \
        obj.fields = fields;                                                                                           \
        change;                                                                                                        \
        CHECK_FAILS(lsc_objective_check(&obj), status, message);                                                       \
    } while (0)

static void functions_are_checked(void **state)
{
    (void)state;
    CHECK_FAILS(lsc_objective_check(NULL), LSC_ERR_ARG, "objective: it is NULL");
    SPOILED(obj.ops = NULL, LSC_ERR_ARG, "ops is NULL");
    SPOILED(ops.abi = 2, LSC_ERR_ARG, "abi is 2, this library speaks 1");
    SPOILED(ops.size = 8, LSC_ERR_ARG, "ops.size is 8, sizeof(lsc_objective_ops) is");
    SPOILED(ops.eval = NULL, LSC_ERR_ARG, "eval is required");
    SPOILED(ops.set_frame = NULL, LSC_ERR_ARG, "eval_coords needs set_frame");
}

static void fields_are_checked(void **state)
{
    (void)state;
    SPOILED(obj.n_fields = 0, LSC_ERR_ARG, "n_fields is 0, should be 1..");
    SPOILED(obj.n_fields = 100000, LSC_ERR_ARG, "n_fields is 100000");
    SPOILED(obj.fields = NULL, LSC_ERR_ARG, "n_fields is");
    SPOILED(fields[1] = NULL, LSC_ERR_ARG, "field 1 is named '(null)'");
    SPOILED(fields[1] = "", LSC_ERR_ARG, "field 1 is named ''");
    SPOILED(fields[1] = "a/b", LSC_ERR_ARG, "field 1 is named 'a/b'");
    SPOILED(fields[1] = ".", LSC_ERR_ARG, "field 1 is named '.'");
    SPOILED(fields[2] = "loss", LSC_ERR_ARG, "fields 0 and 2 are both named loss");
}

static void numbers_layout_and_settings_are_checked(void **state)
{
    (void)state;
    SPOILED(obj.points_per_call = -1, LSC_ERR_ARG, "points_per_call is -1");
    SPOILED(obj.n_samples = -1, LSC_ERR_ARG, "n_samples -1");
    SPOILED(obj.layout = NULL, LSC_ERR_SHAPE, "objective: layout: there are no blocks");
    SPOILED(obj.settings = "{\"a\": {}}", LSC_ERR_ARG, "objective: settings: not a flat JSON object: offset 6");
}

static void mark_closed(void *self)
{
    ++*(int *)self;
}

static void closing_calls_destroy_once(void **state)
{
    int closed = 0;
    const lsc_objective_ops ops = {.destroy = mark_closed};
    lsc_objective obj = {.ops = &ops, .self = &closed};

    (void)state;
    lsc_objective_close(&obj);
    lsc_objective_close(&obj);
    lsc_objective_close(NULL);
    CHECK_INT(closed, 1);
}

static lsc_status append(void *context, const char *key, const char *value)
{
    lsc_text_add(context, "%s=%s;", key, value);
    return LSC_OK;
}

static void check_members(const char *json, const char *want)
{
    lsc_text t = {0};

    CHECK_OK(lsc_flat_json(json, append, &t));
    CHECK_STR(t.text == NULL ? "" : t.text, want);
    lsc_text_free(&t);
}

static void flat_json_becomes_keys_and_values(void **state)
{
    (void)state;
    check_members("{}", "");
    check_members(" { } \n", "");
    check_members("{\"loss\": \"ce\", \"images\":50000 , \"eps\": 1e-5, \"aug\": false, \"x\": null}",
                  "loss=ce;images=50000;eps=1e-5;aug=false;x=null;");
    check_members("{\"a\": \"q\\\" b\\\\ s\\/ \\b\\f\\n\\r\\t\", \"e\": \"\"}", "a=q\" b\\ s/ \b\f\n\r\t;e=;");
    check_members("{\"u\": \"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"}", "u=A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80;");
}

static void check_malformed(const char *json, size_t offset, const char *message)
{
    lsc_text t = {0};
    char part[160];

    snprintf(part, sizeof part, "offset %zu: %s", offset, message);
    CHECK_FAILS(lsc_flat_json(json, append, &t), LSC_ERR_ARG, part);
    lsc_text_free(&t);
}

static void malformed_json_is_told_with_its_offset(void **state)
{
    (void)state;
    check_malformed("", 0, "'{' should be here");
    check_malformed("[1]", 0, "'{' should be here");
    check_malformed("{\"a\": 1", 7, "',' or '}' should be here");
    check_malformed("{\"a\": 1,}", 8, "a string should start here");
    check_malformed("{a: 1}", 1, "a string should start here");
    check_malformed("{\"a\" 1}", 5, "a colon should be here");
    check_malformed("{\"a\": }", 6, "a string, a number, true, false or null should be here");
    check_malformed("{\"a\": [1]}", 6, "a string, a number, true, false or null should be here");
    check_malformed("{\"a\": 1} x", 9, "text after the object");
    check_malformed("{\"a\": \"x", 8, "a control character or the end inside a string");
    check_malformed("{\"a\": \"\n\"}", 7, "a control character or the end inside a string");
    check_malformed("{\"a\": \"\\q\"}", 8, "an unknown escape");
    check_malformed("{\"a\": \"\\", 8, "an unknown escape");
    check_malformed("{\"a\": \"\\u12\"}", 9, "four hexadecimal digits");
    check_malformed("{\"a\": \"\\u0000\"}", 13, "\\u0000 and half of a surrogate pair are no characters");
    check_malformed("{\"a\": \"\\ud800x\"}", 13, "\\u0000 and half of a surrogate pair");
}

static lsc_status parse(void *context)
{
    lsc_text t = {0};
    lsc_status st = lsc_flat_json("{\"a\": \"b\"}", append, &t);

    (void)context;
    if (t.failed && st == LSC_OK)
        st = LSC_ERR_NOMEM;
    lsc_text_free(&t);
    return st;
}

static void parsing_survives_failing_allocations(void **state)
{
    (void)state;
    CHECK(test_torture(parse, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_objective_passes),
        TEST(a_longer_struct_of_functions_passes),
        TEST(functions_are_checked),
        TEST(fields_are_checked),
        TEST(numbers_layout_and_settings_are_checked),
        TEST(closing_calls_destroy_once),
        TEST(flat_json_becomes_keys_and_values),
        TEST(malformed_json_is_told_with_its_offset),
        TEST(parsing_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
