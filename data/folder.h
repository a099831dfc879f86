/*
 * folder.h - the files of a folder per class: which images a split holds, in which order, with which labels.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_FOLDER_H
#define DS_FOLDER_H

#include "data/entries.h"

typedef struct {
    char *path; /* ROOT/SPLIT/CLASS */
    int32_t label;
    ds_entries files; /* pictures, by name */
} ds_class_folder;

typedef struct {
    int32_t folder; /* index of its class folder */
    int32_t file;   /* index of it there */
} ds_folder_item;

typedef struct {
    ds_class_folder *folder; /* [n_folders] by name */
    int n_folders;
    int n_classes;        /* that the training split has */
    ds_folder_item *item; /* [n_items] */
    int64_t n_items;
} ds_folder;

/* Returns new. Reads ROOT/train, or for the test split ROOT/val, or ROOT/test where there is no ROOT/val.
 * Classes are the folders of ROOT/train sorted by name (by bytes), of the test split where there is no ROOT/train;
 * files and folders whose names begin with a dot, and files that do not end in .jpg, .jpeg or .png in any case, do
 * not count. The classes take turns: the first images (by name) of all classes, then the second ones, ..., at most
 * `most` (0: all), so that the first images of a split are of all classes.
 * LSC_ERR_IO; LSC_ERR_FORMAT: no class, a class without pictures, or that the training split does not have. */
lsc_status ds_folder_list(const char *root, bool test, int64_t most, ds_folder *out);
void ds_folder_free(ds_folder *f);
/* Returns new: the path of item i. NULL: out of memory. */
char *ds_folder_path(const ds_folder *f, int64_t i);

#endif
