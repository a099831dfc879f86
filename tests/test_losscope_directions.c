/*
 * Directions and their normalization: what a draw depends on, which roles move, whose norm is matched.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include <math.h>
#include <stdlib.h>

#include "losscope_fixture.h"

static lsc_frame *new_frame(const lsc_layout *layout, int n_dirs, const lsc_direction_options *o)
{
    float center[FIXTURE_N];
    lsc_frame *frame;

    fixture_center(center);
    CHECK_OK(lsc_frame_new(layout, center, n_dirs, o, &frame));
    return frame;
}

static void the_same_seed_gives_the_same_directions(void **state)
{
    lsc_frame *a = new_frame(&fixture_layout, 3, NULL), *b = new_frame(&fixture_layout, 3, NULL);

    (void)state;
    for (int i = 0; i < 3; i++)
        CHECK_BYTES(a->dirs[i], b->dirs[i], FIXTURE_N * sizeof(float));
    lsc_frame_free(a);
    lsc_frame_free(b);
}

static void seed_and_number_change_every_element(void **state)
{
    const lsc_direction_options o = {.seed = 2};
    lsc_frame *a = new_frame(&fixture_layout, 2, NULL), *b = new_frame(&fixture_layout, 2, &o);

    (void)state;
    for (int j = 0; j < 83; j++) {
        CHECK(a->dirs[0][j] != b->dirs[0][j]);
        CHECK(a->dirs[0][j] != a->dirs[1][j]);
    }
    lsc_frame_free(a);
    lsc_frame_free(b);
}

static void fewer_directions_are_the_first_of_more(void **state)
{
    lsc_frame *one = new_frame(&fixture_layout, 1, NULL), *three = new_frame(&fixture_layout, 3, NULL);

    (void)state;
    CHECK_BYTES(one->dirs[0], three->dirs[0], FIXTURE_N * sizeof(float));
    lsc_frame_free(one);
    lsc_frame_free(three);
}

/* A block's raw draw is the same whatever stands before it, or with it, in the model. */
static void a_block_does_not_depend_on_the_others(void **state)
{
    const lsc_block alone_block = {.name = "fc.weight", .role = LSC_WEIGHT, .rank = 2, .shape = {5, 7}};
    const lsc_layout alone = {&alone_block, sizeof alone_block, 1, 35, 35};
    const lsc_direction_options raw = {.normalization = LSC_NORMALIZE_NONE};
    lsc_frame *a = new_frame(&fixture_layout, 1, &raw), *b = new_frame(&alone, 1, &raw);

    (void)state;
    CHECK_BYTES(b->dirs[0], a->dirs[0] + 48, 35 * sizeof(float));
    lsc_frame_free(a);
    lsc_frame_free(b);
}

/* Written down by this library, so that a later version is noticed when it draws others: old surfaces could not be
 * resumed. 1e-6: logarithm and cosine are the C library's. */
static void the_draws_do_not_change_between_versions(void **state)
{
    const lsc_direction_options raw = {.normalization = LSC_NORMALIZE_NONE};
    const float want[2][3] = {{-1.75752984F, 1.11197919F, 0.859064432F}, {0.478729927F, 0.657191552F, 0.316897451F}};
    lsc_frame *f = new_frame(&fixture_layout, 2, &raw);

    (void)state;
    for (int i = 0; i < 2; i++)
        CHECK_FLOATS(f->dirs[i], want[i], 3, 1e-6);
    lsc_frame_free(f);
}

static double norm(const float *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

static void a_filter_takes_the_norm_of_its_twin(void **state)
{
    lsc_frame *f = new_frame(&fixture_layout, 2, NULL);

    (void)state;
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 4; j++) /* rounding of 12 floats */
            CHECK_RELATIVE(norm(f->dirs[i] + 12 * j, 12), norm(f->center + 12 * j, 12), 1e-6);
        for (int j = 0; j < 5; j++)
            CHECK_RELATIVE(norm(f->dirs[i] + 48 + 7 * j, 7), norm(f->center + 48 + 7 * j, 7), 1e-6);
    }
    lsc_frame_free(f);
}

static void a_block_says_how_many_filters_it_has(void **state)
{
    lsc_block blocks[6];
    lsc_layout layout = fixture_layout;
    lsc_frame *f;

    (void)state;
    memcpy(blocks, fixture_layout.blocks, sizeof blocks);
    blocks[0].filters = 2;
    layout.blocks = blocks;
    f = new_frame(&layout, 1, NULL);
    CHECK_RELATIVE(norm(f->dirs[0], 24), norm(f->center, 24), 1e-6);
    CHECK(fabs(norm(f->dirs[0], 12) / norm(f->center, 12) - 1) > 1e-3);
    lsc_frame_free(f);
}

