/*
 * A small model for tests of liblosscope.
 * SPDX-License-Identifier: MIT
 */
#include "losscope_fixture.h"

#include <math.h>
#include <unistd.h>

static const lsc_block blocks[] = {
    {.name = "conv.weight", .role = LSC_WEIGHT, .rank = 4, .shape = {4, 3, 2, 2}, .offset = 0},
    {.name = "fc.weight", .role = LSC_WEIGHT, .rank = 2, .shape = {5, 7}, .offset = 48},
    {.name = "fc.bias", .role = LSC_BIAS, .rank = 1, .shape = {5}, .offset = 83},
    {.name = "bn.weight", .role = LSC_NORM, .rank = 1, .shape = {4}, .offset = 88},
    {.name = "bn.running_mean", .role = LSC_BUFFER, .rank = 1, .shape = {4}, .offset = 92},
    {.name = "bn.count", .role = LSC_BUFFER, .rank = 0, .offset = 96},
};

const lsc_layout fixture_layout = {
    .blocks = blocks,
    .block_size = sizeof(lsc_block),
    .n_blocks = sizeof blocks / sizeof blocks[0],
    .n = FIXTURE_N,
    .n_learned = 92,
};

void fixture_center(float center[FIXTURE_N])
{
    for (int i = 0; i < FIXTURE_N; i++)
        center[i] = (float)sin(1.0 + 1.7 * i);
}

static lsc_status one_point(fixture_quadratic *q, const double *theta, double *out)
{
    double loss = 0;

    if (++q->points == q->fail_at)
        return q->fail_with == LSC_OK ? LSC_ERR_CALLBACK : q->fail_with;
    if (q->slow_us > 0)
        usleep((useconds_t)q->slow_us);
    if (q->before != NULL)
        q->before(q->context);
    for (int j = 0; j < FIXTURE_N; j++)
        loss += (1 + j % 5) * theta[j] * theta[j] / 2;
    q->high += loss > q->high_above;
    if (q->nan_above > 0 && loss > q->nan_above)
        loss = NAN;
    out[0] = loss;
    out[1] = 1 / (1 + loss);
    out[2] = loss / 2;
    return LSC_OK;
}

static lsc_status eval(void *self, const double *theta, double *out)
{
    ((fixture_quadratic *)self)->calls++;
    return one_point(self, theta, out);
}

static lsc_status set_frame(void *self, const float *center, const float *const *dirs, int n_dirs)
{
    fixture_quadratic *q = self;

    q->center = center;
    q->n_dirs = n_dirs;
    for (int i = 0; i < n_dirs; i++)
        q->dirs[i] = dirs[i];
    return LSC_OK;
}

static lsc_status eval_coords(void *self, const double *coords, int n_points, double *out, int *n_done)
{
    fixture_quadratic *q = self;
    const int n = q->per_call_max > 0 && q->per_call_max < n_points ? q->per_call_max : n_points;

    q->calls++;
    for (*n_done = 0; *n_done < n; ++*n_done) {
        double theta[FIXTURE_N];
        lsc_status st;

        for (int j = 0; j < FIXTURE_N; j++) {
            theta[j] = q->center[j];
            for (int i = 0; i < q->n_dirs; i++)
                theta[j] += coords[*n_done * q->n_dirs + i] * q->dirs[i][j];
            theta[j] = (float)theta[j];
        }
        st = one_point(q, theta, out + 3 * *n_done);
        if (st != LSC_OK)
            return st;
    }
    return LSC_OK;
}

static const char *error(void *self)
{
    (void)self;
    return "the quadratic was told to fail";
}

static void counts(const void *self, int64_t *out)
{
    out[0] = ((const fixture_quadratic *)self)->high;
}

static const lsc_objective_ops by_theta = {
    .abi = LSC_OBJECTIVE_ABI,
    .size = sizeof(lsc_objective_ops),
    .eval = eval,
    .error = error,
    .counts = counts,
};

static const lsc_objective_ops by_coords = {
    .abi = LSC_OBJECTIVE_ABI,
    .size = sizeof(lsc_objective_ops),
    .eval = eval,
    .set_frame = set_frame,
    .eval_coords = eval_coords,
    .error = error,
    .counts = counts,
};

lsc_objective fixture_objective(fixture_quadratic *q, bool coords)
{
    static const char *const fields[] = {"loss", "accuracy", "half"}, *const names[] = {"high"};

    return (lsc_objective){
        .ops = coords ? &by_coords : &by_theta,
        .self = q,
        .layout = &fixture_layout,
        .fields = fields,
        .n_fields = 3,
        .points_per_call = 7,
        .settings = "{\"data\": \"none\", \"images\": 0}",
        .counts = names,
        .n_counts = q->high_above > 0 ? 1 : 0,
    };
}
