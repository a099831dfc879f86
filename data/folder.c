/*
 * Listing a folder per class, the layout of ImageNet: ROOT/{train,val}/CLASS/PICTURE.
 * Names are sorted by their bytes, as Python's sorted() does for text in UTF-8.
 * SPDX-License-Identifier: MIT
 */
#include "data/folder.h"

#include <string.h>

/* The class folders of a split, by name. */
static lsc_status list_classes(const char *split, ds_entries *out)
{
    lsc_status st = LSC_OK;
    LSC_TRY(ds_entries_folders(split, out));
    LSC_CHECK(out->n > 0, LSC_ERR_FORMAT, "%s: no folder in it, must hold one for each class", split);
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
        if (!lsc_is_folder(path)) {
            lsc_free(path);
            path = NULL;
        }
    }
    const char *why = lsc_why_no_folder(root);
    LSC_CHECK(path != NULL, LSC_ERR_IO, "%s: no folder %s in it: %s", root, test ? "val or test" : "train",
              why != NULL ? why : "No such file or directory");
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
    LSC_TRY(ds_entries_list(c->path, ds_entry_is_picture, &c->files));
    LSC_CHECK(c->files.n > 0, LSC_ERR_FORMAT, "%s: no .jpg, .jpeg or .png file in it", c->path);
cleanup:
    return st;
}

/* The folders of `split`, each labelled by its place among the names of the classes; both are sorted. */
static lsc_status fill_classes(const char *split, const ds_entries *classes, ds_folder *f)
{
    lsc_status st = LSC_OK;
    ds_entries found = {0};
    int label = 0;

    LSC_TRY(list_classes(split, &found));
    LSC_NEW(f->folder, found.n);
    for (int i = 0; i < found.n; i++) {
        const char *name = found.entry[i]->d_name;
        while (label < classes->n && strcmp(classes->entry[label]->d_name, name) < 0)
            label++;
        LSC_CHECK(label < classes->n && strcmp(classes->entry[label]->d_name, name) == 0, LSC_ERR_FORMAT,
                  "%s/%s: a class that is not in train", split, name);
        LSC_TRY(fill_class(split, name, label, &f->folder[f->n_folders++]));
    }
    f->n_classes = classes->n;
cleanup:
    ds_entries_free(&found);
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
        all += f->folder[i].files.n;
    if (most > 0 && most < all)
        all = most;
    LSC_NEW(left, n_left);
    LSC_NEW(f->item, all);
    for (int i = 0; i < n_left; i++)
        left[i] = i;
    for (int32_t file = 0; f->n_items < all; file++) {
        int still = 0;
        for (int k = 0; k < n_left; k++) {
            if (f->folder[left[k]].files.n <= file)
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
    ds_entries classes = {0};

    LSC_TRY(find_split(root, test, &split));
    train = lsc_path_join(root, "train");
    LSC_CHECK(train != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", root);
    LSC_TRY(list_classes(lsc_is_folder(train) ? train : split, &classes));
    LSC_TRY(fill_classes(split, &classes, &f));
    LSC_TRY(fill_items(&f, most));
    *out = f;
    f = (ds_folder){0};
cleanup:
    ds_folder_free(&f);
    ds_entries_free(&classes);
    lsc_free(train);
    lsc_free(split);
    return st;
}

void ds_folder_free(ds_folder *f)
{
    for (int i = 0; i < f->n_folders; i++) {
        lsc_free(f->folder[i].path);
        ds_entries_free(&f->folder[i].files);
    }
    lsc_free(f->folder);
    lsc_free(f->item);
    *f = (ds_folder){0};
}

char *ds_folder_path(const ds_folder *f, int64_t i)
{
    const ds_class_folder *c = &f->folder[f->item[i].folder];
    return lsc_path_join(c->path, c->files.entry[f->item[i].file]->d_name);
}
