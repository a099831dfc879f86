/*
 * What the tests of the program `landscape` share: a small data set, checkpoints of untrained networks over it, and
 * running the program.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_LANDSCAPE_FIXTURE_H
#define TESTS_LANDSCAPE_FIXTURE_H

#include <sys/types.h>

#include "landscape/program.h"
#include "support/support.h"

#define LANDSCAPE LSC_BINARY_DIR "/landscape/landscape"

/* n grey images of 8 x 8 with labels i mod 10, in the folder of the test. Returns the folder. */
const char *landscape_data(int n);
/* FOLDER/run.bin: an untrained network whose config names it and that folder; `more` is put into the config
 * ("" or ", \"key\": value ..."). Returns the path. */
const char *landscape_checkpoint(const char *more);
/* The same with other metadata than the usual ones, and `change` (may be NULL) applied to theta first. */
typedef void (*landscape_change)(const lsc_layout *layout, float *theta);
const char *landscape_checkpoint_with(const char *config, const nn_meta *meta, int n_meta, landscape_change change);
/* The config of such a network as JSON. Valid until the next call. */
const char *landscape_config(const char *more);

/* argv becomes the program and its arguments up to NULL. */
#define LANDSCAPE_ARGUMENTS_MAX 48
void landscape_gather(const char **argv, const char *program, const char *first, va_list rest);
/* Run the program with arguments up to NULL. */
void landscape_run(test_result *r, const char *first, ...);
/* It ends with this code, and says the text on stderr. */
#define CHECK_LANDSCAPE(code, text, ...)                                                                               \
    do {                                                                                                               \
        test_result result_;                                                                                           \
        landscape_run(&result_, __VA_ARGS__, (const char *)NULL);                                                      \
        CHECK_HAS(result_.err, text);                                                                                  \
        CHECK_INT(result_.exit_code, code);                                                                            \
        test_result_free(&result_);                                                                                    \
    } while (0)

/* Start it with arguments up to NULL, its output in FOLDER/out and FOLDER/err; then wait for its end. */
pid_t landscape_start(const char *first, ...);
int landscape_wait(pid_t child, int *signal);
/* Wait until the file is there. */
void landscape_wait_for(const char *path);

/* Options of the library call with every default. */
landscape_options landscape_defaults(const char *ckpt);
/* Nothing of a surface lies about in the folder of the test. */
void landscape_check_nothing_written(void);
/* Surfaces hold the same bits: axes, fields, done. */
void landscape_check_equal(const char *path, const char *other);

#endif
