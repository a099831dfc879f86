/*
 * The table of losses.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"

#include <string.h>

#define LOSS(name, file) extern const nn_loss nn_loss_##name;
#include "nn/losses.def"
#undef LOSS

static const nn_loss *const losses[] = {
#define LOSS(name, file) &nn_loss_##name,
#include "nn/losses.def"
#undef LOSS
};

const nn_loss *nn_loss_at(int i)
{
    return i >= 0 && i < (int)LSC_COUNT(losses) ? losses[i] : NULL;
}

lsc_status nn_loss_find(const char *name, const nn_loss **out)
{
    char shown[64], known[256] = "";
    for (size_t i = 0, used = 0; i < LSC_COUNT(losses) && used < sizeof known; i++) {
        if (strcmp(losses[i]->name, name) == 0) {
            *out = losses[i];
            return LSC_OK;
        }
        used += (size_t)snprintf(known + used, sizeof known - used, " %s", losses[i]->name);
    }
    return lsc_fail(LSC_ERR_ARG, "there is no loss '%s' (known:%s)", lsc_shown(name, shown, sizeof shown), known);
}

lsc_status nn_loss_outputs(const nn_loss *l, int64_t classes, int64_t *out)
{
    if (l->binary && classes != 2)
        return lsc_fail(LSC_ERR_ARG, "the loss %s is for 2 classes, not %lld", l->name, (long long)classes);
    *out = l->binary ? 1 : classes;
    return LSC_OK;
}

int64_t nn_loss_classes(const nn_loss *l, int64_t k)
{
    return l->binary ? 2 : k;
}
