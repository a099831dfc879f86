/*
 * The table of losses of features.
 * SPDX-License-Identifier: MIT
 */
#include "nn/nn.h"

#include <string.h>

#define FEATURE(name, file) extern const nn_feature_loss nn_feature_loss_##name;
#include "nn/feature_losses.def"
#undef FEATURE

static const nn_feature_loss *const losses[] = {
#define FEATURE(name, file) &nn_feature_loss_##name,
#include "nn/feature_losses.def"
#undef FEATURE
};

const nn_feature_loss *nn_feature_loss_at(int i)
{
    return i >= 0 && i < (int)LSC_COUNT(losses) ? losses[i] : NULL;
}

lsc_status nn_feature_loss_find(const char *name, const nn_feature_loss **out)
{
    char shown[64], known[256] = "";
    for (size_t i = 0, used = 0; i < LSC_COUNT(losses) && used < sizeof known; i++) {
        if (strcmp(losses[i]->name, name) == 0) {
            *out = losses[i];
            return LSC_OK;
        }
        used += (size_t)snprintf(known + used, sizeof known - used, " %s", losses[i]->name);
    }
    return lsc_fail(LSC_ERR_ARG, "there is no feature loss '%s' (known:%s)", lsc_shown(name, shown, sizeof shown),
                    known);
}
