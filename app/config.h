/*
 * config.h - what the readers of a configuration share: rows by key, values by text.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CONFIG_H
#define LSC_CONFIG_H

#include "app/app.h"

/* A configuration being read. */
typedef struct {
    const cfg_section *sections;
    int n;
    lsc_text seen; /* "\nkey" for every key so far, to find one that is given twice */
} cfg_reader;

/* One row and where its value is. field NULL: none. */
typedef struct {
    const cfg_field *field;
    void *value;
} cfg_slot;

cfg_slot cfg_find(const cfg_section *sections, int n, const char *key);
/* Is there a key below this one: "train" of "train.lr"? */
bool cfg_is_section(const cfg_section *sections, int n, const char *key);
/* LSC_ERR_CONFIG: the key with the nearest one, or the known ones. */
lsc_status cfg_unknown(const cfg_section *sections, int n, const char *key);
/* Remember the key; LSC_ERR_CONFIG if it has been given before. */
lsc_status cfg_once(cfg_reader *r, const char *key);

/* Read a value from its text: REALS with commas or spaces between. Messages begin with the key. */
lsc_status cfg_parse(cfg_slot slot, const char *text);
/* One word more of WORDS. */
lsc_status cfg_add_word(cfg_slot slot, const char *word);
/* The pieces for readers whose format has types: one number more of REALS, and "KEY: is X, not a number in A..B". */
lsc_status cfg_parse_element(cfg_slot slot, const char *text);
lsc_status cfg_wrong(const cfg_field *field, const char *is);

/* The value as text that cfg_parse reads back to the same value; REALS with ", " between. */
void cfg_add_value(lsc_text *t, const cfg_field *field, const void *value);
void cfg_add_real(lsc_text *t, double v);
/* "0..1", "at least 0", "at most 1", "" */
void cfg_add_range(lsc_text *t, const cfg_field *field);
bool cfg_has_range(const cfg_field *field);
void *cfg_at(const cfg_section *section, int i);

#endif
