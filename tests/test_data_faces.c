/*
 * Data of videos: faces in folders and synthetic ones. Which images there are, whose they are, what damaged files do.
 * SPDX-License-Identifier: MIT
 */
#include "data_fixture.h"
#include "face_fixture.h"
#include "picture_fixture.h"

#include "data/videos.h"

#define SIDE   8
#define PIXELS (3 * SIDE * SIDE)

static ds_options options(const char *kind, ds_split split)
{
    static const ds_synfaces synfaces = {
        .seed = 3, .delta = 1, .kappa = 1, .subjects = 5, .videos = 4, .frames = 3, .spoofs = 1};
    ds_options o = fixture_options(kind);
    o.channels = 3;
    o.resize = SIDE;
    o.split = split;
    o.domains = "oulu casia";
    o.held_domains = "msu";
    o.frames = 1;
    o.synfaces = &synfaces;
    if (strcmp(kind, "synfaces") == 0)
        o.resize = 16;
    return o;
}

static void write_faces(void)
{
    fixture_domain("oulu");
    fixture_domain("casia");
    fixture_domain("msu");
    fixture_video("casia/train/live/long", 7);
}

static void check_refused(const ds_options *o, lsc_status status, const char *text)
{
    ds_dataset *d = NULL;
    CHECK_FAILS(ds_open(o, &d), status, text);
}

static void splits_are_parts_of_domains(void **state)
{
    static const struct {
        ds_split split;
        bool all;
        int images, domains;
    } cases[] = {{DS_TRAIN, false, 9, 2}, {DS_TEST, false, 8, 2}, {DS_HELD, false, 4, 1}, {DS_HELD, true, 8, 1}};
    (void)state;
    write_faces();
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        ds_options o = options("faces", cases[i].split);
        o.held_all = cases[i].all;
        ds_dataset *d = fixture_open(&o);
        CHECK_INT(ds_count(d), cases[i].images);
        CHECK_INT(ds_n_domains(d), cases[i].domains);
        CHECK_INT(ds_classes(d), 2);
        ds_close(d);
    }
}

static void what_is_trained_on_is_not_held_out(void **state)
{
    ds_options o = options("faces", DS_HELD);
    (void)state;
    write_faces();
    o.held_domains = "msu casia";
    o.held_all = true;
    check_refused(&o, LSC_ERR_CONFIG, "data.held_domains: 'casia' is one of data.domains, too");
    o.split = DS_TRAIN;
    check_refused(&o, LSC_ERR_CONFIG, "leave it out of one of them");
    o.held_all = false; /* tested on its other subjects */
    ds_close(fixture_open(&o));
}

static void the_test_part_is_held_out_without_held_domains(void **state)
{
    ds_options o = options("faces", DS_HELD);
    (void)state;
    write_faces();
    o.held_domains = "";
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_count(d), 8);
    CHECK_INT(ds_n_domains(d), 2);
    ds_close(d);
}

/* fixture_video: the k-th crop is (10 k, ., 200). Of three, the middle one is the one image, of 7 the fourth. */
static void images_are_evenly_chosen_frames(void **state)
{
    static const struct {
        int frames, n;
        int red[7];
    } cases[] = {{1, 1, {30}}, {2, 2, {10, 50}}, {3, 3, {10, 30, 50}}, {0, 7, {0, 10, 20, 30, 40, 50, 60}}};
    uint8_t image[PIXELS];
    (void)state;
    write_faces();
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        ds_options o = options("faces", DS_TRAIN);
        o.domains = "casia";
        o.frames = cases[i].frames;
        ds_dataset *d = fixture_open(&o);
        for (int k = 0; k < cases[i].n; k++) {
            fixture_bytes(d, k, image); /* "long" is the first by name */
            CHECK_INT(ds_videos(d)[k], 0);
            CHECK_INT(image[0], cases[i].red[k]);
        }
        CHECK_INT(ds_videos(d)[cases[i].n], 1);
        ds_close(d);
    }
}

