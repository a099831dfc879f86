/*
 * Pickles: every operation, and pickles that lie. What is written here in letters is protocol 0 and 1.
 * SPDX-License-Identifier: MIT
 */
#include "nn/pickle.h"
#include "support/support.h"

#include <stdlib.h>

/* ---- a host that shows what it is asked ---------------------------------------------------------------- */

static char asked[256];

static lsc_status note_call(void *self, const nn_py *callable, const nn_py *arguments, nn_py *result)
{
    char shown[64];
    (void)self;
    snprintf(asked, sizeof asked, "call %s with %zu", nn_py_shown(callable, shown, sizeof shown), arguments->n);
    if (nn_py_is(&callable->name, "system"))
        return lsc_fail(LSC_ERR_FORMAT, "refused");
    if (arguments->n > 0)
        *result = *arguments->items[arguments->n - 1];
    return LSC_OK;
}

static lsc_status note_id(void *self, const nn_py *id, nn_py *result)
{
    (void)self;
    snprintf(asked, sizeof asked, "id of kind %d", id->kind);
    result->kind = NN_PY_STORAGE;
    return LSC_OK;
}

enum { LIMIT = 1 << 20 };
static const nn_pickle_host host = {NULL, note_call, note_id, LIMIT};

/* ---- values as Python shows them ----------------------------------------------------------------------- */

static void show(lsc_text *t, const nn_py *v);

static void show_items(lsc_text *t, const nn_py *v, const char *ends, bool pairs)
{
    lsc_text_add(t, "%c", ends[0]);
    for (size_t i = 0; i < v->n; i++) {
        lsc_text_add(t, "%s", i == 0 ? "" : pairs && i % 2 ? ":" : ",");
        show(t, v->items[i]);
    }
    lsc_text_add(t, "%c", ends[1]);
}

static void show(lsc_text *t, const nn_py *v)
{
    char shown[64];
    switch (v->kind) {
    case NN_PY_INT:
        lsc_text_add(t, "%lld", (long long)v->whole);
        break;
    case NN_PY_BOOL:
        lsc_text_add(t, "%s", v->whole ? "True" : "False");
        break;
    case NN_PY_REAL:
        lsc_text_add(t, "%g", v->real);
        break;
    case NN_PY_TEXT:
    case NN_PY_BYTES:
        lsc_text_add(t, "%s'%.*s'", v->kind == NN_PY_BYTES ? "b" : "", (int)v->text.n, v->text.bytes);
        break;
    case NN_PY_TUPLE:
        show_items(t, v, "()", false);
        break;
    case NN_PY_LIST:
        show_items(t, v, "[]", false);
        break;
    case NN_PY_DICT:
        show_items(t, v, "{}", true);
        break;
    case NN_PY_GLOBAL:
    case NN_PY_OPAQUE:
        lsc_text_add(t, "%s<%s>", v->kind == NN_PY_OPAQUE ? "object of " : "", nn_py_shown(v, shown, sizeof shown));
        break;
    case NN_PY_NONE:
    case NN_PY_BIG:
    case NN_PY_STORAGE:
    case NN_PY_TENSOR:
        lsc_text_add(t, "%s", v->kind == NN_PY_NONE ? "None" : v->kind == NN_PY_BIG ? "big" : "outside");
        break;
    }
}

typedef struct {
    const char *bytes;
    size_t n;
} pickle;
#define PICKLE(text)                                                                                                   \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

/* From memory of exactly that size, so that the asan preset sees what reads beyond it. */
static lsc_status read_pickle(pickle p, lsc_text *shown)
{
    nn_arena arena = {0};
    nn_py *v = NULL;
    size_t at = 0;
    uint8_t *copy = malloc(p.n + (p.n == 0));
    CHECK(copy != NULL);
    if (p.n > 0)
        memcpy(copy, p.bytes, p.n);
    lsc_status st = nn_pickle_read(&host, &arena, copy, p.n, &at, &v);
    if (st == LSC_OK && shown)
        show(shown, v);
    if (st == LSC_OK)
        CHECK(at <= p.n);
    free(copy);
    nn_arena_free(&arena);
    return st;
}

