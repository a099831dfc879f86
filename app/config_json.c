/*
 * A configuration as one flat JSON object, {"train.lr": 0.1, ...}: as checkpoints store it.
 * SPDX-License-Identifier: MIT
 */
#include "app/config.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

/* Whole numbers beyond are not kept apart by a double, and so not by JSON. */
#define WHOLE_MAX 9007199254740992.0

static const char *type_name(const cJSON *item)
{
    static const struct {
        int type;
        const char *name;
    } names[] = {{cJSON_False, "false"},     {cJSON_True, "true"},   {cJSON_NULL, "null"},
                 {cJSON_Number, "a number"}, {cJSON_String, "text"}, {cJSON_Array, "an array"},
                 {cJSON_Object, "an object"}};
    for (size_t i = 0; i < LSC_COUNT(names); i++)
        if ((item->type & 0xff) == names[i].type)
            return names[i].name;
    return "not JSON";
}

/* Through text, so that type and range are checked in one place. */
static lsc_status read_number(cfg_slot slot, const cJSON *item, lsc_status (*parse)(cfg_slot slot, const char *text))
{
    lsc_text t = {0};
    double v = item->valuedouble;

    if (slot.field->type == CFG_TYPE_INT && v == floor(v) && fabs(v) <= WHOLE_MAX)
        lsc_text_add(&t, "%.0f", v);
    else
        cfg_add_real(&t, v);
    lsc_status st = t.failed ? lsc_fail(LSC_ERR_NOMEM, "no memory for a number") : parse(slot, t.text);
    lsc_text_free(&t);
    return st;
}

static lsc_status read_array(cfg_slot slot, const cJSON *array)
{
    lsc_status st = LSC_OK;
    cfg_reals values = {0};
    const cJSON *item = NULL;

    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsNumber(item))
            LSC_TRY(cfg_wrong(slot.field, "a list with other things than numbers"));
        LSC_TRY(read_number((cfg_slot){slot.field, &values}, item, cfg_parse_element));
    }
    *(cfg_reals *)slot.value = values;
cleanup:
    return st;
}

static lsc_status read_item(cfg_slot slot, const cJSON *item)
{
    switch (slot.field->type) {
    case CFG_TYPE_INT:
    case CFG_TYPE_REAL:
        if (cJSON_IsNumber(item))
            return read_number(slot, item, cfg_parse);
        break;
    case CFG_TYPE_BOOL:
        if (cJSON_IsBool(item))
            return cfg_parse(slot, cJSON_IsTrue(item) ? "true" : "false");
        break;
    case CFG_TYPE_TEXT:
    case CFG_TYPE_WORDS:
        if (cJSON_IsString(item))
            return cfg_parse(slot, item->valuestring);
        break;
    case CFG_TYPE_REALS:
        if (cJSON_IsArray(item))
            return read_array(slot, item);
        break;
    }
    return cfg_wrong(slot.field, type_name(item));
}

static lsc_status read_object(cfg_reader *r, const cJSON *object, bool skip_unknown)
{
    lsc_status st = LSC_OK;
    const cJSON *item = NULL;

    LSC_CHECK(cJSON_IsObject(object), LSC_ERR_CONFIG, "is %s, not an object", type_name(object));
    cJSON_ArrayForEach(item, object)
    {
        cfg_slot slot = cfg_find(r->sections, r->n, item->string);
        if (slot.field == NULL && skip_unknown)
            continue;
        if (slot.field == NULL)
            LSC_TRY(cfg_unknown(r->sections, r->n, item->string));
        LSC_TRY(cfg_once(r, item->string));
        LSC_TRY(read_item(slot, item));
    }
cleanup:
    return st;
}

lsc_status cfg_from_json(const char *where, const char *json, const cfg_section *sections, int n, bool skip_unknown)
{
    lsc_status st = LSC_OK;
    cfg_reader r = {sections, n, {0}};
    const char *end = NULL;
    cJSON *object = cJSON_ParseWithOpts(json, &end, true);

    LSC_CHECK(object != NULL, LSC_ERR_CONFIG, "not JSON from byte %td on", end == NULL ? 0 : end - json);
    LSC_TRY(read_object(&r, object, skip_unknown));
cleanup:
    cJSON_Delete(object);
    lsc_text_free(&r.seen);
    return lsc_context(st, "%s", where);
}

static void add_json_value(lsc_text *t, const cfg_field *f, const void *value)
{
    if (f->type == CFG_TYPE_TEXT || f->type == CFG_TYPE_WORDS) {
        lsc_quote_json(t, ((const cfg_text *)value)->s);
        return;
    }
    lsc_text_add(t, "%s", f->type == CFG_TYPE_REALS ? "[" : "");
    cfg_add_value(t, f, value);
    lsc_text_add(t, "%s", f->type == CFG_TYPE_REALS ? "]" : "");
}

char *cfg_to_json(const cfg_section *sections, int n)
{
    lsc_text t = {0};
    const char *before = "{";

    for (int s = 0; s < n; s++)
        for (int i = 0; i < sections[s].n_fields; i++) {
            lsc_text_add(&t, "%s\"%s\": ", before, sections[s].fields[i].key);
            add_json_value(&t, &sections[s].fields[i], cfg_at(&sections[s], i));
            before = ", ";
        }
    lsc_text_add(&t, "%s}", t.length == 0 ? "{" : "");
    if (t.failed)
        lsc_text_free(&t);
    return t.text;
}
