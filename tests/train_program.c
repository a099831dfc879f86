/*
 * Running the program train.
 * SPDX-License-Identifier: MIT
 */
#include "train_program.h"

void train_program(test_result *r, const char *const *arguments)
{
    const char *argv[32] = {LSC_BINARY_DIR "/train/train"};
    for (int n = 0; arguments[n] != NULL; n++)
        argv[n + 1] = arguments[n];
    test_run(&(test_command){.argv = argv, .folder = test_folder()}, r);
}

void train_program_check(int exit_code, const char *text, const char *const *arguments)
{
    test_result r;
    train_program(&r, arguments);
    CHECK_HAS(exit_code == 0 ? r.out : r.err, text);
    CHECK_INT(r.exit_code, exit_code);
    test_result_free(&r);
}
