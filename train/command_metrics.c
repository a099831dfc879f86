/*
 * train metrics SCORES: everything about a file of scores, also one that another program wrote.
 * SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include "train/run.h"

#include <string.h>

static const char doc[] =
    "Say how well the scores of SCORES (docs/score-format.md) tell live faces from attacks: HTER at the threshold of "
    "development scores and at the target's own EER, AUC, EER, TPR at FPR, APCER of each species, BPCER, ACER, "
    "intervals "
    "over subjects, and what the released evaluation of GAC-FAS would print."
    "\v"
    "Examples:\n"
    "  train metrics outputs/icm2o/scores_held.txt --development outputs/icm2o/scores_validation.txt\n"
    "  train metrics scores.txt --aggregate none --json\n"
    "\n"
    "Exit status: 0 done, 64 usage or scores without a metric, 65 not a file of scores, 66 no such file.";

enum { AGGREGATE = 256, DEVELOPMENT, JSON, SEED };

static const struct argp_option options[] = {
    {"aggregate", AGGREGATE, "HOW", 0,
     "one score for each video: none, mean, median or max of its frames (default mean, "
     "or none where videos are not known)",
     1},
    {"development", DEVELOPMENT, "SCORES", 0, "choose a threshold by these", 1},
    {"json", JSON, NULL, 0, "print JSON", 1},
    {"seed", SEED, "N", 0, "of the resamples (default 1)", 1},
    {0},
};

typedef struct {
    const char *scores, *development, *aggregate;
    int64_t seed;
    bool json;
} arguments;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case AGGREGATE:
        a->aggregate = text;
        return 0;
    case DEVELOPMENT:
        a->development = text;
        return 0;
    case JSON:
        a->json = true;
        return 0;
    case SEED:
        a->seed = cli_int(state, "--seed", text, 0, INT32_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (a->scores != NULL)
            argp_error(state, "one file of scores is measured, '%s' is another", text);
        a->scores = text;
        return 0;
    case ARGP_KEY_END:
        if (a->scores == NULL)
            argp_error(state, "name the file of scores: train metrics SCORES");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Read, and gather frames to videos in place. */
static lsc_status read(const char *path, const char *aggregate, nn_score_set *out)
{
    lsc_status st = LSC_OK;
    nn_score_set set = {0};
    nn_score *videos = NULL;
    int64_t n = 0;

    LSC_TRY(nn_scores_read(path, &set));
    if (aggregate == NULL)
        aggregate = set.rows[0].video >= 0 ? "mean" : "none";
    LSC_NEW(videos, set.n);
    LSC_TRY(lsc_context(nn_scores_by_video(set.rows, set.n, aggregate, videos, &n), "%s", path));
    lsc_free(set.rows);
    set.rows = videos;
    set.n = n;
    videos = NULL;
    *out = set;
    set = (nn_score_set){0};
cleanup:
    lsc_free(videos);
    nn_score_set_fini(&set);
    return st;
}

static lsc_status measure(const void *given, FILE *out)
{
    lsc_status st = LSC_OK;
    const arguments *a = given;
    nn_score_set scores = {0}, development = {0};
    nn_liveness l;
    lsc_text text = {0};

    LSC_TRY(read(a->scores, a->aggregate, &scores));
    if (a->development != NULL)
        LSC_TRY(read(a->development, a->aggregate, &development));
    LSC_TRY(
        lsc_context(nn_scores_liveness(scores.rows, scores.n, development.rows, development.n, (uint64_t)a->seed, &l),
                    "%s", a->scores));
    if (a->json)
        tr_liveness_json(&l, scores.species, scores.n_species, &text);
    else
        tr_liveness_text(&l, scores.species, scores.n_species, &text);
    lsc_text_add(&text, a->json ? "\n" : "");
    LSC_CHECK(!text.failed, LSC_ERR_NOMEM, "no memory for the metrics");
    fputs(text.text, out);
cleanup:
    lsc_text_free(&text);
    nn_score_set_fini(&scores);
    nn_score_set_fini(&development);
    return st;
}

static const arguments defaults = {.seed = 1};

const tr_command tr_command_metrics = {
    .argp = {options, parse, "SCORES", doc, NULL, NULL, NULL},
    .size = sizeof(arguments),
    .defaults = &defaults,
    .run = measure,
};