static void drawn_frames_depend_on_their_seed_alone(void **state)
{
    char first[65];
    int others = 0;
    (void)state;
    write_faces();
    ds_options o = options("faces", DS_TRAIN);
    for (o.frame_seed = 1; o.frame_seed <= 4; o.frame_seed++) {
        for (int again = 0; again < 2; again++) {
            ds_dataset *d = fixture_open(&o);
            if (o.frame_seed == 1 && again == 0)
                strcpy(first, ds_hash(d));
            others += strcmp(first, ds_hash(d)) != 0;
            ds_close(d);
        }
    }
    CHECK_INT(others, 6);
}

static void rows_say_whose_they_are(void **state)
{
    (void)state;
    fixture_video("oulu/train/live/oulu_train_live_1_1_07_1", 3);
    fixture_video("oulu/train/spoof/oulu_train_spoof_1_1_07_4", 3);
    fixture_video("oulu/train/spoof/oulu_train_spoof_1_1_08_2", 3);
    fixture_video("oulu/train/spoof/own", 3);
    ds_options o = options("faces", DS_TRAIN);
    o.domains = "oulu";
    ds_dataset *d = fixture_open(&o);
    const int32_t labels[] = {1, 0, 0, 0}, subjects[] = {0, 0, 1, 2}, videos[] = {0, 1, 2, 3},
                  species[] = {-1, 1, 0, 2};
    CHECK_INT(ds_count(d), 4);
    CHECK_BYTES(ds_labels(d), labels, sizeof labels);
    CHECK_BYTES(ds_subjects(d), subjects, sizeof subjects);
    CHECK_BYTES(ds_videos(d), videos, sizeof videos);
    CHECK_BYTES(ds_species(d), species, sizeof species);
    CHECK_STR(ds_species_name(d, 0), "print");
    CHECK_STR(ds_species_name(d, 1), "replay");
    CHECK_STR(ds_species_name(d, 2), "other");
    CHECK(ds_species_name(d, 3) == NULL);
    ds_close(d);
}

static void keys_that_are_not_for_videos_are_refused(void **state)
{
    static const double degrees = 30;
    ds_options o = options("faces", DS_TRAIN);
    (void)state;
    write_faces();
    o.pad = 2;
    check_refused(&o, LSC_ERR_ARG, "data: pad is 2, must be 0 for 'faces'");
    o = options("faces", DS_TRAIN);
    o.resize = 0;
    check_refused(&o, LSC_ERR_ARG, "for 'faces' resize is the side of the images in pixels");
    o = options("faces", DS_TRAIN);
    o.rotations = &degrees;
    o.n_rotations = 1;
    check_refused(&o, LSC_ERR_ARG, "data: 'faces' has domains of its own");
    o = options("faces", DS_TRAIN);
    o.domains = "";
    check_refused(&o, LSC_ERR_ARG, "data.domains: empty, must name the source domains");
    o.domains = "oulu ../casia";
    check_refused(&o, LSC_ERR_ARG, "data.domains: '../casia' for a domain");
    o.domains = "oulu replay";
    check_refused(&o, LSC_ERR_IO, "replay: no folder of domain replay");
    o = options("synfaces", DS_TRAIN);
    o.domains = "oulu nuaa";
    check_refused(&o, LSC_ERR_ARG, "no domain 'nuaa' (known: oulu casia replay msu)");
}

/* The middle frame, which is the image. */
static void damage(const char *video)
{
    test_write_text(test_path("%s/crop_0005.png", video), "\x89PNG\r\n\x1a\n damaged");
}

static void training_goes_on_with_another_frame_where_one_is_damaged(void **state)
{
    uint8_t image[PIXELS];
    float augmented[PIXELS];
    ds_reader *r = NULL;
    (void)state;
    write_faces();
    damage("casia/train/live/v0");
    ds_options o = options("faces", DS_TRAIN);
    o.domains = "casia";
    ds_dataset *d = fixture_open(&o);
    fixture_bytes(d, 1, image);
    CHECK_INT(image[0], 20);
    CHECK_OK(ds_reader_new(d, &(ds_augment){.random_frame = true}, 1, &r));
    for (int epoch = 0; epoch < 20; epoch++) {
        CHECK_OK(ds_reader_read(r, epoch, 1, 1, augmented, 0));
        CHECK(augmented[0] == 0 || augmented[0] == 20);
    }
    /* All of them gone: the image as it was kept. */
    for (int k = 0; k < 3; k++)
        CHECK(remove(test_path("casia/train/live/v0/crop_%04d.png", 5 * k)) == 0);
    CHECK_OK(ds_reader_read(r, 0, 1, 1, augmented, 0));
    CHECK_REAL(augmented[0], 20, 0);
    ds_reader_free(r);
    ds_close(d);
}

