/*
 * A data set of two files of NumPy: the labels' first.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_two_files("y.npy", "x.npy", bytes, n);
    fuzz_open("npy", DS_TRAIN);
    return 0;
}
