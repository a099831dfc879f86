/*
 * The Winograd convolution of the cpu backend against a direct one in double. The kernels for AVX-512 are tested on
 * every machine by a copy that is compiled for any: wide vectors are then several narrow ones.
 * SPDX-License-Identifier: MIT
 */
#include "cpu_winograd_portable.h"
#include "nn/backend/cpu/winograd.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>

/* ---- kernels ------------------------------------------------------------------------------------ */

/* Those that this machine can run; NULL past the last. */
static const cpu_winograd_kernels *kernels_at(int i)
{
    const cpu_winograd_kernels *all[] = {&cpu_winograd_portable, cpu_winograd_find(8), cpu_winograd_find(16), NULL};
    int found = 0;
    for (size_t k = 0; k < LSC_COUNT(all); k++)
        if (all[k] && found++ == i)
            return all[k];
    return NULL;
}

/* ---- a convolution -------------------------------------------------------------------------------- */

/* Arrays as the kernel wants them, and filters [K, C, 3, 3]. All values are about 1. */
typedef struct {
    cpu_winograd w;
    int64_t n;
    float *in, *before, *out; /* before: what is in `out` before the call */
    float *filters, *weights, *bias, *scratch;
    double *scale;
} subject;

static float draw(uint64_t stream, int64_t i)
{
    return (float)lsc_rng_normal((lsc_rng){7, stream}, (uint64_t)i);
}

static int64_t place(const subject *s, int64_t padded, int64_t image, int64_t channel, int64_t pixel)
{
    int64_t lanes = s->w.kernels->lanes, pixels = s->w.h * s->w.w;
    return ((image * padded + channel / lanes * lanes) * pixels) + pixel * lanes + channel % lanes;
}

static void fill(const subject *s, float *to, int64_t channels, int64_t padded, uint64_t stream)
{
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t p = 0; p < s->w.h * s->w.w; p++)
                to[place(s, padded, i, c, p)] = draw(stream, (i * channels + c) * s->w.h * s->w.w + p);
}

static void open_subject(subject *s, const cpu_winograd_kernels *kernels, int64_t n, int64_t c, int64_t k, int64_t h,
                         int64_t w)
{
    *s = (subject){.w = cpu_winograd_make(kernels, c, k, h, w), .n = n};
    s->in = lsc_calloc((size_t)(n * s->w.cp * h * w), sizeof(float));
    s->before = lsc_calloc((size_t)(n * s->w.kp * h * w), sizeof(float));
    s->out = lsc_calloc((size_t)(n * s->w.kp * h * w), sizeof(float));
    s->filters = lsc_calloc((size_t)(k * c * 9), sizeof(float));
    s->weights = lsc_calloc((size_t)cpu_winograd_weights(&s->w), sizeof(float));
    s->bias = lsc_calloc((size_t)s->w.kp, sizeof(float));
    s->scratch = lsc_calloc((size_t)cpu_winograd_scratch(&s->w), sizeof(float));
    s->scale = lsc_calloc((size_t)k, sizeof(double));
    CHECK(s->in && s->before && s->out && s->filters && s->weights && s->bias && s->scratch && s->scale);
    fill(s, s->in, c, s->w.cp, 1);
    fill(s, s->before, k, s->w.kp, 2);
    for (int64_t i = 0; i < k * c * 9; i++)
        s->filters[i] = draw(3, i) / sqrtf(9 * (float)c);
    for (int64_t i = 0; i < k; i++) {
        s->bias[i] = draw(4, i);
        s->scale[i] = 1 + 0.3 * (double)draw(5, i);
    }
    cpu_winograd_set(&s->w, &(cpu_winograd_filters){.filters = s->filters, .scale = s->scale}, s->weights);
}

static void close_subject(subject *s)
{
    void *all[] = {s->in, s->before, s->out, s->filters, s->weights, s->bias, s->scratch, s->scale};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        lsc_free(all[i]);
}

static void run(subject *s, bool sum, bool relu)
{
    const cpu_winograd_call call = {.images = s->n,
                                    .in = s->in,
                                    .weights = s->weights,
                                    .bias = s->bias,
                                    .out = s->out,
                                    .scratch = s->scratch,
                                    .sum = sum,
                                    .relu = relu};
    memcpy(s->out, s->before, (size_t)(s->n * s->w.kp * s->w.h * s->w.w) * sizeof(float));
    s->w.kernels->run(&s->w, &call);
}

/* ---- the same, directly -------------------------------------------------------------------------------- */

