/*
 * train arrange: sort what the usual preprocessing of SAFAS left, one folder for each video beside the other, into
 * the layout of data.kind faces, by links. Names there:
 *     {oulu,casia,replay,msu}_{train,test,dev}_{live,spoof}_...      MSU's begin with replay, too, and hold "scene"
 * SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/face_layout.h"

#define PROBLEMS_SHOWN 20

static const char doc[] =
    "Sort the folders that the usual preprocessing left in PREPROCESSED, of names as oulu_train_live_1_1_07_1, into "
    "FOLDER/DOMAIN/{train,test}/{live,spoof}/NAME, which data.kind faces reads. Nothing is moved or copied: they are "
    "linked."
    "\v"
    "Examples:\n"
    "  train arrange --from preposess --to datasets --dry-run\n"
    "      what would be linked, and what is left out\n"
    "  train arrange --from preposess --to datasets --dev train\n"
    "      videos of the development part are trained on\n"
    "\n"
    "Exit status: 0 done, 64 usage, 65 no video there, 66 no such folder, 74 disk.";

enum { FROM = 256, TO, DEV, DRY_RUN };

static const struct argp_option options[] = {
    {"from", FROM, "PREPROCESSED", 0, "what to sort", 1},
    {"to", TO, "FOLDER", 0, "where the domains are", 1},
    {"dev", DEV, "PART", 0, "where the development part goes: train, test or none (none)", 1},
    {"dry-run", DRY_RUN, NULL, 0, "say what would be linked", 1},
    {0},
};

typedef struct {
    const char *from, *to, *dev;
    bool dry_run;
} arguments;

/* What came of a folder. */
typedef enum { LINKED, THERE_ALREADY, LEFT_OUT, N_OUTCOMES } outcome;

static const char *const domains[] = {"oulu", "casia", "replay", "msu"};
#define N_DOMAINS LSC_COUNT(domains)

typedef struct {
    const arguments *a;
    char root[PATH_MAX];                      /* of --from, from / on */
    int64_t linked[N_DOMAINS][DS_N_PARTS][2]; /* by label; those there already count, too */
    int64_t of[N_OUTCOMES], told;
} sorting;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case FROM:
        a->from = text;
        return 0;
    case TO:
        a->to = text;
        return 0;
    case DEV:
        a->dev = text;
        if (strcmp(text, "train") != 0 && strcmp(text, "test") != 0 && strcmp(text, "none") != 0)
            argp_error(state, "--dev: '%s' is none of train, test, none", text);
        return 0;
    case DRY_RUN:
        a->dry_run = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s': options only", text);
        return 0;
    case ARGP_KEY_END:
        if (a->from == NULL || a->to == NULL)
            argp_error(state, "say what to sort, and where to: train arrange --from PREPROCESSED --to FOLDER");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void leave_out(sorting *s, const char *why)
{
    s->of[LEFT_OUT]++;
    if (++s->told <= PROBLEMS_SHOWN)
        lsc_log_warn("left out: %s", why);
}

/* Does the name go on with this word and "_"? Then *name is behind it. */
static bool skip_word(const char **name, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(*name, word, n) != 0 || (*name)[n] != '_')
        return false;
    *name += n + 1;
    return true;
}

/* Domain and part of a name; LSC_ERR_FORMAT says what is wrong. */
static lsc_status place_of(const arguments *a, const char *name, int *domain, ds_part *part)
{
    lsc_status st = LSC_OK;
    const char *rest = name;
    char shown[256];
    int d = 0;

    lsc_shown(name, shown, sizeof shown);
    while (d < (int)N_DOMAINS && !skip_word(&rest, domains[d]))
        d++;
    LSC_CHECK(d < (int)N_DOMAINS, LSC_ERR_FORMAT, "%s: begins with none of oulu_, casia_, replay_, msu_", shown);
    if (strcmp(domains[d], "replay") == 0 && strstr(rest, "_scene") != NULL)
        d = (int)N_DOMAINS - 1;
    const bool dev = skip_word(&rest, "dev");
    const bool train = dev ? strcmp(a->dev, "train") == 0 : skip_word(&rest, "train");
    const bool test = dev ? strcmp(a->dev, "test") == 0 : skip_word(&rest, "test");
    LSC_CHECK(!dev || train || test, LSC_ERR_FORMAT, "%s: of the development part (--dev train or test takes it)",
              shown);
    LSC_CHECK(train || test, LSC_ERR_FORMAT, "%s: the second word is none of train, test, dev", shown);
    *domain = d;
    *part = train ? DS_PART_TRAIN : DS_PART_TEST;
cleanup:
    return st;
}

static lsc_status check_crops(const char *folder)
{
    lsc_status st = LSC_OK;
    ds_entries crops = {0};
    LSC_TRY(ds_entries_list(folder, ds_face_is_crop, &crops));
    LSC_CHECK(crops.n >= DS_CROPS_MIN, LSC_ERR_FORMAT, "%s: %d pictures crop_*.jpg, at least %d are needed", folder,
              crops.n, DS_CROPS_MIN);
cleanup:
    ds_entries_free(&crops);
    return st;
}

/* Is `link` a link to `folder`? */
static bool is_link_to(const char *link, const char *folder)
{
    char target[PATH_MAX];
    const ssize_t n = readlink(link, target, sizeof target);
    return n >= 0 && (size_t)n == strlen(folder) && memcmp(target, folder, (size_t)n) == 0;
}

