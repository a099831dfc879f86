/*
 * --list: the kinds that options and configurations can name, each family by the function that knows it.
 * SPDX-License-Identifier: MIT
 */
#include "app/task.h"
#include "nn/op.h"

#include <string.h>

static app_kind model(int i)
{
    const nn_model *m = nn_model_at(i);
    return m != NULL ? (app_kind){m->name, m->text, m->source} : (app_kind){0};
}

static app_kind data_set(int i)
{
    app_kind k = {0};
    k.name = ds_kind_at(i, &k.text, &k.source);
    return k;
}

static app_kind loss(int i)
{
    const nn_loss *l = nn_loss_at(i);
    return l != NULL ? (app_kind){l->name, l->text, l->source} : (app_kind){0};
}

static app_kind feature_loss(int i)
{
    const nn_feature_loss *l = nn_feature_loss_at(i);
    return l != NULL ? (app_kind){l->name, l->text, l->source} : (app_kind){0};
}

static app_kind op(int i)
{
    const nn_op *o = nn_op_at(i);
    return o != NULL ? (app_kind){o->name, o->text, NULL} : (app_kind){0};
}

/* A backend that is not there is listed with its remedy; behind the backends come the devices that have a number. */
static app_kind device(int i)
{
    app_kind k = {0};
    const char *remedy = NULL;
    int n = 0;
    while (nn_backend_name(n, NULL, NULL) != NULL)
        n++;
    k.name = i < n ? nn_backend_name(i, &k.text, &remedy) : nn_device_name(i - n, &k.text);
    if (k.name != NULL && remedy != NULL)
        k.text = remedy;
    return k;
}

/* clang-format off */
static const app_family of_every_task[] = {
    {"models", model},
    {"datasets", data_set},
    {"losses", loss},
    {"feature_losses", feature_loss},
    {"ops", op},
    {"devices", device},
};
/* clang-format on */

static void print_family(FILE *out, const app_family *family)
{
    fprintf(out, "%s\n", family->name);
    app_kind k = family->at(0);
    for (int i = 1; k.name != NULL; k = family->at(i++))
        fprintf(out, "  %-20s %s%s%s%s\n", k.name, k.text, k.source != NULL ? " [" : "",
                k.source != NULL ? k.source : "", k.source != NULL ? "]" : "");
}

lsc_status app_list(FILE *out, const app_family *own, int n_own, const char *wanted)
{
    lsc_status st = LSC_OK;
    lsc_text known = {0};
    char shown[64];
    bool found = false;

    for (int i = 0; i < n_own + (int)LSC_COUNT(of_every_task); i++) {
        const app_family *family = i < n_own ? &own[i] : &of_every_task[i - n_own];
        lsc_text_add(&known, "%s%s", i > 0 ? ", " : "", family->name);
        if (wanted[0] != '\0' && strcmp(wanted, family->name) != 0)
            continue;
        found = true;
        print_family(out, family);
    }
    LSC_CHECK(found, LSC_ERR_ARG, "--list: '%s' is none of %s", lsc_shown(wanted, shown, sizeof shown),
              known.failed ? "" : known.text);
cleanup:
    lsc_text_free(&known);
    return st;
}
