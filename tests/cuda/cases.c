/*
 * Kernels of images, element by element, pooling, shapes and heads, each against its formula in double.
 * SPDX-License-Identifier: MIT
 */
#include "cuda/cases.h"

#include <math.h>

#include "nn/backend/cuda/half.h"

/* ---- values ------------------------------------------------------------------------------------- */

double case_value(int stream, int64_t i)
{
    return 2 * lsc_rng_uniform((lsc_rng){7, (uint64_t)stream}, (uint64_t)i) - 1;
}

void case_fill(float *x, int stream, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)case_value(stream, i);
}

double case_unit(cuda_real real)
{
    return real == CUDA_F16 ? 0x1p-11 : real == CUDA_BF16 ? 0x1p-8 : 0x1p-24;
}

float case_real_at(cuda_real real, const void *p, int64_t i)
{
    if (real == CUDA_F16)
        return half_to_float(((const uint16_t *)p)[i]);
    if (real == CUDA_BF16)
        return bfloat_to_float(((const uint16_t *)p)[i]);
    return ((const float *)p)[i];
}

void case_to_real(cuda_real real, float *x, void *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (real == CUDA_F16)
            ((uint16_t *)to)[i] = half_from_float(x[i]);
        else if (real == CUDA_BF16)
            ((uint16_t *)to)[i] = bfloat_from_float(x[i]);
        else
            ((float *)to)[i] = x[i];
        x[i] = case_real_at(real, to, i);
    }
}

double case_error(double got, double want, double allowed)
{
    double error = fabs(got - want) / allowed;
    return error <= 1e300 ? error : INFINITY;
}

void case_worse(double *worst, double error)
{
    *worst = error > *worst ? error : *worst;
}

/* ---- images ----------------------------------------------------------------------------------------- */

enum { IMAGES = 5, SIDE = 3, PLANE = SIDE * SIDE, BATCH = 4 };

/* Samples 3 and 4 of five, in a chunk of four: two are behind the end. */
static double input_case(cuda_real real, int kept, bool bytes, bool indexed, bool window)
{
    static const int32_t index[IMAGES] = {4, 2, 0, 1, 3};
    uint8_t pixels[IMAGES * 3 * PLANE];
    float floats[IMAGES * 3 * PLANE], table[3 * 256], out[BATCH * PLANE * 3];
    const cuda_state state = {.first = 3};
    double worst = 0;
    for (int i = 0; i < IMAGES * 3 * PLANE; i++)
        pixels[i] = (uint8_t)(127 * (case_value(4, i) + 1));
    case_fill(floats, 5, IMAGES * 3 * PLANE);
    case_fill(table, 6, 3 * 256);
    POISON(out);
    const cuda_input args = {.pixels = bytes ? (const void *)pixels : floats,
                             .value = bytes ? table : NULL,
                             .index = indexed ? index : NULL,
                             .state = &state,
                             .total = IMAGES,
                             .window = window,
                             .n = BATCH,
                             .kept = kept,
                             .c = 3,
                             .h = SIDE,
                             .w = SIDE,
                             .factor = 0.5f,
                             .real = real,
                             .out = out};
    emulator_run(CUDA_KERNEL_input, &args);
    for (int i = 0; i < BATCH; i++)
        for (int j = 0; j < PLANE * 3; j++) {
            int sample = 3 + i, c = j % 3, from = window ? i : indexed && sample < IMAGES ? index[sample] : sample;
            int at = (from * kept + (kept == 1 ? 0 : c)) * PLANE + j / 3;
            double want = sample >= IMAGES ? 0 : 0.5 * (double)(bytes ? table[c * 256 + pixels[at]] : floats[at]);
            case_worse(&worst, case_error((double)case_real_at(real, out, i * PLANE * 3 + j), want,
                                          case_unit(real) * fabs(want) + 1e-8));
        }
    return worst;
}

double case_inputs(cuda_real real)
{
    double worst = 0;
    for (int i = 0; i < 16; i++)
        case_worse(&worst, input_case(real, i & 1 ? 1 : 3, i & 2, i & 4, i & 8));
    return worst;
}

/* ---- element by element, pooling, shapes -------------------------------------------------------------- */

enum { ELEMENTS = 7 * 60 };

static double join_case(cuda_real real, int parts)
{
    float x[ELEMENTS], z[ELEMENTS], y[ELEMENTS], of[4][7];
    float bits[2][ELEMENTS];
    bool two = parts & 1, norm = parts & 2, relu = parts & 4;
    double worst = 0;
    case_fill(x, 8, ELEMENTS);
    case_fill(z, 9, ELEMENTS);
    case_to_real(real, x, bits[0], ELEMENTS);
    case_to_real(real, z, bits[1], ELEMENTS);
    for (int i = 0; i < 4; i++)
        case_fill(of[i], 10 + i, 7);
    POISON(y);
    cuda_join args = {.x = bits[0],
                      .z = two ? bits[1] : NULL,
                      .factor = 1.5f,
                      .relu = relu,
                      .real = real,
                      .n = ELEMENTS,
                      .c = 7,
                      .y = y};
    for (int i = 0; norm && i < 2; i++) {
        args.scale[i] = of[2 * i];
        args.shift[i] = of[2 * i + 1];
    }
    emulator_run(CUDA_KERNEL_join, &args);
    for (int i = 0; i < ELEMENTS; i++) {
        int c = i % 7;
        double a = (double)x[i], b = (double)z[i];
        if (norm) {
            a = (double)of[0][c] * a + (double)of[1][c];
            b = (double)of[2][c] * b + (double)of[3][c];
        }
        double want = 1.5 * (a + (two ? b : 0));
        want = relu && want < 0 ? 0 : want;
        case_worse(&worst, case_error((double)case_real_at(real, y, i), want, case_unit(real) * fabs(want) + 1e-6));
    }
    return worst;
}

