/*
 * A data set of two IDX files, plain or gzip-compressed: the labels' first.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_two_files("train-labels-idx1-ubyte", "train-images-idx3-ubyte", bytes, n);
    fuzz_open("idx", DS_TRAIN);
    return 0;
}
