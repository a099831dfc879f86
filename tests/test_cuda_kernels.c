/*
 * Our CUDA kernels, from the sources that nvcc compiles, by the emulator against plain formulas in double: in several
 * orders of the threads, over memory that begins as NaN, and with each barrier left out in turn, which must show.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>

#include "cuda/cases.h"
#include "nn/loss_values.h"

/* ---- losses and sums ------------------------------------------------------------------------------------ */

/* Samples 3 .. 6 of six in a chunk of four; logits of one are not finite. */
static double losses(cuda_real real)
{
    enum { N = 4, K = 5, ALL = 6 };
    static const int32_t index[ALL] = {5, 4, 3, 2, 1, 0}, labels[ALL] = {1, 0, 4, 3, 2, 1};
    double logits[N * K], loss[ALL], worst = 0;
    uint8_t correct[ALL], want_correct;
    cuda_state state = {.first = 3};
    (void)real;
    for (int i = 0; i < N * K; i++)
        logits[i] = 5 * case_value(20, i);
    for (int kind = 0; kind < 2; kind++) {
        POISON(loss);
        POISON(correct);
        /* rows of losses.def: cross entropy, and the mean squared error behind the binary loss */
        emulator_run(CUDA_KERNEL_loss, &(cuda_loss){.logits = logits,
                                                    .labels = labels,
                                                    .index = index,
                                                    .state = &state,
                                                    .total = ALL,
                                                    .n = N,
                                                    .k = K,
                                                    .loss = 2 * kind,
                                                    .losses = loss,
                                                    .correct = correct});
        for (int i = 0; i < 3; i++) {
            int32_t label = labels[index[3 + i]];
            double want = kind == 0 ? nn_value_cross_entropy(K, logits + i * K, label, &want_correct)
                                    : nn_value_mse(K, logits + i * K, label, &want_correct);
            case_worse(&worst, case_error(loss[3 + i], want, 1e-15));
            case_worse(&worst, correct[3 + i] == want_correct ? 0 : INFINITY);
        }
        case_worse(&worst, isnan(loss[2]) && correct[2] == 0xff ? 0 : INFINITY); /* not of this chunk */
    }
    return state.not_finite == 0 ? worst : INFINITY;
}

enum { SUMMED = CUDA_SUM_BLOCK + 777, DOMAINS = 2, FIELDS = 1 + DOMAINS };

typedef struct {
    double losses[SUMMED], out[2][FIELDS + 1];
    uint8_t correct[SUMMED];
    int32_t domains[SUMMED];
    cuda_sum partial[FIELDS * 2];
    cuda_note notes[2];
    cuda_state state;
} sums_memory;

static void run_sums(sums_memory *m)
{
    for (int i = 0; i < SUMMED; i++) {
        m->losses[i] = case_value(21, i);
        m->correct[i] = case_value(22, i) > 0.2;
        m->domains[i] = case_value(23, i) > 0;
    }
    m->state = (cuda_state){.point = 1, .first = 99, .negative = 1, .not_finite = 1};
    POISON(m->partial);
    POISON(m->out);
    POISON(m->notes);
    emulator_run(CUDA_KERNEL_sums, &(cuda_sums){.losses = m->losses,
                                                .correct = m->correct,
                                                .domains = m->domains,
                                                .total = SUMMED,
                                                .n_blocks = 2,
                                                .n_fields = FIELDS,
                                                .partial = m->partial});
    emulator_run(CUDA_KERNEL_point, &(cuda_point){.partial = m->partial,
                                                  .n_blocks = 2,
                                                  .n_fields = FIELDS,
                                                  .state = &m->state,
                                                  .out = m->out[0],
                                                  .notes = m->notes});
}

static double sums(cuda_real real)
{
    static sums_memory m;
    double loss[FIELDS] = {0}, worst = 0;
    int64_t samples[FIELDS] = {0}, correct = 0;
    (void)real;
    run_sums(&m);
    for (int i = 0; i < SUMMED; i++) {
        correct += m.correct[i];
        for (int field = 0; field < FIELDS; field++)
            if (field == 0 || m.domains[i] == field - 1) {
                loss[field] += m.losses[i];
                samples[field]++;
            }
    }
    for (int field = 0; field < FIELDS; field++)
        case_worse(&worst,
                   case_error(m.out[1][field == 0 ? 0 : field + 1], loss[field] / (double)samples[field], 1e-14));
    case_worse(&worst, case_error(m.out[1][1], (double)correct / SUMMED, 1e-15));
    bool noted = m.notes[1].negative == 1 && m.notes[1].not_finite == 1;
    bool next = m.state.point == 2 && m.state.first == 0 && m.state.negative == 0 && m.state.not_finite == 0;
    return noted && next ? worst : INFINITY;
}