/* Of images of s with so many channels, padded ones included; 0 around an image. */
static double value_at(const subject *s, const float *images, int64_t padded, int64_t image, int64_t channel, int64_t y,
                       int64_t x)
{
    bool inside = y >= 0 && y < s->w.h && x >= 0 && x < s->w.w;
    return inside ? (double)images[place(s, padded, image, channel, y * s->w.w + x)] : 0;
}

static double direct(const subject *s, int64_t image, int64_t k, int64_t y, int64_t x)
{
    double sum = 0;
    for (int64_t c = 0; c < s->w.c; c++)
        for (int64_t tap = 0; tap < 9; tap++)
            sum += (double)s->filters[(k * s->w.c + c) * 9 + tap] *
                   value_at(s, s->in, s->w.cp, image, c, y + tap / 3 - 1, x + tap % 3 - 1);
    return s->scale[k] * sum;
}

static double expected(const subject *s, double convolved, int64_t at, int64_t k, bool sum, bool relu)
{
    double v = convolved + (double)s->bias[k] + (sum ? (double)s->before[at] : 0);
    return relu && v < 0 ? 0 : v;
}

/* Of sums about `size`. Errors of floats in the transforms, whose coefficients reach 8 and 5, multiply: of outputs
 * about 1, 2e-6 as root mean square is seen, with 64 channels, and 2.8e-5 at most. */
typedef struct {
    double size, squares;
} errors;

static void add_error(errors *e, float got, double want)
{
    CHECK_REAL((double)got, want, 6e-5 * e->size);
    e->squares += ((double)got - want) * ((double)got - want);
}

/* Those of n sums. */
static void check_errors(const errors *e, int64_t n)
{
    CHECK(sqrt(e->squares / (double)n) < 4e-6 * e->size);
}

static void check_image(const subject *s, const double *convolved, int64_t image, bool sum, bool relu)
{
    int64_t pixels = s->w.h * s->w.w;
    errors e = {.size = 1};
    for (int64_t k = 0; k < s->w.kp; k++)
        for (int64_t p = 0; p < pixels; p++) {
            int64_t at = place(s, s->w.kp, image, k, p);
            if (k < s->w.k)
                add_error(&e, s->out[at], expected(s, convolved[k * pixels + p], at, k, sum, relu));
            else
                CHECK_REAL((double)s->out[at], 0, 0);
        }
    check_errors(&e, s->w.k * pixels);
}

static void check_all(subject *s)
{
    int64_t pixels = s->w.h * s->w.w, last = s->n - 1;
    double *convolved = lsc_calloc((size_t)(s->w.k * pixels), sizeof *convolved);
    float *bias = s->bias, *none = lsc_calloc((size_t)s->w.kp, sizeof *none);
    CHECK(convolved && none);
    for (int64_t i = 0; i < s->w.k * pixels; i++)
        convolved[i] = direct(s, last, i / pixels, i % pixels / s->w.w, i % s->w.w);
    for (int flags = 0; flags < 8; flags++) {
        bool sum = flags & 1, relu = flags & 2;
        s->bias = flags & 4 ? bias : none;
        run(s, sum, relu);
        check_image(s, convolved, last, sum, relu);
    }
    s->bias = bias;
    lsc_free(convolved);
    lsc_free(none);
}

/* ---- gradients ------------------------------------------------------------------------------------------- */

/* Gradients of the output [n, K, H, W] as the kernel wants them, and what it makes of them. */
typedef struct {
    subject s;
    cpu_winograd data; /* from output to input channels */
    float *dout, *din, *sum, *filters;
} gradients;

static void open_gradients(gradients *g, const cpu_winograd_kernels *kernels, int64_t n, int64_t c, int64_t k,
                           int64_t h, int64_t w)
{
    open_subject(&g->s, kernels, n, c, k, h, w);
    g->data = cpu_winograd_make(kernels, k, c, h, w);
    g->dout = lsc_calloc((size_t)(n * g->s.w.kp * h * w), sizeof(float));
    g->din = lsc_calloc((size_t)(n * g->s.w.cp * h * w), sizeof(float));
    g->sum = lsc_calloc((size_t)cpu_winograd_sum(&g->s.w), sizeof(float));
    g->filters = lsc_calloc((size_t)(k * c * 9), sizeof(float));
    CHECK(g->dout && g->din && g->sum && g->filters);
    fill(&g->s, g->dout, k, g->s.w.kp, 6);
}

static void close_gradients(gradients *g)
{
    close_subject(&g->s);
    void *all[] = {g->dout, g->din, g->sum, g->filters};
    for (size_t i = 0; i < LSC_COUNT(all); i++)
        lsc_free(all[i]);
}

