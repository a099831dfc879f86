/*
 * The sub-commands of train: the table, what each says of itself, and those about face data.
 * SPDX-License-Identifier: MIT
 */
#include "face_fixture.h"
#include "picture_fixture.h"
#include "train_program.h"
#include "data/picture.h"
#include "data/synface.h"
#include "train/command.h"

#include <sys/stat.h>

static void every_command_is_listed_and_explains_itself_with_examples(void **state)
{
    const char *name, *text;
    char example[64];
    (void)state;
    for (int i = 0; tr_command_at(i, &name, &text) != NULL; i++) {
        snprintf(example, sizeof example, "train %s", name);
        CHECK(tr_command_find(name) == tr_command_at(i, &name, &text));
        CHECK_RUN(0, example, "--help");
        CHECK_RUN(0, "Examples:", name, "--help");
        CHECK_RUN(0, example, name, "--help");
        CHECK_RUN(64, example, name, "--no-such-option");
    }
}

static void a_word_that_is_no_command_is_refused(void **state)
{
    (void)state;
    CHECK_RUN(64, "'check': neither an option nor, as the first word, a command", "check");
}

static void check_data_counts_what_is_there(void **state)
{
    (void)state;
    fixture_domain("data/oulu");
    fixture_domain("data/my");
    fixture_video("data/my/test/live/one_more", 4);
    CHECK_RUN(0,
              "domain           part       live    spoof      crops\n"
              "my               train         2        2         12\n"
              "my               test          3        2         16\n"
              "oulu             train         2        2         12\n"
              "oulu             test          2        2         12\n",
              "check-data", "data", "--pictures");
    CHECK_RUN(0, "{\"domain\": \"my\", \"part\": \"test\", \"live\": 3, \"spoof\": 2, \"crops\": 16}", "check-data",
              "data", "--json");
}

static void check_data_names_everything_that_is_wrong(void **state)
{
    test_result r;
    (void)state;
    fixture_domain("oulu");
    fixture_video("oulu/train/live/v9_spoof", 3);
    fixture_video("oulu/test/live/v9", 1);
    test_write_text(test_path("oulu/train/live/v0/crop_0005.png"), "\x89PNG\r\n\x1a\n...");
    CHECK_OK(lsc_mkdirs(test_path("casia/train")));
    RUN(&r, "check-data", ".", "--pictures");
    CHECK_INT(r.exit_code, 65);
    CHECK_HAS(r.err, "oulu/train/live/v9_spoof: both the words live and spoof");
    CHECK_HAS(r.err, "oulu/test/live/v9: 1 pictures crop_*.jpg or crop_*.png of this video, at least 3 are needed");
    CHECK_HAS(r.err, "oulu/train/live/v0/crop_0005.png: ");
    CHECK_HAS(r.err, "casia/train: no video in it, must hold ANY/VIDEO/crop_*.jpg");
    CHECK_HAS(r.err, "casia/test: no folder of the test part of domain casia");
    CHECK_HAS(r.err, "5 problems");
    CHECK_HAS(r.out, "oulu             train         2        2         12\n");
    test_result_free(&r);
}

static void check_data_warns_of_a_part_with_one_class(void **state)
{
    test_result r;
    (void)state;
    fixture_video("data/oulu/train/spoof/v1", 3);
    fixture_video("data/oulu/test/spoof/v2", 3);
    fixture_video("data/oulu/test/live/v3", 3);
    RUN(&r, "check-data", "data");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "warning: oulu/train has no live videos");
    CHECK(strstr(r.err, "oulu/test") == NULL);
    test_result_free(&r);
}