static void a_layer_takes_the_norm_of_its_twin(void **state)
{
    const lsc_direction_options o = {.normalization = LSC_NORMALIZE_LAYER};
    lsc_frame *f = new_frame(&fixture_layout, 1, &o);

    (void)state;
    CHECK_RELATIVE(norm(f->dirs[0], 48), norm(f->center, 48), 1e-6);
    CHECK_RELATIVE(norm(f->dirs[0] + 48, 35), norm(f->center + 48, 35), 1e-6);
    CHECK(fabs(norm(f->dirs[0], 12) / norm(f->center, 12) - 1) > 1e-3);
    lsc_frame_free(f);
}

static void weight_normalization_scales_single_elements(void **state)
{
    const lsc_direction_options raw = {.normalization = LSC_NORMALIZE_NONE},
                                scaled = {.normalization = LSC_NORMALIZE_WEIGHT};
    lsc_frame *a = new_frame(&fixture_layout, 1, &raw), *b = new_frame(&fixture_layout, 1, &scaled);

    (void)state;
    for (int j = 0; j < 83; j++)
        CHECK_REAL(b->dirs[0][j], (float)((double)a->dirs[0][j] * fabs((double)a->center[j])), 0);
    lsc_frame_free(a);
    lsc_frame_free(b);
}

static void a_filter_of_zeros_stays(void **state)
{
    float center[FIXTURE_N];
    lsc_frame *f;

    (void)state;
    fixture_center(center);
    memset(center + 12, 0, 12 * sizeof *center);
    CHECK_OK(lsc_frame_new(&fixture_layout, center, 1, NULL, &f));
    CHECK_REAL(norm(f->dirs[0] + 12, 12), 0, 0);
    lsc_frame_free(f);
}

static void only_weights_move_unless_told_otherwise(void **state)
{
    const lsc_direction_options biases = {.move = 1u << LSC_BIAS | 1u << LSC_NORM};
    lsc_frame *f = new_frame(&fixture_layout, 1, NULL), *g = new_frame(&fixture_layout, 1, &biases);

    (void)state;
    for (int j = 0; j < FIXTURE_N; j++) {
        CHECK_INT(f->dirs[0][j] != 0, j < 83);
        CHECK_INT(g->dirs[0][j] != 0, j >= 83 && j < 92);
    }
    lsc_frame_free(f);
    lsc_frame_free(g);
}

static void a_frame_tells_how_it_was_made(void **state)
{
    const lsc_direction_options o = {.normalization = LSC_NORMALIZE_LAYER, .seed = 7, .move = 1u << LSC_BIAS};
    lsc_frame *f = new_frame(&fixture_layout, 1, NULL), *g = new_frame(&fixture_layout, 1, &o);

    (void)state;
    CHECK_STR(f->kind, "random");
    CHECK_INT(f->seed, 1);
    CHECK_INT(f->move, 1u << LSC_WEIGHT);
    CHECK_INT(g->normalization, LSC_NORMALIZE_LAYER);
    CHECK_INT(g->seed, 7);
    CHECK_INT(g->move, 1u << LSC_BIAS);
    lsc_frame_free(f);
    lsc_frame_free(g);
}

#define WIDE 40000

/* Independent draws: cosines of pairs have mean 0 and deviation 1 / sqrt(n), so five deviations are never seen. */
static void directions_are_nearly_orthogonal(void **state)
{
    static float center[WIDE];
    const lsc_block block = {.name = "w", .role = LSC_WEIGHT, .rank = 2, .shape = {100, 400}};
    const lsc_layout layout = {&block, sizeof block, 1, WIDE, WIDE};
    double squares = 0;
    int pairs = 0;

    (void)state;
    for (int j = 0; j < WIDE; j++)
        center[j] = (float)sin(j + 0.5);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const lsc_direction_options o = {.seed = seed};
        lsc_frame *f;

        CHECK_OK(lsc_frame_new(&layout, center, 3, &o, &f));
        for (int a = 0; a < 3; a++)
            for (int b = 0; b < a; b++, pairs++) {
                const double cosine =
                    lsc_dot(f->dirs[a], f->dirs[b], WIDE) / (norm(f->dirs[a], WIDE) * norm(f->dirs[b], WIDE));
                CHECK_REAL(cosine, 0, 5 / sqrt(WIDE));
                squares += cosine * cosine * WIDE;
            }
        lsc_frame_free(f);
    }
    /* The mean of 60 squared standard normals: 1 +- sqrt(2 / 60), five deviations. */
    CHECK_REAL(squares / pairs, 1, 5 * sqrt(2.0 / 60));
}

static void draws_are_standard_normal(void **state)
{
    const lsc_block block = {.name = "w", .role = LSC_WEIGHT, .rank = 1, .shape = {WIDE}};
    const lsc_layout layout = {&block, sizeof block, 1, WIDE, WIDE};
    const lsc_direction_options raw = {.normalization = LSC_NORMALIZE_NONE};
    static float center[WIDE];
    double sum = 0, squares = 0;
    lsc_frame *f;

    (void)state;
    CHECK_OK(lsc_frame_new(&layout, center, 1, &raw, &f));
    for (int j = 0; j < WIDE; j++) {
        sum += f->dirs[0][j];
        squares += (double)f->dirs[0][j] * f->dirs[0][j];
    }
    CHECK_REAL(sum / WIDE, 0, 5 / sqrt(WIDE));
    CHECK_REAL(squares / WIDE, 1, 5 * sqrt(2.0 / WIDE));
    lsc_frame_free(f);
}