static void run_data(gradients *g)
{
    float *weights = lsc_calloc((size_t)cpu_winograd_weights(&g->data), sizeof *weights);
    float *none = lsc_calloc((size_t)g->data.kp, sizeof *none);
    float *scratch = lsc_calloc((size_t)cpu_winograd_scratch(&g->data), sizeof *scratch);
    CHECK(weights && none && scratch);
    cpu_winograd_set(&g->data, &(cpu_winograd_filters){.filters = g->s.filters, .scale = g->s.scale, .back = true},
                     weights);
    const cpu_winograd_call call = {
        .images = g->s.n, .in = g->dout, .weights = weights, .bias = none, .out = g->din, .scratch = scratch};
    g->data.kernels->run(&g->data, &call);
    lsc_free(weights);
    lsc_free(none);
    lsc_free(scratch);
}

/* The images in two calls, if there are several. */
static void run_filters(gradients *g)
{
    const cpu_winograd *w = &g->s.w;
    int64_t first = (g->s.n + 1) / 2, pixels = w->h * w->w;
    float *scratch = lsc_calloc((size_t)cpu_winograd_sum_scratch(w), sizeof *scratch);
    CHECK(scratch != NULL);
    cpu_winograd_products a = {
        .images = first, .in = g->s.in, .dout = g->dout, .sum = g->sum, .scratch = scratch, .begins = true};
    w->kernels->gradient(w, &a);
    a.begins = false;
    a.images = g->s.n - first;
    a.in += first * w->cp * pixels;
    a.dout += first * w->kp * pixels;
    if (a.images > 0)
        w->kernels->gradient(w, &a);
    cpu_winograd_unpack(w, g->sum, g->filters);
    lsc_free(scratch);
}

/* d/d in[image, c, y, x] of the sum over outputs of dout times out. */
static double direct_data(const gradients *g, int64_t image, int64_t c, int64_t y, int64_t x)
{
    const subject *s = &g->s;
    double sum = 0;
    for (int64_t k = 0; k < s->w.k; k++)
        for (int64_t tap = 0; tap < 9; tap++)
            sum += s->scale[k] * (double)s->filters[(k * s->w.c + c) * 9 + tap] *
                   value_at(s, g->dout, s->w.kp, image, k, y - tap / 3 + 1, x - tap % 3 + 1);
    return sum;
}

/* d/d filter[k, c, tap] of the same. */
static double direct_filter(const gradients *g, int64_t k, int64_t c, int64_t tap)
{
    const subject *s = &g->s;
    double sum = 0;
    for (int64_t image = 0; image < s->n; image++)
        for (int64_t p = 0; p < s->w.h * s->w.w; p++)
            sum += value_at(s, s->in, s->w.cp, image, c, p / s->w.w + tap / 3 - 1, p % s->w.w + tap % 3 - 1) *
                   (double)g->dout[place(s, s->w.kp, image, k, p)];
    return sum;
}

/* Both are sums of products of numbers about 1: as large as the root of their count. */
static void check_data(const gradients *g)
{
    const subject *s = &g->s;
    int64_t pixels = s->w.h * s->w.w, last = s->n - 1;
    errors e = {.size = sqrt((double)s->w.k / (double)s->w.c)};
    for (int64_t c = 0; c < s->w.c; c++)
        for (int64_t p = 0; p < pixels; p++)
            add_error(&e, g->din[place(s, s->w.cp, last, c, p)], direct_data(g, last, c, p / s->w.w, p % s->w.w));
    check_errors(&e, s->w.c * pixels);
    for (int64_t c = s->w.c; c < s->w.cp; c++)
        CHECK_REAL((double)g->din[place(s, s->w.cp, last, c, 0)], 0, 0);
}

static void check_filters(const gradients *g)
{
    const subject *s = &g->s;
    errors e = {.size = sqrt((double)(s->n * s->w.h * s->w.w))};
    for (int64_t i = 0; i < s->w.k * s->w.c * 9; i++)
        add_error(&e, g->filters[i], direct_filter(g, i / 9 / s->w.c, i / 9 % s->w.c, i % 9));
    check_errors(&e, s->w.k * s->w.c * 9);
}

/* ---- tests ------------------------------------------------------------------------------------------------ */