/* A copy has the same name and picture; the names v0 .. v7 of a domain here are of different videos. */
static void check_data_warns_of_videos_in_both_parts(void **state)
{
    test_result r;
    const uint8_t grey[] = {9, 9, 9};
    (void)state;
    fixture_domain("data/casia");
    fixture_domain("data/oulu");
    for (int part = 0; part < 2; part++) {
        for (int v = 0; v < 5; v++) {
            char video[64];
            snprintf(video, sizeof video, "data/oulu/%s/live/v1%d", part == 0 ? "train" : "test", v);
            fixture_video(video, 3);
            /* Of the first three the first picture is the same in both parts, of the others another one. */
            fixture_png_of(test_path("%s/crop_0000.png", video), 8 + v + (v < 3 ? 0 : 10 * part), 8, grey);
        }
    }
    RUN(&r, "check-data", "data");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "warning: oulu: 3 videos are in train and in test, as v10: what is trained on must not be tested");
    CHECK(strstr(r.err, "casia") == NULL);
    test_result_free(&r);
}

/* Nobody writes to the pipe: who opens it would wait for ever. */
static void a_pipe_for_a_picture_is_a_problem_and_not_waited_for(void **state)
{
    (void)state;
    fixture_domain("data/oulu");
    CHECK_INT(remove(test_path("data/oulu/train/live/v0/crop_0005.png")), 0);
    CHECK_INT(mkfifo(test_path("data/oulu/train/live/v0/crop_0005.png"), 0600), 0);
    CHECK_RUN(65, "data/oulu/train/live/v0/crop_0005.png: is not a regular file", "check-data", "data", "--pictures");
}

static void check_data_says_what_it_needs(void **state)
{
    (void)state;
    CHECK_RUN(64, "name the folder that holds the domains", "check-data");
    CHECK_RUN(64, "one folder is looked through, 'b' is another", "check-data", "a", "b");
    CHECK_RUN(66, "none: cannot list: No such file or directory", "check-data", "none");
    test_write_text(test_path("file"), "");
    CHECK_RUN(66, "file: cannot list: Not a directory", "check-data", "file");
    CHECK_INT(remove(test_path("file")), 0);
    CHECK_RUN(65, "no folder in it, must hold one for each domain", "check-data", ".");
    CHECK_RUN(64, "--domains: '../x' for a domain", "check-data", ".", "--domains", "../x");
}

static void make_faces_writes_what_check_data_accepts(void **state)
{
    size_t n;
    (void)state;
#define SMALL "--out", "syn", "--size", "16", "--subjects", "5", "--videos", "2"
    CHECK_RUN(0, "would write 120 pictures of 40 videos of 5 subjects in each of 4 domains", "make-faces", SMALL,
              "--dry-run");
    CHECK_INT(test_folder_entries(), 0);
    CHECK_RUN(0, "wrote 120 pictures", "make-faces", SMALL);
    CHECK_RUN(0, "oulu             train         4        4         24\n", "check-data", "syn", "--pictures");
    char *jpeg = test_read(test_path("syn/oulu/train/live/oulu_train_live_1_1_01_1/crop_0010.jpg"), &n);
    CHECK_BYTES(jpeg, "\xff\xd8\xff", 3);
    lsc_free(jpeg);
    CHECK_RUN(64, "syn/oulu is there already: remove it, or take another --out", "make-faces", SMALL);
#undef SMALL
}

/* JPEG of quality 95 is near; PNG is what is rendered. */
static void make_faces_writes_the_faces_of_synface(void **state)
{
    const ds_synfaces o = {
        .seed = 4, .delta = .5, .kappa = 0, .size = 32, .subjects = 5, .videos = 2, .frames = 3, .spoofs = 1};
    static const char file[] = "casia/test/spoof/casia_test_spoof_05_NM_3/crop_0005";
    static uint8_t want[3 * 32 * 32];
    ds_renderer *r = NULL;
    (void)state;
#define SAME "--size", "32", "--subjects", "5", "--videos", "2", "--seed", "4", "--delta", "0.5", "--kappa", "0"
    CHECK_RUN(0, "wrote", "make-faces", "--out", "png", SAME, "--png", "--threads", "3");
    CHECK_RUN(0, "wrote", "make-faces", "--out", "jpg", SAME);
#undef SAME
    CHECK_OK(ds_renderer_new(&o, &r));
    ds_render(r, 1, 4, 1, 1, want);
    for (int k = 0; k < 2; k++) {
        ds_picture p = {0};
        CHECK_OK(ds_picture_read(test_path("%s/%s.%s", k == 0 ? "png" : "jpg", file, k == 0 ? "png" : "jpg"), &p));
        CHECK_INT(p.height * p.width, 32 * 32);
        for (int i = 0; i < 3 * 32 * 32; i++)
            CHECK_REAL(p.rgb[i], want[i], k == 0 ? 0 : 30);
        ds_picture_free(&p);
    }
    ds_renderer_free(r);
}

