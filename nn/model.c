/*
 * The table of models, and graphs of models by name.
 * SPDX-License-Identifier: MIT
 */
#include "nn/op.h"

#include <string.h>

#define MODEL(name, file) extern const nn_model nn_model_##name;
#include "nn/models.def"
#undef MODEL

static const nn_model *const models[] = {
#define MODEL(name, file) &nn_model_##name,
#include "nn/models.def"
#undef MODEL
};

const nn_model *nn_model_at(int i)
{
    return i >= 0 && i < (int)LSC_COUNT(models) ? models[i] : NULL;
}

static lsc_status unknown(const char *name)
{
    char shown[64], known[1024] = "";
    for (size_t i = 0, used = 0; i < LSC_COUNT(models) && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, " %s", models[i]->name);
    return lsc_fail(LSC_ERR_ARG, "there is no model '%s' (known:%s)", lsc_shown(name, shown, sizeof shown), known);
}

static lsc_status find(const char *name, const nn_model **out)
{
    for (size_t i = 0; i < LSC_COUNT(models); i++)
        if (strcmp(models[i]->name, name) == 0) {
            *out = models[i];
            return LSC_OK;
        }
    return unknown(name);
}

lsc_status nn_model_graph_with(const char *name, const nn_model_options *o, nn_graph **out)
{
    lsc_status st = LSC_OK;
    const nn_model *model = NULL;
    nn_graph *g = NULL;

    LSC_TRY(find(name, &model));
    LSC_CHECK(o->classes >= 1, LSC_ERR_ARG, "%s: %lld classes, need at least 1", name, (long long)o->classes);
    LSC_TRY(nn_graph_new(o->image ? o->image : &model->image, &g));
    model->build(g, model, o->classes);
    if (o->logit_scale != 0 && o->logit_scale != 1)
        nn_scale(g, nn_graph_last(g), o->logit_scale);
    if (o->features)
        nn_append_features(g);
    LSC_TRY(lsc_context(nn_graph_finish(g), "%s", name));
    *out = g;
    g = NULL;
cleanup:
    nn_graph_free(g);
    return st;
}

lsc_status nn_model_graph(const char *name, const nn_shape *image, int64_t classes, nn_graph **out)
{
    return nn_model_graph_with(name, &(nn_model_options){.image = image, .classes = classes}, out);
}
