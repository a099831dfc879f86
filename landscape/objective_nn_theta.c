/*
 * The theta at which a network is evaluated: given, or a point of a frame.
 * SPDX-License-Identifier: MIT
 */
#include "landscape/objective_nn_self.h"

#include <string.h>

#include "base/base.h"
#include "nn/device_math.h"

static double theta_at(const objective_nn *o, int64_t j)
{
    return o->real == NN_F32 ? (double)((const float *)o->theta)[j] : ((const double *)o->theta)[j];
}

/* Buffers of batch norm are its running mean, running variance and count. */
static bool has_negative_variance(const objective_nn *o)
{
    static const char suffix[] = "running_var";
    for (int b = 0; b < o->layout->n_blocks; b++) {
        const lsc_block *block = lsc_layout_block(o->layout, b);
        size_t length = strlen(block->name);
        if (block->role != LSC_BUFFER || length < sizeof suffix - 1 ||
            strcmp(block->name + length - (sizeof suffix - 1), suffix) != 0)
            continue;
        for (int64_t j = 0; j < lsc_block_elements(block); j++)
            if (theta_at(o, block->offset + j) < 0)
                return true;
    }
    return false;
}

static lsc_status set_theta(objective_nn *o, nn_plan *plan)
{
    lsc_status st = LSC_OK;
    if (objective_recalibrates(o))
        LSC_TRY(objective_recalibrate(o));
    else if (o->statistics == NN_FROZEN)
        o->negative_variances += has_negative_variance(o);
    LSC_TRY(nn_plan_set_theta(plan, o->theta));
cleanup:
    return st;
}

lsc_status objective_set_theta(objective_nn *o, nn_plan *plan, const double *theta)
{
    if (o->real == NN_F64) {
        memcpy(o->theta, theta, (size_t)o->layout->n * sizeof(double));
    } else {
        float *t = o->theta;
        for (int64_t j = 0; j < o->layout->n; j++)
            t[j] = (float)theta[j];
    }
    return set_theta(o, plan);
}

lsc_status objective_set_point(objective_nn *o, const double *coords)
{
    for (int64_t j = 0; j < o->layout->n; j++) {
        float t = nn_point(o->center, o->dirs, coords, o->n_dirs, j);
        if (o->real == NN_F32)
            ((float *)o->theta)[j] = t;
        else
            ((double *)o->theta)[j] = (double)t;
    }
    return set_theta(o, o->plan);
}