static void make_faces_says_what_it_needs(void **state)
{
    (void)state;
    CHECK_RUN(64, "say where the faces go", "make-faces");
    CHECK_RUN(64, "size is 60, must be a multiple of 8", "make-faces", "--out", "x", "--size", "60");
    CHECK_RUN(64, "--delta: '2' is not a number in 0..1", "make-faces", "--out", "x", "--delta", "2");
}

static void arrange_links_what_preprocessing_left(void **state)
{
    (void)state;
    fixture_video("pre/oulu_train_live_1_1_07_1", 3);
    fixture_video("pre/oulu_test_spoof_1_1_36_2", 3);
    fixture_video("pre/oulu_dev_spoof_1_1_21_2", 3);
    fixture_video("pre/replay_train_live_real_client001_session01_webcam_authenticate_controlled_1", 3);
    fixture_video("pre/replay_test_spoof_attack_client023_laptop_SD_printed_photo_scene01", 3);
    fixture_video("pre/casia_train_spoof_7_HR_3", 2);
    fixture_video("pre/other", 3);
#define ARRANGE "arrange", "--from", "pre", "--to", "data"
    CHECK_RUN(0, "4 would be linked, 0 there already, 3 left out", ARRANGE, "--dry-run");
    CHECK_INT(test_folder_entries(), 1);
    CHECK_RUN(0,
              "domain   part       live    spoof\n"
              "oulu     train         1        0\n"
              "oulu     test          0        1\n"
              "replay   train         1        0\n"
              "msu      test          0        1\n"
              "4 linked, 0 there already, 3 left out\n",
              ARRANGE);
    CHECK_RUN(0, "1 linked, 4 there already, 2 left out", ARRANGE, "--dev", "train");
    CHECK_RUN(0, "oulu             train         1        1          6\n", "check-data", "data", "--domains", "oulu");
#undef ARRANGE
}

static void arrange_replaces_links_whose_source_has_moved(void **state)
{
    size_t n;
    (void)state;
    fixture_video("pre/oulu_train_live_1_1_07_1", 3);
    fixture_video("pre/oulu_test_spoof_1_1_36_2", 3);
    CHECK_RUN(0, "2 linked, 0 there already, 0 left out", "arrange", "--from", "pre", "--to", "data");
    CHECK_INT(rename(test_path("pre"), test_path("moved")), 0);
    CHECK_RUN(0, "2 would be linked, 0 there already, 0 left out", "arrange", "--from", "moved", "--to", "data",
              "--dry-run");
    CHECK_RUN(0, "2 linked, 0 there already, 0 left out", "arrange", "--from", "moved", "--to", "data");
    lsc_free(test_read(test_path("data/oulu/train/live/oulu_train_live_1_1_07_1/crop_0000.png"), &n));
    CHECK_RUN(0, "0 linked, 2 there already, 0 left out", "arrange", "--from", "moved", "--to", "data");
}

