/*
 * released.h - the configuration files of the released GAC-FAS code, which have a top-level key TRAIN, and what is read
 * from a configuration file of either dialect.
 * SPDX-License-Identifier: MIT
 */
#ifndef TRAIN_RELEASED_H
#define TRAIN_RELEASED_H

#include "train/run.h"

/* A file of either dialect into a configuration at its defaults. What a released file says that has no effect, or is
 * repaired, is a warning; a key of neither the released files nor the released code is an error. */
lsc_status tr_config_read(const char *path, tr_config *out);
bool tr_is_released(const char *path);
lsc_status tr_released_read(const char *path, tr_config *out);

#endif
