/*
 * loader_fixture.h - batches of a loader that does not fail.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_LOADER_FIXTURE_H
#define TESTS_LOADER_FIXTURE_H

#include "support/support.h"
#include "train/run.h"

/* NULL past the last. */
static inline const tr_batch *fixture_batch(tr_loader *l)
{
    const tr_batch *b;
    CHECK_OK(tr_loader_next(l, &b));
    return b;
}

#endif
