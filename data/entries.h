/*
 * entries.h - what a folder holds: names in the order of their bytes, as Python's sorted() gives them for text in
 * UTF-8. Names that begin with a dot do not count.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_ENTRIES_H
#define DS_ENTRIES_H

#include <dirent.h>

#include "base/base.h"

typedef struct {
    struct dirent **entry; /* [n] */
    int n;
} ds_entries;

/* Returns new (ds_entries_free): the entries for which `wanted` is not 0; NULL: all. LSC_ERR_IO. */
lsc_status ds_entries_list(const char *path, int (*wanted)(const struct dirent *), ds_entries *out);
/* Returns new: the folders, and what links to one. */
lsc_status ds_entries_folders(const char *path, ds_entries *out);
void ds_entries_free(ds_entries *e);
/* For `wanted`: ends in .jpg, .jpeg or .png, in any case. */
int ds_entry_is_picture(const struct dirent *e);

#endif
