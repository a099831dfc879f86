/*
 * See config_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "config_fixture.h"

#include <float.h>
#include <math.h>

#include "support/support.h"

/* clang-format off */
static const cfg_field train_fields[] = {
    CFG_INT   (options, epochs,    "train.epochs",    "90",   1, 1e6, "passes over the training set"),
    CFG_REAL  (options, lr,        "train.lr",        "0.1",  0, 1e3, "learning rate"),
    CFG_REAL  (options, decay,     "train.decay",     "5e-4", 0, 1,   "weight decay"),
    CFG_BOOL  (options, nesterov,  "train.nesterov",  "true",         "Nesterov momentum"),
    CFG_CHOICE(options, optimizer, "train.optimizer", "erm", "erm sam gac_fas", "step rule"),
    CFG_INT   (options, seed,      "train.seed",      "1",    0, 9e15, "seed"),
};
static const cfg_field data_fields[] = {
    CFG_TEXT  (options, path,      "data.path",       "",             "folder"),
    CFG_REALS (options, rotations, "data.rotations",  "0, 30, 60", -360, 360, "degrees"),
    CFG_WORDS (options, domains,   "data.domains",    "oulu msu",     "names"),
    CFG_REAL  (options, any,       "data.any",        "0", -INFINITY, INFINITY, "any number"),
    CFG_INT   (options, big,       "data.big",        "0", -INFINITY, INFINITY, "any whole number"),
    CFG_REAL  (options, low,       "data.low",        "0", -1, DBL_MAX, "bounded below"),
};
/* clang-format on */

const cfg_section *sections(options *o)
{
    static cfg_section all[2];
    all[0] = (cfg_section){train_fields, LSC_COUNT(train_fields), o};
    all[1] = (cfg_section){data_fields, LSC_COUNT(data_fields), o};
    return all;
}

lsc_status load_bytes(const char *yaml, size_t n, options *o)
{
    const char *path = test_path("c.yaml");
    test_write(path, yaml, n);
    cfg_defaults(sections(o), 2);
    return cfg_load_yaml(path, sections(o), 2);
}

lsc_status load(const char *yaml, options *o)
{
    return load_bytes(yaml, strlen(yaml), o);
}

lsc_status set(const char *assignment, options *o)
{
    cfg_defaults(sections(o), 2);
    return cfg_set("--set", assignment, sections(o), 2);
}

lsc_status from_json(const char *json, options *o)
{
    cfg_defaults(sections(o), 2);
    return cfg_from_json("run.bin: config", json, sections(o), 2, false);
}
