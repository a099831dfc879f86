/*
 * The table of sub-commands, and how one is called.
 * SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include <string.h>

#define COMMAND(id, file, name, text) extern const tr_command tr_command_##id;
#include "train/commands.def"
#undef COMMAND

static const struct {
    const tr_command *command;
    const char *name, *text;
} table[] = {
#define COMMAND(id, file, name, text) {&tr_command_##id, name, text},
#include "train/commands.def"
#undef COMMAND
};

const tr_command *tr_command_at(int i, const char **name, const char **text)
{
    if (i < 0 || (size_t)i >= LSC_COUNT(table))
        return NULL;
    *name = table[i].name;
    *text = table[i].text;
    return table[i].command;
}

const tr_command *tr_command_find(const char *name)
{
    for (size_t i = 0; i < LSC_COUNT(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].command;
    }
    return NULL;
}

lsc_status tr_command_run(const tr_command *c, int argc, char **argv, FILE *out)
{
    lsc_status st = LSC_OK;
    void *arguments = lsc_calloc(1, c->size);

    LSC_CHECK(arguments != NULL, LSC_ERR_NOMEM, "no memory for the arguments of %s", argv[0]);
    if (c->defaults != NULL)
        memcpy(arguments, c->defaults, c->size);
    argp_parse(&c->argp, argc, argv, 0, NULL, arguments);
    LSC_TRY(c->run(arguments, out));
cleanup:
    lsc_free(arguments);
    return st;
}

void tr_command_list(lsc_text *out)
{
    for (size_t i = 0; i < LSC_COUNT(table); i++)
        lsc_text_add(out, "  train %-16s %s\n", table[i].name, table[i].text);
}