static void evaluation_names_the_damaged_file(void **state)
{
    (void)state;
    write_faces();
    damage("msu/test/live/v4");
    damage("oulu/test/spoof/v6");
    ds_options o = options("faces", DS_HELD);
    check_refused(&o, LSC_ERR_FORMAT, "msu/test/live/v4/crop_0005.png: ");
    o = options("faces", DS_TEST);
    check_refused(&o, LSC_ERR_FORMAT, "oulu/test/spoof/v6/crop_0005.png: ");
}

static void a_video_without_any_good_frame_is_an_error(void **state)
{
    (void)state;
    write_faces();
    for (int k = 0; k < 3; k++)
        test_write_text(test_path("oulu/train/live/v0/crop_%04d.png", 5 * k), "");
    ds_options o = options("faces", DS_TRAIN);
    check_refused(&o, LSC_ERR_FORMAT, "oulu/train/live/v0/crop_");
}

static void grey_pictures_become_rgb(void **state)
{
    uint8_t pixels[16], image[PIXELS];
    (void)state;
    memset(pixels, 90, sizeof pixels);
    fixture_video("oulu/train/live/v", 3);
    fixture_jpeg(test_path("oulu/train/live/v/crop_0005.png"), &(jpeg_fixture){4, 4, 1, pixels, 1});
    ds_options o = options("faces", DS_TRAIN);
    o.domains = "oulu";
    ds_dataset *d = fixture_open(&o);
    fixture_bytes(d, 0, image);
    for (int k = 0; k < PIXELS; k++)
        CHECK_REAL(image[k], 90, 1);
    ds_close(d);
}

static void synthetic_faces_have_the_parts_of_real_ones(void **state)
{
    int32_t live = 0;
    (void)state;
    ds_options o = options("synfaces", DS_TRAIN);
    ds_dataset *train = fixture_open(&o);
    CHECK_INT(ds_count(train), 2 * 4 * 4); /* domains, subjects, videos */
    for (int i = 0; i < 32; i++)
        live += ds_labels(train)[i];
    CHECK_INT(live, 16);
    o = options("synfaces", DS_HELD);
    ds_dataset *held = fixture_open(&o);
    CHECK_INT(ds_count(held), 4);
    CHECK_INT(ds_subjects(held)[0], 4);
    ds_close(train);
    ds_close(held);
}

static void images_do_not_depend_on_threads(void **state)
{
    (void)state;
    write_faces();
    for (int kind = 0; kind < 2; kind++) {
        ds_options o = options(kind == 0 ? "faces" : "synfaces", DS_TRAIN);
        char first[65] = "";
        for (o.threads = 1; o.threads <= 3; o.threads++) {
            ds_dataset *d = fixture_open(&o);
            CHECK_INT(strlen(ds_hash(d)), 64);
            if (o.threads == 1)
                strcpy(first, ds_hash(d));
            CHECK_STR(ds_hash(d), first);
            ds_close(d);
        }
    }
}

/* Subjects are held back whole. */
static void validation_takes_whole_subjects_that_training_leaves(void **state)
{
    ds_options o = options("synfaces", DS_TRAIN);
    bool taken[2][5] = {{false}};
    (void)state;
    o.validation = .25; /* one of the four subjects of the training part */
    ds_dataset *train = fixture_open(&o);
    o.split = DS_VALIDATION;
    ds_dataset *validation = fixture_open(&o);
    CHECK_INT(ds_count(train), 24);
    CHECK_INT(ds_count(validation), 8);
    o.validation = .1; /* less than a subject: one is held back */
    ds_dataset *same = fixture_open(&o);
    CHECK_STR(ds_hash(same), ds_hash(validation));
    ds_close(same);
    for (int i = 0; i < 24; i++)
        taken[ds_domains(train)[i]][ds_subjects(train)[i]] = true;
    for (int i = 0; i < 8; i++)
        CHECK(!taken[ds_domains(validation)[i]][ds_subjects(validation)[i]]);
    ds_close(train);
    ds_close(validation);
}

