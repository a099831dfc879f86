/*
 * Score files: what is written is read back, the released two columns are read, and everything else is refused with
 * its line.
 * SPDX-License-Identifier: MIT
 */
#include "nn/metric.h"
#include "support/support.h"

static lsc_status read_text(const char *text, nn_score_set *out)
{
    test_write_text(test_path("scores.txt"), text);
    return nn_scores_read(test_path("scores.txt"), out);
}

static void check_refused(const char *text, const char *message)
{
    nn_score_set s = {0};
    CHECK_FAILS(read_text(text, &s), LSC_ERR_FORMAT, message);
    CHECK(s.rows == NULL);
}

static void what_is_written_is_read_back(void **state)
{
    nn_score rows[3] = {{.score = 1 / 3., .live = 1, .species = -1, .domain = 2, .video = 7, .subject = 12},
                        {.score = -1e-300, .species = 1, .domain = 0, .video = -1, .subject = -1},
                        {.score = 0, .species = 0, .domain = 1, .video = 0, .subject = 3}};
    nn_species_name names[2] = {{"print"}, {"replay"}};
    const nn_score_set set = {.rows = rows, .n = 3, .species = names, .n_species = 2};
    nn_score_set back;
    (void)state;
    CHECK_OK(nn_scores_write(test_path("scores.txt"), &set));
    CHECK_OK(nn_scores_read(test_path("scores.txt"), &back));
    CHECK_INT(back.n, 3);
    CHECK_INT(back.n_species, 2);
    CHECK_STR(back.species[0].s, "replay"); /* in the order in which they come */
    CHECK_INT(back.rows[1].species, 0);
    CHECK_INT(back.rows[2].species, 1);
    for (int i = 0; i < 3; i++) {
        CHECK(back.rows[i].score == rows[i].score);
        CHECK_INT(back.rows[i].live, rows[i].live);
        CHECK_INT(back.rows[i].domain, rows[i].domain);
        CHECK_INT(back.rows[i].video, rows[i].video);
        CHECK_INT(back.rows[i].subject, rows[i].subject);
    }
    nn_score_set_fini(&back);
}

static void two_columns_are_enough(void **state)
{
    nn_score_set s;
    (void)state;
    CHECK_OK(read_text("0.93 1\r\n\n# a note\n-0.2\t0 # why\n", &s));
    CHECK_INT(s.n, 2);
    CHECK_REAL(s.rows[0].score, .93, 0);
    CHECK_INT(s.rows[0].live, 1);
    CHECK_INT(s.rows[1].live, 0);
    CHECK_INT(s.rows[1].species, -1);
    CHECK_INT(s.rows[1].video, -1);
    CHECK_INT(s.rows[1].domain, 0);
    nn_score_set_fini(&s);
}

static void everything_else_is_refused_with_its_line(void **state)
{
    (void)state;
    check_refused("", "scores.txt: has no scores");
    check_refused("# 0.5 1\n", "scores.txt: has no scores");
    check_refused("0.5 1\n0.5\n", "scores.txt:2: 1 columns, a line has 2 to 6: score live species");
    check_refused("0.5 1 - 0 0 0 0\n", "scores.txt:1: 7 columns");
    check_refused("nan 1\n", "scores.txt:1: the score is 'nan', it must be a finite number");
    check_refused("1e999 1\n", "the score is '1e999'");
    check_refused("0.5x 1\n", "the score is '0.5x'");
    check_refused("0.5 2\n", "live is '2', it must be 1 for live or 0 for an attack");
    check_refused("0.5 0 print -1\n", "the domain is '-1', it must be a number from 0 on, or -");
    check_refused("0.5 0 print 0 99999999999\n", "the video is '99999999999'");
    check_refused("0.5 0 print 0 0 x\n", "the subject is 'x'");
    check_refused("0.5 0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "the species is 'aaaa");
}

static void more_species_than_there_is_room_for_are_refused(void **state)
{
    lsc_text t = {0};
    (void)state;
    for (int i = 0; i <= NN_SPECIES_MAX; i++)
        lsc_text_add(&t, "0.5 0 s%d\n", i);
    check_refused(t.text, "scores.txt:65: there are more than 64 species");
    lsc_text_free(&t);
}

static void a_zero_byte_is_refused(void **state)
{
    nn_score_set s;
    (void)state;
    test_write(test_path("scores.txt"), "0.5 1\0\n", 7);
    CHECK_FAILS(nn_scores_read(test_path("scores.txt"), &s), LSC_ERR_FORMAT, "has a zero byte: not a file of scores");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(what_is_written_is_read_back),
        TEST_IN_FOLDER(two_columns_are_enough),
        TEST_IN_FOLDER(everything_else_is_refused_with_its_line),
        TEST_IN_FOLDER(more_species_than_there_is_room_for_are_refused),
        TEST_IN_FOLDER(a_zero_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
