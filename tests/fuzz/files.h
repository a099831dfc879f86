/*
 * files.h - for targets that read files by name: a folder of files in memory.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_FUZZ_FILES_H
#define LSC_FUZZ_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "data/data.h"

/* The content of a file of the folder. Returns its path, which stays. The folder goes when the process ends. */
const char *fuzz_file(const char *name, const uint8_t *bytes, size_t n);
/* Two files in one input: the length of the first (16 bits, little-endian), the first, the second. */
void fuzz_two_files(const char *first, const char *second, const uint8_t *bytes, size_t n);
/* Open the folder as a data set, and close it. */
void fuzz_open(const char *kind, ds_split split);

#endif
