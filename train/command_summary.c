/*
 * train summary FOLDER ...: finished runs side by side, and mean and standard deviation, sqrt(sum (x - mean)^2 / n),
 * over those that differ in their seeds alone. SPDX-License-Identifier: MIT
 */
#include "train/command.h"

#include "train/run.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define RESULT_MAX ((size_t)1 << 24)

static const char doc[] =
    "Compare finished runs by their result.json: a line for each FOLDER with the metrics of the epoch that run.bin "
    "holds, "
    "then mean and standard deviation (of n runs divided by n, as numpy.std does) over the runs of each optimizer that "
    "differ in their seeds alone. Where runs of an optimizer have other settings, too, these stand behind their lines; "
    "of runs with equal settings and one seed the first is counted. The oracle is the best epoch by the held-out "
    "labels, which nobody has in use."
    "\v"
    "Examples:\n"
    "  train summary outputs/erm_* outputs/gacfas_*\n"
    "  for seed in 1 2 3; do train --config configs/synfas_sam.yaml --seed $seed --out outputs/sam_$seed; done\n"
    "  train summary outputs/sam_? --json\n"
    "\n"
    "Exit status: 0 done, 64 usage, 65 no result.json of train, 66 no such file.";

enum { JSON = 256 };

static const struct argp_option options[] = {
    {"json", JSON, NULL, 0, "print JSON, rates as fractions", 1},
    {0},
};

/* Columns: a member of "metrics", of "target_oracle"."metrics", or of the whole. */
typedef enum { CHOSEN, ORACLE, WHOLE } part;
static const struct {
    const char *key, *head, *name;
    part part;
    double scale; /* of what is printed */
} columns[] = {
    {"held_accuracy", "accuracy", "held_accuracy", CHOSEN, 100},
    {"held_auc", "AUC", "held_auc", CHOSEN, 100},
    {"held_hter_validation", "HTER(val)", "held_hter_validation", CHOSEN, 100},
    {"held_hter_target", "HTER(EER)", "held_hter_target", CHOSEN, 100},
    {"held_accuracy", "oracle acc", "oracle_accuracy", ORACLE, 100},
    {"held_hter_target", "oracle HTER", "oracle_hter_target", ORACLE, 100},
    {"processor_seconds", "processor s", "processor_seconds", WHOLE, 1},
};

typedef struct {
    const char *folder;
    char optimizer[32], select[32];
    double seed, epoch;
    double value[LSC_COUNT(columns)]; /* NaN: there is none */
    cJSON *settings;                  /* {"train.lr": 0.1, ...} */
    int group;                        /* the first run that has these, but for the seed */
    bool again;                       /* the seed of another run of the group: not counted */
} finished;

typedef struct {
    bool json;
    char **folders; /* [n] of argv */
    int n;
} arguments;

static error_t parse(int key, char *text, struct argp_state *state)
{
    arguments *a = state->input;
    (void)text;
    switch (key) {
    case JSON:
        a->json = true;
        return 0;
    case ARGP_KEY_ARGS:
        a->folders = state->argv + state->next;
        a->n = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name the folders of the runs: train summary FOLDER ...");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- reading ------------------------------------------------------------------------------------ */

static void copy_text(const cJSON *object, const char *key, char *out, size_t n)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    snprintf(out, n, "%s", cJSON_IsString(item) ? item->valuestring : "?");
}

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* Returns new or NULL. Results that have none hold at least these. */
static cJSON *settings_of(const cJSON *result)
{
    static const char *const keys[][2] = {
        {"optimizer", "train.optimizer"}, {"epochs", "train.epochs"}, {"select", "train.select"}};
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(result, "settings");
    if (cJSON_IsObject(settings))
        return cJSON_Duplicate(settings, true);
    cJSON *few = cJSON_CreateObject();
    for (size_t i = 0; few != NULL && i < LSC_COUNT(keys); i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(result, keys[i][0]);
        if (value != NULL)
            cJSON_AddItemToObject(few, keys[i][1], cJSON_Duplicate(value, true));
    }
    return few;
}

static lsc_status fill(const char *path, const cJSON *result, finished *out)
{
    lsc_status st = LSC_OK;
    const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(result, "metrics");
    const cJSON *oracle = cJSON_GetObjectItemCaseSensitive(result, "target_oracle");

    LSC_CHECK(cJSON_IsObject(metrics) && cJSON_IsObject(oracle), LSC_ERR_FORMAT,
              "%s: no 'metrics' or no 'target_oracle' in it: not a result.json of train", path);
    copy_text(result, "optimizer", out->optimizer, sizeof out->optimizer);
    copy_text(result, "select", out->select, sizeof out->select);
    out->seed = number_of(result, "seed");
    out->epoch = number_of(result, "epoch");
    const cJSON *const parts[] = {metrics, cJSON_GetObjectItemCaseSensitive(oracle, "metrics"), result};
    for (size_t i = 0; i < LSC_COUNT(columns); i++)
        out->value[i] = number_of(parts[columns[i].part], columns[i].key);
    out->settings = settings_of(result);
    LSC_CHECK(out->settings != NULL, LSC_ERR_NOMEM, "%s: no memory for the settings", path);
cleanup:
    return st;
}

static lsc_status read_run(const char *folder, finished *out)
{
    lsc_status st = LSC_OK;
    uint8_t *bytes = NULL;
    size_t n = 0;
    cJSON *result = NULL;
    finished run = {.folder = folder};
    char *path = lsc_path_join(folder, "result.json");

    LSC_CHECK(path != NULL, LSC_ERR_NOMEM, "no memory for a path in %s", folder);
    LSC_TRY(lsc_file_read(path, RESULT_MAX, &bytes, &n));
    result = cJSON_ParseWithLength((const char *)bytes, n);
    LSC_CHECK(cJSON_IsObject(result), LSC_ERR_FORMAT, "%s: not a JSON object", path);
    LSC_TRY(fill(path, result, &run));
    *out = run;
cleanup:
    cJSON_Delete(result);
    lsc_free(bytes);
    lsc_free(path);
    return st;
}

/* ---- which runs belong together ----------------------------------------------------------------- */

/* What one of the runs says nothing of does not part them. */
static bool differs(const cJSON *item, const finished *from)
{
    if (strcmp(item->string, "train.seed") == 0 || !tr_config_key_matters(item->string))
        return false;
    const cJSON *other = cJSON_GetObjectItemCaseSensitive(from->settings, item->string);
    return other != NULL && !cJSON_Compare(item, other, true);
}

static bool agree(const finished *a, const finished *b)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, a->settings)
    {
        if (differs(item, b))
            return false;
    }
    return true;
}

