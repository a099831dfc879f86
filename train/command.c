/*
 * The table of sub-commands.
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

void tr_command_list(lsc_text *out)
{
    for (size_t i = 0; i < LSC_COUNT(table); i++)
        lsc_text_add(out, "  train %-16s %s\n", table[i].name, table[i].text);
}