static void round_robin_uses_every_domain_and_label_as_often(void **state)
{
    int64_t order[64], uses[2][2] = {{0}};
    (void)state;
    fixture_domain("oulu");
    fixture_video("casia/train/live/a", 3);
    for (int k = 0; k < 5; k++) {
        char name[64];
        snprintf(name, sizeof name, "casia/train/spoof/b%d", k);
        fixture_video(name, 3);
    }
    ds_options o = options("faces", DS_TRAIN);
    ds_dataset *d = fixture_open(&o);
    CHECK_INT(ds_epoch_length(d, DS_SHUFFLED), 10);
    CHECK_INT(ds_epoch_length(d, DS_ROUND_ROBIN), 20);
    ds_epoch_order(d, 1, 0, DS_ROUND_ROBIN, order);
    for (int i = 0; i < 20; i++) {
        const int64_t row = order[i] % 10;
        uses[ds_domains(d)[row]][ds_labels(d)[row]]++;
        for (int j = 0; j < i; j++)
            CHECK(order[i] != order[j]); /* a further use has a number of its own */
    }
    for (int k = 0; k < 4; k++)
        CHECK_INT(uses[k / 2][k % 2], 5);
    ds_close(d);
}

static void domains_of_any_size_take_turns(void **state)
{
    int64_t order[16];
    (void)state;
    write_faces();
    ds_options o = options("faces", DS_TRAIN);
    o.domains = "oulu casia";
    ds_dataset *d = fixture_open(&o);
    ds_epoch_order(d, 4, 2, DS_BY_DOMAIN, order); /* 4 of oulu, 5 of casia */
    for (int i = 0; i < 9; i++) {
        CHECK_INT(ds_domains(d)[order[i]], i < 8 ? i % 2 : 1);
        for (int j = 0; j < i; j++)
            CHECK(order[i] != order[j]);
    }
    ds_close(d);
}

static lsc_status torture(void *context)
{
    ds_dataset *d = NULL;
    lsc_status st = ds_open(context, &d);
    ds_close(d);
    return st;
}

static void failing_allocations_leave_nothing_behind(void **state)
{
    ds_options o = options("faces", DS_HELD);
    (void)state;
    write_faces();
    o.threads = 1;
    CHECK(test_torture(torture, &o) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_FOLDER(splits_are_parts_of_domains),
        TEST_IN_FOLDER(what_is_trained_on_is_not_held_out),
        TEST_IN_FOLDER(the_test_part_is_held_out_without_held_domains),
        TEST_IN_FOLDER(images_are_evenly_chosen_frames),
        TEST_IN_FOLDER(drawn_frames_depend_on_their_seed_alone),
        TEST_IN_FOLDER(rows_say_whose_they_are),
        TEST_IN_FOLDER(keys_that_are_not_for_videos_are_refused),
        TEST_IN_FOLDER(training_goes_on_with_another_frame_where_one_is_damaged),
        TEST_IN_FOLDER(evaluation_names_the_damaged_file),
        TEST_IN_FOLDER(a_video_without_any_good_frame_is_an_error),
        TEST_IN_FOLDER(grey_pictures_become_rgb),
        TEST_IN_FOLDER(synthetic_faces_have_the_parts_of_real_ones),
        TEST_IN_FOLDER(images_do_not_depend_on_threads),
        TEST_IN_FOLDER(validation_takes_whole_subjects_that_training_leaves),
        TEST_IN_FOLDER(round_robin_uses_every_domain_and_label_as_often),
        TEST_IN_FOLDER(domains_of_any_size_take_turns),
        TEST_IN_FOLDER(failing_allocations_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
