/*
 * Names of synthetic videos, in the form that each real set has.
 * SPDX-License-Identifier: MIT
 */
#include "data/synface.h"

/* How many videos of the same kind (live, print, replay) come before this one. */
static int ordinal(const ds_synfaces *o, int video)
{
    int before = 0;
    for (int v = 0; v < video; v++)
        before += ds_synface_attack(o, v) == ds_synface_attack(o, video);
    return before;
}

/* What follows PREFIX_{train|test}_{live|spoof}_; k: 0..2 for live ones, 0..1 for each kind of attack. */
static char *oulu(int subject, ds_attack species, int k)
{
    static const int file[] = {1, 2, 4};
    return lsc_format("%d_1_%02d_%d", 1 + k, subject, file[1 + species]);
}

static char *casia(int subject, ds_attack species, int k)
{
    static const char *const take[][3] = {{"HR_1", "NM_1", "NM_2"}, {"NM_3", "NM_5", "HR_2"}, {"NM_7", "NM_8", "HR_4"}};
    return lsc_format("%02d_%s", subject, take[1 + species][k]);
}

static char *replay(int subject, ds_attack species, int k)
{
    static const char *const before[] = {"", "attack_print_", "attack_highdef_"};
    static const char *const after[][3] = {
        {"webcam_authenticate_controlled_1", "webcam_authenticate_controlled_2", "webcam_authenticate_adverse_1"},
        {"highdef_photo_controlled", "highdef_photo_adverse", ""},
        {"highdef_video_controlled", "highdef_video_adverse", ""}};
    return lsc_format("%sclient%03d_session01_%s", before[1 + species], subject, after[1 + species][k]);
}

static char *msu(int subject, ds_attack species, int k)
{
    static const char *const what[] = {"", "printed_photo_", "ipad_video_"};
    return lsc_format("%s_client%03d_%s_SD_%sscene%02d", species == DS_NO_ATTACK ? "real" : "attack", subject,
                      k % 2 == 0 ? "android" : "laptop", what[1 + species], 1 + k / 2);
}

char *ds_synface_name(const ds_synfaces *o, int domain, int subject, int video)
{
    static char *(*const of_set[DS_SYNFACE_DOMAINS])(int, ds_attack, int) = {oulu, casia, replay, msu};
    const ds_attack species = ds_synface_attack(o, video);
    char *rest = of_set[domain](subject + 1, species, ordinal(o, video));
    char *name = rest == NULL ? NULL
                              : lsc_format("%s_%s_%s_%s", ds_synface_domains[domain],
                                           ds_synface_is_test(subject) ? "test" : "train",
                                           species == DS_NO_ATTACK ? "live" : "spoof", rest);
    lsc_free(rest);
    return name;
}
