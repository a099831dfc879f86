/*
 * train check-data FOLDER: does a folder have the layout of data.kind faces? Counts of live and spoof videos and of
 * crops for every domain and part; everything that is wrong, with what would be right.
 * SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/face_layout.h"
#include "data/picture.h"

#define PROBLEMS_SHOWN 20

static const char doc[] =
    "Look through FOLDER, which must hold DOMAIN/{train,test}/ANY/VIDEO/crop_*.jpg (or .jpeg, .png; at least 3 of each "
    "video), where live or spoof is a word of ANY or VIDEO. Counts live and spoof videos of every domain and part, and "
    "says what is wrong."
    "\v"
    "Examples:\n"
    "  train check-data datasets\n"
    "  train check-data datasets --domains 'oulu casia' --pictures\n"
    "      these two only, and every picture is decoded\n"
    "\n"
    "Exit status: 0 all is right, 65 something is wrong, 66 no such folder.";

enum { DOMAINS = 256, JSON, PICTURES };

static const struct argp_option options[] = {
    {"domains", DOMAINS, "NAMES", 0, "the folders to look at, parted by spaces or commas (default: all)", 1},
    {"json", JSON, NULL, 0, "print the counts as JSON", 1},
    {"pictures", PICTURES, NULL, 0, "decode every picture, too", 1},
    {0},
};

typedef struct {
    const char *folder, *domains;
    bool json, pictures;
} arguments;

typedef struct {
    ds_domain_names names;
    ds_face_list list;
    int64_t problems;
} survey;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case DOMAINS:
        a->domains = text;
        return 0;
    case JSON:
        a->json = true;
        return 0;
    case PICTURES:
        a->pictures = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->folder != NULL)
            argp_error(state, "one folder is looked through, '%s' is another", text);
        a->folder = text;
        return 0;
    case ARGP_KEY_END:
        if (a->folder == NULL)
            argp_error(state, "name the folder that holds the domains: train check-data FOLDER");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void note_problem(void *context)
{
    survey *s = context;
    if (++s->problems <= PROBLEMS_SHOWN)
        lsc_log_error("%s", lsc_last_error());
}

/* Every folder of the root, where none is named. */
static lsc_status find_domains(const arguments *a, ds_domain_names *out)
{
    lsc_status st = LSC_OK;
    ds_entries found = {0};
    lsc_text names = {0};

    if (a->domains != NULL)
        return lsc_context(ds_domain_names_parse(a->domains, out), "--domains");
    LSC_TRY(ds_entries_folders(a->folder, &found));
    for (int i = 0; i < found.n; i++)
        lsc_text_add(&names, "%s ", found.entry[i]->d_name);
    LSC_CHECK(found.n > 0 && !names.failed, LSC_ERR_FORMAT,
              "%s: no folder in it, must hold one for each domain: oulu, casia, replay, msu, or of any other name",
              a->folder);
    LSC_TRY(lsc_context(ds_domain_names_parse(names.text, out), "%s", a->folder));
cleanup:
    ds_entries_free(&found);
    lsc_text_free(&names);
    return st;
}

static lsc_status decode_crops(void *context, int64_t i)
{
    lsc_status st = LSC_OK;
    const ds_face_video *v = &((const survey *)context)->list.video[i];
    ds_picture picture = {0};
    char *path = NULL;

    for (int k = 0; k < v->crops.n; k++) {
        path = lsc_path_join(v->path, v->crops.entry[k]->d_name);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", v->path);
        LSC_TRY(ds_picture_read(path, &picture));
        ds_picture_free(&picture);
        lsc_free(path);
        path = NULL;
    }
cleanup:
    lsc_free(path);
    return st;
}

/* One video after the other, so that all damaged ones are found. */
static lsc_status check_pictures(survey *s)
{
    lsc_status st = LSC_OK;
    lsc_progress progress;

    lsc_progress_start(&progress, "videos", 0, s->list.n);
    for (int64_t i = 0; i < s->list.n; i++) {
        st = decode_crops(s, i);
        if (st == LSC_ERR_FORMAT || st == LSC_ERR_IO)
            note_problem(s);
        else
            LSC_TRY(st);
        st = LSC_OK;
        LSC_CHECK(!lsc_stop_requested(), LSC_ERR_STOPPED, "stopped after %" PRId64 " videos", i);
        lsc_progress_update(&progress, i + 1, NULL);
    }
cleanup:
    lsc_progress_end(&progress);
    return st;
}

typedef struct {
    int64_t videos[2], crops; /* videos by label */
} counts;

static counts count(const survey *s, int domain, ds_part part)
{
    counts c = {0};
    for (int64_t i = 0; i < s->list.n; i++) {
        const ds_face_video *v = &s->list.video[i];
        if (v->domain != domain || v->part != part)
            continue;
        c.videos[v->label]++;
        c.crops += v->crops.n;
    }
    return c;
}

static void add_row(const survey *s, int domain, ds_part part, bool json, lsc_text *out)
{
    const counts c = count(s, domain, part);
    const char *name = s->names.name[domain];

    if (json) {
        lsc_text_add(out, "%s\n  {\"domain\": ", domain + (int)part > 0 ? "," : "");
        lsc_quote_json(out, name);
        lsc_text_add(out, ", \"part\": \"%s\", \"live\": %" PRId64 ", \"spoof\": %" PRId64 ", \"crops\": %" PRId64 "}",
                     ds_part_names[part], c.videos[DS_LIVE], c.videos[DS_SPOOF], c.crops);
        return;
    }
    char shown[DS_FACE_DOMAIN_MAX];
    lsc_text_add(out, "%-16s %-6s %8" PRId64 " %8" PRId64 " %10" PRId64 "\n", lsc_shown(name, shown, sizeof shown),
                 ds_part_names[part], c.videos[DS_LIVE], c.videos[DS_SPOOF], c.crops);
}

