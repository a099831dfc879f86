/*
 * Listing a folder per class, the layout of ImageNet: ROOT/{train,val}/CLASS/PICTURE.
 * Names are sorted by their bytes, as Python's sorted() does for text in UTF-8.
 * SPDX-License-Identifier: MIT
 */
#include "data/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int is_picture(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');
    return is_shown(e) && dot != NULL &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0);
}

static void free_entries(struct dirent **entry, int n)
{
    for (int i = 0; i < n; i++)
        free(entry[i]);
    free(entry);
}

static lsc_status list(const char *path, int (*wanted)(const struct dirent *), struct dirent ***entry, int *n)
{
    lsc_status st = LSC_OK;
    int got = scandir(path, entry, wanted, by_bytes);
    LSC_CHECK(got >= 0, errno == ENOMEM ? LSC_ERR_NOMEM : LSC_ERR_IO, "%s: cannot list: %s", path, strerror(errno));
    *n = got;
cleanup:
    return st;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Drop what is no folder. */
static lsc_status keep_folders(const char *path, struct dirent **entry, int *n)
{
    lsc_status st = LSC_OK;
    int kept = 0, all = *n;
    for (int i = 0; i < all; i++) {
        char *one = lsc_path_join(path, entry[i]->d_name);
        LSC_CHECK(one != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", path);
        bool keep = is_folder(one);
        lsc_free(one);
        struct dirent *e = entry[i];
        entry[i] = NULL;
        if (keep)
            entry[kept++] = e;
        else
            free(e);
    }
    *n = kept;
cleanup:
    return st;
}

/* The class folders of a split, by name. */
static lsc_status list_classes(const char *split, struct dirent ***entry, int *n)
{
    lsc_status st = LSC_OK;
    LSC_TRY(list(split, is_shown, entry, n));
    LSC_TRY(keep_folders(split, *entry, n));
    LSC_CHECK(*n > 0, LSC_ERR_FORMAT, "%s: no folder in it, must hold one for each class", split);
cleanup:
    return st;
}

/* Returns new: the folder of a split. */
static lsc_status find_split(const char *root, bool test, char **out)
{
    lsc_status st = LSC_OK;
    static const char *const names[] = {"train", "val", "test"};
    char *path = NULL;

    for (int i = test ? 1 : 0; i < (test ? 3 : 1) && path == NULL; i++) {
        path = lsc_path_join(root, names[i]);
        LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", root);
        if (!is_folder(path)) {
            lsc_free(path);
            path = NULL;
        }
    }
    LSC_CHECK(path != NULL, LSC_ERR_IO, "%s: no folder %s in it: No such file or directory", root,
              test ? "val or test" : "train");
    *out = path;
cleanup:
    return st;
}

static lsc_status fill_class(const char *split, const char *name, int32_t label, ds_class_folder *c)
{
    lsc_status st = LSC_OK;
    c->label = label;
    c->path = lsc_path_join(split, name);
    LSC_CHECK(c->path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", split);
    LSC_TRY(list(c->path, is_picture, &c->file, &c->n));
    LSC_CHECK(c->n > 0, LSC_ERR_FORMAT, "%s: no .jpg, .jpeg or .png file in it", c->path);
cleanup:
    return st;
}

/* The folders of `split`, each labelled by its place among the names of the classes; both are sorted. */
static lsc_status fill_classes(const char *split, struct dirent **class, int n_classes, ds_folder *f)
{
    lsc_status st = LSC_OK;
    struct dirent **entry = NULL;
    int n = 0, label = 0;

    LSC_TRY(list_classes(split, &entry, &n));
    LSC_NEW(f->folder, n);
    for (int i = 0; i < n; i++) {
        const char *name = entry[i]->d_name;
        while (label < n_classes && strcmp(class[label] -> d_name, name) < 0)
            label++;
        LSC_CHECK(label < n_classes && strcmp(class[label] -> d_name, name) == 0, LSC_ERR_FORMAT,
                  "%s/%s: a class that is not in train", split, name);
        LSC_TRY(fill_class(split, name, label, &f->folder[f->n_folders++]));
    }
    f->n_classes = n_classes;
cleanup:
    free_entries(entry, n);
    return st;
}

/* The images, the classes taking turns. */
static lsc_status fill_items(ds_folder *f, int64_t most)
{
    lsc_status st = LSC_OK;
    int32_t *left = NULL; /* the folders that have images left */
    int n_left = f->n_folders;
    int64_t all = 0;

    for (int i = 0; i < f->n_folders; i++)
        all += f->folder[i].n;
    if (most > 0 && most < all)
        all = most;
    LSC_NEW(left, n_left);
    LSC_NEW(f->item, all);
    for (int i = 0; i < n_left; i++)
        left[i] = i;
    for (int32_t file = 0; f->n_items < all; file++) {
        int still = 0;
        for (int k = 0; k < n_left; k++) {
            if (f->folder[left[k]].n <= file)
                continue;
            if (f->n_items < all)
                f->item[f->n_items++] = (ds_folder_item){left[k], file};
            left[still++] = left[k];
        }
        n_left = still;
    }
cleanup:
    lsc_free(left);
    return st;
}

lsc_status ds_folder_list(const char *root, bool test, int64_t most, ds_folder *out)
{
    lsc_status st = LSC_OK;
    ds_folder f = {0};
    char *train = NULL, *split = NULL;
    struct dirent **class = NULL;
    int n_classes = 0;

    LSC_TRY(find_split(root, test, &split));
    train = lsc_path_join(root, "train");
    LSC_CHECK(train != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", root);
    LSC_TRY(list_classes(is_folder(train) ? train : split, &class, &n_classes));
    LSC_TRY(fill_classes(split, class, n_classes, &f));
    LSC_TRY(fill_items(&f, most));
    *out = f;
    f = (ds_folder){0};
cleanup:
    ds_folder_free(&f);
    free_entries(class, n_classes);
    lsc_free(train);
    lsc_free(split);
    return st;
}

void ds_folder_free(ds_folder *f)
{
    for (int i = 0; i < f->n_folders; i++) {
        lsc_free(f->folder[i].path);
        free_entries(f->folder[i].file, f->folder[i].n);
    }
    lsc_free(f->folder);
    lsc_free(f->item);
    *f = (ds_folder){0};
}

char *ds_folder_path(const ds_folder *f, int64_t i)
{
    const ds_class_folder *c = &f->folder[f->item[i].folder];
    return lsc_path_join(c->path, c->file[f->item[i].file]->d_name);
}
