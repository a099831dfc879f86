/*
 * Whole runs on videos of faces: what is drawn anew each epoch repeats itself, and a damaged file does not end a run.
 * SPDX-License-Identifier: MIT
 */
#include "train_fixture.h"

#include <sys/stat.h>

static void write_config(void)
{
    test_write_text(test_path("run.yaml"), "model: {name: mlp}\n"
                                           "data:\n"
                                           "  kind: faces\n"
                                           "  path: syn\n"
                                           "  domains: [oulu, casia]\n"
                                           "  held_domains: [msu]\n"
                                           "  resize: 16\n"
                                           "  pad: 0\n"
                                           "  mean: [127]\n"
                                           "  std: [64]\n"
                                           "train:\n"
                                           "  epochs: 2\n"
                                           "  batch: 8\n"
                                           "  select: last\n"
                                           "  sampler: round-robin\n"
                                           "  augment_resized_crop: true\n"
                                           "  augment_flip: true\n"
                                           "  augment_rotate: 180\n"
                                           "  augment_cutout: 0.5\n");
}

static void make_faces(void)
{
    static const char *const argv[] = {LSC_BINARY_DIR "/train/train",
                                       "make-faces",
                                       "--out",
                                       "syn",
                                       "--size",
                                       "32",
                                       "--subjects",
                                       "5",
                                       "--videos",
                                       "2",
                                       NULL};
    test_result r;
    test_run(&(test_command){.argv = argv, .folder = test_folder()}, &r);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
    write_config();
}

static void run(const char *out, const char *text)
{
    test_result r;
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", out);
    CHECK_HAS(r.err, text);
    CHECK_INT(r.exit_code, 0);
    test_result_free(&r);
}

static void a_run_repeats_itself_bit_for_bit(void **state)
{
    (void)state;
    make_faces();
    run("a", "epoch 2/2");
    CHECK(rename(test_path("a"), test_path("first")) == 0);
    run("a", "epoch 2/2"); /* run.bin holds the command */
    check_same_file(test_path("a/run.bin"), test_path("first/run.bin"));
}

static void a_damaged_picture_in_training_is_told_of_and_not_the_end(void **state)
{
    (void)state;
    make_faces();
    test_write_text(test_path("syn/oulu/train/live/oulu_train_live_1_1_02_1/crop_0005.jpg"), "\xff\xd8\xff broken");
    run("a", "crop_0005.jpg: ");
}

/* The middle frames of eight videos. */
static void of_many_damaged_pictures_the_first_are_told_of_and_the_rest_counted(void **state)
{
    test_result r;
    (void)state;
    make_faces();
    for (int subject = 1; subject <= 4; subject++) {
        test_write_text(test_path("syn/oulu/train/live/oulu_train_live_1_1_%02d_1/crop_0005.jpg", subject), "x");
        test_write_text(test_path("syn/oulu/train/spoof/oulu_train_spoof_1_1_%02d_2/crop_0005.jpg", subject), "x");
    }
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "a");
    CHECK_INT(r.exit_code, 0);
    CHECK_INT(test_count(r.err, "; another frame of this video is taken"), 5);
    CHECK_HAS(r.err, "another frame of this video is taken; more such frames are counted\n");
    CHECK_HAS(r.err, "8 frames of training videos could not be read, of which 5 are named above");
    test_result_free(&r);
}

/* Nobody writes to the pipe: who opens it would wait for ever. */
static void a_pipe_for_a_picture_is_not_waited_for(void **state)
{
    (void)state;
    make_faces();
    char *picture = lsc_strdup(test_path("syn/oulu/train/live/oulu_train_live_1_1_02_1/crop_0005.jpg"));
    CHECK_INT(remove(picture), 0);
    CHECK_INT(mkfifo(picture, 0600), 0);
    lsc_free(picture);
    run("a", "crop_0005.jpg: is not a regular file; another frame of this video is taken");
}

/* Of four subjects in each part a tenth is none. */
static void a_small_set_is_validated_by_one_subject_of_each_domain(void **state)
{
    test_result r;
    (void)state;
    make_faces();
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "a", "--set", "train.select=source_val");
    CHECK_INT(r.exit_code, 0);
    CHECK_HAS(r.err, "validation ");
    test_result_free(&r);
}

static void what_is_no_folder_of_faces_is_no_input(void **state)
{
    test_result r;
    (void)state;
    make_faces();
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "a", "--set", "data.path=run.yaml");
    CHECK_HAS(r.err, "run.yaml: no folder of face data: Not a directory");
    CHECK_INT(r.exit_code, 66);
    test_result_free(&r);
}

static void a_damaged_picture_that_is_tested_is_an_error_with_its_name(void **state)
{
    test_result r;
    (void)state;
    make_faces();
    test_write_text(test_path("syn/msu/test/live/msu_test_live_real_client005_android_SD_scene01/crop_0005.jpg"), "x");
    TRAIN(test_folder(), &r, "--config", "run.yaml", "--out", "a");
    CHECK_HAS(r.err, "msu_test_live_real_client005_android_SD_scene01/crop_0005.jpg: neither a JPEG nor a PNG file");
    CHECK_INT(r.exit_code, 65);
    test_result_free(&r);
}

static void a_domain_with_one_class_alone_is_warned_of(void **state)
{
    (void)state;
    make_faces();
    CHECK_INT(rename(test_path("syn/oulu/train/spoof"), test_path("away")), 0);
    run("one", "training images of domain 0 (of 0 .. 1) are all of class 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(a_run_repeats_itself_bit_for_bit),
        TEST_IN_FOLDER(a_damaged_picture_in_training_is_told_of_and_not_the_end),
        TEST_IN_FOLDER(of_many_damaged_pictures_the_first_are_told_of_and_the_rest_counted),
        TEST_IN_FOLDER(a_pipe_for_a_picture_is_not_waited_for),
        TEST_IN_FOLDER(a_small_set_is_validated_by_one_subject_of_each_domain),
        TEST_IN_FOLDER(what_is_no_folder_of_faces_is_no_input),
        TEST_IN_FOLDER(a_damaged_picture_that_is_tested_is_an_error_with_its_name),
        TEST_IN_FOLDER(a_domain_with_one_class_alone_is_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