static lsc_status print(const survey *s, bool json, FILE *out)
{
    lsc_status st = LSC_OK;
    lsc_text text = {0};

    if (json)
        lsc_text_add(&text, "{\"problems\": %" PRId64 ", \"counts\": [", s->problems);
    else
        lsc_text_add(&text, "%-16s %-6s %8s %8s %10s\n", "domain", "part", "live", "spoof", "crops");
    for (int domain = 0; domain < s->names.n; domain++) {
        for (int part = 0; part < DS_N_PARTS; part++)
            add_row(s, domain, (ds_part)part, json, &text);
    }
    if (json)
        lsc_text_add(&text, "\n]}\n");
    LSC_CHECK(!text.failed, LSC_ERR_NOMEM, "no memory for the counts");
    fputs(text.text, out);
cleanup:
    lsc_text_free(&text);
    return st;
}

/* A part with videos of one label trains and measures nothing. */
static void warn_of_one_label(const survey *s)
{
    char shown[DS_FACE_DOMAIN_MAX];
    for (int domain = 0; domain < s->names.n; domain++) {
        for (int part = 0; part < DS_N_PARTS; part++) {
            const counts c = count(s, domain, (ds_part)part);
            if ((c.videos[DS_LIVE] == 0) != (c.videos[DS_SPOOF] == 0))
                lsc_log_warn("%s/%s has no %s videos: a network that is trained or tested on it sees one class alone",
                             lsc_shown(s->names.name[domain], shown, sizeof shown), ds_part_names[part],
                             c.videos[DS_LIVE] == 0 ? "live" : "spoof");
        }
    }
}

/* Of equal size and bytes in their first crop. */
static lsc_status is_copy(const ds_face_video *a, const ds_face_video *b, bool *copy)
{
    lsc_status st = LSC_OK;
    const ds_face_video *const of[] = {a, b};
    uint8_t *bytes[2] = {NULL, NULL};
    size_t n[2];

    for (int i = 0; i < 2; i++) {
        char *path = lsc_path_join(of[i]->path, of[i]->crops.entry[0]->d_name);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", of[i]->path);
        st = lsc_file_read(path, DS_PICTURE_FILE_MAX, &bytes[i], &n[i]);
        lsc_free(path);
        LSC_TRY(st);
    }
    *copy = n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0;
cleanup:
    lsc_free(bytes[0]);
    lsc_free(bytes[1]);
    return st;
}

static int by_domain_and_name(const void *a, const void *b)
{
    const ds_face_video *x = *(const ds_face_video *const *)a, *y = *(const ds_face_video *const *)b;
    return x->domain != y->domain ? x->domain - y->domain : strcmp(x->name, y->name);
}

/* Videos in both parts, by domain. Names alone do not tell: parts may number theirs alike; nor do subjects, whom CASIA
 * numbers from 1 in each part. */
static lsc_status warn_of_both_parts(const survey *s)
{
    lsc_status st = LSC_OK;
    const ds_face_video **v = NULL, *example[DS_FACE_DOMAINS] = {NULL};
    int64_t both[DS_FACE_DOMAINS] = {0};
    char name[256], shown[DS_FACE_DOMAIN_MAX];

    LSC_NEW(v, s->list.n);
    for (int64_t i = 0; i < s->list.n; i++)
        v[i] = &s->list.video[i];
    qsort(v, (size_t)s->list.n, sizeof(const ds_face_video *), by_domain_and_name);
    for (int64_t i = 1; i < s->list.n; i++) {
        bool copy = false;
        if (by_domain_and_name(&v[i - 1], &v[i]) != 0 || v[i - 1]->part == v[i]->part)
            continue;
        if (is_copy(v[i - 1], v[i], &copy) == LSC_ERR_NOMEM)
            LSC_TRY(LSC_ERR_NOMEM);
        if (copy && both[v[i]->domain]++ == 0)
            example[v[i]->domain] = v[i];
    }
    for (int d = 0; d < s->names.n; d++)
        if (both[d] > 0)
            lsc_log_warn("%s: %" PRId64 " videos are in train and in test, as %s: what is trained on must not be "
                         "tested on",
                         lsc_shown(s->names.name[d], shown, sizeof shown), both[d],
                         lsc_shown(example[d]->name, name, sizeof name));
cleanup:
    lsc_free(v);
    return st;
}

static lsc_status look(const void *given, FILE *out)
{
    lsc_status st = LSC_OK;
    const arguments *a = given;
    survey s = {0};

    LSC_TRY(find_domains(a, &s.names));
    for (int domain = 0; domain < s.names.n; domain++) {
        for (int part = 0; part < DS_N_PARTS; part++)
            LSC_TRY(ds_face_list_add(a->folder, &s.names, domain, (ds_part)part, note_problem, &s, &s.list));
    }
    if (a->pictures)
        LSC_TRY(check_pictures(&s));
    LSC_TRY(print(&s, a->json, out));
    warn_of_one_label(&s);
    LSC_TRY(warn_of_both_parts(&s));
    LSC_CHECK(s.problems == 0, LSC_ERR_FORMAT, "%s: %" PRId64 " problems%s", a->folder, s.problems,
              s.problems > PROBLEMS_SHOWN ? ", of which the first 20 are named above" : "");
cleanup:
    ds_face_list_free(&s.list);
    return st;
}

const tr_command tr_command_check_data = {
    .argp = {options, parse, "FOLDER", doc, NULL, NULL, NULL},
    .size = sizeof(arguments),
    .run = look,
};
