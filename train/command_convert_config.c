/*
 * train convert-config FILE: a configuration of the released GAC-FAS code as one of ours.
 * SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include "train/released.h"

#include <string.h>

static const char doc[] = "Print the configuration of FILE, one of the released GAC-FAS code or one of ours, in the "
                          "keys of train: those that "
                          "differ from their defaults."
                          "\v"
                          "Examples:\n"
                          "  train convert-config configs/ICM2O.yaml > mine.yaml\n"
                          "  train convert-config configs/ICM2O.yaml --all\n"
                          "      every key\n"
                          "\n"
                          "Exit status: 0 done, 64 usage, 66 no such file, 78 not a configuration.";

enum { ALL = 256 };

static const struct argp_option options[] = {
    {"all", ALL, NULL, 0, "print the keys at their defaults, too", 1},
    {0},
};

typedef struct {
    const char *file;
    bool all;
} arguments;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case ALL:
        a->all = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->file != NULL)
            argp_error(state, "one file is converted, '%s' is another", text);
        a->file = text;
        return 0;
    case ARGP_KEY_END:
        if (a->file == NULL)
            argp_error(state, "name the configuration: train convert-config FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The line of one field, unless it is the same as in `other` (NULL: none is). */
static lsc_status add_field(const cfg_field *field, void *values, void *other, lsc_text *out)
{
    lsc_status st = LSC_OK;
    const cfg_section one = {field, 1, values}, default_one = {field, 1, other};
    char *line = cfg_to_yaml(&one, 1), *before = other != NULL ? cfg_to_yaml(&default_one, 1) : NULL;

    LSC_CHECK(line != NULL && (other == NULL || before != NULL), LSC_ERR_NOMEM, "no memory for a configuration");
    if (before == NULL || strcmp(line, before) != 0)
        lsc_text_add(out, "%s", line);
cleanup:
    lsc_free(line);
    lsc_free(before);
    return st;
}

static lsc_status convert(const void *given, FILE *out)
{
    lsc_status st = LSC_OK;
    const arguments *a = given;
    tr_config *c = NULL, *defaults = NULL;
    lsc_text text = {0};

    LSC_TRY(tr_config_new(&c));
    LSC_TRY(tr_config_new(&defaults));
    LSC_TRY(tr_config_read(a->file, c));
    for (int s = 0; s < c->n_sections; s++)
        for (int i = 0; i < c->sections[s].n_fields; i++)
            LSC_TRY(add_field(&c->sections[s].fields[i], c->sections[s].values,
                              a->all ? NULL : defaults->sections[s].values, &text));
    LSC_CHECK(!text.failed, LSC_ERR_NOMEM, "no memory for a configuration");
    if (text.text != NULL)
        fputs(text.text, out);
cleanup:
    lsc_text_free(&text);
    tr_config_free(c);
    tr_config_free(defaults);
    return st;
}

const tr_command tr_command_convert_config = {
    .argp = {options, parse, "FILE", doc, NULL, NULL, NULL},
    .size = sizeof(arguments),
    .run = convert,
};
