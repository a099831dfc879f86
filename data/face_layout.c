/*
 * Listing the videos of a face anti-spoofing data set, with their labels and crops.
 * SPDX-License-Identifier: MIT
 */
#include "data/face_layout.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define VIDEOS_MAX ((int64_t)1 << 24)

const char *const ds_part_names[DS_N_PARTS] = {"train", "test"};

/* What a folder's videos are looked for with. */
typedef struct {
    int32_t domain;
    ds_part part;
    ds_face_problem problem;
    void *context;
    ds_face_list *list;
} walk;

/* A failure that is told of and left behind; others end the walk. */
static lsc_status told(const walk *w, lsc_status st)
{
    if (w->problem == NULL || (st != LSC_ERR_FORMAT && st != LSC_ERR_IO))
        return st;
    w->problem(w->context);
    return LSC_OK;
}

static lsc_status add_name(const char *text, size_t n, ds_domain_names *out)
{
    lsc_status st = LSC_OK;
    char shown[DS_FACE_DOMAIN_MAX + 32], name[DS_FACE_DOMAIN_MAX] = "";

    if (n < sizeof name)
        memcpy(name, text, n);
    LSC_CHECK(n < sizeof name, LSC_ERR_ARG, "a name of %zu bytes for a domain, at most %d are taken", n,
              DS_FACE_DOMAIN_MAX - 1);
    lsc_shown(name, shown, sizeof shown);
    LSC_CHECK(name[0] != '.' && strchr(name, '/') == NULL, LSC_ERR_ARG,
              "'%s' for a domain, must be the name of a folder in the data's folder", shown);
    for (int i = 0; i < out->n; i++)
        LSC_CHECK(strcmp(out->name[i], name) != 0, LSC_ERR_ARG, "domain '%s' is named twice", shown);
    LSC_CHECK(out->n < DS_FACE_DOMAINS, LSC_ERR_ARG, "more than %d domains", DS_FACE_DOMAINS);
    memcpy(out->name[out->n++], name, sizeof name);
cleanup:
    return st;
}

lsc_status ds_domain_names_parse(const char *text, ds_domain_names *out)
{
    lsc_status st = LSC_OK;
    static const char between[] = " ,\t\n";
    ds_domain_names names = {.n = 0};

    for (text += strspn(text, between); *text != '\0'; text += strspn(text, between)) {
        size_t n = strcspn(text, between);
        LSC_TRY(add_name(text, n, &names));
        text += n;
    }
    *out = names;
cleanup:
    return st;
}

/* Is `word` among the runs of letters of the text? */
static bool has_word(const char *text, const char *word)
{
    const size_t length = strlen(word);
    while (*text != '\0') {
        size_t n = 0;
        while (isalpha((unsigned char)text[n]))
            n++;
        if (n == length && strncasecmp(text, word, n) == 0)
            return true;
        text += n > 0 ? n : 1;
    }
    return false;
}

lsc_status ds_face_label(const char *below, int32_t *label)
{
    lsc_status st = LSC_OK;
    const bool live = has_word(below, "live"), spoof = has_word(below, "spoof");
    char shown[256];

    LSC_CHECK(live != spoof, LSC_ERR_FORMAT, "%s the words live and spoof in '%s', must be one of them",
              live ? "both" : "none of", lsc_shown(below, shown, sizeof shown));
    *label = live ? DS_LIVE : DS_SPOOF;
cleanup:
    return st;
}

int ds_face_is_crop(const struct dirent *e)
{
    return strncmp(e->d_name, "crop_", 5) == 0 && ds_entry_is_picture(e);
}

static void free_video(ds_face_video *v)
{
    lsc_free(v->path);
    ds_entries_free(&v->crops);
}

static lsc_status grow(ds_face_list *l)
{
    lsc_status st = LSC_OK;
    ds_face_video *larger = NULL;
    const int64_t room = l->room > 0 ? 2 * l->room : 64;

    LSC_CHECK(l->n < VIDEOS_MAX, LSC_ERR_FORMAT, "more than %lld videos", (long long)VIDEOS_MAX);
    LSC_NEW(larger, room);
    if (l->n > 0)
        memcpy(larger, l->video, (size_t)l->n * sizeof *larger);
    lsc_free(l->video);
    l->video = larger;
    l->room = room;
cleanup:
    return st;
}

