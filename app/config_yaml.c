/*
 * A configuration from YAML. Maps within maps make dotted keys, {train: {lr: 0.1}} = {train.lr: 0.1}. Strict:
 * every key is known and given once, every value has its type; no anchors, aliases, tags or second documents.
 * The file is read event by event, so that nothing is built from it but the values themselves.
 * SPDX-License-Identifier: MIT
 */
#include "app/config.h"

#include <string.h>
#include <yaml.h>

#define FILE_MAX (1 << 20)
#define KEY_MAX  128

typedef struct {
    yaml_parser_t parser;
    cfg_reader keys;
    yaml_mark_t mark; /* where the event at hand starts */
} reader;

/* The next event; the caller deletes it. */
static lsc_status next(reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event) == 1) {
        r->mark = event->start_mark;
        return LSC_OK;
    }
    memset(event, 0, sizeof *event); /* deleting it does nothing */
    if (r->parser.error == YAML_MEMORY_ERROR)
        return lsc_fail(LSC_ERR_NOMEM, "no memory to read YAML");
    bool in_bytes = r->parser.error == YAML_READER_ERROR; /* marks are not set then */
    r->mark = in_bytes ? r->parser.mark : r->parser.problem_mark;
    return lsc_fail(LSC_ERR_CONFIG, "not YAML: %s%s%s", r->parser.problem == NULL ? "unreadable" : r->parser.problem,
                    r->parser.context == NULL ? "" : " ", r->parser.context == NULL ? "" : r->parser.context);
}

/* Anchors would let a small file stand for a large one; tags would call for types that are not there. */
static lsc_status refuse(const char *key, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        return lsc_fail(LSC_ERR_CONFIG, "%s: has an anchor (&); write the value where it is used", key);
    if (tag != NULL)
        return lsc_fail(LSC_ERR_CONFIG, "%s: has a tag (!); the key itself says the type", key);
    return LSC_OK;
}