static void gives(pickle p, const char *want)
{
    lsc_text shown = {0};
    CHECK_OK(read_pickle(p, &shown));
    CHECK_STR(shown.text, want);
    lsc_text_free(&shown);
}
#define GIVES(text, want) gives((pickle)PICKLE(text), want)

static void refuses(pickle p, const char *message)
{
    CHECK_FAILS(read_pickle(p, NULL), LSC_ERR_FORMAT, message);
}
#define REFUSES(text, message) refuses((pickle)PICKLE(text), message)

/* ---- tests ------------------------------------------------------------------------------------------------- */

/* Written by Python 3.11's pickle.dumps(object, protocol). */
static void one_object_comes_out_of_every_protocol(void **state)
{
    (void)state;
    static const pickle of_protocol[] = {
        PICKLE("(dp0\012Va\012p1\012(lp2\012I1\012aI-2\012aI70000\012aI300\012aL1099511627776L\012aL-1099511627776L"
               "\012aL1180591620717411303424L\012aF1.5\012aNaI01\012aI00\012asVb\012p3\012((t(I1\012tp4\012(I1\012I2"
               "\012tp5\012(I1\012I2\012I3\012tp6\012(I1\012I2\012I3\012I4\012tp7\012tp8\012sVc\012p9\012(dp10\012I1"
               "\012(dp11\012ssVd\012p12\012(lp13\012(lp14\012I5\012aag14\012asVe\012p15\012Vx\012p16\012sVf\012p17"
               "\012(lp18\012s."),
        PICKLE("}q\000(X\001\000\000\000aq\001]q\002(K\001J\376\377\377\377Jp\021\001\000M,\001L1099511627776L\012L-"
               "1099511627776L\012L1180591620717411303424L\012G\077\370\000\000\000\000\000\000NI01\012I00\012eX\001"
               "\000\000\000bq\003()(K\001tq\004(K\001K\002tq\005(K\001K\002K\003tq\006(K\001K\002K\003K\004tq\007tq"
               "\010X\001\000\000\000cq\011}q\012K\001}q\013sX\001\000\000\000dq\014]q\015(]q\016K\005ah\016eX\001"
               "\000\000\000eq\017X\001\000\000\000xq\020X\001\000\000\000fq\021]q\022u."),
        PICKLE("\200\002}q\000(X\001\000\000\000aq\001]q\002(K\001J\376\377\377\377Jp\021\001\000M,\001\212\006\000"
               "\000\000\000\000\001\212\006\000\000\000\000\000\377\212\011\000\000\000\000\000\000\000\000@G\077"
               "\370\000\000\000\000\000\000N\210\211eX\001\000\000\000bq\003()K\001\205q\004K\001K\002\206q\005K"
               "\001K\002K\003\207q\006(K\001K\002K\003K\004tq\007tq\010X\001\000\000\000cq\011}q\012K\001}q\013sX"
               "\001\000\000\000dq\014]q\015(]q\016K\005ah\016eX\001\000\000\000eq\017X\001\000\000\000xq\020X\001"
               "\000\000\000fq\021]q\022u."),
        PICKLE("\200\003}q\000(X\001\000\000\000aq\001]q\002(K\001J\376\377\377\377Jp\021\001\000M,\001\212\006\000"
               "\000\000\000\000\001\212\006\000\000\000\000\000\377\212\011\000\000\000\000\000\000\000\000@G\077"
               "\370\000\000\000\000\000\000N\210\211eX\001\000\000\000bq\003()K\001\205q\004K\001K\002\206q\005K"
               "\001K\002K\003\207q\006(K\001K\002K\003K\004tq\007tq\010X\001\000\000\000cq\011}q\012K\001}q\013sX"
               "\001\000\000\000dq\014]q\015(]q\016K\005ah\016eX\001\000\000\000eq\017X\001\000\000\000xq\020X\001"
               "\000\000\000fq\021]q\022u."),
        PICKLE("\200\004\225\220\000\000\000\000\000\000\000}\224(\214\001a\224]\224(K\001J\376\377\377\377Jp\021"
               "\001\000M,\001\212\006\000\000\000\000\000\001\212\006\000\000\000\000\000\377\212\011\000\000\000"
               "\000\000\000\000\000@G\077\370\000\000\000\000\000\000N\210\211e\214\001b\224()K\001\205\224K\001K"
               "\002\206\224K\001K\002K\003\207\224(K\001K\002K\003K\004t\224t\224\214\001c\224}\224K\001}\224s\214"
               "\001d\224]\224(]\224K\005ah\016e\214\001e\224\214\001x\224\214\001f\224]\224u."),
        PICKLE("\200\005\225\220\000\000\000\000\000\000\000}\224(\214\001a\224]\224(K\001J\376\377\377\377Jp\021"
               "\001\000M,\001\212\006\000\000\000\000\000\001\212\006\000\000\000\000\000\377\212\011\000\000\000"
               "\000\000\000\000\000@G\077\370\000\000\000\000\000\000N\210\211e\214\001b\224()K\001\205\224K\001K"
               "\002\206\224K\001K\002K\003\207\224(K\001K\002K\003K\004t\224t\224\214\001c\224}\224K\001}\224s\214"
               "\001d\224]\224(]\224K\005ah\016e\214\001e\224\214\001x\224\214\001f\224]\224u."),
    };
    for (size_t i = 0; i < LSC_COUNT(of_protocol); i++)
        gives(of_protocol[i], "{'a':[1,-2,70000,300,1099511627776,-1099511627776,big,1.5,None,True,False],"
                              "'b':((),(1),(1,2),(1,2,3),(1,2,3,4)),'c':{1:{}},'d':[[5],[5]],'e':'x','f':[]}");
}

