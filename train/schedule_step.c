/*
 * Step schedule: gamma ^ floor(epoch / size), as torch.optim.lr_scheduler.StepLR.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

#include <math.h>

typedef struct {
    int64_t size; /* epochs */
    double gamma;
} step_options;

static const cfg_field fields[] = {
    CFG_INT(step_options, size, "step.size", "30", 1, 1e6, "epochs between two drops of the learning rate"),
    CFG_REAL(step_options, gamma, "step.gamma", "0.1", 0, 1, "what the learning rate is multiplied with"),
};

static double factor(const void *options, double epoch, double epochs)
{
    const step_options *o = options;
    (void)epochs;
    return pow(o->gamma, floor(epoch / (double)o->size));
}

const tr_schedule tr_schedule_step = {
    .source = "torch.optim.lr_scheduler.StepLR",
    .fields = fields,
    .n_fields = LSC_COUNT(fields),
    .options_size = sizeof(step_options),
    .factor = factor,
};