/* An empty plain scalar is YAML's null, most likely a value that was forgotten. */
static bool is_null(const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    return e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static lsc_status check_scalar(const cfg_field *f, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    lsc_status st = refuse(f->key, e->data.scalar.anchor, e->data.scalar.tag);

    if (st != LSC_OK)
        return st;
    if (strlen(text) != e->data.scalar.length)
        return cfg_wrong(f, "text with a zero byte");
    if (is_null(e))
        return lsc_fail(LSC_ERR_CONFIG, "%s: has no value; \"\" is the empty text, [] the empty list", f->key);
    if (f->type != CFG_TYPE_TEXT && f->type != CFG_TYPE_WORDS && e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return cfg_wrong(f, "text in quotes");
    return LSC_OK;
}

static lsc_status read_scalar(cfg_slot slot, const yaml_event_t *e)
{
    lsc_status st = check_scalar(slot.field, e);

    if (st == LSC_OK && slot.field->type == CFG_TYPE_REALS)
        return cfg_wrong(slot.field, "one value");
    return st != LSC_OK ? st : cfg_parse(slot, (const char *)e->data.scalar.value);
}

/* One element of a list; *ended at its end. */
static lsc_status read_element(reader *r, cfg_slot slot, bool *ended)
{
    lsc_status st = LSC_OK;
    yaml_event_t e;

    LSC_TRY(next(r, &e));
    *ended = e.type == YAML_SEQUENCE_END_EVENT;
    if (*ended)
        goto cleanup;
    const bool words = slot.field->type == CFG_TYPE_WORDS;
    if (e.type != YAML_SCALAR_EVENT)
        LSC_TRY(cfg_wrong(slot.field,
                          words ? "a list with other things than words" : "a list with other things than numbers"));
    LSC_TRY(check_scalar(slot.field, &e));
    LSC_TRY((words ? cfg_add_word : cfg_parse_element)(slot, (const char *)e.data.scalar.value));
cleanup:
    yaml_event_delete(&e);
    return st;
}

static lsc_status read_words(reader *r, cfg_slot slot)
{
    lsc_status st = LSC_OK;
    cfg_text words = {""};
    bool ended = false;

    while (!ended)
        LSC_TRY(read_element(r, (cfg_slot){slot.field, &words}, &ended));
    *(cfg_text *)slot.value = words;
cleanup:
    return st;
}

static lsc_status read_sequence(reader *r, cfg_slot slot, const yaml_event_t *start)
{
    lsc_status st = LSC_OK;
    cfg_reals values = {0};
    bool ended = false;

    LSC_TRY(refuse(slot.field->key, start->data.sequence_start.anchor, start->data.sequence_start.tag));
    if (slot.field->type == CFG_TYPE_WORDS)
        return read_words(r, slot);
    if (slot.field->type != CFG_TYPE_REALS)
        LSC_TRY(cfg_wrong(slot.field, "a list"));
    while (!ended)
        LSC_TRY(read_element(r, (cfg_slot){slot.field, &values}, &ended));
    *(cfg_reals *)slot.value = values;
cleanup:
    return st;
}

static lsc_status read_mapping(reader *r, const char *path);

/* The value of a key that is a section: {train: {...}}. It goes as deep as known keys have dots, no deeper. */
static lsc_status read_section(reader *r, const char *key, const yaml_event_t *e)
{
    lsc_status st = LSC_OK;

    LSC_CHECK(e->type == YAML_MAPPING_START_EVENT, LSC_ERR_CONFIG,
              "%s: is a section; its keys stand below it, indented, or as %s.KEY", key, key);
    LSC_TRY(refuse(key, e->data.mapping_start.anchor, e->data.mapping_start.tag));
    LSC_TRY(read_mapping(r, key));
cleanup:
    return st;
}

static lsc_status read_value(reader *r, const char *key)
{
    lsc_status st = LSC_OK;
    cfg_slot slot = cfg_find(r->keys.sections, r->keys.n, key);
    yaml_event_t e;

    LSC_TRY(next(r, &e));
    LSC_CHECK(e.type != YAML_ALIAS_EVENT, LSC_ERR_CONFIG, "%s: is an alias (*); write the value here", key);
    if (slot.field == NULL)
        LSC_TRY(read_section(r, key, &e));
    else if (e.type == YAML_SCALAR_EVENT)
        LSC_TRY(read_scalar(slot, &e));
    else if (e.type == YAML_SEQUENCE_START_EVENT)
        LSC_TRY(read_sequence(r, slot, &e));
    else
        LSC_TRY(cfg_wrong(slot.field, "a section"));
cleanup:
    yaml_event_delete(&e);
    return st;
}

/* "path.name" into key, checked: known, and given once. */
static lsc_status read_key(reader *r, const char *path, const yaml_event_t *e, char key[KEY_MAX])
{
    lsc_status st = LSC_OK;
    char shown[80];
    const char *where = path[0] == '\0' ? "the file" : path;

    LSC_CHECK(e->type == YAML_SCALAR_EVENT, LSC_ERR_CONFIG, "%s: has a key that is no word", where);
    LSC_TRY(refuse(where, e->data.scalar.anchor, e->data.scalar.tag));
    const char *name = (const char *)e->data.scalar.value;
    int length = snprintf(key, KEY_MAX, "%s%s%s", path, path[0] == '\0' ? "" : ".", name);
    LSC_CHECK(length < KEY_MAX && strlen(name) == e->data.scalar.length, LSC_ERR_CONFIG, "%s: unknown key",
              lsc_shown(name, shown, sizeof shown));
    LSC_CHECK(strcmp(name, "<<") != 0, LSC_ERR_CONFIG, "%s: merge keys (<<) are not read; write the values here",
              where);
    if (cfg_find(r->keys.sections, r->keys.n, key).field == NULL && !cfg_is_section(r->keys.sections, r->keys.n, key))
        LSC_TRY(cfg_unknown(r->keys.sections, r->keys.n, key));
    LSC_TRY(cfg_once(&r->keys, key));
cleanup:
    return st;
}

/* Keys and values until the end of the mapping whose start was the event before. */
static lsc_status read_mapping(reader *r, const char *path)
{
    lsc_status st = LSC_OK;
    char key[KEY_MAX];

    for (;;) {
        yaml_event_t e;
        st = next(r, &e);
        bool ended = e.type == YAML_MAPPING_END_EVENT;
        if (st == LSC_OK && !ended)
            st = read_key(r, path, &e, key);
        yaml_event_delete(&e);
        if (st != LSC_OK || ended)
            break;
        LSC_TRY(read_value(r, key));
    }
cleanup:
    return st;
}

/* Start of the stream and of a document, and the event that the document begins with. */
static lsc_status skip_to_content(reader *r, yaml_event_t *e)
{
    lsc_status st = LSC_OK;

    do {
        yaml_event_delete(e);
        LSC_TRY(next(r, e));
    } while (e->type == YAML_STREAM_START_EVENT || e->type == YAML_DOCUMENT_START_EVENT);
cleanup:
    return st;
}

static lsc_status read_document(reader *r)
{
    lsc_status st = LSC_OK;
    yaml_event_t e = {0};

    LSC_TRY(skip_to_content(r, &e));
    if (e.type == YAML_STREAM_END_EVENT || (e.type == YAML_SCALAR_EVENT && is_null(&e)))
        goto cleanup; /* empty, or nothing but comments: all values keep their defaults */
    LSC_CHECK(e.type == YAML_MAPPING_START_EVENT, LSC_ERR_CONFIG, "the file is not a list of KEY: VALUE");
    LSC_TRY(refuse("the file", e.data.mapping_start.anchor, e.data.mapping_start.tag));
    LSC_TRY(read_mapping(r, ""));
    yaml_event_delete(&e);
    LSC_TRY(next(r, &e)); /* the end of the document */
    yaml_event_delete(&e);
    LSC_TRY(next(r, &e));
    LSC_CHECK(e.type == YAML_STREAM_END_EVENT, LSC_ERR_CONFIG, "the file has a second document (---)");
cleanup:
    yaml_event_delete(&e);
    return st;
}

static lsc_status start(yaml_parser_t *parser, const uint8_t *bytes, size_t n)
{
    if (yaml_parser_initialize(parser) != 1)
        return lsc_fail(LSC_ERR_NOMEM, "no memory to read YAML");
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, bytes, n);
    return LSC_OK;
}

lsc_status cfg_load_yaml_seen(const char *path, const cfg_section *sections, int n, lsc_text *seen)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes = NULL;
    size_t size = 0;
    char shown[256];
    reader r = {.keys = {sections, n, {0}}};

    st = lsc_input_read(path, FILE_MAX, &bytes, &size);
    if (st == LSC_ERR_FORMAT)
        st = LSC_ERR_CONFIG; /* too large for a configuration: most likely another file was meant */
    LSC_TRY(st);
    lsc_shown(path, shown, sizeof shown);
    LSC_TRY(lsc_context(start(&r.parser, bytes, size), "%s", shown));
    st = read_document(&r);
    lsc_context(st, "%s:%zu:%zu", shown, r.mark.line + 1, r.mark.column + 1);
    yaml_parser_delete(&r.parser);
cleanup:
    lsc_free(bytes);
    lsc_text_free(seen);
    *seen = r.keys.seen;
    return st;
}

