/*
 * command.h - the sub-commands of train: `train NAME ARGUMENTS`. A command is train/command_NAME.c and a row of
 * commands.def; its own argp has a documentation with examples.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_COMMAND_H
#define TRAIN_COMMAND_H

#include <stdio.h>

#include "app/app.h"

typedef struct {
    struct argp argp;     /* its input is the command's struct of arguments */
    size_t size;          /* bytes of that struct */
    const void *defaults; /* such a struct; NULL: all zero */
    /* REQUIRED. The work; results go to `out`. */
    lsc_status (*run)(const void *arguments, FILE *out);
} tr_command;

/* As main, with argv[0] = "train NAME". Bad usage ends the process by argp_error (64). */
lsc_status tr_command_run(const tr_command *c, int argc, char **argv, FILE *out);
const tr_command *tr_command_at(int i, const char **name, const char **text); /* NULL past the last */
const tr_command *tr_command_find(const char *name);                          /* NULL: there is none */
/* The commands with their texts, a line each: for --help. */
void tr_command_list(lsc_text *out);

#endif
