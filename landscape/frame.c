/*
 * Frame: the plane, line or volume  theta(c) = center + sum_i c_i d_i  that a surface is computed in.
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "landscape/engine.h"

static lsc_status check_options(const lsc_direction_options *o)
{
    lsc_status st = LSC_OK;
    const unsigned learned = 1u << LSC_WEIGHT | 1u << LSC_BIAS | 1u << LSC_NORM;

    LSC_CHECK((size_t)o->normalization <= LSC_NORMALIZE_NONE, LSC_ERR_ARG,
              "frame: normalization %d is not one of 0..%d", (int)o->normalization, LSC_NORMALIZE_NONE);
    LSC_CHECK((o->move & ~learned) == 0, LSC_ERR_ARG,
              "frame: move is 0x%x: only weights, biases and norms can move (bits 0x%x)", o->move, learned);
cleanup:
    return st;
}

static lsc_status fill_direction(lsc_frame *f, const lsc_direction_kind *kind, int number,
                                 const lsc_direction_options *o)
{
    lsc_status st = LSC_OK;
    const int64_t n_learned = f->layout->n_learned;
    float *d = f->dirs[number];

    LSC_TRY(lsc_context(kind->fill(f->layout, number, o, d), "direction %d", number));
    memset(d + n_learned, 0, (size_t)(f->layout->n - n_learned) * sizeof *d);
    if (!kind->finished)
        lsc_normalize(f->normalization, f->layout, f->move, f->center, d);
    LSC_CHECK(lsc_all_finite(d, f->layout->n), LSC_ERR_ARG, "direction %d is not finite", number);
cleanup:
    return st;
}

lsc_status lsc_frame_new(const lsc_layout *layout, const float *center, int n_dirs, const lsc_direction_options *o,
                         lsc_frame **out)
{
    lsc_status st = LSC_OK;
    lsc_frame *f = NULL;
    lsc_direction_options options = o == NULL ? (lsc_direction_options){0} : *o;
    const lsc_direction_kind *kind = NULL;

    options.kind = options.kind == NULL ? "random" : options.kind;
    options.seed = options.seed == 0 ? 1 : options.seed;
    options.move = options.move == 0 ? 1u << LSC_WEIGHT : options.move;
    LSC_CHECK(n_dirs >= 1 && n_dirs <= LSC_DIRS_MAX, LSC_ERR_ARG, "frame: n_dirs is %d, should be 1..%d", n_dirs,
              LSC_DIRS_MAX);
    LSC_TRY(check_options(&options));
    LSC_TRY(lsc_layout_check(layout));
    LSC_NEW(f, 1);
    LSC_TRY(lsc_direction_find(options.kind, &kind, &f->kind));
    LSC_CHECK(lsc_all_finite(center, layout->n), LSC_ERR_ARG, "frame: the center is not finite");
    f->layout = layout;
    f->n_dirs = n_dirs;
    f->normalization = kind->finished ? LSC_NORMALIZE_NONE : options.normalization;
    f->seed = kind->finished ? 0 : options.seed;
    f->move = kind->finished ? 0 : options.move;
    LSC_NEW(f->center, layout->n);
    memcpy(f->center, center, (size_t)layout->n * sizeof *center);
    for (int i = 0; i < n_dirs; i++) {
        LSC_NEW(f->dirs[i], layout->n);
        LSC_TRY(fill_direction(f, kind, i, &options));
    }
    *out = f;
    f = NULL;
cleanup:
    lsc_frame_free(f);
    return st;
}

void lsc_frame_free(lsc_frame *frame)
{
    if (frame == NULL)
        return;
    for (int i = 0; i < LSC_DIRS_MAX; i++)
        lsc_free(frame->dirs[i]);
    lsc_free(frame->center);
    lsc_free(frame);
}

void lsc_frame_point(const lsc_frame *frame, const double *coords, double *theta)
{
    const int64_t n = frame->layout->n;

    for (int64_t j = 0; j < n; j++) {
        double t = frame->center[j];

        for (int i = 0; i < frame->n_dirs; i++)
            t += coords[i] * (double)frame->dirs[i][j];
        theta[j] = (double)(float)t;
    }
}