static void a_point_without_a_value_is_nan_and_never_correct(void **state)
{
    const double logits[4] = {3, 1, NAN, 0};
    const int32_t labels[2] = {0, 1};
    double loss[2];
    uint8_t correct[2] = {9, 9};
    cuda_state now = {.negative = 1};
    cuda_loss args = {.logits = logits,
                      .labels = labels,
                      .state = &now,
                      .total = 2,
                      .n = 2,
                      .k = 2,
                      .losses = loss,
                      .correct = correct};
    (void)state;
    emulator_run(CUDA_KERNEL_loss, &args);
    CHECK(isnan(loss[0]) && isnan(loss[1]) && correct[0] == 0 && correct[1] == 0);
    now = (cuda_state){0};
    emulator_run(CUDA_KERNEL_loss, &args);
    CHECK(loss[0] > 0 && correct[0] == 1 && isnan(loss[1]) && correct[1] == 0);
    CHECK_INT(now.not_finite, 1);
    emulator_run(CUDA_KERNEL_advance, &(cuda_advance){.state = &now, .n = 512});
    CHECK_INT(now.first, 512);
}

/* ---- all cases in all orders ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    run_case run;
    int barriers; /* lines with one; each is left out in turn */
} cases[] = {
    {"folded weights", case_folded_weights, 0},
    {"weights of tensor cores", case_weights_of_tensor_cores, 0},
    {"unit weights", case_unit_weights, 2},
    {"inputs", case_inputs, 0},
    {"joins", case_joins, 0},
    {"pools", case_pools, 0},
    {"shapes", case_shapes, 0},
    {"linear layer", case_linear_layer, 2},
    {"unit rows", case_unit_rows, 2},
    {"batch norms", case_batch_norms, 2},
    {"weights of norms", case_weights_of_norms, 0},
    {"peaks", case_peaks, 2},
    {"exponents", case_exponents, 0},
    {"losses", losses, 0},
    {"sums", sums, 3},
};

static void a_negative_variance_is_noted(void **state)
{
    (void)state;
    CHECK(case_negative_variance());
}

static void every_kernel_has_the_values_of_its_formula_in_every_order_of_threads(void **state)
{
    emulator_settings *s = emulator_of_thread();
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++)
        for (int real = CUDA_F32; real < CUDA_N_REALS; real++)
            for (int order = EMULATOR_FORWARD; order <= EMULATOR_SHUFFLED; order++) {
                s->order = (emulator_order)order;
                double error = cases[i].run((cuda_real)real);
                if (!(error <= 1))
                    fail_msg("%s, real %d, order %d: the error is %g times what is allowed", cases[i].name, real, order,
                             error);
            }
}

/* Whether the case goes wrong in some order without the barrier in this line. */
static bool shows(size_t i, int line)
{
    emulator_settings *s = emulator_of_thread();
    bool wrong = false;
    s->skipped = line;
    for (int order = EMULATOR_FORWARD; order <= EMULATOR_SHUFFLED; order++) {
        s->order = (emulator_order)order;
        wrong = wrong || !(cases[i].run(CUDA_F32) <= 1);
    }
    s->skipped = 0;
    return wrong;
}

static void a_barrier_that_is_left_out_shows(void **state)
{
    emulator_settings *s = emulator_of_thread();
    (void)state;
    for (size_t i = 0; i < LSC_COUNT(cases); i++) {
        int lines[LSC_COUNT(s->lines)];
        s->n_lines = 0;
        CHECK(cases[i].run(CUDA_F32) <= 1);
        int n = s->n_lines;
        memcpy(lines, s->lines, sizeof lines);
        CHECK_INT(n, cases[i].barriers);
        for (int line = 0; line < n; line++)
            if (!shows(i, lines[line]))
                fail_msg("%s: without the barrier in line %d it is right all the same", cases[i].name, lines[line]);
    }
}

static void every_kernel_is_in_a_case(void **state)
{
    static const char *const tested[] = {"weights",   "input",   "join",    "moments", "norm",    "peak",
                                         "exponents", "maxpool", "avgpool", "concat",  "flatten", "linear",
                                         "l2norm",    "logits",  "loss",    "sums",    "point",   "advance"};
    (void)state;
    CHECK_INT(LSC_COUNT(tested), CUDA_N_KERNELS);
    for (int i = 0; i < CUDA_N_KERNELS; i++)
        CHECK_STR(emulator_name(i), tested[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_kernel_has_the_values_of_its_formula_in_every_order_of_threads),
        TEST(a_barrier_that_is_left_out_shows),
        TEST(a_negative_variance_is_noted),
        TEST(a_point_without_a_value_is_nan_and_never_correct),
        TEST(every_kernel_is_in_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