/* Of run k: the first run that agrees with it and is itself the first of a group. */
static int group_of(const finished *runs, int k)
{
    for (int i = 0; i < k; i++)
        if (runs[i].group == i && agree(&runs[k], &runs[i]))
            return i;
    return k;
}

/* The first run of run k's group with its seed. */
static int first_of_seed(const finished *runs, int k)
{
    for (int i = runs[k].group; i < k; i++)
        if (runs[i].group == runs[k].group && runs[i].seed == runs[k].seed)
            return i;
    return k;
}

static void group(finished *runs, int n)
{
    char a[64], b[64];
    for (int k = 0; k < n; k++) {
        runs[k].group = group_of(runs, k);
        const int i = first_of_seed(runs, k);
        runs[k].again = i < k;
        if (runs[k].again)
            lsc_log_warn("%s has the seed of %s and, as far as result.json says, its settings: the first is counted",
                         lsc_shown(runs[k].folder, a, sizeof a), lsc_shown(runs[i].folder, b, sizeof b));
    }
}

static bool is_counted(const finished *runs, int k, int first)
{
    return runs[k].group == runs[first].group && !runs[k].again;
}

static bool differs_from_any(const cJSON *item, const finished *runs, int n, int k)
{
    for (int i = 0; i < n; i++)
        if (strcmp(runs[i].optimizer, runs[k].optimizer) == 0 && differs(item, &runs[i]))
            return true;
    return false;
}

/* The settings of run k that other runs of its optimizer have not: key=value, or members of a JSON object. */
static void add_differences(const finished *runs, int n, int k, bool json, lsc_text *out)
{
    const char *before = json ? "" : "  ";
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, runs[k].settings)
    {
        if (!differs_from_any(item, runs, n, k))
            continue;
        char *value = cJSON_PrintUnformatted(item), key[64], shown[256];
        lsc_text_add(out, "%s", before);
        if (json)
            lsc_quote_json(out, item->string);
        lsc_text_add(out, json ? ": %s" : "%s=%s", json ? value : lsc_shown(item->string, key, sizeof key),
                     value != NULL ? lsc_shown(value, shown, sizeof shown) : "");
        cJSON_free(value);
        before = ", ";
    }
}

/* ---- printing ----------------------------------------------------------------------------------- */

/* Of column i over the runs that are counted with run `first`; n 0 where a run lacks it. */
static tr_spread spread_of(const finished *runs, int n, int first, size_t i, double *values)
{
    int64_t found = 0, all = 0;
    for (int k = 0; k < n; k++) {
        if (!is_counted(runs, k, first))
            continue;
        all++;
        if (!isnan(runs[k].value[i]))
            values[found++] = runs[k].value[i];
    }
    return tr_spread_of(values, found == all ? found : 0);
}

static int count(const finished *runs, int n, int first)
{
    int found = 0;
    for (int k = 0; k < n; k++)
        found += is_counted(runs, k, first);
    return found;
}

static void add_cell(lsc_text *out, size_t i, double value)
{
    if (isnan(value))
        lsc_text_add(out, "  %15s", "-");
    else
        lsc_text_add(out, "  %15.2f", columns[i].scale * value);
}

/* Of the first column. */
static int width_of(const finished *runs, int n)
{
    char shown[64];
    int width = (int)strlen("mean +- std of 100");
    for (int k = 0; k < n; k++) {
        const int length = (int)strlen(lsc_shown(runs[k].folder, shown, sizeof shown));
        width = length > width ? length : width;
    }
    return width;
}

