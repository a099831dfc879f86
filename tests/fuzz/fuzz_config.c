/*
 * A configuration of either dialect.
 * SPDX-License-Identifier: MIT
 */
#include "files.h"
#include "fuzz.h"
#include "train/released.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tr_config *c = NULL;
    lsc_log_set("fuzz", LSC_LOG_QUIET);
    if (tr_config_new(&c) == LSC_OK)
        (void)tr_config_read(fuzz_file("c.yaml", bytes, n), c);
    tr_config_free(c);
    return 0;
}
