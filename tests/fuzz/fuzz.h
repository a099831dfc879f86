/*
 * fuzz.h - what a fuzz target is: one function that reads bytes as a file. It returns whatever they are; the sanitizers
 * judge. The name and the meaning are those of libFuzzer, with which targets link as they are.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_FUZZ_H
#define LSC_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
