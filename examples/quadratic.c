/*
 * The landscape of a function of one's own, with liblosscope: least squares for a line through six points,
 *     f(a, b) = mean_i (a x_i + b - y_i)^2
 * around its minimum, on 21 x 21 points, into quadratic.h5. Stop it and start it again: it resumes.
 *
 *     cc quadratic.c $(pkg-config --cflags --libs losscope) -o quadratic && ./quadratic
 *
 * SPDX-License-Identifier: MIT
 */
#include <losscope.h>
#include <stdio.h>

static const double x[] = {0, 1, 2, 3, 4, 5}, y[] = {1.1, 2.9, 5.2, 7.1, 8.8, 11.2};
enum { SAMPLES = 6, PARAMETERS = 2 };

/* The one function that is required: theta -> loss. */
static lsc_status eval(void *self, const double *theta, double *out)
{
    (void)self;
    out[0] = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const double residual = theta[0] * x[i] + theta[1] - y[i];

        out[0] += residual * residual / SAMPLES;
    }
    return LSC_OK;
}

static const lsc_objective_ops ops = {.abi = LSC_OBJECTIVE_ABI, .size = sizeof(lsc_objective_ops), .eval = eval};

/* What theta is made of: a slope and an intercept, each a block with a name. */
static const lsc_block blocks[] = {
    {.name = "slope", .role = LSC_WEIGHT, .rank = 1, .shape = {1}, .offset = 0},
    {.name = "intercept", .role = LSC_BIAS, .rank = 1, .shape = {1}, .offset = 1},
};
static const lsc_layout layout = {
    .blocks = blocks, .block_size = sizeof(lsc_block), .n_blocks = 2, .n = PARAMETERS, .n_learned = PARAMETERS};

/* The minimum, from the normal equations. */
static void fit(float theta[PARAMETERS])
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0, slope;

    for (int i = 0; i < SAMPLES; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    slope = (SAMPLES * sxy - sx * sy) / (SAMPLES * sxx - sx * sx);
    theta[0] = (float)slope;
    theta[1] = (float)((sy - slope * sx) / SAMPLES);
}

int main(void)
{
    static const char *const fields[] = {"loss"};
    const lsc_objective objective = {.ops = &ops,
                                     .layout = &layout,
                                     .fields = fields,
                                     .n_fields = 1,
                                     .settings = "{\"model\": \"line\", \"samples\": 6}"};
    const lsc_direction_options directions = {.move = 1u << LSC_WEIGHT | 1u << LSC_BIAS};
    const lsc_axis axes[] = {{-1, 1, 21}, {-1, 1, 21}};
    const lsc_run_options options = {.path = "quadratic.h5"};
    float center[PARAMETERS];
    lsc_frame *frame = NULL;
    lsc_plan *plan = NULL;
    lsc_surface *surface = NULL;
    lsc_status st;

    fit(center);
    st = lsc_frame_new(&layout, center, 2, &directions, &frame);
    if (st == LSC_OK)
        st = lsc_plan_new(axes, 2, &plan);
    if (st == LSC_OK)
        st = lsc_run(&objective, frame, plan, &options, &surface);
    if (st == LSC_OK)
        printf("loss at (%.3f, %.3f): %.4f; at a corner: %.2f\n", center[0], center[1],
               lsc_surface_field(surface, "loss")[10 * 21 + 10], lsc_surface_field(surface, "loss")[0]);
    else
        fprintf(stderr, "quadratic: %s\n", lsc_last_error());
    lsc_surface_free(surface);
    lsc_plan_free(plan);
    lsc_frame_free(frame);
    return st == LSC_OK ? 0 : 1;
}
