/*
 * config_fixture.h - a configuration of two sections, with a key of every type.
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_CONFIG_FIXTURE_H
#define LSC_CONFIG_FIXTURE_H

#include "app/app.h"

typedef struct {
    int64_t epochs, seed, big;
    double lr, decay, any, low;
    bool nesterov;
    cfg_text optimizer, path, domains;
    cfg_reals rotations;
} options;

/* The two sections, train and data. Valid until the next call. */
const cfg_section *sections(options *o);

/* Defaults, and then FOLDER/c.yaml with this text; `--set` with this assignment; the config of a checkpoint. */
lsc_status load(const char *yaml, options *o);
lsc_status load_bytes(const char *yaml, size_t n, options *o);
lsc_status set(const char *assignment, options *o);
lsc_status from_json(const char *json, options *o);

#endif
