/*
 * Synthetic faces: the values of the NumPy prototype, independence of what was rendered before, names.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface.h"
#include "support/support.h"

#include <regex.h>
#include <stdlib.h>

#include "data/face_layout.h"

#define SIZE  32
#define BYTES (3 * SIZE * SIZE)

static const ds_synfaces options = {
    .seed = 5, .delta = .7, .kappa = .6, .size = SIZE, .subjects = 5, .videos = 4, .frames = 3, .spoofs = 1};

static ds_renderer *open_renderer(const ds_synfaces *o)
{
    ds_renderer *r = NULL;
    CHECK_OK(ds_synfaces_check(o));
    CHECK_OK(ds_renderer_new(o, &r));
    return r;
}

/* Tolerance 1, see tests/golden/synfaces/README.md. */
static void faces_are_those_of_the_prototype(void **state)
{
    static const int videos[] = {0, 1, 3};
    size_t n;
    uint8_t *want = (uint8_t *)test_read(golden_path("synfaces/faces-32.u8"), &n), rgb[BYTES];
    ds_renderer *r = open_renderer(&options);
    (void)state;
    CHECK_INT(n, 12 * BYTES);
    for (int i = 0; i < 12; i++) {
        ds_render(r, i / 3, 3, videos[i % 3], 2, rgb);
        for (int k = 0; k < BYTES; k++)
            CHECK_REAL(rgb[k], want[i * BYTES + k], 1);
    }
    ds_renderer_free(r);
    lsc_free(want);
}

static void a_face_does_not_depend_on_what_came_before(void **state)
{
    uint8_t first[BYTES], again[BYTES];
    ds_renderer *r = open_renderer(&options), *fresh = open_renderer(&options);
    (void)state;
    for (int video = 0; video < 4; video++)
        ds_render(r, 2, 1, video, 1, first);
    ds_render(r, 2, 2, 3, 1, first);
    ds_render(r, 1, 2, 3, 1, first);
    ds_render(r, 1, 2, 2, 1, first);
    ds_render(fresh, 1, 2, 2, 1, again);
    CHECK_BYTES(first, again, BYTES);
    ds_render(fresh, 1, 2, 2, 2, again);
    CHECK(memcmp(first, again, BYTES) != 0);
    ds_renderer_free(r);
    ds_renderer_free(fresh);
}

/* The mean difference of a spoof to what the same options without a cue give. */
static double difference(double delta, int video)
{
    uint8_t with[BYTES], without[BYTES];
    ds_synfaces o = options;
    double sum = 0;
    o.kappa = 0;
    for (int k = 0; k < 2; k++) {
        o.delta = k == 0 ? delta : 0;
        ds_renderer *r = open_renderer(&o);
        ds_render(r, 0, 0, video, 0, k == 0 ? with : without);
        ds_renderer_free(r);
    }
    for (int k = 0; k < BYTES; k++)
        sum += abs(with[k] - without[k]);
    return sum / BYTES;
}

static void delta_is_the_amplitude_of_the_cue(void **state)
{
    (void)state;
    CHECK_REAL(difference(1, 0), 0, 0);
    for (int video = 1; video <= 3; video += 2)
        CHECK(difference(1, video) > 2 * difference(.25, video) && difference(.25, video) > .5);
}

/* The same video as a live face, and as a screen that shows it: without cues these are one picture, so that no other
 * trace of an attack is left. Tolerance 1: an attack's sums are rounded once more. */
static void without_cues_an_attack_is_the_face_that_it_shows(void **state)
{
    uint8_t shown[2][BYTES];
    ds_synfaces o = options;
    (void)state;
    o.delta = o.kappa = 0;
    for (int k = 0; k < 2; k++) {
        o.spoofs = 1 + k;
        CHECK_INT(ds_synface_attack(&o, 2), k == 0 ? DS_NO_ATTACK : DS_REPLAY);
        ds_renderer *r = open_renderer(&o);
        ds_render(r, 2, 0, 2, 0, shown[k]);
        ds_renderer_free(r);
    }
    for (int k = 0; k < BYTES; k++)
        CHECK_REAL(shown[1][k], shown[0][k], 1);
}

