/*
 * The kernel of weights - a point's theta, folded with batch norm or at unit length - against its formula in double.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/cases.h"

#include <math.h>

enum { FILTERS = 3, CHANNELS = 5, TAPS = 4, FILTER = CHANNELS * TAPS, THETA = FILTERS * FILTER + 5 * FILTERS };

typedef struct {
    float center[THETA], dirs[2][THETA];
    double coords[4];
    cuda_state state;
    cuda_row rows[FILTERS];
    unsigned char weights[FILTERS * FILTER * 4];
    float scale[FILTERS], shift[FILTERS];
} weights_memory;

static double theta_at(const weights_memory *m, int64_t j)
{
    return (double)(float)((double)m->center[j] + m->coords[2] * (double)m->dirs[0][j] +
                           m->coords[3] * (double)m->dirs[1][j]);
}

typedef enum { FOLDED, FOR_TENSOR_CORES, AT_UNIT_LENGTH } form;

static void make_rows(weights_memory *m, cuda_real real, form how)
{
    const bool unit_length = how == AT_UNIT_LENGTH;
    for (int k = 0; k < FILTERS; k++) {
        const int64_t behind = FILTERS * FILTER + k;
        m->rows[k] = (cuda_row){.weight = (int64_t)k * FILTER,
                                .bias = unit_length ? -1 : behind,
                                .norm = {-1, -1, -1, -1},
                                .eps = 1e-5,
                                .exponent_in = unit_length ? -1 : 1,
                                .exponent_out = unit_length ? -1 : 0,
                                .out = (int64_t)k * FILTER * (real == CUDA_F32 ? 4 : 2),
                                .elements = FILTER,
                                .taps = unit_length ? 1 : TAPS,
                                .real = real,
                                .tf32 = how == FOR_TENSOR_CORES,
                                .unit = unit_length};
        for (int i = 0; i < 4 && !unit_length; i++)
            m->rows[k].norm[i] = behind + (i + 1) * FILTERS;
        m->center[behind + 4 * FILTERS] = 3; /* the variance */
    }
}

/* from, to: two to the exponents of what the layer reads and puts out. */
static double row_error(const weights_memory *m, cuda_real real, int k, double scale, double shift, int taps)
{
    const double unit = m->rows[k].tf32 ? 0x1p-11 : case_unit(real);
    const double from = m->rows[k].exponent_in < 0 ? 1 : 4, to = m->rows[k].exponent_out < 0 ? 1 : 0.5;
    double worst = 0;
    for (int i = 0; i < FILTER; i++) {
        int channels = FILTER / taps, source = i % channels * taps + i / channels;
        double want = scale * to / from * theta_at(m, (int64_t)k * FILTER + source);
        case_worse(&worst, case_error((double)case_real_at(real, m->weights, (int64_t)k * FILTER + i), want,
                                      unit * fabs(want) + (real == CUDA_F16 ? 0x1p-25 : 0)));
    }
    case_worse(&worst, case_error((double)m->shift[k], to * shift, 1e-7 * to * (fabs(shift) + 1)));
    case_worse(&worst, case_error((double)m->scale[k], scale, 1e-7 * fabs(scale)));
    return worst;
}

static const int32_t exponents[2] = {-1, 2};

static void run_weights(weights_memory *m, cuda_real real, form how)
{
    case_fill(m->center, 1, THETA);
    case_fill(m->dirs[0], 2, THETA);
    case_fill(m->dirs[1], 3, THETA);
    m->coords[2] = 0.3; /* the second point */
    m->coords[3] = -0.7;
    m->state = (cuda_state){.point = 1};
    make_rows(m, real, how);
    POISON(m->weights);
    POISON(m->scale);
    POISON(m->shift);
    const cuda_weights args = {.rows = m->rows,
                               .n_rows = FILTERS,
                               .n_dirs = 2,
                               .center = m->center,
                               .dirs = {m->dirs[0], m->dirs[1]},
                               .coords = m->coords,
                               .state = &m->state,
                               .exponents = exponents,
                               .weights = m->weights,
                               .scale = m->scale,
                               .shift = m->shift};
    emulator_run(CUDA_KERNEL_weights, &args);
}

static double folded_weights(weights_memory *m, cuda_real real, form how)
{
    double worst = 0;
    run_weights(m, real, how);
    for (int k = 0; k < FILTERS; k++) {
        const int64_t b = FILTERS * FILTER + k;
        double scale = theta_at(m, b + FILTERS) / sqrt(theta_at(m, b + 4 * FILTERS) + 1e-5);
        double shift = theta_at(m, b + 2 * FILTERS) + scale * (theta_at(m, b) - theta_at(m, b + 3 * FILTERS));
        case_worse(&worst, row_error(m, real, k, scale, shift, TAPS));
    }
    return m->state.negative == 0 ? worst : INFINITY;
}

double case_folded_weights(cuda_real real)
{
    static weights_memory m;
    return folded_weights(&m, real, FOLDED);
}

double case_weights_of_tensor_cores(cuda_real real)
{
    static weights_memory m;
    (void)real;
    double worst = folded_weights(&m, CUDA_F32, FOR_TENSOR_CORES);
    for (int i = 0; i < FILTERS * FILTER; i++) {
        uint32_t bits;
        memcpy(&bits, m.weights + (size_t)i * sizeof bits, sizeof bits);
        case_worse(&worst, (bits & 0x1fff) == 0 ? 0 : INFINITY);
    }
    return worst;
}

double case_unit_weights(cuda_real real)
{
    static weights_memory m;
    double worst = 0;
    run_weights(&m, real, AT_UNIT_LENGTH);
    for (int k = 0; k < FILTERS; k++) {
        double sum = 0;
        for (int i = 0; i < FILTER; i++)
            sum += theta_at(&m, (int64_t)k * FILTER + i) * theta_at(&m, (int64_t)k * FILTER + i);
        case_worse(&worst, row_error(&m, real, k, 1 / sqrt(sum), 0, 1));
    }
    return worst;
}

bool case_negative_variance(void)
{
    static weights_memory m;
    run_weights(&m, CUDA_F32, FOLDED);
    bool before = m.state.negative != 0;
    m.center[FILTERS * FILTER + 4 * FILTERS] = -5;
    const cuda_weights args = {.rows = m.rows,
                               .n_rows = FILTERS,
                               .center = m.center,
                               .state = &m.state,
                               .exponents = exponents,
                               .weights = m.weights,
                               .scale = m.scale,
                               .shift = m.shift};
    emulator_run(CUDA_KERNEL_weights, &args);
    return !before && m.state.negative == 1;
}