/* The video in the folder SET/NAME; `set` is ROOT/DOMAIN/PART/ANY, of which ANY begins at `any`. */
static lsc_status add_video(const walk *w, const char *set, size_t any, const char *name)
{
    lsc_status st = LSC_OK;
    ds_face_video v = {.domain = w->domain, .part = w->part, .path = lsc_path_join(set, name)};

    LSC_CHECK(v.path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", set);
    v.name = v.path + strlen(v.path) - strlen(name);
    LSC_TRY(lsc_context(ds_face_label(v.path + any, &v.label), "%s", v.path));
    LSC_TRY(ds_entries_list(v.path, ds_face_is_crop, &v.crops));
    LSC_CHECK(v.crops.n >= DS_CROPS_MIN, LSC_ERR_FORMAT,
              "%s: %d pictures crop_*.jpg or crop_*.png of this video, at least %d are needed", v.path, v.crops.n,
              DS_CROPS_MIN);
    if (w->list->n == w->list->room)
        LSC_TRY(grow(w->list));
    w->list->video[w->list->n++] = v;
    v = (ds_face_video){0};
cleanup:
    free_video(&v);
    return st;
}

/* The videos of ROOT/DOMAIN/PART/ANY. */
static lsc_status add_set(const walk *w, const char *part, const char *any)
{
    lsc_status st = LSC_OK;
    ds_entries videos = {0};
    char *set = lsc_path_join(part, any);

    LSC_CHECK(set != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", part);
    LSC_TRY(ds_entries_folders(set, &videos));
    for (int i = 0; i < videos.n; i++)
        LSC_TRY(told(w, add_video(w, set, strlen(set) - strlen(any), videos.entry[i]->d_name)));
cleanup:
    lsc_free(set);
    ds_entries_free(&videos);
    return st;
}

static lsc_status check_folder(const char *path, const char *what)
{
    lsc_status st = LSC_OK;
    const char *why = lsc_why_no_folder(path);
    LSC_CHECK(why == NULL, LSC_ERR_IO,
              "%s: no folder of %s: %s; must be ROOT/DOMAIN/{train,test}/ANY/VIDEO/crop_*.jpg", path, what, why);
cleanup:
    return st;
}

static lsc_status add_part(const walk *w, const char *domain_path, const char *domain, const char *part)
{
    lsc_status st = LSC_OK;
    ds_entries sets = {0};
    const int64_t before = w->list->n;
    char what[DS_FACE_DOMAIN_MAX + 64];
    char *path = lsc_path_join(domain_path, part);

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", domain_path);
    snprintf(what, sizeof what, "domain %s", domain);
    LSC_TRY(check_folder(domain_path, what));
    snprintf(what, sizeof what, "the %s part of domain %s", part, domain);
    LSC_TRY(check_folder(path, what));
    LSC_TRY(ds_entries_folders(path, &sets));
    for (int i = 0; i < sets.n; i++)
        LSC_TRY(told(w, add_set(w, path, sets.entry[i]->d_name)));
    LSC_CHECK(w->list->n > before, LSC_ERR_FORMAT, "%s: no video in it, must hold ANY/VIDEO/crop_*.jpg", path);
cleanup:
    lsc_free(path);
    ds_entries_free(&sets);
    return st;
}

lsc_status ds_face_list_add(const char *root, const ds_domain_names *domains, int domain, ds_part part,
                            ds_face_problem problem, void *context, ds_face_list *list)
{
    lsc_status st = LSC_OK;
    const walk w = {.domain = domain, .part = part, .problem = problem, .context = context, .list = list};
    char *path = lsc_path_join(root, domains->name[domain]);

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", root);
    LSC_TRY(check_folder(root, "face data"));
    LSC_TRY(told(&w, add_part(&w, path, domains->name[domain], ds_part_names[part])));
cleanup:
    lsc_free(path);
    return st;
}

void ds_face_list_free(ds_face_list *list)
{
    for (int64_t i = 0; i < list->n; i++)
        free_video(&list->video[i]);
    lsc_free(list->video);
    *list = (ds_face_list){0};
}
