/*
 * Whether two configurations are the same, key by key, and in what they differ.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <string.h>

/* The value of one field as JSON. Returns new or NULL. */
static char *value_text(const cfg_field *field, void *values)
{
    cfg_section one = {field, 1, values};
    char *json = cfg_to_json(&one, 1); /* {"key":value} */
    char *colon = json == NULL ? NULL : strchr(json, ':');
    char *brace = json == NULL ? NULL : strrchr(json, '}');
    if (colon == NULL || brace == NULL) {
        lsc_free(json);
        return NULL;
    }
    *brace = 0;
    char *text = lsc_strdup(colon + 1 + strspn(colon + 1, " \n"));
    lsc_free(json);
    return text;
}

static void compare(const cfg_field *field, void *a, void *b, lsc_text *out)
{
    char *x = value_text(field, a), *y = value_text(field, b);
    if (x == NULL || y == NULL) {
        out->failed = true;
    } else if (strcmp(x, y) != 0) {
        char here[64], there[64];
        lsc_text_add(out, "%s%s is %s, it was %s", out->length > 0 ? "; " : "", field->key,
                     lsc_shown(x, here, sizeof here), lsc_shown(y, there, sizeof there));
    }
    lsc_free(x);
    lsc_free(y);
}

bool tr_config_key_matters(const char *key)
{
    return strcmp(key, "train.save_minutes") != 0 && strcmp(key, "train.wait_minutes") != 0;
}

lsc_status tr_config_same(const tr_config *a, const tr_config *b, const char *where)
{
    lsc_status st = LSC_OK;
    lsc_text differences = {0};

    for (int s = 0; s < a->n_sections; s++)
        for (int i = 0; i < a->sections[s].n_fields; i++)
            if (tr_config_key_matters(a->sections[s].fields[i].key))
                compare(&a->sections[s].fields[i], a->sections[s].values, b->sections[s].values, &differences);
    LSC_CHECK(!differences.failed, LSC_ERR_NOMEM, "no memory to compare configurations");
    LSC_CHECK(differences.length == 0, LSC_ERR_CONFIG,
              "%s was started with other settings: %s; give the same, or --overwrite to start anew", where,
              differences.text);
cleanup:
    lsc_text_free(&differences);
    return st;
}
