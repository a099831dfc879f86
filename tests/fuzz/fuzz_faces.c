/*
 * Names of folders and files as the videos of a face anti-spoofing set. Of the input's lines the first is
 *     FRAMES SPLIT     digits: data.frames, and which set is opened
 * the second names the domains, the third those that are held out, and each other one is the path of a picture that is
 * made below the root. Labels, subjects and kinds of attack that a set which opens reports must be such.
 * SPDX-License-Identifier: MIT
 */
#include "data/face_layout.h"
#include "data/face_name.h"
#include "files.h"
#include "fuzz.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_MAX 64
#define LINE_MAX  256

/* One grey pixel. */
static const uint8_t picture[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
                                  0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
                                  0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78,
                                  0xda, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81, 0xda, 0x45, 0x08, 0x3b, 0x00,
                                  0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static char root[128];

/* ---- the folder ------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    return at->level > 0 ? remove(path) : 0;
}

static void empty_root(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void remove_root(void)
{
    empty_root();
    rmdir(root);
}

/* In memory, where the system keeps a folder there: a disk would be the slowest part. */
static void make_root(void)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(root, sizeof root, "%s/losscope-fuzz-XXXXXX", parent);
    if (mkdtemp(root) == NULL || atexit(remove_root) != 0)
        abort();
}

/* None leads out of the root. */
static bool is_inside(const char *path)
{
    char slashed[LINE_MAX + 2];
    snprintf(slashed, sizeof slashed, "/%s/", path);
    return path[0] != '\0' && strstr(slashed, "/../") == NULL;
}

/* A link to the picture, and the folders above it; nothing where the system will not have such a name. */
static void make_picture(const char *target, const char *below)
{
    char path[sizeof root + LINE_MAX + 1];
    if (!is_inside(below))
        return;
    snprintf(path, sizeof path, "%s/%s", root, below);
    char *name = strrchr(path, '/');
    *name = '\0';
    if (lsc_mkdirs(path) != LSC_OK)
        return;
    *name = '/';
    const int taken = symlink(target, path); /* by the same picture, or a folder */
    (void)taken;
}

/* ---- what is asked ------------------------------------------------------------------------------------ */

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void ask_name(const char *line)
{
    int32_t label = -1;
    size_t length = 0;
    const char *subject = ds_face_name_subject(line, &length);
    const ds_attack attack = ds_face_name_attack(line);

    demand(attack >= DS_PRINT && attack < DS_N_ATTACKS);
    demand(subject == NULL || (length > 0 && strspn(subject, "0123456789") >= length));
    if (ds_face_label(line, &label) == LSC_OK)
        demand(label == DS_LIVE || label == DS_SPOOF);
}

static void count_problem(void *context)
{
    ++*(int *)context;
}

static void ask_list(const char *domains)
{
    ds_domain_names names = {.n = 0};
    ds_face_list list = {0};
    int problems = 0;

    if (ds_domain_names_parse(domains, &names) != LSC_OK)
        return;
    for (int domain = 0; domain < names.n; domain++)
        for (int part = 0; part < DS_N_PARTS; part++)
            (void)ds_face_list_add(root, &names, domain, (ds_part)part, count_problem, &problems, &list);
    for (int64_t i = 0; i < list.n; i++) {
        demand(list.video[i].crops.n >= DS_CROPS_MIN);
        ask_name(list.video[i].name);
    }
    ds_face_list_free(&list);
}

static void check_set(const ds_dataset *d)
{
    demand(ds_count(d) > 0);
    for (int64_t i = 0; i < ds_count(d); i++) {
        const bool live = ds_labels(d)[i] == DS_LIVE;
        demand(live || ds_labels(d)[i] == DS_SPOOF);
        demand(live == (ds_species(d)[i] == DS_NO_ATTACK) && ds_species(d)[i] < DS_N_ATTACKS);
        demand(ds_domains(d)[i] >= 0 && ds_domains(d)[i] < ds_n_domains(d));
        demand(ds_subjects(d)[i] >= 0 && ds_videos(d)[i] >= 0);
    }
}

static void ask_set(const char *digits, const char *domains, const char *held)
{
    ds_dataset *d = NULL;
    const int frames = digits[0] % 8, split = digits[0] == '\0' ? 0 : digits[1] % 4;
    const ds_options o = {.kind = "faces",
                          .path = root,
                          .split = (ds_split)split,
                          .domains = domains,
                          .held_domains = held,
                          .held_all = frames == 1,
                          .validation = split == DS_VALIDATION ? .5 : 0,
                          .frames = frames,
                          .frame_seed = frames == 2,
                          .resize = 1,
                          .threads = 1};
    if (ds_open(&o, &d) == LSC_OK)
        check_set(d);
    ds_close(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char text[LINES_MAX * LINE_MAX], *lines[LINES_MAX] = {"", "", ""}, *rest = text;
    const char *target = fuzz_file("picture.png", picture, sizeof picture);
    int n_lines = 0;

    lsc_log_set("fuzz", LSC_LOG_QUIET);
    if (root[0] == '\0')
        make_root();
    n = n < sizeof text ? n : sizeof text - 1;
    memcpy(text, bytes, n);
    text[n] = '\0';
    for (char *line; n_lines < LINES_MAX && (line = strsep(&rest, "\n")) != NULL;)
        lines[n_lines++] = line;
    for (int i = 3; i < n_lines; i++) {
        lines[i][strnlen(lines[i], LINE_MAX)] = '\0';
        ask_name(lines[i]);
        make_picture(target, lines[i]);
    }
    ask_list(lines[1]);
    ask_set(lines[0], lines[1], lines[2]);
    empty_root();
    return 0;
}