static void plain_values_are_read(void **state)
{
    (void)state;
    GIVES("\x8b\2\0\0\0\1\2.", "513");
    GIVES("\x8a\0.", "0");
    GIVES("\x8a\1\xff.", "-1");
    GIVES("\x8a\x8\xff\xff\xff\xff\xff\xff\xff\x7f.", "9223372036854775807");
    GIVES("L-9223372036854775808L\n.", "-9223372036854775808");
    GIVES("L9223372036854775808L\n.", "big");
    GIVES("L\n.", "big");
    GIVES("F-2.5e3\n.", "-2500");
    GIVES("S'a\\n'\n.", "'a\\n'");
    GIVES("S\"b\"\n.", "'b'");
    GIVES("T\1\0\0\0t.", "'t'");
    GIVES("U\1u.", "'u'");
    GIVES("\x8d\1\0\0\0\0\0\0\0v.", "'v'");
    GIVES("B\2\0\0\0xy.", "b'xy'");
    GIVES("C\1z.", "b'z'");
    GIVES("\x8e\1\0\0\0\0\0\0\0p.", "b'p'");
    GIVES("\x96\1\0\0\0\0\0\0\0q.", "b'q'");
}

static void the_stack_and_the_memo_work_as_in_python(void **state)
{
    (void)state;
    GIVES("I1\nI2\n0.", "1");
    GIVES("I1\n(0.", "1");
    GIVES("I1\n(I2\nI3\n1.", "1");
    GIVES("I1\n2\x86.", "(1,1)");
    GIVES("I7\np5\n0]g5\na.", "[7]");
    GIVES("I7\nq\0000]h\0a.", "[7]");
    GIVES("I7\nr\0\0\0\0000]j\0\0\0\0a.", "[7]");
    GIVES("(I1\nI2\nl.", "[1,2]");
    GIVES("(I1\nI2\nd.", "{1:2}");
    GIVES("}I1\nI2\ns.", "{1:2}");
    GIVES("]p0\ng0\n0.", "[]");
}

