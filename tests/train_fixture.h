/*
 * train_fixture.h - a small task that can be learned, and the program train run on it.
 * Images of 6 x 6 bytes of 4 classes: one quadrant is bright, with noise; IDX files and a configuration for an mlp on
 * the ref backend in the folder of the test.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include "support/support.h"

#include <sys/types.h>

#define FIXTURE_TRAIN 96
#define FIXTURE_TEST  32

/* data/{train,t10k}-* and run.yaml: mlp, two domains, batch 16 (6 steps an epoch), 3 epochs. */
void train_fixture(void);
/* The same with two classes and binary cross-entropy. */
void train_fixture_of_two_classes(void);
/* Run `train --device ref --threads 1` with these arguments (NULL-terminated, at most 20) in a working folder. */
void train_run(const char *folder, test_result *r, const char *const *arguments);
#define TRAIN(folder, r, ...) train_run(folder, r, (const char *const[]){__VA_ARGS__, NULL})
/* The same command, for test_run with faults. argv has room for 32. */
void train_command(const char *folder, const char *const *arguments, const char **argv, test_command *out);
/* Start it in the background, silent; the caller signals it and waits for it. */
pid_t train_start(const char *folder, const char *const *arguments);
/* Equal bytes of two files. */
void check_same_file(const char *a, const char *b);
/* history.csv of two runs: times, the last two columns, are measured; all else is equal. */
void check_same_history(const char *a, const char *b);

#endif
