/*
 * Surface: the values over a grid, which of them are there, and where they come from.
 * SPDX-License-Identifier: MIT
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "landscape/engine.h"

static bool field_name_ok(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t n;

    if (name == NULL || name[0] == '.')
        return false;
    n = strlen(name);
    return n >= 1 && n <= 200 && strspn(name, allowed) == n;
}

lsc_status lsc_fields_check(const char *const *fields, int n_fields)
{
    lsc_status st = LSC_OK;
    char shown[96];

    LSC_CHECK(fields != NULL && n_fields >= 1 && n_fields <= LSC_SURFACE_FIELDS_MAX, LSC_ERR_ARG,
              "n_fields is %d, should be 1..%d", n_fields, LSC_SURFACE_FIELDS_MAX);
    for (int i = 0; i < n_fields; i++) {
        LSC_CHECK(field_name_ok(fields[i]), LSC_ERR_ARG,
                  "field %d is named '%s', should be 1 to 200 letters, digits and _.-", i,
                  fields[i] == NULL ? "(null)" : lsc_shown(fields[i], shown, sizeof shown));
        for (int j = 0; j < i; j++)
            LSC_CHECK(strcmp(fields[i], fields[j]) != 0, LSC_ERR_ARG, "fields %d and %d are both named %s", j, i,
                      fields[i]);
    }
cleanup:
    return st;
}

lsc_status lsc_surface_new(const lsc_axis *axes, int n_axes, const char *const *fields, int n_fields, lsc_surface **out)
{
    lsc_status st = LSC_OK;
    lsc_surface *s = NULL;
    int64_t points;

    LSC_TRY(lsc_context(lsc_axes_check(axes, n_axes), "surface"));
    LSC_TRY(lsc_context(lsc_fields_check(fields, n_fields), "surface"));
    points = lsc_axes_points(axes, n_axes);
    LSC_CHECK(points <= LSC_SURFACE_VALUES_MAX / n_fields, LSC_ERR_ARG,
              "surface: %lld points of %d fields are more than %lld values", (long long)points, n_fields,
              (long long)LSC_SURFACE_VALUES_MAX);
    LSC_NEW(s, 1);
    memcpy(s->axes, axes, (size_t)n_axes * sizeof *axes);
    s->n_axes = n_axes;
    s->points = points;
    s->n_fields = n_fields;
    LSC_NEW(s->fields, n_fields);
    for (int i = 0; i < n_fields; i++) {
        s->fields[i] = lsc_strdup(fields[i]);
        LSC_CHECK(s->fields[i] != NULL, LSC_ERR_NOMEM, "surface: no memory for a field's name");
    }
    LSC_NEW(s->values, n_fields * s->points);
    LSC_NEW(s->done, s->points);
    for (int64_t i = 0; i < n_fields * s->points; i++)
        s->values[i] = NAN;
    *out = s;
    s = NULL;
cleanup:
    lsc_surface_free(s);
    return st;
}

void lsc_surface_free(lsc_surface *s)
{
    if (s == NULL)
        return;
    for (int i = 0; s->fields != NULL && i < s->n_fields; i++)
        lsc_free(s->fields[i]);
    for (int i = 0; i < s->n_entries; i++) {
        lsc_free(s->entries[i].key);
        lsc_free(s->entries[i].value);
    }
    lsc_free(s->fields);
    lsc_free(s->values);
    lsc_free(s->done);
    lsc_free(s->entries);
    lsc_free(s);
}

int lsc_surface_axes(const lsc_surface *s, lsc_axis out[3])
{
    memcpy(out, s->axes, (size_t)s->n_axes * sizeof *out);
    return s->n_axes;
}

int64_t lsc_surface_points(const lsc_surface *s)
{
    return s->points;
}

int64_t lsc_surface_n_done(const lsc_surface *s)
{
    return s->n_done;
}

int lsc_surface_n_fields(const lsc_surface *s)
{
    return s->n_fields;
}

const char *lsc_surface_field_name(const lsc_surface *s, int field)
{
    return field >= 0 && field < s->n_fields ? s->fields[field] : NULL;
}

const double *lsc_surface_field(const lsc_surface *s, const char *name)
{
    for (int i = 0; i < s->n_fields; i++)
        if (strcmp(s->fields[i], name) == 0)
            return s->values + i * s->points;
    return NULL;
}

const uint8_t *lsc_surface_done(const lsc_surface *s)
{
    return s->done;
}

void lsc_surface_put(lsc_surface *s, int64_t point, const double *values)
{
    assert(point >= 0 && point < s->points);
    for (int i = 0; i < s->n_fields; i++)
        s->values[i * s->points + point] = values[i];
    s->n_done += s->done[point] == 0;
    s->done[point] = 1;
}

static lsc_entry *find_entry(const lsc_surface *s, const char *key)
{
    for (int i = 0; i < s->n_entries; i++)
        if (strcmp(s->entries[i].key, key) == 0)
            return &s->entries[i];
    return NULL;
}

static lsc_status grow_entries(lsc_surface *s)
{
    lsc_status st = LSC_OK;
    lsc_entry *grown;

    if (s->n_entries < s->capacity)
        goto cleanup;
    LSC_NEW(grown, 2 * s->capacity + 16);
    for (int i = 0; i < s->n_entries; i++)
        grown[i] = s->entries[i];
    lsc_free(s->entries);
    s->entries = grown;
    s->capacity = 2 * s->capacity + 16;
cleanup:
    return st;
}

/* Keys become the names of data sets. */
static bool key_ok(const char *key)
{
    return key != NULL && key[0] != '\0' && key[0] != '.' && strlen(key) <= 200 && strchr(key, '/') == NULL;
}

