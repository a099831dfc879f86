/*
 * check_json FILE: exit 0 if the file is one JSON value to its end and no object in it has a key twice; otherwise 1,
 * and why. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/base.h"

enum { MOST = 1 << 24 };

/* The first key that an object in it has twice, or NULL. */
static const char *repeated_key(const cJSON *value)
{
    const cJSON *a;
    cJSON_ArrayForEach(a, value)
    {
        for (const cJSON *b = a->next; a->string != NULL && b != NULL; b = b->next)
            if (strcmp(a->string, b->string) == 0)
                return a->string;
        const char *within = repeated_key(a);
        if (within != NULL)
            return within;
    }
    return NULL;
}

static lsc_status check(const char *path)
{
    lsc_status st = LSC_OK;
    uint8_t *text = NULL; /* ends with a zero byte */
    const char *end = NULL;
    cJSON *value = NULL;
    size_t n = 0;
    LSC_TRY(lsc_file_read(path, MOST, &text, &n));
    value = cJSON_ParseWithOpts((const char *)text, &end, true);
    LSC_CHECK(value != NULL, LSC_ERR_FORMAT, "%s: not JSON from byte %td on", path, end - (const char *)text);
    LSC_CHECK(strlen((const char *)text) == n, LSC_ERR_FORMAT, "%s: there is a zero byte in it", path);
    const char *key = repeated_key(value);
    LSC_CHECK(key == NULL, LSC_ERR_FORMAT, "%s: '%s' is there twice", path, key);
cleanup:
    cJSON_Delete(value);
    lsc_free(text);
    return st;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: check_json FILE\n");
        return 64;
    }
    if (check(argv[1]) == LSC_OK)
        return 0;
    fprintf(stderr, "check_json: %s\n", lsc_last_error());
    return 1;
}
