/*
 * A file of CIFAR's records. The first byte says of which kind.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct {
        const char *kind, *name;
    } kinds[] = {{"cifar10", "test_batch.bin"}, {"cifar100", "test.bin"}, {"cifar100_coarse", "test.bin"}};
    if (n == 0)
        return 0;
    size_t i = bytes[0] % LSC_COUNT(kinds);
    fuzz_file(kinds[i].name, bytes + 1, n - 1);
    fuzz_open(kinds[i].kind, DS_TEST);
    return 0;
}