lsc_status cfg_load_yaml(const char *path, const cfg_section *sections, int n)
{
    lsc_text seen = {0};
    const lsc_status st = cfg_load_yaml_seen(path, sections, n, &seen);
    lsc_text_free(&seen);
    return st;
}

/* What an event does to the depth of collections. */
static int deeper(yaml_event_type_t type)
{
    const bool starts = type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT;
    const bool ends = type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT;
    return starts - ends;
}

/* Along the events of the top mapping, in which keys and values take turns; a list at the top has no keys. */
static bool has_key(yaml_parser_t *parser, const char *key)
{
    bool found = false, more = true, at_key = true;
    int depth = 0;
    while (more && !found) {
        yaml_event_t e;
        more = yaml_parser_parse(parser, &e) == 1;
        if (!more)
            break;
        if (depth == 1 && at_key && e.type == YAML_SCALAR_EVENT)
            found = strcmp((const char *)e.data.scalar.value, key) == 0;
        const bool value_ends =
            depth == 1 ? e.type == YAML_SCALAR_EVENT || e.type == YAML_ALIAS_EVENT : depth == 2 && deeper(e.type) < 0;
        depth += deeper(e.type);
        if (value_ends)
            at_key = !at_key;
        const bool list = depth == 1 && e.type == YAML_SEQUENCE_START_EVENT;
        more = !list && e.type != YAML_DOCUMENT_END_EVENT && e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    return found;
}

bool cfg_yaml_has(const char *path, const char *key)
{
    yaml_parser_t parser;
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool found = false;

    /* A pipe is read once, by cfg_load_yaml. */
    if (lsc_file_read(path, FILE_MAX, &bytes, &size) == LSC_OK && start(&parser, bytes, size) == LSC_OK) {
        found = has_key(&parser, key);
        yaml_parser_delete(&parser);
    }
    lsc_free(bytes);
    return found;
}