/* A video, and where it belongs. */
typedef struct {
    const char *name;
    int domain;
    ds_part part;
    int32_t label;
} video;

/* The folder of a part that takes videos of its domain and label. Returns new or NULL. */
static char *set_of(const sorting *s, const video *v, ds_part part)
{
    return lsc_format("%s/%s/%s/%s", s->a->to, domains[v->domain], ds_part_names[part],
                      v->label == DS_LIVE ? "live" : "spoof");
}

/* Another call may have put it into the other part: what is trained on must not be tested on. */
static lsc_status check_other_part(const sorting *s, const video *v)
{
    lsc_status st = LSC_OK;
    const ds_part other = v->part == DS_PART_TRAIN ? DS_PART_TEST : DS_PART_TRAIN;
    char *set = set_of(s, v, other), *path = set == NULL ? NULL : lsc_path_join(set, v->name);

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", s->a->to);
    LSC_CHECK(!lsc_file_exists(path), LSC_ERR_FORMAT, "%s: already in %s: remove it there to have it in %s", path,
              ds_part_names[other], ds_part_names[v->part]);
cleanup:
    lsc_free(path);
    lsc_free(set);
    return st;
}

/* A link that leads to nothing is one of an earlier call, whose source has moved since: it is replaced. */
static lsc_status link_to(const sorting *s, const char *folder, const video *v, outcome *what)
{
    lsc_status st = LSC_OK;
    struct stat info;
    char *set = set_of(s, v, v->part), *link = set == NULL ? NULL : lsc_path_join(set, v->name);

    LSC_CHECK(link != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", s->a->to);
    *what = is_link_to(link, folder) ? THERE_ALREADY : LINKED;
    if (*what == THERE_ALREADY)
        goto cleanup;
    const bool taken = lstat(link, &info) == 0;
    LSC_CHECK(!taken || (S_ISLNK(info.st_mode) && !lsc_file_exists(link)), LSC_ERR_FORMAT,
              "%s: something else is there already", link);
    if (s->a->dry_run)
        goto cleanup;
    LSC_TRY(lsc_mkdirs(set));
    LSC_CHECK((!taken || unlink(link) == 0) && symlink(folder, link) == 0, LSC_ERR_IO, "%s: cannot link: %s", link,
              strerror(errno));
cleanup:
    lsc_free(link);
    lsc_free(set);
    return st;
}

static lsc_status sort_video(sorting *s, const char *name)
{
    lsc_status st = LSC_OK;
    char *folder = lsc_path_join(s->root, name);
    video v = {.name = name};
    outcome what;

    LSC_CHECK(folder != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", s->root);
    LSC_TRY(place_of(s->a, name, &v.domain, &v.part));
    LSC_TRY(ds_face_label(name, &v.label));
    LSC_TRY(check_crops(folder));
    LSC_TRY(check_other_part(s, &v));
    LSC_TRY(link_to(s, folder, &v, &what));
    s->of[what]++;
    s->linked[v.domain][v.part][v.label]++;
cleanup:
    lsc_free(folder);
    if (st != LSC_ERR_FORMAT)
        return st;
    leave_out(s, lsc_last_error());
    return LSC_OK;
}

static void print(const sorting *s, FILE *out)
{
    fprintf(out, "%-8s %-6s %8s %8s\n", "domain", "part", "live", "spoof");
    for (size_t domain = 0; domain < N_DOMAINS; domain++) {
        for (int part = 0; part < DS_N_PARTS; part++) {
            const int64_t *n = s->linked[domain][part];
            if (n[DS_LIVE] + n[DS_SPOOF] > 0)
                fprintf(out, "%-8s %-6s %8lld %8lld\n", domains[domain], ds_part_names[part], (long long)n[DS_LIVE],
                        (long long)n[DS_SPOOF]);
        }
    }
    fprintf(out, "%lld %s, %lld there already, %lld left out\n", (long long)s->of[LINKED],
            s->a->dry_run ? "would be linked" : "linked", (long long)s->of[THERE_ALREADY], (long long)s->of[LEFT_OUT]);
}

static lsc_status arrange(const void *given, FILE *out)
{
    lsc_status st = LSC_OK;
    const arguments *a = given;
    sorting s = {.a = a};
    ds_entries videos = {0};

    LSC_CHECK(realpath(a->from, s.root) != NULL, LSC_ERR_IO, "%s: %s", a->from, strerror(errno));
    LSC_TRY(ds_entries_folders(s.root, &videos));
    for (int i = 0; i < videos.n; i++)
        LSC_TRY(sort_video(&s, videos.entry[i]->d_name));
    LSC_CHECK(s.of[LINKED] + s.of[THERE_ALREADY] > 0, LSC_ERR_FORMAT,
              "%s: no folder of a video in it, of names as oulu_train_live_1_1_07_1, with crop_*.jpg", a->from);
    print(&s, out);
cleanup:
    ds_entries_free(&videos);
    return st;
}

static const arguments defaults = {.dev = "none"};

const tr_command tr_command_arrange = {
    .argp = {options, parse, NULL, doc, NULL, NULL, NULL},
    .size = sizeof(arguments),
    .defaults = &defaults,
    .run = arrange,
};
