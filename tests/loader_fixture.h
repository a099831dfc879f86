/*
 * loader_fixture.h - sessions, batches and steps that do not fail.
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

/* Returns new: train_fixture's run on the ref backend with these settings, the last NULL. */
static inline tr_session *fixture_session(const char *const *sets)
{
    static const tr_run_options options = {.common = {.device = "ref", .threads = 1, .seed = -1}, .command = "test"};
    tr_session *s = NULL;
    tr_config *c = NULL;
    CHECK_OK(tr_config_new(&c));
    CHECK_OK(cfg_load_yaml(test_path("run.yaml"), c->sections, c->n_sections));
    for (; *sets != NULL; sets++)
        CHECK_OK(cfg_set("test", *sets, c->sections, c->n_sections));
    CHECK_OK(tr_session_new(&options, c, &s));
    return s;
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
