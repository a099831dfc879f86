/*
 * app.h - what the programs share: configuration by field tables (libyaml, cJSON) and the command line (argp).
 * SPDX-License-Identifier: MIT
 */
#ifndef LSC_APP_H
#define LSC_APP_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* ---- configuration (config.c, config_keys.c, config_yaml.c, config_json.c, config_print.c) ------- */

typedef enum { CFG_TYPE_INT, CFG_TYPE_REAL, CFG_TYPE_BOOL, CFG_TYPE_TEXT, CFG_TYPE_REALS, CFG_TYPE_WORDS } cfg_type;

#define CFG_TEXT_MAX 512
typedef struct {
    char s[CFG_TEXT_MAX];
} cfg_text;
#define CFG_REALS_MAX 32
typedef struct {
    int n;
    double v[CFG_REALS_MAX];
} cfg_reals;

/* One row per member: defaults, parsing, ranges, error texts, help and docs come from it. */
typedef struct {
    const char *key; /* dotted: "train.lr" */
    cfg_type type;
    size_t offset;       /* in the section's struct */
    const char *initial; /* the default, as text */
    double lo, hi;       /* INT, REAL, and each of REALS; for TEXT unused */
    const char *doc;
    const char *choices; /* TEXT: "step cosine" - one of these words; NULL: any text */
} cfg_field;

/* No default branch: a row whose member has another type does not compile. */
#define CFG_AT(S, m, T) (offsetof(S, m) * _Generic(((S *)0)->m, T : (size_t)1))
#define CFG_INT(S, m, key, def, lo, hi, doc)                                                                           \
    {                                                                                                                  \
        key, CFG_TYPE_INT, CFG_AT(S, m, int64_t), def, lo, hi, doc, NULL                                               \
    }
#define CFG_REAL(S, m, key, def, lo, hi, doc)                                                                          \
    {                                                                                                                  \
        key, CFG_TYPE_REAL, CFG_AT(S, m, double), def, lo, hi, doc, NULL                                               \
    }
#define CFG_BOOL(S, m, key, def, doc)                                                                                  \
    {                                                                                                                  \
        key, CFG_TYPE_BOOL, CFG_AT(S, m, bool), def, 0, 0, doc, NULL                                                   \
    }
#define CFG_TEXT(S, m, key, def, doc)                                                                                  \
    {                                                                                                                  \
        key, CFG_TYPE_TEXT, CFG_AT(S, m, cfg_text), def, 0, 0, doc, NULL                                               \
    }
#define CFG_CHOICE(S, m, key, def, choices, doc)                                                                       \
    {                                                                                                                  \
        key, CFG_TYPE_TEXT, CFG_AT(S, m, cfg_text), def, 0, 0, doc, choices                                            \
    }
/* A list of words without spaces or commas, kept as one text with a space between. */
#define CFG_WORDS(S, m, key, def, doc)                                                                                 \
    {                                                                                                                  \
        key, CFG_TYPE_WORDS, CFG_AT(S, m, cfg_text), def, 0, 0, doc, NULL                                              \
    }
#define CFG_REALS(S, m, key, def, lo, hi, doc)                                                                         \
    {                                                                                                                  \
        key, CFG_TYPE_REALS, CFG_AT(S, m, cfg_reals), def, lo, hi, doc, NULL                                           \
    }

/* A struct and its rows. Several sections make one configuration. */
typedef struct {
    const cfg_field *fields;
    int n_fields;
    void *values;
} cfg_section;

/* Every failure is LSC_ERR_CONFIG (file missing: LSC_ERR_IO) and says file:line:column, the key, what
 * is wrong, and what would be right: the range, the choices, or the nearest known key. */
void cfg_defaults(const cfg_section *sections, int n);
lsc_status cfg_load_yaml(const char *path, const cfg_section *sections, int n);
/* The same; `seen` gets "\nKEY\n" for every key of the file, also on failure. */
lsc_status cfg_load_yaml_seen(const char *path, const cfg_section *sections, int n, lsc_text *seen);
/* Whether a file has this key at its top. What is no YAML, no regular file, or cannot be read,
 * has none. */
bool cfg_yaml_has(const char *path, const char *key);
/* One "key=value", where in messages e.g. "--set". */
lsc_status cfg_set(const char *where, const char *assignment, const cfg_section *sections, int n);
/* A flat JSON object {"train.lr": 0.1, ...} as stored in checkpoints. Keys of other sections are
 * skipped if `skip_unknown` (a reader of a part), else an error. */
lsc_status cfg_from_json(const char *where, const char *json, const cfg_section *sections, int n, bool skip_unknown);
char *cfg_to_json(const cfg_section *sections, int n); /* returns new or NULL; REAL round-trips */
char *cfg_to_yaml(const cfg_section *sections, int n); /* returns new or NULL; with docs as comments */
/* --help-config: every key with default, range and text, to stdout. */
void cfg_print_help(const cfg_section *sections, int n);
/* The nearest of the n words to `word`, or NULL if none is near. For any list of names. */
const char *cfg_nearest(const char *word, const char *const *words, int n);

/* ---- command line (cli.c) ------------------------------------------------------------------------ */

/* Options every program has; the child parser fills them. */
#define CLI_SETS_MAX 64
typedef struct {
    const char *config;             /* --config FILE */
    const char *sets[CLI_SETS_MAX]; /* --set KEY=VALUE, in order */
    int n_sets;
    const char *device;      /* --device auto | cpu | cuda[:N] | ref: NULL if not given */
    int threads;             /* --threads N; 0: all cores */
    int64_t seed;            /* --seed N; -1: not given */
    bool json;               /* --json */
    const char *list;        /* --list KINDS; "" for all */
    bool help_config;        /* --help-config */
    bool dry_run;            /* --dry-run */
    lsc_log_level verbosity; /* -q, -v */
} cli_common;

/* To be named in a program's argp children; its input is a cli_common *. */
extern const struct argp cli_argp;

/* argp_parse, whose messages begin with the name of the program, not with its path. */
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);
/* Numbers parsed to the end and checked; argp_error (exit 64) names the option, the text and the range. */
int64_t cli_int(struct argp_state *state, const char *option, const char *text, int64_t lo, int64_t hi);
double cli_real(struct argp_state *state, const char *option, const char *text, double lo, double hi);

/* sysexits: 0, 64 usage, 65 data, 66 no input, 69 absent, 70 internal, 71 memory, 74 I/O, 78 config, 130 stopped. */
int cli_exit_code(lsc_status st);
/* Print "PROGRAM: message" for a failure (nothing for LSC_OK); returns cli_exit_code(st). */
int cli_finish(const char *program, lsc_status st);
/* "landscape 0.1.0 (git ..., oneDNN ..., HDF5 ...)" for --version and provenance. */
const char *cli_versions(void);
/* The command line quoted for a shell. Returns new or NULL. */
char *cli_command(int argc, char **argv);

#endif
