/*
 * The command line that all programs share, their exit codes, and what --version says.
 * SPDX-License-Identifier: MIT
 */
#include "app/app.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lsc_build.h"

#define THREADS_MAX 4096
#define SEED_MAX    9000000000000000 /* a double holds every whole number up to here, so JSON does */

enum { KEY_CONFIG = 0x100, KEY_SET, KEY_DEVICE, KEY_THREADS, KEY_SEED, KEY_JSON, KEY_LIST, KEY_HELP_CONFIG, KEY_DRY };

static const struct argp_option options[] = {
    {"config", KEY_CONFIG, "FILE", 0, "Read the configuration from a YAML file", 0},
    {"device", KEY_DEVICE, "NAME", 0, "Compute on auto, cpu, cuda, cuda:N or ref (default auto)", 0},
    {"dry-run", KEY_DRY, NULL, 0, "Say what would be done, and how long it would take", 0},
    {"help-config", KEY_HELP_CONFIG, NULL, 0, "List all keys of the configuration", 0},
    {"json", KEY_JSON, NULL, 0, "Print results as JSON", 0},
    {"list", KEY_LIST, "KINDS", OPTION_ARG_OPTIONAL, "List what this build has, of all kinds or of one", 0},
    {"quiet", 'q', NULL, 0, "Print warnings and errors only", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of all random numbers", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "Set one key of the configuration; may be given again", 0},
    {"threads", KEY_THREADS, "N", 0, "Use N threads (default 0: as many as there are cores)", 0},
    {"verbose", 'v', NULL, 0, "Print details", 0},
    {0},
};

static void add_set(cli_common *c, const char *text, struct argp_state *state)
{
    if (c->n_sets == CLI_SETS_MAX)
        argp_error(state, "--set: is given more than %d times; use --config FILE", CLI_SETS_MAX);
    else
        c->sets[c->n_sets++] = text;
}

/* "--list=models", "--list models" or "--list": argp itself knows the first and the last. */
static const char *list_argument(const char *text, struct argp_state *state)
{
    if (text == NULL && state->next < state->argc && state->argv[state->next][0] != '-')
        text = state->argv[state->next++];
    return text == NULL ? "" : text;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    cli_common *c = state->input;

    assert(c != NULL); /* the program gives it to its child parser */
    switch (key) {
    case ARGP_KEY_INIT:
        *c = (cli_common){.seed = -1, .verbosity = LSC_LOG_INFO};
        return 0;
    case KEY_CONFIG:
        c->config = text;
        return 0;
    case KEY_SET:
        add_set(c, text, state);
        return 0;
    case KEY_DEVICE:
        c->device = text;
        return 0;
    case KEY_THREADS:
        c->threads = (int)cli_int(state, "--threads", text, 0, THREADS_MAX);
        return 0;
    case KEY_SEED:
        c->seed = cli_int(state, "--seed", text, 0, SEED_MAX);
        return 0;
    case KEY_JSON:
        c->json = true;
        return 0;
    case KEY_LIST:
        c->list = list_argument(text, state);
        return 0;
    case KEY_HELP_CONFIG:
        c->help_config = true;
        return 0;
    case KEY_DRY:
        c->dry_run = true;
        return 0;
    case 'q':
        c->verbosity = LSC_LOG_WARN;
        return 0;
    case 'v':
        c->verbosity = LSC_LOG_DEBUG;
        return 0;
    case ARGP_KEY_END:
        if (c->list != NULL && c->json)
            argp_error(state, "--list prints text: leave out --json");
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

void cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    char *const path = argv[0];
    argv[0] = program_invocation_short_name;
    argp_parse(argp, argc, argv, 0, NULL, input);
    argv[0] = path;
}

const struct argp cli_argp = {.options = options, .parser = parse};

int64_t cli_int(struct argp_state *state, const char *option, const char *text, int64_t lo, int64_t hi)
{
    char *end = NULL, shown[64];

    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && v >= lo && v <= hi)
        return v;
    argp_error(state, "%s: '%s' is not a whole number in %lld..%lld", option, lsc_shown(text, shown, sizeof shown),
               (long long)lo, (long long)hi);
    return lo;
}

double cli_real(struct argp_state *state, const char *option, const char *text, double lo, double hi)
{
    char *end = NULL, shown[64];
    double v = strtod(text, &end);

    if (end != text && *end == '\0' && v >= lo && v <= hi)
        return v;
    argp_error(state, "%s: '%s' is not a number in %.10g..%.10g", option, lsc_shown(text, shown, sizeof shown), lo, hi);
    return lo;
}

/* Input that is missing, or of another kind than a file or folder, has no status of its own: its message says so. */
static bool tells_of_no_input(const char *message)
{
    return strstr(message, strerror(ENOENT)) != NULL || strstr(message, strerror(ENOTDIR)) != NULL ||
           strstr(message, "it is a folder") != NULL || strstr(message, "not a regular file") != NULL;
}

int cli_exit_code(lsc_status st)
{
    static const int codes[] = {
        [LSC_OK] = EX_OK,
        [LSC_ERR_ARG] = EX_USAGE,
        [LSC_ERR_NOMEM] = EX_OSERR,
        [LSC_ERR_IO] = EX_IOERR,
        [LSC_ERR_FORMAT] = EX_DATAERR,
        [LSC_ERR_CONFIG] = EX_CONFIG,
        [LSC_ERR_SHAPE] = EX_DATAERR,
        [LSC_ERR_ABSENT] = EX_UNAVAILABLE,
        [LSC_ERR_BACKEND] = EX_SOFTWARE,
        [LSC_ERR_CALLBACK] = EX_SOFTWARE,
        [LSC_ERR_STOPPED] = 128 + 2, /* as the shell says of a program ended by SIGINT */
    };
    if (st == LSC_ERR_IO && tells_of_no_input(lsc_last_error()))
        return EX_NOINPUT;
    return (size_t)st < LSC_COUNT(codes) ? codes[st] : EX_SOFTWARE;
}

int cli_finish(const char *program, lsc_status st)
{
    if (st != LSC_OK) {
        lsc_log_set(program, LSC_LOG_QUIET);
        lsc_log_error("%s", lsc_last_error());
    }
    return cli_exit_code(st);
}

const char *cli_versions(void)
{
    static char text[256];
    snprintf(text, sizeof text, "%s %s (git %s, %s)", program_invocation_short_name, lsc_version(), LSC_GIT_DESCRIBE,
             LSC_LIBRARY_VERSIONS);
    return text;
}

static void print_versions(FILE *stream, struct argp_state *state)
{
    (void)state;
    fprintf(stream, "%s\n", cli_versions());
}

/* What --version calls, in every program that links this. Not hidden: the C library looks for it by name. */
LSC_API void (*argp_program_version_hook)(FILE *stream, struct argp_state *state) = print_versions;

/* In single quotes where the shell would see more than a word. */
static void add_word(lsc_text *t, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.,:=@%+-";

    if (*word != '\0' && word[strspn(word, safe)] == '\0') {
        lsc_text_add(t, "%s", word);
        return;
    }
    lsc_text_add(t, "'");
    for (const char *p = word; *p != '\0'; p++)
        if (*p == '\'')
            lsc_text_add(t, "'\\''");
        else
            lsc_text_add_bytes(t, p, 1);
    lsc_text_add(t, "'");
}

char *cli_command(int argc, char **argv)
{
    lsc_text t = {0};

    lsc_text_add(&t, "%s", "");
    for (int i = 0; i < argc; i++) {
        lsc_text_add(&t, "%s", i == 0 ? "" : " ");
        add_word(&t, argv[i]);
    }
    if (t.failed)
        lsc_text_free(&t);
    return t.text;
}