static void a_point_is_rounded_to_float_once(void **state)
{
    lsc_frame *f = new_frame(&fixture_layout, 3, NULL);
    const double c[3] = {0.1, -0.7, 1.3};
    double theta[FIXTURE_N];

    (void)state;
    lsc_frame_point(f, c, theta);
    for (int j = 0; j < FIXTURE_N; j++) {
        double want = f->center[j];
        want += c[0] * f->dirs[0][j];
        want += c[1] * f->dirs[1][j];
        want += c[2] * f->dirs[2][j];
        CHECK_REAL(theta[j], (float)want, 0);
    }
    lsc_frame_free(f);
}

static void wrong_requests_are_refused(void **state)
{
    float center[FIXTURE_N];
    lsc_frame *f = NULL;

    (void)state;
    fixture_center(center);
    CHECK_FAILS(lsc_frame_new(&fixture_layout, center, 0, NULL, &f), LSC_ERR_ARG, "n_dirs is 0, should be 1..3");
    CHECK_FAILS(lsc_frame_new(&fixture_layout, center, 4, NULL, &f), LSC_ERR_ARG, "n_dirs is 4");
    CHECK_FAILS(lsc_frame_new(&fixture_layout, center, 1, &(lsc_direction_options){.kind = "randm"}, &f), LSC_ERR_ARG,
                "unknown kind 'randm' (known: random file");
    CHECK_FAILS(lsc_frame_new(&fixture_layout, center, 1, &(lsc_direction_options){.move = 1u << LSC_BUFFER}, &f),
                LSC_ERR_ARG, "only weights, biases and norms can move");
    CHECK_FAILS(lsc_frame_new(&fixture_layout, center, 1, &(lsc_direction_options){.move = 1u << 9}, &f), LSC_ERR_ARG,
                "move is 0x200");
    CHECK_FAILS(
        lsc_frame_new(&fixture_layout, center, 1, &(lsc_direction_options){.normalization = (lsc_normalization)7}, &f),
        LSC_ERR_ARG, "normalization 7");
    center[3] = NAN;
    CHECK_FAILS(lsc_frame_new(&fixture_layout, center, 1, NULL, &f), LSC_ERR_ARG, "the center is not finite");
    CHECK(f == NULL);
}

static void names_of_normalizations_go_both_ways(void **state)
{
    (void)state;
    for (int i = LSC_NORMALIZE_FILTER; i <= LSC_NORMALIZE_NONE; i++) {
        lsc_normalization n;
        CHECK_OK(lsc_normalization_parse(lsc_normalization_name((lsc_normalization)i), &n));
        CHECK_INT(n, i);
    }
    CHECK_FAILS(lsc_normalization_parse("fliter", &(lsc_normalization){0}), LSC_ERR_ARG,
                "unknown 'fliter' (known: filter layer weight none)");
}

static void every_kind_is_listed_with_its_text(void **state)
{
    const char *text = NULL;
    int n = 0;

    (void)state;
    CHECK_STR(lsc_direction_name(0, &text), "random");
    CHECK_HAS(text, "Gaussian");
    CHECK_STR(lsc_direction_name(1, NULL), "file");
    while (lsc_direction_name(n, &text) != NULL) {
        CHECK(strlen(text) > 0);
        n++;
    }
    CHECK(n >= 2);
    CHECK(lsc_direction_name(-1, &text) == NULL);
}

static lsc_status make(void *context)
{
    lsc_frame *f = NULL;
    lsc_status st = lsc_frame_new(&fixture_layout, context, 3, NULL, &f);

    lsc_frame_free(f);
    return st;
}

static void a_frame_survives_failing_allocations(void **state)
{
    float center[FIXTURE_N];

    (void)state;
    fixture_center(center);
    CHECK(test_torture(make, center) >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_same_seed_gives_the_same_directions),
        TEST(seed_and_number_change_every_element),
        TEST(fewer_directions_are_the_first_of_more),
        TEST(a_block_does_not_depend_on_the_others),
        TEST(the_draws_do_not_change_between_versions),
        TEST(a_filter_takes_the_norm_of_its_twin),
        TEST(a_block_says_how_many_filters_it_has),
        TEST(a_layer_takes_the_norm_of_its_twin),
        TEST(weight_normalization_scales_single_elements),
        TEST(a_filter_of_zeros_stays),
        TEST(only_weights_move_unless_told_otherwise),
        TEST(a_frame_tells_how_it_was_made),
        TEST(directions_are_nearly_orthogonal),
        TEST(draws_are_standard_normal),
        TEST(a_point_is_rounded_to_float_once),
        TEST(wrong_requests_are_refused),
        TEST(names_of_normalizations_go_both_ways),
        TEST(every_kind_is_listed_with_its_text),
        TEST(a_frame_survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
