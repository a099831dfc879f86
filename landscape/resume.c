/*
 * Resume: what decides the values of a surface, and whether a file's agrees with what is wanted now.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "landscape/engine.h"

/* FNV-1a, 64 bits, over the bytes of a float array: to notice a change, not to withstand an attack. */
static uint64_t fingerprint(uint64_t hash, const float *x, int64_t n)
{
    const unsigned char *bytes = (const unsigned char *)x;

    for (size_t i = 0; i < (size_t)n * sizeof *x; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static lsc_status set_hash(lsc_surface *s, const char *key, uint64_t hash)
{
    char text[20];

    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    return lsc_surface_set_setting(s, key, text);
}

/* "weight bias": the roles of a mask. */
static lsc_status set_roles(lsc_surface *s, const char *key, unsigned move)
{
    static const char *const roles[] = {"weight", "bias", "norm"};
    char text[32] = "";

    for (size_t i = 0; i < LSC_COUNT(roles); i++)
        if (move & (1u << i)) {
            strcat(text, text[0] == '\0' ? "" : " ");
            strcat(text, roles[i]);
        }
    return lsc_surface_set_setting(s, key, text);
}

static lsc_status store_frame(lsc_surface *s, const lsc_frame *frame)
{
    lsc_status st = LSC_OK;
    const uint64_t start = 0xcbf29ce484222325u;
    uint64_t hash = start;
    char text[24];

    LSC_TRY(lsc_surface_set_setting(s, "directions", frame->kind == NULL ? "given" : frame->kind));
    LSC_TRY(lsc_surface_set_setting(s, "normalization", lsc_normalization_name(frame->normalization)));
    if (frame->seed != 0) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)frame->seed);
        LSC_TRY(lsc_surface_set_setting(s, "seed", text));
    }
    if (frame->move != 0)
        LSC_TRY(set_roles(s, "move", frame->move));
    LSC_TRY(set_hash(s, "center_hash", fingerprint(start, frame->center, frame->layout->n)));
    for (int i = 0; i < frame->n_dirs; i++)
        hash = fingerprint(hash, frame->dirs[i], frame->layout->n);
    LSC_TRY(set_hash(s, "directions_hash", hash));
cleanup:
    return st;
}

static lsc_status store_member(void *context, const char *key, const char *value)
{
    lsc_status st = LSC_OK;
    char *full = lsc_format("objective.%s", key);

    LSC_CHECK(full != NULL, LSC_ERR_NOMEM, "no memory for a setting");
    LSC_TRY(lsc_surface_set_setting(context, full, value));
cleanup:
    lsc_free(full);
    return st;
}

lsc_status lsc_settings_store(lsc_surface *s, const lsc_objective *obj, const lsc_frame *frame,
                              const lsc_setting *settings, int n_settings)
{
    lsc_status st = LSC_OK;

    LSC_TRY(store_frame(s, frame));
    if (obj->settings != NULL)
        LSC_TRY(lsc_flat_json(obj->settings, store_member, s));
    for (int i = 0; i < n_settings; i++)
        LSC_TRY(lsc_surface_set_setting(s, settings[i].key, settings[i].value));
cleanup:
    return st;
}

static void compare_axes(lsc_text *differences, const lsc_surface *now, const lsc_surface *old)
{
    if (now->n_axes != old->n_axes) {
        lsc_text_add(differences, "\n  axes: %d in the file, %d now", old->n_axes, now->n_axes);
        return;
    }
    for (int a = 0; a < now->n_axes; a++) {
        const lsc_axis *x = &old->axes[a], *y = &now->axes[a];

        if (x->min != y->min || x->max != y->max || x->n != y->n)
            lsc_text_add(differences,
                         "\n  axis %d: %.17g .. %.17g, %d points in the file, %.17g .. %.17g, %d points now", a, x->min,
                         x->max, x->n, y->min, y->max, y->n);
    }
}

static void compare_fields(lsc_text *differences, const lsc_surface *now, const lsc_surface *old)
{
    if (now->n_fields != old->n_fields)
        lsc_text_add(differences, "\n  fields: %d in the file, %d now", old->n_fields, now->n_fields);
    for (int i = 0; i < now->n_fields && i < old->n_fields; i++)
        if (strcmp(now->fields[i], old->fields[i]) != 0)
            lsc_text_add(differences, "\n  field %d: %s in the file, %s now", i, old->fields[i], now->fields[i]);
}

static void compare_entry(lsc_text *differences, const char *key, const char *old, const char *now)
{
    char shown[3][96];

    if (old != NULL && now != NULL && strcmp(old, now) == 0)
        return;
    lsc_text_add(differences, "\n  %s: %s in the file, %s now", lsc_shown(key, shown[0], sizeof shown[0]),
                 old == NULL ? "absent" : lsc_shown(old, shown[1], sizeof shown[1]),
                 now == NULL ? "absent" : lsc_shown(now, shown[2], sizeof shown[2]));
}

static void compare_entries(lsc_text *differences, const lsc_surface *now, const lsc_surface *old)
{
    for (int i = 0; i < now->n_entries; i++) {
        const lsc_entry *e = &now->entries[i];

        if (!e->note)
            compare_entry(differences, e->key, lsc_surface_get(old, e->key), e->value);
    }
    for (int i = 0; i < old->n_entries; i++) {
        const lsc_entry *e = &old->entries[i];

        if (!e->note && lsc_surface_get(now, e->key) == NULL)
            compare_entry(differences, e->key, e->value, NULL);
    }
}

static lsc_status check_same(const lsc_surface *now, const lsc_surface *old, const char *path)
{
    lsc_status st = LSC_OK;
    lsc_text differences = {0};

    compare_axes(&differences, now, old);
    compare_fields(&differences, now, old);
    compare_entries(&differences, now, old);
    LSC_CHECK(!differences.failed, LSC_ERR_NOMEM, "%s: no memory to compare its settings", path);
    LSC_CHECK(differences.length == 0, LSC_ERR_CONFIG, "%s: was computed with other settings:%s", path,
              differences.text);
cleanup:
    lsc_text_free(&differences);
    return st;
}

lsc_status lsc_surface_resume(lsc_surface *fresh, const lsc_surface *old, const char *path)
{
    lsc_status st = LSC_OK;

    LSC_TRY(check_same(fresh, old, path));
    memcpy(fresh->values, old->values, (size_t)(old->n_fields * old->points) * sizeof *old->values);
    memcpy(fresh->done, old->done, (size_t)old->points);
    fresh->n_done = old->n_done;
    for (int i = 0; i < old->n_entries; i++)
        if (lsc_surface_get(fresh, old->entries[i].key) == NULL)
            LSC_TRY(lsc_surface_set(fresh, old->entries[i].key, old->entries[i].value));
cleanup:
    return st;
}
