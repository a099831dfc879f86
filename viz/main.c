/*
 * viz - surfaces for ParaView, as pictures and tables, and runs compared.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "viz/viz.h"

#define ARGUMENTS_MAX 64

typedef struct {
    cli_common common;
    viz_options options;
    const char *words[ARGUMENTS_MAX]; /* a command and paths, or a path */
    int n_words;
} arguments;

enum { KEY_CUT = 0x200, KEY_HEIGHT };

static const struct argp_option options[] = {
    {"cut", KEY_CUT, "VALUE", 0, "Clip the surfaces at this height (default: by their own tops, see below)", 0},
    {"height", KEY_HEIGHT, "KIND", 0, "What the height shows: rise (loss above the centre, the default), loss or log",
     0},
    {"output", 'o', "FILE", 0,
     "Write FILE; its end names the format (default: surface.vtp beside surface.h5, compare.png)", 0},
    {0},
};

static void set_height(const char *text, viz_options *o, struct argp_state *state)
{
    if (viz_height_parse(text, &o->kind) != LSC_OK)
        argp_error(state, "--height: %s", lsc_last_error());
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &a->common;
        return 0;
    case KEY_CUT:
        a->options.cut = cli_real(state, "--cut", text, -1e300, 1e300);
        return 0;
    case KEY_HEIGHT:
        set_height(text, &a->options, state);
        return 0;
    case 'o':
        a->options.output = text;
        return 0;
    case ARGP_KEY_ARG:
        if (a->n_words == ARGUMENTS_MAX)
            argp_error(state, "more than %d paths", ARGUMENTS_MAX);
        a->words[a->n_words++] = text;
        return 0;
    case ARGP_KEY_END:
        if (a->n_words == 0 && a->common.list == NULL)
            argp_usage(state);
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {{&cli_argp, 0, "Common options:", 10}, {0}};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "convert SURFACE\ncompare RUN...\nSURFACE",
    .doc = "Show loss surfaces.\v"
           "convert writes one surface file in another format (viz --list formats names them); a path alone means "
           "convert. "
           "compare takes surface files, folders that hold a surface.h5, or folders of such folders. It writes one "
           "picture, "
           "a scene for ParaView (.vtm) and prints a table. All runs share one scale of heights and one of colours. "
           "The heights end at the median of the runs' own tops: a run's top is its maximum, or its 75 % quantile "
           "where the maximum "
           "is more than four times as high. Sharper runs are clipped there.",
    .children = children,
};

static lsc_status list_formats(const char *kinds)
{
    const viz_format *format;
    const char *text;
    char shown[64];

    if (kinds[0] != '\0' && strcmp(kinds, "formats") != 0)
        return lsc_fail(LSC_ERR_ARG, "--list: unknown '%s' (known: formats)", lsc_shown(kinds, shown, sizeof shown));
    for (int i = 0; (format = viz_format_at(i, &text)) != NULL; i++)
        printf("%-4s  %s\n", format->name, text);
    return LSC_OK;
}

static lsc_status convert(const char *const *paths, int n, const viz_options *o)
{
    if (n != 1)
        return lsc_fail(LSC_ERR_ARG, "convert takes one surface, not %d (compare takes several)", n);
    return viz_convert(paths[0], o);
}

static lsc_status compare(const char *const *paths, int n, const viz_options *o)
{
    lsc_text table = {0};

    if (n == 0)
        return lsc_fail(LSC_ERR_ARG, "compare: no run is named");
    const lsc_status st = viz_compare(paths, n, o, &table);
    if (table.text != NULL)
        fputs(table.text, stdout);
    lsc_text_free(&table);
    return st;
}

static lsc_status run(const arguments *a)
{
    const char *command = a->n_words > 0 ? a->words[0] : "";

    if (a->common.list != NULL)
        return list_formats(a->common.list);
    if (strcmp(command, "compare") == 0)
        return compare(a->words + 1, a->n_words - 1, &a->options);
    if (strcmp(command, "convert") == 0)
        return convert(a->words + 1, a->n_words - 1, &a->options);
    return convert(a->words, a->n_words, &a->options);
}

int main(int argc, char **argv)
{
    arguments a = {.options = {.kind = VIZ_RISE, .cut = NAN}};

    cli_parse(&argp, argc, argv, &a);
    lsc_log_set("viz", a.common.verbosity);
    a.options.json = a.common.json;
    lsc_status st = run(&a);
    if (fflush(stdout) != 0 && st == LSC_OK)
        st = lsc_fail(LSC_ERR_IO, "cannot write to the standard output");
    return cli_finish("viz", st);
}
