/*
 * --list: the kinds that a configuration can name, each family by the function that knows it.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

#include <string.h>

static const char *optimizer_name(int i, const char **text)
{
    const char *name = NULL;
    return tr_optimizer_at(i, &name, text) != NULL ? name : NULL;
}

static const char *schedule_name(int i, const char **text)
{
    const char *name = NULL;
    return tr_schedule_at(i, &name, text) != NULL ? name : NULL;
}

static const char *model_name(int i, const char **text)
{
    const nn_model *m = nn_model_at(i);
    *text = m != NULL ? m->text : NULL;
    return m != NULL ? m->name : NULL;
}

static const char *loss_name(int i, const char **text)
{
    const nn_loss *l = nn_loss_at(i);
    *text = l != NULL ? l->text : NULL;
    return l != NULL ? l->name : NULL;
}

/* A backend that is not in this build is listed with its remedy. */
static const char *device_name(int i, const char **text)
{
    const char *remedy = NULL, *name = nn_backend_name(i, text, &remedy);
    if (name != NULL && remedy != NULL)
        *text = remedy;
    return name;
}

static const struct {
    const char *name;
    const char *(*at)(int i, const char **text);
} families[] = {
    {"optimizers", optimizer_name}, {"schedules", schedule_name}, {"models", model_name},
    {"datasets", ds_kind_at},       {"losses", loss_name},        {"devices", device_name},
};

lsc_status tr_list(const char *family, FILE *out)
{
    lsc_status st = LSC_OK;
    bool found = false;
    char shown[64];

    for (size_t f = 0; f < LSC_COUNT(families); f++) {
        const char *name, *text = NULL;
        if (family[0] != 0 && strcmp(family, families[f].name) != 0)
            continue;
        found = true;
        fprintf(out, "%s\n", families[f].name);
        for (int i = 0; (name = families[f].at(i, &text)) != NULL; i++)
            fprintf(out, "  %-18s %s\n", name, text);
    }
    LSC_CHECK(found, LSC_ERR_ARG, "--list: '%s' is none of optimizers, schedules, models, datasets, losses, devices",
              lsc_shown(family, shown, sizeof shown));
cleanup:
    return st;
}