double case_joins(cuda_real real)
{
    double worst = 0;
    for (int parts = 0; parts < 8; parts++)
        case_worse(&worst, join_case(real, parts));
    return worst;
}

/* Windows of 3 at every second place of 5 x 6, hanging over the border by one. */
static double pool_case(cuda_real real, bool largest)
{
    enum { C = 3, H = 5, W = 6, OH = 3, OW = 3, N = 2, IN = N * H * W * C, OUT = N * OH * OW * C };
    float x[IN], bits[IN], y[OUT];
    double worst = 0;
    case_fill(x, 14, IN);
    case_to_real(real, x, bits, IN);
    POISON(y);
    const cuda_pool args = {.x = bits,
                            .y = y,
                            .real = real,
                            .c = C,
                            .h = H,
                            .w = W,
                            .oh = OH,
                            .ow = OW,
                            .kernel = 3,
                            .stride = 2,
                            .pad = 1,
                            .n = N};
    emulator_run(largest ? CUDA_KERNEL_maxpool : CUDA_KERNEL_avgpool, &args);
    for (int i = 0; i < OUT; i++) {
        int c = i % C, ox = i / C % OW, oy = i / C / OW % OH, n = i / C / OW / OH;
        double want = largest ? -INFINITY : 0;
        for (int r = 0; r < 9; r++) {
            int py = 2 * oy - 1 + r / 3, px = 2 * ox - 1 + r % 3;
            bool inside = py >= 0 && py < H && px >= 0 && px < W;
            double v = inside ? (double)x[((n * H + py) * W + px) * C + c] : 0;
            want = largest ? (inside && v > want ? v : want) : want + v / 9;
        }
        case_worse(&worst, case_error((double)case_real_at(real, y, i), want, case_unit(real) * fabs(want) + 1e-6));
    }
    return worst;
}

double case_pools(cuda_real real)
{
    double worst = pool_case(real, true);
    case_worse(&worst, pool_case(real, false));
    return worst;
}

double case_shapes(cuda_real real)
{
    enum { N = 2, C = 3, P = 4, ALL = N * C * P };
    float x[ALL], bits[ALL], flat[ALL], wide[N * P * 5];
    double logits[ALL], worst = 0;
    case_fill(x, 15, ALL);
    case_to_real(real, x, bits, ALL);
    POISON(flat);
    POISON(logits);
    memset(wide, 0, sizeof wide);
    const int32_t exponent = -2;
    emulator_run(
        CUDA_KERNEL_flatten,
        &(cuda_flatten){.x = bits, .y = flat, .real = real, .exponent = &exponent, .c = C, .plane = P, .n = N});
    emulator_run(CUDA_KERNEL_logits, &(cuda_logits){.x = flat, .y = logits, .n = ALL});
    emulator_run(CUDA_KERNEL_concat,
                 &(cuda_concat){.x = bits, .y = wide, .real = real, .from = C, .to = 5, .at = 1, .n = N * P});
    for (int i = 0; i < ALL; i++) {
        int n = i / (C * P), c = i / P % C, p = i % P;
        double want = (double)x[(n * P + p) * C + c];
        case_worse(&worst, case_error((double)flat[i], 4 * want, 1e-30));
        case_worse(&worst, case_error(logits[i], 4 * want, 1e-30));
        case_worse(&worst, case_error((double)case_real_at(real, wide, (n * P + p) * 5 + 1 + c), want, 1e-30));
    }
    for (int i = 0; i < N * P; i++)
        case_worse(&worst,
                   case_error((double)case_real_at(real, wide, i * 5) + (double)case_real_at(real, wide, i * 5 + 4), 0,
                              1e-30));
    return worst;
}

/* ---- heads -------------------------------------------------------------------------------------------- */

/* No size is a multiple of the tile. */
double case_linear_layer(cuda_real real)
{
    enum { N = 19, F = 37, K = 18 };
    static float x[N * F], w[K * F], shift[K], y[N * K];
    double worst = 0;
    (void)real;
    case_fill(x, 16, N * F);
    case_fill(w, 17, K * F);
    case_fill(shift, 18, K);
    POISON(y);
    emulator_run(CUDA_KERNEL_linear,
                 &(cuda_linear){.x = x, .w = w, .shift = shift, .y = y, .n = N, .f = F, .k = K, .relu = 1});
    for (int i = 0; i < N * K; i++) {
        double want = (double)shift[i % K];
        for (int f = 0; f < F; f++)
            want += (double)x[i / K * F + f] * (double)w[i % K * F + f];
        case_worse(&worst, case_error((double)y[i], want < 0 ? 0 : want, 1e-5)); /* 37 products of at most 1 in float */
    }
    return worst;
}

double case_unit_rows(cuda_real real)
{
    enum { N = 3, F = 150 };
    static float x[N * F], y[N * F];
    double worst = 0;
    (void)real;
    case_fill(x, 19, N * F);
    POISON(y);
    emulator_run(CUDA_KERNEL_l2norm, &(cuda_l2norm){.x = x, .y = y, .n = N, .f = F, .eps = 1e-12});
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int f = 0; f < F; f++)
            sum += (double)x[i * F + f] * (double)x[i * F + f];
        for (int f = 0; f < F; f++) {
            double want = (double)x[i * F + f] / sqrt(sum);
            case_worse(&worst, case_error((double)y[i * F + f], want, 0x1p-24 * fabs(want)));
        }
    }
    return worst;
}
