/*
 * loader_fixture.h - batches and steps of a loader that does not fail.
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

/* The next n steps of a session. */
static inline void fixture_steps(tr_session *s, int64_t n)
{
    tr_loader *l = NULL;
    CHECK_OK(tr_session_loader_for(s, n, &l));
    for (const tr_batch *b; (b = fixture_batch(l)) != NULL;)
        CHECK_OK(tr_session_step(s, b));
    tr_loader_free(l);
}

#endif