static void live_faces_and_kinds_of_attack_take_turns(void **state)
{
    static const struct {
        int spoofs;
        const char *turns;
    } cases[] = {{1, "LPLRLP"}, {2, "LPRLPR"}, {3, "LPRPLR"}};
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        ds_synfaces o = options;
        o.spoofs = cases[i].spoofs;
        for (int video = 0; video < 6; video++)
            CHECK_INT("LPR"[1 + ds_synface_attack(&o, video)], cases[i].turns[video]);
    }
}

static void check_name(const ds_synfaces *o, int domain, int subject, int video)
{
    char *name = ds_synface_name(o, domain, subject, video);
    const ds_attack species = ds_synface_attack(o, video);
    int32_t label;
    size_t length = 0;
    CHECK(name != NULL);
    CHECK_OK(ds_face_label(name, &label));
    CHECK_INT(label, species == DS_NO_ATTACK ? DS_LIVE : DS_SPOOF);
    if (label == DS_SPOOF)
        CHECK_INT(ds_face_name_attack(name), species);
    const char *digits = ds_face_name_subject(name, &length);
    CHECK(digits != NULL);
    CHECK_INT(strtol(digits, NULL, 10), subject + 1);
    for (int before = 0; before < video; before++) {
        char *other = ds_synface_name(o, domain, subject, before);
        CHECK(strcmp(name, other) != 0);
        lsc_free(other);
    }
    lsc_free(name);
}

static void names_say_label_subject_and_species(void **state)
{
    (void)state;
    for (int spoofs = 1; spoofs <= 3; spoofs++) {
        ds_synfaces o = options;
        o.spoofs = spoofs;
        for (int domain = 0; domain < DS_SYNFACE_DOMAINS; domain++) {
            for (int video = 0; video < DS_SYNFACE_VIDEOS_MAX; video++) {
                check_name(&o, domain, 6, video);
                check_name(&o, domain, 998, video);
            }
        }
    }
    char *name = ds_synface_name(&options, 0, 6, 0);
    CHECK_STR(name, "oulu_train_live_1_1_07_1");
    lsc_free(name);
    name = ds_synface_name(&options, 3, 4, 3);
    CHECK_STR(name, "msu_test_spoof_attack_client005_android_SD_ipad_video_scene01");
    lsc_free(name);
}

/* The forms of the real sets' names below DOMAIN/PART/ANY, as the released loader tells them apart; the group of this
 * number is the client. */
static const struct {
    int domain;
    const char *form;
    size_t client;
} forms[] = {
    {0, "^oulu_(train|test)_live_[1-6]_[1-3]_([0-9]{2,3})_1$", 2},
    {0, "^oulu_(train|test)_spoof_[1-6]_[1-3]_([0-9]{2,3})_[2-5]$", 2},
    {1, "^casia_(train|test)_live_([0-9]{2,3})_(HR_1|NM_[12])$", 2},
    {1, "^casia_(train|test)_spoof_([0-9]{2,3})_(HR_[2-4]|NM_[3-8])$", 2},
    {2, "^replay_(train|test)_live_client([0-9]{3})_session01_webcam_authenticate_(controlled|adverse)_[12]$", 2},
    {2,
     "^replay_(train|test)_spoof_attack_(print|highdef)_client([0-9]{3})_session01_highdef_(photo|video)_"
     "(controlled|adverse)$",
     3},
    {3, "^msu_(train|test)_live_real_client([0-9]{3})_(android|laptop)_SD_scene[0-9]{2}$", 2},
    {3, "^msu_(train|test)_spoof_attack_client([0-9]{3})_(android|laptop)_SD_(printed_photo|ipad_video)_scene[0-9]{2}$",
     2},
};

/* The client by form i, -1 where the name has another one. */
static long client_by(size_t i, const char *name)
{
    regex_t form;
    regmatch_t group[8];
    long client = -1;
    CHECK_INT(regcomp(&form, forms[i].form, REG_EXTENDED), 0);
    if (regexec(&form, name, LSC_COUNT(group), group, 0) == 0)
        client = strtol(name + group[forms[i].client].rm_so, NULL, 10);
    regfree(&form);
    return client;
}

static void check_form(const ds_synfaces *o, int domain, int subject, int video)
{
    char *name = ds_synface_name(o, domain, subject, video);
    int matches = 0;
    for (size_t i = 0; i < LSC_COUNT(forms); i++) {
        const long client = client_by(i, name);
        if (client < 0)
            continue;
        matches++;
        CHECK_INT(forms[i].domain, domain);
        CHECK_INT(client, subject + 1);
    }
    CHECK_INT(matches, 1);
    lsc_free(name);
}