static void add_table(const finished *runs, int n, double *values, lsc_text *out)
{
    const int width = width_of(runs, n);

    lsc_text_add(out, "%-*s  %-10s  %5s  %-13s  %5s", width, "run (rates in %)", "optimizer", "seed", "select",
                 "epoch");
    for (size_t i = 0; i < LSC_COUNT(columns); i++)
        lsc_text_add(out, "  %15s", columns[i].head);
    for (int k = 0; k < n; k++) {
        char shown[64], optimizer[64], select[64];
        lsc_text_add(out, "\n%-*s  %-10s  %5.0f  %-13s  %5.0f", width, lsc_shown(runs[k].folder, shown, sizeof shown),
                     lsc_shown(runs[k].optimizer, optimizer, sizeof optimizer), runs[k].seed,
                     lsc_shown(runs[k].select, select, sizeof select), runs[k].epoch);
        for (size_t i = 0; i < LSC_COUNT(columns); i++)
            add_cell(out, i, runs[k].value[i]);
        add_differences(runs, n, k, false, out);
    }
    lsc_text_add(out, "\n");
    for (int k = 0; k < n; k++) {
        char cell[48], optimizer[64];
        const int runs_of = count(runs, n, k);
        if (runs[k].group != k || runs_of < 2)
            continue;
        lsc_text_add(out, "mean +- std of %-*d  %-10s  %5s  %-13s  %5s", width - (int)strlen("mean +- std of "),
                     runs_of, lsc_shown(runs[k].optimizer, optimizer, sizeof optimizer), "", "", "");
        for (size_t i = 0; i < LSC_COUNT(columns); i++) {
            const tr_spread s = spread_of(runs, n, k, i, values);
            snprintf(cell, sizeof cell, "%.2f +- %.2f", columns[i].scale * s.mean, columns[i].scale * s.deviation);
            lsc_text_add(out, "  %15s", s.n > 0 ? cell : "-");
        }
        add_differences(runs, n, k, false, out);
        lsc_text_add(out, "\n");
    }
}

static void add_json(const finished *runs, int n, double *values, lsc_text *out)
{
    const char *comma = "";

    lsc_text_add(out, "{\"runs\": [");
    for (int k = 0; k < n; k++) {
        lsc_text_add(out, "%s\n  {\"folder\": ", k > 0 ? "," : "");
        lsc_quote_json(out, runs[k].folder);
        lsc_text_add(out, ", \"optimizer\": ");
        lsc_quote_json(out, runs[k].optimizer);
        lsc_text_add(out, ", \"select\": ");
        lsc_quote_json(out, runs[k].select);
        tr_json_number(out, ", \"seed\": ", runs[k].seed);
        tr_json_number(out, ", \"epoch\": ", runs[k].epoch);
        for (size_t i = 0; i < LSC_COUNT(columns); i++) {
            lsc_text_add(out, ", \"%s\"", columns[i].name);
            tr_json_number(out, ": ", runs[k].value[i]);
        }
        lsc_text_add(out, ", \"counted\": %s}", runs[k].again ? "false" : "true");
    }
    lsc_text_add(out, "\n], \"optimizers\": [");
    for (int k = 0; k < n; k++) {
        if (runs[k].group != k)
            continue;
        lsc_text_add(out, "%s\n  {\"optimizer\": ", comma);
        lsc_quote_json(out, runs[k].optimizer);
        lsc_text_add(out, ", \"differs\": {");
        add_differences(runs, n, k, true, out);
        lsc_text_add(out, "}, \"runs\": %d", count(runs, n, k));
        for (size_t i = 0; i < LSC_COUNT(columns); i++) {
            const tr_spread s = spread_of(runs, n, k, i, values);
            lsc_text_add(out, ", \"%s\": {", columns[i].name);
            tr_json_number(out, "\"mean\": ", s.mean);
            tr_json_number(out, ", \"std\": ", s.deviation);
            lsc_text_add(out, "}");
        }
        lsc_text_add(out, "}");
        comma = ",";
    }
    lsc_text_add(out, "\n]}\n");
}

static lsc_status summarize(const void *given, FILE *out)
{
    lsc_status st = LSC_OK;
    const arguments *a = given;
    finished *runs = NULL;
    double *values = NULL;
    lsc_text text = {0};

    LSC_NEW(runs, a->n);
    LSC_NEW(values, a->n);
    for (int k = 0; k < a->n; k++)
        LSC_TRY(read_run(a->folders[k], &runs[k]));
    group(runs, a->n);
    if (a->json)
        add_json(runs, a->n, values, &text);
    else
        add_table(runs, a->n, values, &text);
    LSC_CHECK(!text.failed, LSC_ERR_NOMEM, "no memory for the summary");
    fputs(text.text, out);
cleanup:
    lsc_text_free(&text);
    lsc_free(values);
    for (int k = 0; runs != NULL && k < a->n; k++)
        cJSON_Delete(runs[k].settings);
    lsc_free(runs);
    return st;
}

const tr_command tr_command_summary = {
    .argp = {options, parse, "FOLDER...", doc, NULL, NULL, NULL},
    .size = sizeof(arguments),
    .run = summarize,
};