static void calls_and_persistent_ids_go_to_the_host(void **state)
{
    (void)state;
    GIVES("cmodule\nname\n.", "<module.name>");
    GIVES("Vmodule\nVname\n\x93.", "<module.name>");
    GIVES("cm\nf\n(I1\nI2\ntR.", "2");
    CHECK_STR(asked, "call m.f with 2");
    GIVES("(I1\nI2\nI3\nim\ng\n.", "3");
    CHECK_STR(asked, "call m.g with 3");
    GIVES("(I1\nim\ng\n.", "1");
    GIVES("(cm\nh\nI4\no.", "4");
    CHECK_STR(asked, "call m.h with 1");
    GIVES("(cm\nh\no.", "None");
    GIVES("I5\nQ.", "outside");
    CHECK_STR(asked, "id of kind 2");
    GIVES("Pid\n.", "outside");
    CHECK_STR(asked, "id of kind 5");
    REFUSES("]cposix\nsystem\n(Vls\ntRa.", "at offset 21: refused");
}

static void objects_of_classes_are_opaque(void **state)
{
    (void)state;
    asked[0] = '\0';
    GIVES("cm\nC\n)\x81.", "object of <m.C>");
    GIVES("cm\nC\n)}\x92.", "object of <m.C>");
    GIVES("cm\nC\n)\x81}Vx\nI1\nsb.", "object of <m.C>");
    GIVES("cm\nC\n)\x81(VkEy\nI1\nu.", "object of <m.C>");
    GIVES("cm\nC\n)\x81(I1\nI2\ne.", "object of <m.C>");
    GIVES("cm\nC\n)\x81I1\na.", "object of <m.C>");
    GIVES("\x8f(I1\n\x90.", "object of <set>");
    GIVES("(I1\n\x91.", "object of <set>");
    GIVES("}}b.", "{}");
    CHECK_STR(asked, "");
}

static void what_is_cut_short_is_refused(void **state)
{
    (void)state;
    REFUSES("", "at offset 0: the pickle is cut short");
    REFUSES("I1\n", "at offset 3: the pickle is cut short");
    REFUSES("I1", "at offset 0: a line without an end");
    REFUSES("cm\nf", "at offset 0: a line without an end");
    REFUSES("J\1\0\0", "at offset 0: BININT is cut short");
    REFUSES("X\3\0\0\0ab", "at offset 0: BINUNICODE of 3 bytes, of which 2 are there");
    REFUSES("X\377\377\377\377", "BINUNICODE of 4294967295 bytes, of which 0 are there");
    REFUSES("\x8d\377\377\377\377\377\377\377\377.", "BINUNICODE8 of 18446744073709551615 bytes, of which 1 are there");
    REFUSES("\x8b\377\377\377\377.", "LONG4 of 4294967295 bytes");
    REFUSES("\x95\377\377\377\377\377\377\377\377.", "a frame of 18446744073709551615 bytes, of which 1 are there");
}

