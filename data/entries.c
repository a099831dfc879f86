/*
 * Listing folders.
 * SPDX-License-Identifier: MIT
 */
#include "data/entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

int ds_entry_is_picture(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');
    return is_shown(e) && dot != NULL &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0);
}

lsc_status ds_entries_list(const char *path, int (*wanted)(const struct dirent *), ds_entries *out)
{
    lsc_status st = LSC_OK;
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, wanted != NULL ? wanted : is_shown, by_bytes);
    LSC_CHECK(n >= 0, errno == ENOMEM ? LSC_ERR_NOMEM : LSC_ERR_IO, "%s: cannot list: %s", path, strerror(errno));
    *out = (ds_entries){entry, n};
cleanup:
    return st;
}

/* Drop what is no folder. */
static lsc_status keep_folders(const char *path, ds_entries *e)
{
    lsc_status st = LSC_OK;
    int kept = 0;
    for (int i = 0; i < e->n; i++) {
        char *one = lsc_path_join(path, e->entry[i]->d_name);
        LSC_CHECK(one != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", path);
        bool keep = lsc_is_folder(one);
        lsc_free(one);
        struct dirent *held = e->entry[i];
        e->entry[i] = NULL;
        if (keep)
            e->entry[kept++] = held;
        else
            free(held);
    }
    e->n = kept;
cleanup:
    return st;
}

lsc_status ds_entries_folders(const char *path, ds_entries *out)
{
    lsc_status st = LSC_OK;
    ds_entries e = {0};
    LSC_TRY(ds_entries_list(path, NULL, &e));
    LSC_TRY(keep_folders(path, &e));
    *out = e;
    e = (ds_entries){0};
cleanup:
    ds_entries_free(&e);
    return st;
}

void ds_entries_free(ds_entries *e)
{
    for (int i = 0; i < e->n; i++)
        free(e->entry[i]);
    free(e->entry);
    *e = (ds_entries){0};
}