static void arrange_puts_no_video_into_both_parts(void **state)
{
    test_result r;
    (void)state;
    fixture_video("pre/oulu_train_live_1_1_07_1", 3);
    fixture_video("pre/oulu_dev_spoof_1_1_21_2", 3);
#define ARRANGE "arrange", "--from", "pre", "--to", "data"
    CHECK_RUN(0, "2 linked, 0 there already, 0 left out", ARRANGE, "--dev", "train");
    RUN(&r, ARRANGE, "--dev", "test");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "left out: data/oulu/train/spoof/oulu_dev_spoof_1_1_21_2: already in train: remove it there to "
                     "have it in test");
    CHECK_HAS(r.out, "0 linked, 1 there already, 1 left out");
    test_result_free(&r);
    CHECK(!lsc_file_exists(test_path("data/oulu/test")));
#undef ARRANGE
}

static void arrange_says_what_it_leaves_out_and_overwrites_nothing(void **state)
{
    test_result r;
    (void)state;
    fixture_video("pre/oulu_train_live_1_1_07_1", 3);
    fixture_video("pre/oulu_train_live_1_1_08_1", 3);
    fixture_video("pre/oulu_dev_spoof_1_1_21_2", 3);
    fixture_video("pre/oulu_valid_spoof_1_1_21_2", 3);
    fixture_video("pre/oulu_train_live_spoof_3", 3);
    fixture_video("pre/casia_train_spoof_7_HR_3", 2);
    fixture_video("pre/other", 3);
    CHECK_OK(lsc_mkdirs(test_path("data/oulu/train/live")));
    test_write_text(test_path("data/oulu/train/live/oulu_train_live_1_1_07_1"), "mine");
    RUN(&r, "arrange", "--from", "pre", "--to", "data");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "oulu_train_live_1_1_07_1: something else is there already");
    CHECK_HAS(r.err, "oulu_dev_spoof_1_1_21_2: of the development part (--dev train or test takes it)");
    CHECK_HAS(r.err, "oulu_valid_spoof_1_1_21_2: the second word is none of train, test, dev");
    CHECK_HAS(r.err, "both the words live and spoof in 'oulu_train_live_spoof_3'");
    CHECK_HAS(r.err, "casia_train_spoof_7_HR_3: 2 pictures crop_*.jpg, at least 3 are needed");
    CHECK_HAS(r.err, "other: begins with none of oulu_, casia_, replay_, msu_");
    test_result_free(&r);
    CHECK_RUN(64, "say what to sort, and where to", "arrange", "--from", "pre");
    CHECK_RUN(64, "--dev: 'all' is none of train, test, none", "arrange", "--from", "pre", "--to", "d", "--dev", "all");
    CHECK_RUN(66, "nowhere: No such file or directory", "arrange", "--from", "nowhere", "--to", "data");
    CHECK_RUN(65, "no folder of a video in it", "arrange", "--from", "data", "--to", "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(every_command_is_listed_and_explains_itself_with_examples),
        TEST_IN_FOLDER(a_word_that_is_no_command_is_refused),
        TEST_IN_FOLDER(check_data_counts_what_is_there),
        TEST_IN_FOLDER(check_data_names_everything_that_is_wrong),
        TEST_IN_FOLDER(check_data_warns_of_a_part_with_one_class),
        TEST_IN_FOLDER(check_data_warns_of_videos_in_both_parts),
        TEST_IN_FOLDER(a_pipe_for_a_picture_is_a_problem_and_not_waited_for),
        TEST_IN_FOLDER(check_data_says_what_it_needs),
        TEST_IN_FOLDER(make_faces_writes_what_check_data_accepts),
        TEST_IN_FOLDER(make_faces_writes_the_faces_of_synface),
        TEST_IN_FOLDER(make_faces_says_what_it_needs),
        TEST_IN_FOLDER(arrange_links_what_preprocessing_left),
        TEST_IN_FOLDER(arrange_replaces_links_whose_source_has_moved),
        TEST_IN_FOLDER(arrange_puts_no_video_into_both_parts),
        TEST_IN_FOLDER(arrange_says_what_it_leaves_out_and_overwrites_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
