/*
 * --list: the kinds that a configuration can name, each family by the function that knows it.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <string.h>

typedef struct {
    const char *name, *text, *source; /* name NULL: past the last; source NULL: none */
} entry;

static entry optimizer(int i)
{
    entry e = {0};
    const tr_optimizer *k = tr_optimizer_at(i, &e.name, &e.text);
    e.source = k != NULL ? k->source : NULL;
    return e;
}

static entry schedule(int i)
{
    entry e = {0};
    const tr_schedule *k = tr_schedule_at(i, &e.name, &e.text);
    e.source = k != NULL ? k->source : NULL;
    return e;
}

static entry model(int i)
{
    const nn_model *m = nn_model_at(i);
    return m != NULL ? (entry){m->name, m->text, m->source} : (entry){0};
}

static entry data_set(int i)
{
    entry e = {0};
    e.name = ds_kind_at(i, &e.text);
    return e;
}

static entry loss(int i)
{
    const nn_loss *l = nn_loss_at(i);
    return l != NULL ? (entry){l->name, l->text, l->source} : (entry){0};
}

/* A backend that is not in this build is listed with its remedy. */
static entry device(int i)
{
    entry e = {0};
    const char *remedy = NULL;
    e.name = nn_backend_name(i, &e.text, &remedy);
    if (e.name != NULL && remedy != NULL)
        e.text = remedy;
    return e;
}

static const struct {
    const char *name;
    entry (*at)(int i);
} families[] = {
    {"optimizers", optimizer}, {"schedules", schedule}, {"models", model},
    {"datasets", data_set},    {"losses", loss},        {"devices", device},
};

static void print(FILE *out, entry (*at)(int i))
{
    entry e = at(0);
    for (int i = 1; e.name != NULL; e = at(i++))
        fprintf(out, "  %-18s %s%s%s%s\n", e.name, e.text, e.source != NULL ? " [" : "",
                e.source != NULL ? e.source : "", e.source != NULL ? "]" : "");
}

lsc_status tr_list(const char *family, FILE *out)
{
    lsc_status st = LSC_OK;
    bool found = false;
    char shown[64];

    for (size_t f = 0; f < LSC_COUNT(families); f++) {
        if (family[0] != 0 && strcmp(family, families[f].name) != 0)
            continue;
        found = true;
        fprintf(out, "%s\n", families[f].name);
        print(out, families[f].at);
    }
    LSC_CHECK(found, LSC_ERR_ARG, "--list: '%s' is none of optimizers, schedules, models, datasets, losses, devices",
              lsc_shown(family, shown, sizeof shown));
cleanup:
    return st;
}