static lsc_status set_entry(lsc_surface *s, const char *key, const char *value, bool note)
{
    lsc_status st = LSC_OK;
    char *new_key = NULL, *new_value = NULL, shown[96];
    lsc_entry *e;

    LSC_CHECK(key_ok(key), LSC_ERR_ARG,
              "surface: the key '%s' is empty, starts with a dot, or has a slash or > 200 bytes",
              key == NULL ? "" : lsc_shown(key, shown, sizeof shown));
    LSC_CHECK(value != NULL, LSC_ERR_ARG, "surface: the value of %s is NULL", lsc_shown(key, shown, sizeof shown));
    new_value = lsc_strdup(value);
    LSC_CHECK(new_value != NULL, LSC_ERR_NOMEM, "surface: no memory for %s", key);
    e = find_entry(s, key);
    if (e == NULL) {
        LSC_TRY(grow_entries(s));
        new_key = lsc_strdup(key);
        LSC_CHECK(new_key != NULL, LSC_ERR_NOMEM, "surface: no memory for %s", key);
        e = &s->entries[s->n_entries++];
        e->key = new_key;
    }
    lsc_free(e->value);
    e->value = new_value;
    e->note = note;
    new_value = NULL;
cleanup:
    lsc_free(new_value);
    return st;
}

lsc_status lsc_surface_set(lsc_surface *s, const char *key, const char *value)
{
    const lsc_entry *e = key == NULL ? NULL : find_entry(s, key);

    return set_entry(s, key, value, e == NULL || e->note);
}

lsc_status lsc_surface_set_setting(lsc_surface *s, const char *key, const char *value)
{
    return set_entry(s, key, value, false);
}

const char *lsc_surface_get(const lsc_surface *s, const char *key)
{
    const lsc_entry *e = find_entry(s, key);

    return e == NULL ? NULL : e->value;
}

int lsc_surface_n_settings(const lsc_surface *s)
{
    return s->n_entries;
}

lsc_setting lsc_surface_setting(const lsc_surface *s, int i)
{
    assert(i >= 0 && i < s->n_entries);
    return (lsc_setting){s->entries[i].key, s->entries[i].value};
}
