/*
 * train_program.h - the program train as it is typed: any sub-command, any options.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_TRAIN_PROGRAM_H
#define TESTS_TRAIN_PROGRAM_H

#include "support/support.h"

/* train ARGUMENTS (NULL-terminated, at most 30) in the folder of the test. */
void train_program(test_result *r, const char *const *arguments);
#define RUN(r, ...) train_program(r, (const char *const[]){__VA_ARGS__, NULL})

/* It must end with this exit code, and with this text on stdout (code 0) or stderr. */
void train_program_check(int exit_code, const char *text, const char *const *arguments);
#define CHECK_RUN(exit_code, text, ...) train_program_check(exit_code, text, (const char *const[]){__VA_ARGS__, NULL})

#endif