static void every_size_is_a_direct_convolution_with_sum_bias_and_rectifier(void **state)
{
    static const int64_t sizes[][2] = {{1, 1}, {1, 7}, {2, 3}, {4, 4}, {5, 9}, {7, 7}, {8, 8}, {13, 6}, {17, 33}};
    static const int64_t channels[][2] = {{16, 16}, {17, 24}, {40, 19}, {32, 64}, {64, 32}};
    (void)state;
    for (int i = 0; kernels_at(i); i++)
        for (size_t k = 0; k < LSC_COUNT(sizes); k++)
            for (size_t c = 0; c < LSC_COUNT(channels); c++) {
                subject s;
                open_subject(&s, kernels_at(i), k % 2 ? 1 : 3, channels[c][0], channels[c][1], sizes[k][0],
                             sizes[k][1]);
                check_all(&s);
                close_subject(&s);
            }
}

static void gradients_of_every_size_are_those_of_a_direct_convolution(void **state)
{
    static const int64_t sizes[][3] = {{1, 1, 1}, {3, 4, 4}, {2, 5, 9}, {9, 7, 7}, {3, 9, 13}};
    static const int64_t channels[][2] = {{16, 16}, {17, 24}, {40, 19}};
    (void)state;
    for (int i = 0; kernels_at(i); i++)
        for (size_t k = 0; k < LSC_COUNT(sizes); k++)
            for (size_t c = 0; c < LSC_COUNT(channels); c++) {
                gradients g;
                open_gradients(&g, kernels_at(i), sizes[k][0], channels[c][0], channels[c][1], sizes[k][1],
                               sizes[k][2]);
                run_data(&g);
                check_data(&g);
                run_filters(&g);
                check_filters(&g);
                close_gradients(&g);
            }
}

/* More tiles than are transformed together, and a rest that is no whole number of those multiplied together. */
static void bits_of_an_image_do_not_depend_on_the_others(void **state)
{
    (void)state;
    for (int i = 0; kernels_at(i); i++) {
        subject all, one;
        open_subject(&all, kernels_at(i), 23, 24, 40, 11, 9);
        open_subject(&one, kernels_at(i), 1, 24, 40, 11, 9);
        run(&all, true, true);
        int64_t in = one.w.cp * 11 * 9, out = one.w.kp * 11 * 9;
        for (int64_t image = 0; image < all.n; image++) {
            memcpy(one.in, all.in + image * in, (size_t)in * sizeof(float));
            memcpy(one.before, all.before + image * out, (size_t)out * sizeof(float));
            run(&one, true, true);
            CHECK_BYTES(one.out, all.out + image * out, (size_t)out * sizeof(float));
        }
        close_subject(&all);
        close_subject(&one);
    }
}

static void nan_passes_the_rectifier_and_stays_in_its_image(void **state)
{
    (void)state;
    for (int i = 0; kernels_at(i); i++) {
        subject s;
        open_subject(&s, kernels_at(i), 2, 16, 16, 9, 9);
        s.in[place(&s, s.w.cp, 1, 3, 4 * 9 + 4)] = NAN;
        run(&s, true, true);
        for (int64_t k = 0; k < 16; k++)
            for (int64_t p = 0; p < 81; p++) {
                bool reached = llabs(p / 9 - 4) <= 1 && llabs(p % 9 - 4) <= 1;
                CHECK(!isnan(s.out[place(&s, s.w.kp, 0, k, p)]));
                CHECK(!reached || isnan(s.out[place(&s, s.w.kp, 1, k, p)]));
            }
        close_subject(&s);
    }
}

static void small_layers_are_left_to_the_direct_convolution(void **state)
{
    (void)state;
    CHECK(cpu_winograd_wins(16, 16, 32, 32));
    CHECK(cpu_winograd_wins(64, 64, 8, 8));
    CHECK(cpu_winograd_wins(512, 512, 7, 7));
    CHECK(!cpu_winograd_wins(3, 16, 32, 32));
    CHECK(!cpu_winograd_wins(16, 10, 32, 32));
    CHECK(!cpu_winograd_wins(512, 512, 2, 2));
    CHECK(!cpu_winograd_wins(64, 64, 5, 5));
}

static void there_are_no_kernels_for_other_lanes(void **state)
{
    (void)state;
    CHECK(cpu_winograd_find(4) == NULL);
    CHECK(cpu_winograd_find(8) == NULL || cpu_winograd_find(8)->lanes == 8);
    CHECK(cpu_winograd_find(16) == NULL || cpu_winograd_find(16)->lanes == 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_size_is_a_direct_convolution_with_sum_bias_and_rectifier),
        TEST(gradients_of_every_size_are_those_of_a_direct_convolution),
        TEST(bits_of_an_image_do_not_depend_on_the_others),
        TEST(nan_passes_the_rectifier_and_stays_in_its_image),
        TEST(small_layers_are_left_to_the_direct_convolution),
        TEST(there_are_no_kernels_for_other_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
