/*
 * train_disturbed.h - runs that are killed or stopped, compared with one that is not. Every step is saved
 * (train.save_minutes=0), so that disturbances fall into epochs too. Command, folder and output have the same names
 * in each run, since run.bin holds the command line.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_DISTURBED_H
#define TRAIN_DISTURBED_H

#include "train_fixture.h"

/* The fixture and the undisturbed run on this device; returns its seconds, to aim signals by. */
double disturbed_begin(const char *device);
/* A folder of the test, made: NAMEnumber. */
const char *disturbed_folder(const char *name, int number);
/* The command, for test_run with faults. */
void disturbed_command(const char *folder, const char **argv, test_command *out);
/* Start the command, send a signal after so long; returns waitpid's status. */
int disturbed_by(const char *folder, double seconds, int signal_number);
/* Let the command run to its end, or fail the test. */
void disturbed_finish(const char *folder);
/* run.bin, the trajectory and history.csv (but for its seconds) are those of the undisturbed run. */
void disturbed_check(const char *folder);

#endif