static void names_have_the_form_of_exactly_one_set_and_one_client(void **state)
{
    static const int subjects[] = {0, 8, 9, 98, 998};
    ds_synfaces o = options;
    (void)state;
    for (o.spoofs = 1; o.spoofs <= 3; o.spoofs++)
        for (int domain = 0; domain < DS_SYNFACE_DOMAINS; domain++)
            for (size_t k = 0; k < LSC_COUNT(subjects); k++)
                for (int video = 0; video < DS_SYNFACE_VIDEOS_MAX; video++)
                    check_form(&o, domain, subjects[k], video);
}

static void names_of_the_real_sets_are_understood(void **state)
{
    static const struct {
        const char *name, *subject;
        ds_attack species;
    } cases[] = {
        {"oulu_train_spoof_6_3_20_3", "20", DS_PRINT},
        {"oulu_test_spoof_1_1_36_5", "36", DS_REPLAY},
        {"casia_train_spoof_7_HR_3", "7", DS_PRINT},
        {"casia_test_spoof_30_NM_8", "30", DS_REPLAY},
        {"replay_train_spoof_fixed_attack_print_client001_session01_highdef_photo_controlled", "001", DS_PRINT},
        {"replay_train_spoof_hand_attack_mobile_client119_session01_mobile_video_adverse", "119", DS_REPLAY},
        {"replay_train_spoof_attack_client023_laptop_SD_printed_photo_scene01", "023", DS_PRINT},
        {"replay_train_spoof_attack_client023_android_SD_iphone_video_scene01", "023", DS_REPLAY},
        {"my_mask_1", NULL, DS_OTHER_ATTACK},
        {"", NULL, DS_OTHER_ATTACK},
        {"___", NULL, DS_OTHER_ATTACK},
        {"client_NM_1", NULL, DS_OTHER_ATTACK},
        {"1_1_99999999999999999999_9", NULL, DS_OTHER_ATTACK},
    };
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        size_t length = 0;
        const char *subject = ds_face_name_subject(cases[i].name, &length);
        CHECK((subject == NULL) == (cases[i].subject == NULL));
        if (subject != NULL) {
            CHECK_INT(length, strlen(cases[i].subject));
            CHECK_BYTES(subject, cases[i].subject, length);
        }
        CHECK_INT(ds_face_name_attack(cases[i].name), cases[i].species);
    }
}

#define CHECK_WRONG(member, value, text)                                                                               \
    do {                                                                                                               \
        ds_synfaces o = options;                                                                                       \
        o.member = value;                                                                                              \
        CHECK_FAILS(ds_synfaces_check(&o), LSC_ERR_ARG, text);                                                         \
    } while (0)

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    CHECK_WRONG(delta, 1.5, "delta is 1.5, must be 0 to 1");
    CHECK_WRONG(kappa, -1, "kappa is -1, must be 0 to 1");
    CHECK_WRONG(size, 60, "size is 60, must be a multiple of 8");
    CHECK_WRONG(size, 8, "size is 8, must be 16 to 1024");
    CHECK_WRONG(subjects, 4, "subjects is 4, must be 5 to 999");
    CHECK_WRONG(videos, 7, "videos is 7, must be 2 to 6");
    CHECK_WRONG(frames, 2, "frames is 2, must be 3 to 1000");
    CHECK_WRONG(spoofs, 0, "spoofs is 0, must be 1 to 3");
}

static lsc_status torture(void *context)
{
    ds_renderer *r = NULL;
    lsc_status st = ds_renderer_new(context, &r);
    ds_renderer_free(r);
    return st;
}

static void failing_allocations_leave_nothing_behind(void **state)
{
    ds_synfaces o = options;
    (void)state;
    CHECK_INT(test_torture(torture, &o), 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(faces_are_those_of_the_prototype),
        TEST(a_face_does_not_depend_on_what_came_before),
        TEST(delta_is_the_amplitude_of_the_cue),
        TEST(without_cues_an_attack_is_the_face_that_it_shows),
        TEST(live_faces_and_kinds_of_attack_take_turns),
        TEST(names_say_label_subject_and_species),
        TEST(names_have_the_form_of_exactly_one_set_and_one_client),
        TEST(names_of_the_real_sets_are_understood),
        TEST(options_out_of_range_are_refused),
        TEST(failing_allocations_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
