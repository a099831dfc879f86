/*
 * Kernels of batch norm on batch statistics, and weights on statistics formed anew, against their formulas in double.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/cases.h"

#include <math.h>

/* ---- statistics of a batch ------------------------------------------------------------------------------ */

/* Two blocks of places, the second not full; 70 channels are one more than a block has side by side. */
enum { PLACES = 100, OF_BLOCK = 64, BLOCKS = 2, MOST = 70 };

typedef struct {
    float x[PLACES * MOST], bits[PLACES * MOST];
    float weight[MOST], bias[MOST], scale[MOST], shift[MOST];
    double mean[MOST], var[MOST];
    cuda_moment partial[BLOCKS * MOST];
} norm_memory;

static void run_norm(norm_memory *m, cuda_real real, int channels, double factor, int64_t first)
{
    const cuda_state state = {.first = first};
    POISON(m->partial);
    POISON(m->scale);
    POISON(m->shift);
    const cuda_moments moments = {.x = m->bits,
                                  .real = real,
                                  .c = channels,
                                  .width = channels > 64 ? 64 : 4,
                                  .n_blocks = BLOCKS,
                                  .n = PLACES,
                                  .places = OF_BLOCK,
                                  .partial = m->partial};
    emulator_run(CUDA_KERNEL_moments, &moments);
    emulator_run(CUDA_KERNEL_norm, &(cuda_norm){.x = m->bits,
                                                .partial = m->partial,
                                                .weight = m->weight,
                                                .bias = m->bias,
                                                .scale = m->scale,
                                                .shift = m->shift,
                                                .mean = m->mean,
                                                .var = m->var,
                                                .state = &state,
                                                .eps = 1e-5,
                                                .factor = factor,
                                                .real = real,
                                                .c = channels,
                                                .n_blocks = BLOCKS,
                                                .n = PLACES});
}

/* Numbers about 100 in channel 0, and a constant one in channel 1. */
static void make_values(norm_memory *m, cuda_real real, int channels)
{
    case_fill(m->x, 24, (int64_t)PLACES * channels);
    case_fill(m->weight, 25, channels);
    case_fill(m->bias, 26, channels);
    for (int i = 0; i < PLACES; i++) {
        m->x[i * channels] += 100;
        m->x[i * channels + 1] = 1234.5f;
    }
    case_to_real(real, m->x, m->bits, (int64_t)PLACES * channels);
}

/* `batches`: how often these values were added to the statistics. */
static double norm_error(const norm_memory *m, int channels, double factor, int batches)
{
    double worst = 0;
    for (int c = 0; c < channels; c++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < PLACES; i++)
            sum += (double)m->x[i * channels + c] / factor;
        for (int i = 0; i < PLACES; i++) {
            double d = (double)m->x[i * channels + c] / factor - sum / PLACES;
            squares += d * d;
        }
        double mean = sum / PLACES, var = squares / PLACES, scale = (double)m->weight[c] / sqrt(var + 1e-5);
        double shift = (double)m->bias[c] - factor * mean * scale;
        case_worse(&worst, case_error((double)m->scale[c], scale, 1e-7 * fabs(scale)));
        case_worse(&worst, case_error((double)m->shift[c], shift, 1e-7 * (fabs(shift) + 1)));
        case_worse(&worst, case_error(m->mean[c], batches * mean, 1e-12 * fabs(mean)));
        case_worse(&worst, case_error(m->var[c], batches * PLACES / (PLACES - 1.0) * var, 1e-11 * var + 1e-14));
    }
    return worst;
}

static double norm_case(cuda_real real, int channels, double factor)
{
    static norm_memory m;
    double worst = 0;
    make_values(&m, real, channels);
    POISON(m.mean);
    POISON(m.var);
    run_norm(&m, real, channels, factor, 0); /* the first batch of a point, then another one */
    case_worse(&worst, norm_error(&m, channels, factor, 1));
    run_norm(&m, real, channels, factor, 512);
    case_worse(&worst, norm_error(&m, channels, factor, 2));
    return worst;
}

double case_batch_norms(cuda_real real)
{
    double worst = norm_case(real, 3, 1);
    case_worse(&worst, norm_case(real, 3, 0.25));
    case_worse(&worst, norm_case(real, MOST, 1));
    return worst;
}

/* ---- weights ---------------------------------------------------------------------------------------------- */

/* theta: weight, bias, mean and variance of a channel. The first row's statistics are formed anew; the second has none.
 */
double case_weights_of_norms(cuda_real real)
{
    static const float theta[4] = {1.5f, -0.5f, 1000, -1000};
    static const double statistics[2] = {3, 0.75};
    static const cuda_row rows[2] = {{.weight = -1, .bias = -1, .norm = {0, 1, 2, 3}, .eps = 1e-5, .taps = 1},
                                     {.weight = -1, .bias = -1, .norm = {0, 1, -1, -1}, .eps = 1e-5, .taps = 1}};
    static const int32_t exponents[1] = {1};
    cuda_state state = {0};
    float scale[2], shift[2];
    double worst = 0;
    (void)real;
    POISON(scale);
    POISON(shift);
    emulator_run(CUDA_KERNEL_weights, &(cuda_weights){.rows = rows,
                                                      .n_rows = 2,
                                                      .center = theta,
                                                      .state = &state,
                                                      .statistics = statistics,
                                                      .n_learned = 2,
                                                      .share = 1.0 / 3,
                                                      .exponents = exponents,
                                                      .scale = scale,
                                                      .shift = shift});
    const double want = 1.5 / sqrt(0.25 + 1e-5);
    case_worse(&worst, case_error((double)scale[0], want, 1e-7 * want));
    case_worse(&worst, case_error((double)shift[0], 2 * (-0.5 - want), 1e-7 * want));
    case_worse(&worst, case_error((double)scale[1], 1.5, 1e-30));
    case_worse(&worst, case_error((double)shift[1], -1, 1e-30));
    return state.negative == 0 ? worst : INFINITY;
}
