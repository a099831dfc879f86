/*
 * Hostile names in every target. \xe2\x80\xae is U+202E, which turns the text after it around.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

typedef void (*quoting)(lsc_text *t, const char *s);

typedef struct {
    const char *text, *want;
} expectation;

static void check_all(quoting quote, const expectation *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lsc_text t = {0};
        quote(&t, rows[i].text);
        lsc_text_add(&t, "%s", "");
        CHECK_STR(t.text, rows[i].want);
        lsc_text_free(&t);
    }
}

static void a_terminal_gets_no_control_and_no_broken_text(void **state)
{
    static const expectation rows[] = {
        {"", ""},
        {"plain name.bin", "plain name.bin"},
        {"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
         "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"},
        {"\033[2Jgone\r\n\x7f", "\\x1b[2Jgone\\x0d\\x0a\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"}, /* C1: a CSI in one character */
        {"\xe2\x80\xae"
         "gnp.exe",
         "\\xe2\\x80\\xaegnp.exe"},                              /* right-to-left override */
        {"\xe2\x81\xa6x\xd8\x9c", "\\xe2\\x81\\xa6x\\xd8\\x9c"}, /* isolate, Arabic letter mark */
        {"\xff\xfe", "\\xff\\xfe"},                              /* never in UTF-8 */
        {"\xc0\xaf", "\\xc0\\xaf"},                              /* overlong '/' */
        {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},                     /* overlong in three */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                     /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},            /* past U+10FFFF */
        {"a\xe6\x97", "a\\xe6\\x97"},                            /* cut short by the end */
        {"\xe6\x97(", "\\xe6\\x97("},                            /* cut short by another character */
    };
    (void)state;
    check_all(lsc_quote_terminal, rows, LSC_COUNT(rows));
}

static void xml_and_html_get_no_markup(void **state)
{
    static const expectation rows[] = {
        {"<a href=\"x\" b='y'>&amp;", "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;"},
        {"a\tb\nc\r", "a&#9;b&#10;c&#13;"},
        {"\x01\x1f", "\\x01\\x1f"},
        {"\xef\xbf\xbf", "\\xef\\xbf\\xbf"}, /* U+FFFF is no XML character */
        {"\xef\xbf\xbd\xc3\xa9\xff", "\xef\xbf\xbd\xc3\xa9\\xff"},
    };
    static const expectation turned = {"\xe2\x80\xaex", "\\xe2\\x80\\xaex"};
    static const expectation kept = {"\xe2\x80\xaex", "\xe2\x80\xaex"}; /* in a data file it is data */
    (void)state;
    check_all(lsc_quote_xml, rows, LSC_COUNT(rows));
    check_all(lsc_quote_html, rows, LSC_COUNT(rows));
    check_all(lsc_quote_xml, &kept, 1);
    check_all(lsc_quote_html, &turned, 1);
}

static void a_csv_cell_stays_one_cell_and_is_no_formula(void **state)
{
    static const expectation rows[] = {
        {"plain", "plain"},
        {"", ""},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"=1+2", "'=1+2"},
        {"=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""},
        {"@sum", "'@sum"},
        {"+cmd", "'+cmd"},
        {"-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"},
        {"-1+1", "'-1+1"},
        {"-", "'-"},
        {"-1.5e-3", "-1.5e-3"}, /* a number is no formula */
        {"+2", "+2"},
        {" padded ", "\" padded \""},
        {"two\nlines\t", "two\\x0alines\\x09"},
        {"\xff", "\\xff"},
    };
    (void)state;
    check_all(lsc_quote_csv, rows, LSC_COUNT(rows));
}

static void a_python_literal_is_closed_by_its_own_quote_only(void **state)
{
    static const expectation rows[] = {
        {"run.bin", "\"run.bin\""},
        {"\"; import os #", "\"\\\"; import os #\""},
        {"back\\slash\\", "\"back\\\\slash\\\\\""},
        {"a\nb\t", "\"a\\x0ab\\x09\""},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
        {"\xff", "\"\\udcff\""}, /* what os.fsdecode makes of the byte */
        {"\xc2\x85", "\"\\x85\""},
        {"\xe2\x80\xae", "\"\\u202e\""},
    };
    (void)state;
    check_all(lsc_quote_python, rows, LSC_COUNT(rows));
}

static void a_json_string_can_stand_in_a_script_element(void **state)
{
    static const expectation rows[] = {
        {"loss", "\"loss\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"</script><script>", "\"<\\/script><script>\""},
        {"<!--", "\"\\u003c!--\""},
        {"a/b < c", "\"a/b < c\""},
        {"\n\x1f\x7f", "\"\\u000a\\u001f\\u007f\""},
        {"\xe2\x80\xa8", "\"\\u2028\""}, /* a line separator, which old JavaScript takes for a line's end */
        {"\xff", "\"\\\\xff\""},
    };
    (void)state;
    check_all(lsc_quote_json, rows, LSC_COUNT(rows));
}

static void what_is_shown_fits_and_says_that_it_was_cut(void **state)
{
    char out[12];
    (void)state;
    CHECK_STR(lsc_shown("short", out, sizeof out), "short");
    CHECK_STR(lsc_shown("elevenchars", out, sizeof out), "elevenchars");
    CHECK_STR(lsc_shown("twelve chars", out, sizeof out), "twelve c...");
    CHECK_STR(lsc_shown("1234567\nabc", out, sizeof out), "1234567...");          /* no part of an escape */
    CHECK_STR(lsc_shown("1234567\xe6\x97\xa5yz", out, sizeof out), "1234567..."); /* nor of a character */
    CHECK_STR(lsc_shown("\033", out, 5), "\\x1b");
    CHECK_STR(lsc_shown("\033", out, 4), "...");
    CHECK_STR(lsc_shown("abc", out, 1), "");
}

static void every_single_byte_is_safe_everywhere(void **state)
{
    static const quoting all[] = {lsc_quote_terminal, lsc_quote_xml,    lsc_quote_html,
                                  lsc_quote_csv,      lsc_quote_python, lsc_quote_json};
    (void)state;
    for (size_t q = 0; q < LSC_COUNT(all); q++)
        for (int byte = 1; byte < 256; byte++) {
            const char s[2] = {(char)byte, '\0'};
            lsc_text t = {0};
            all[q](&t, s);
            for (size_t i = 0; i < t.length; i++)
                CHECK(t.text[i] >= 0x20 && t.text[i] < 0x7f);
            lsc_text_free(&t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_terminal_gets_no_control_and_no_broken_text), TEST(xml_and_html_get_no_markup),
        TEST(a_csv_cell_stays_one_cell_and_is_no_formula),   TEST(a_python_literal_is_closed_by_its_own_quote_only),
        TEST(a_json_string_can_stand_in_a_script_element),   TEST(what_is_shown_fits_and_says_that_it_was_cut),
        TEST(every_single_byte_is_safe_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
