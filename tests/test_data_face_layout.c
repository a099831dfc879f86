/*
 * The folders of face anti-spoofing data: which videos there are, and what their labels are.
 * SPDX-License-Identifier: MIT
 */
#include "data/face_layout.h"
#include "face_fixture.h"

#include <unistd.h>

static lsc_status list(const char *domains, ds_part part, ds_face_list *out)
{
    ds_domain_names names;
    lsc_status st = ds_domain_names_parse(domains, &names);
    for (int i = 0; st == LSC_OK && i < names.n; i++)
        st = ds_face_list_add(test_folder(), &names, i, part, NULL, NULL, out);
    return st;
}

static void check_refused(const char *text)
{
    ds_face_list l = {0};
    CHECK_FAILS(list("oulu", DS_PART_TRAIN, &l), LSC_ERR_FORMAT, text);
    ds_face_list_free(&l);
}

static void labels_are_words_below_the_part(void **state)
{
    int32_t label = -1;
    (void)state;
    CHECK_OK(ds_face_label("live/oulu_1_1_07_1", &label));
    CHECK_INT(label, DS_LIVE);
    CHECK_OK(ds_face_label("all/casia_train_spoof_07_HR_4", &label));
    CHECK_INT(label, DS_SPOOF);
    CHECK_OK(ds_face_label("Live2/v", &label));
    CHECK_INT(label, DS_LIVE);
    CHECK_FAILS(ds_face_label("live/spoof_1", &label), LSC_ERR_FORMAT, "both the words live and spoof");
    CHECK_FAILS(ds_face_label("liveness/v1", &label), LSC_ERR_FORMAT, "none of the words live and spoof");
    CHECK_FAILS(ds_face_label("any/video", &label), LSC_ERR_FORMAT, "'any/video'");
}

static void videos_come_by_domain_and_name(void **state)
{
    ds_face_list l = {0};
    (void)state;
    fixture_domain("oulu");
    fixture_domain("liveness"); /* a domain's name labels nothing */
    CHECK_OK(list("liveness oulu", DS_PART_TRAIN, &l));
    CHECK_INT(l.n, 8);
    for (int i = 0; i < 8; i++) {
        CHECK_INT(l.video[i].domain, i / 4);
        CHECK_INT(l.video[i].label, i % 4 < 2 ? DS_LIVE : DS_SPOOF);
        CHECK_INT(l.video[i].crops.n, 3);
    }
    CHECK_HAS(l.video[5].path, "/oulu/train/live/v1");
    CHECK_STR(l.video[5].name, "v1");
    CHECK_STR(l.video[5].crops.entry[2]->d_name, "crop_0010.png");
    ds_face_list_free(&l);
}

static void what_is_missing_is_named(void **state)
{
    ds_face_list l = {0};
    (void)state;
    fixture_domain("oulu");
    CHECK_FAILS(list("oulu casia", DS_PART_TRAIN, &l), LSC_ERR_IO, "casia: no folder of domain casia: No such file");
    ds_face_list_free(&l);
    CHECK_OK(lsc_mkdirs(test_path("msu/train")));
    CHECK_FAILS(list("msu", DS_PART_TRAIN, &l), LSC_ERR_FORMAT, "msu/train: no video in it");
    CHECK_FAILS(list("msu", DS_PART_TEST, &l), LSC_ERR_IO, "msu/test: no folder of the test part of domain msu");
}

/* What the system says of a folder is told: it need not be missing. A link to itself stands for one that may not be
 * read, which the superuser may always. */
static void what_is_no_folder_is_told_apart_from_what_is_missing(void **state)
{
    const ds_domain_names oulu = {.name = {"oulu"}, .n = 1};
    ds_face_list l = {0};
    (void)state;
    CHECK_FAILS(ds_face_list_add(test_path("none"), &oulu, 0, DS_PART_TRAIN, NULL, NULL, &l), LSC_ERR_IO,
                "none: no folder of face data: No such file or directory; must be ROOT/DOMAIN/{train,test}/ANY/VIDEO");
    test_write_text(test_path("oulu"), "");
    CHECK_FAILS(ds_face_list_add(test_path("oulu"), &oulu, 0, DS_PART_TRAIN, NULL, NULL, &l), LSC_ERR_IO,
                "oulu: no folder of face data: Not a directory");
    CHECK_FAILS(list("oulu", DS_PART_TRAIN, &l), LSC_ERR_IO, "oulu: no folder of domain oulu: Not a directory");
    CHECK_INT(symlink("msu", test_path("msu")), 0);
    CHECK_FAILS(list("msu", DS_PART_TRAIN, &l), LSC_ERR_IO, "msu: no folder of domain msu: Too many levels");
}

static void a_video_needs_three_crops(void **state)
{
    (void)state;
    fixture_video("oulu/train/live/short", 2);
    test_write_text(test_path("oulu/train/live/short/crop_9.txt"), "");
    test_write_text(test_path("oulu/train/live/short/org_0001.jpg"), "");
    check_refused("oulu/train/live/short: 2 pictures crop_*.jpg or crop_*.png of this video, at least 3 are needed");
}

static void a_video_without_a_clear_label_is_refused(void **state)
{
    (void)state;
    fixture_video("oulu/train/live/spoof_1", 3);
    check_refused("oulu/train/live/spoof_1: both the words live and spoof in 'live/spoof_1', must be one of them");
}

static void names_of_domains_stay_in_the_root(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {{"oulu ../x", "'../x' for a domain"},
                 {".hidden", "must be the name of a folder"},
                 {"a/b", "must be the name of a folder"},
                 {"oulu,oulu", "domain 'oulu' is named twice"}};
    ds_domain_names names;
    (void)state;
    CHECK_OK(ds_domain_names_parse(" oulu,casia  msu ,", &names));
    CHECK_INT(names.n, 3);
    CHECK_STR(names.name[1], "casia");
    for (size_t i = 0; i < LSC_COUNT(wrong); i++)
        CHECK_FAILS(ds_domain_names_parse(wrong[i].text, &names), LSC_ERR_ARG, wrong[i].message);
    CHECK_OK(ds_domain_names_parse("", &names));
    CHECK_INT(names.n, 0);
}

static lsc_status torture(void *context)
{
    ds_face_list l = {0};
    (void)context;
    lsc_status st = list("oulu", DS_PART_TRAIN, &l);
    ds_face_list_free(&l);
    return st;
}

static void failing_allocations_leave_nothing_behind(void **state)
{
    (void)state;
    fixture_domain("oulu");
    CHECK(test_torture(torture, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(labels_are_words_below_the_part),
        TEST_IN_FOLDER(videos_come_by_domain_and_name),
        TEST_IN_FOLDER(what_is_missing_is_named),
        TEST_IN_FOLDER(what_is_no_folder_is_told_apart_from_what_is_missing),
        TEST_IN_FOLDER(a_video_needs_three_crops),
        TEST_IN_FOLDER(a_video_without_a_clear_label_is_refused),
        TEST_IN_FOLDER(names_of_domains_stay_in_the_root),
        TEST_IN_FOLDER(failing_allocations_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