static void what_is_not_there_is_not_taken(void **state)
{
    (void)state;
    REFUSES(".", "takes a value where there is none");
    REFUSES("0", "takes a value where there is none");
    REFUSES("2", "takes a value where there is none");
    REFUSES("I1\n(2", "takes a value where there is none");
    REFUSES("I1\n(R", "takes a value where there is none");
    REFUSES("I1\n(\x85.", "takes 1 values where there are 0");
    REFUSES("I1\nI2\n\x87.", "takes 3 values where there are 2");
    REFUSES("t", "takes a mark where there is none");
    REFUSES("1", "takes a mark where there is none");
    REFUSES("e", "takes a mark where there is none");
    REFUSES("h\0.", "takes value 0, which was not kept");
    REFUSES("g-1\n.", "the number of a kept value is no number");
    REFUSES("I1\npx\n.", "the number of a kept value is no number");
    REFUSES("I1\nr\377\377\377\177.", "keeps value 2147483647, after 8 bytes");
    REFUSES("I1\np9223372036854775807\n.", "keeps value 9223372036854775807, after");
    REFUSES("q\0.", "takes a value where there is none");
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    REFUSES("I1\nI2\na.", "puts items into what cannot hold them");
    REFUSES("}I2\na.", "puts items into what cannot hold them");
    REFUSES("](I1\nI2\nu.", "puts items into what cannot hold them");
    REFUSES(")(I1\ne.", "puts items into what cannot hold them");
    REFUSES("](I1\n\x90.", "puts items into what cannot hold them");
    REFUSES("}(I1\nu.", "a key without a value");
    REFUSES("(I1\nd.", "a key without a value");
    REFUSES("}I1\ns.", "takes a value where there is none");
    REFUSES("I1\ns.", "takes 2 values where there are 1");
    REFUSES("I1\nI2\n\x93.", "a global whose name is no text");
    REFUSES("I1\n)R.", "calls what is no function");
    REFUSES("cm\nf\nI1\nR.", "calls what is no function, or not with arguments");
    REFUSES("(o.", "an object without a class");
    REFUSES("I1\n)\x81.", "an object of what is no class");
    REFUSES("S'a\n.", "a string without quotes");
    REFUSES("S'\n.", "a string without quotes");
    REFUSES("Sa\n.", "a string without quotes");
}

static void what_only_its_writer_knows_is_refused(void **state)
{
    (void)state;
    REFUSES("\x82\1.", "at offset 0: an extension or a buffer");
    REFUSES("\x97.", "an extension or a buffer");
    REFUSES("\x80\6.", "a pickle of protocol 6, of which 0 to 5 are read");
    REFUSES("I1\n\xff", "at offset 3: 0xff is no operation of a pickle");
    REFUSES("\0", "0x00 is no operation of a pickle");
}

/* Nothing calls itself for nested values, neither here nor when they are freed. */
static void depth_costs_no_stack(void **state)
{
    (void)state;
    enum { DEPTH = LIMIT / 2 };
    char *deep = lsc_calloc(2 * DEPTH + 1, 1);
    CHECK(deep != NULL);
    memset(deep, ']', DEPTH);
    memset(deep + DEPTH, 'a', DEPTH - 1);
    deep[2 * DEPTH - 1] = '.';
    CHECK_OK(read_pickle((pickle){deep, 2 * DEPTH}, NULL));
    memset(deep, '(', DEPTH);
    refuses((pickle){deep, DEPTH}, "the pickle is cut short");
    lsc_free(deep);
}

/* A byte can become a value of fifty in memory: not without end. */
static void the_number_of_values_is_limited(void **state)
{
    (void)state;
    static char many[2 * LIMIT + 2];
    for (int i = 0; i <= LIMIT; i++)
        memcpy(many + 2 * i, "]0", 2);
    refuses((pickle){many, sizeof many}, "more than 1048576 values");
    memset(many, '2', sizeof many);
    many[0] = 'N';
    refuses((pickle){many, sizeof many}, "more than 1048576 items");
}

static lsc_status read_all_values(void *context)
{
    (void)context;
    return read_pickle((pickle)PICKLE("}(Va\n](I1\nI2\neVb\ncm\nf\n(I1\ntRVc\ncm\nC\n)\x81q\1u."), NULL);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    CHECK(read_all_values(NULL) == LSC_OK);
    CHECK(test_torture(read_all_values, NULL) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_object_comes_out_of_every_protocol),
        TEST(plain_values_are_read),
        TEST(the_stack_and_the_memo_work_as_in_python),
        TEST(calls_and_persistent_ids_go_to_the_host),
        TEST(objects_of_classes_are_opaque),
        TEST(what_is_cut_short_is_refused),
        TEST(what_is_not_there_is_not_taken),
        TEST(what_does_not_fit_is_refused),
        TEST(what_only_its_writer_knows_is_refused),
        TEST(depth_costs_no_stack),
        TEST(the_number_of_values_is_limited),
        TEST(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
